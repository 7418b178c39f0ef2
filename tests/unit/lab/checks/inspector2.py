# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the Amazon Inspector extensions."""

from __future__ import annotations

from checks import ACCOUNT, Aws, proves


@proves("inspector2.Enable", "inspector2.Disable", "inspector2.BatchGetAccountStatus")
def own_account_is_meant_where_none_is_named(aws: Aws) -> None:
    client = aws.client("inspector2", "eu-west-1")
    client.enable(resourceTypes=["EC2", "LAMBDA"])
    (found,) = client.batch_get_account_status()["accounts"]
    states = {name: state["status"] for name, state in found["resourceState"].items()}
    assert found["accountId"] == ACCOUNT
    assert states == {"ec2": "ENABLED", "ecr": "DISABLED", "lambda": "ENABLED", "lambdaCode": "DISABLED"}
    client.disable()
    assert client.batch_get_account_status()["accounts"][0]["state"]["status"] == "DISABLED"
