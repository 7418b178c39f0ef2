# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task of amazon.aws is repeated for what passes, and for nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pixstory.platform.plugins.test.passing import TestModule as PassingTests

passing = PassingTests().tests()["passing"]


@pytest.mark.parametrize(
    ("result", "passes"),
    [
        ({"changed": True}, False),
        ({"failed": True, "error": {"code": "InvalidNetworkAclID.NotFound", "message": "does not exist"}}, True),
        ({"failed": True, "error": {"code": "DBParameterGroupAlreadyExists", "message": "exists"}}, True),
        ({"failed": True, "error": {"code": "Throttling", "message": "Rate exceeded"}}, True),
        (
            {"failed": True, "error": {"code": "InvalidParameterValue", "message": "Missing necessary credentials"}},
            True,
        ),
        ({"failed": True, "error": {"code": "InvalidParameterValue", "message": "The engine is unknown"}}, False),
        ({"failed": True, "error": {"code": "AccessDenied", "message": "was not created"}}, False),
        ({"failed": True, "msg": "The aws CloudWatchLogs log group was not created. \n please try again!"}, True),
        ({"failed": True, "msg": "one of the following is required: vpc_id"}, False),
    ],
)
def test_what_passes(result: dict[str, Any], passes: bool) -> None:
    assert passing(result) is passes
