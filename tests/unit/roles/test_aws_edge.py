# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CloudFront replaces, and what it lets pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
VARS: dict[str, Any] = yaml.safe_load((ROOT / "roles" / "aws_edge" / "vars" / "main.yml").read_text())


def test_only_what_the_load_balancer_says_is_replaced_by_a_page() -> None:
    """They hold for every path, the API's too, whose 503 has a reason and a Retry-After."""
    responses = {one["ErrorCode"]: one for one in VARS["__aws_edge_config"]["CustomErrorResponses"]}
    assert {code for code, one in responses.items() if one["ResponsePagePath"]} == {502, 504}
    # Said, and not left out: what is not declared of an entry stays as an earlier run made it.
    assert (responses[503]["ResponseCode"], responses[503]["ResponsePagePath"]) == ("", "")
    assert responses[503]["ErrorCachingMinTTL"] <= 1


def test_the_last_good_answer_may_be_served_for_a_day() -> None:
    """stale-if-error ends with MaxTTL, and what says `no-store` or `private` is not kept by MinTTL."""
    shared = yaml.safe_load((ROOT / "group_vars" / "all" / "edge.yml").read_text())
    assert min(one["max_seconds"] for one in shared["aws_edge_cached"].values()) >= 86400
    tasks = yaml.safe_load((ROOT / "roles" / "aws_edge" / "tasks" / "edge.yml").read_text())
    [policy] = [one["pixstory.platform.cloudfront_cache_policy"] for one in tasks
                if "pixstory.platform.cloudfront_cache_policy" in one]  # fmt: skip
    assert policy["config"]["MinTTL"] == 0
