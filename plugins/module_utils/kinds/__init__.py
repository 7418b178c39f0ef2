# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of resource that an environment owns, in one registry.

environment_info reads what is here, environment_destroy deletes it, the filters know its names. A new kind is one
entry in one of the files beside this one.
"""

from __future__ import annotations

from .account import KINDS as ACCOUNT
from .base import Kind
from .compute import KINDS as COMPUTE
from .data import KINDS as DATA
from .detection import KINDS as DETECTION
from .edge import KINDS as EDGE
from .events import KINDS as EVENTS
from .firewall import KINDS as FIREWALL
from .identity import KINDS as IDENTITY
from .load_balancing import KINDS as LOAD_BALANCING
from .network import KINDS as NETWORK
from .storage import KINDS as STORAGE

GROUPS = (
    NETWORK,
    COMPUTE,
    LOAD_BALANCING,
    DATA,
    IDENTITY,
    STORAGE,
    ACCOUNT,
    DETECTION,
    EDGE,
    EVENTS,
    FIREWALL,
)
KINDS: dict[str, Kind] = {kind.key: kind for group in GROUPS for kind in group}
