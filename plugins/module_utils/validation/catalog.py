# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What botocore's own data knows of AWS. Read from its files: importing botocore takes longer than all checks."""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


def _data() -> Path | None:
    found = find_spec("botocore")
    return Path(found.origin).parent / "data" if found and found.origin else None


def _model(service: str) -> dict[str, Any]:
    data = _data()
    newest = sorted(data.glob(f"{service}/*/service-2.json.gz")) if data else []
    return json.loads(gzip.decompress(newest[-1].read_bytes())) if newest else {}


@cache
def regions() -> frozenset[str]:
    """The Regions of all partitions; empty when botocore is not installed, which the modules say by themselves."""
    data = _data()
    if data is None:
        return frozenset()
    partitions = json.loads((data / "partitions.json").read_bytes())["partitions"]
    return frozenset(name for partition in partitions for name in partition["regions"] if not name.endswith("-global"))


@cache
def instance_types() -> frozenset[str]:
    """The EC2 instance types that this botocore knows."""
    return frozenset(_model("ec2").get("shapes", {}).get("InstanceType", {}).get("enum", ()))


@cache
def services() -> frozenset[str]:
    """The names of AWS's services, as botocore has them; most are the first part of their DNS names as well."""
    data = _data()
    return frozenset(folder.name for folder in data.iterdir() if folder.is_dir()) if data else frozenset()
