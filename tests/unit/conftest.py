# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all unit tests of one process share."""

from __future__ import annotations

from pathlib import Path

import boto3
import botocore.session
import pytest


@pytest.fixture(scope="session", autouse=True)
def one_loader() -> None:
    """Modules that run in this process read botocore's models once, as they do on the warm connection."""
    create = botocore.session.create_loader
    loader = create()
    # Each session of boto3 adds its own folder, which is the same each time.
    loader.search_paths.append(str(Path(boto3.__file__).parent / "data"))
    botocore.session.create_loader = lambda paths=None: create(paths) if paths else loader
