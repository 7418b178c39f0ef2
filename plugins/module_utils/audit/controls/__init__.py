# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All controls, in the order in which reports list those of one severity."""

from __future__ import annotations

from ..model import Control, control
from . import compute, data, detection, edge, identity, logging, network, platform, storage

__all__ = ["CONTROLS", "compute", "data", "detection", "edge", "identity", "logging", "network", "platform", "storage"]

CONTROLS: dict[str, Control] = control.controls
