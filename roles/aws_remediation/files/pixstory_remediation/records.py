# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where it is written down what was mended, and what is to be left alone.

``remediation/findings/<finding>.json`` is a record, ``remediation/exempt/<action>/<resource>.json`` an exemption. The
module remediation_undo reads the one and writes the other.
"""

from __future__ import annotations

import json
import re
from typing import Any

Item = dict[str, Any]


class Records:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.s3 = s3
        self.bucket = bucket

    def read(self, key: str) -> Item | None:
        try:
            return json.loads(self.s3.get_object(Bucket=self.bucket, Key=f"remediation/{key}.json")["Body"].read())
        except self.s3.exceptions.NoSuchKey:
            return None

    def write(self, key: str, value: Item) -> None:
        self.s3.put_object(
            Bucket=self.bucket,
            Key=f"remediation/{key}.json",
            Body=json.dumps(value, indent=2, sort_keys=True, default=str).encode(),
            ContentType="application/json",
        )


def finding_name(action: str, resource: str, event: Item) -> str:
    """The same for each delivery of an event, and in the order of time within a resource."""
    moment = re.sub(r"[-:]", "", str(event["time"]))
    return f"{action}.{resource.replace('/', '.')}.{moment}.{str(event['id'])[:8]}"
