# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from twelve_steps import Emulator, Requests, Runner, TwelveSteps

from ansible_collections.pixstory.platform.plugins.modules.wafv2_ip_set import same_blocks

MODULE = "wafv2_ip_set"
NAME = "pixstory-production-public-block-ipv4"
DECLARED = {
    "name": NAME,
    "ip_address_version": "IPV4",
    "addresses": ["192.0.2.0/24", "198.51.100.7/32"],
    "description": "Blocked",
    "tags": {"Project": "pixstory", "Name": NAME},
}


def found(emulator: Emulator, scope: str = "REGIONAL", region: str = "ap-south-1") -> dict[str, Any]:
    waf = emulator.client("wafv2", region)
    (item,) = waf.list_ip_sets(Scope=scope)["IPSets"]
    return waf.get_ip_set(Name=item["Name"], Scope=scope, Id=item["Id"])["IPSet"]


def test_twelve_steps(emulator: Emulator, twelve_steps: TwelveSteps) -> None:
    def created(result: dict[str, Any]) -> None:
        assert found(emulator)["Addresses"] == ["192.0.2.0/24", "198.51.100.7/32"]
        assert result["ip_set"]["arn"] == found(emulator)["ARN"]
        assert result["ip_set"]["tags"] == DECLARED["tags"]
        assert "lock_token" not in result["ip_set"]

    def changed(result: dict[str, Any]) -> None:
        assert found(emulator)["Addresses"] == ["203.0.113.0/24"]
        assert found(emulator)["Description"] == "Blocked"
        assert result["ip_set"]["tags"] == {"Project": "pixstory"}

    change = {"name": NAME, "addresses": ["203.0.113.0/24"], "tags": {"Project": "pixstory"}}
    twelve_steps(MODULE, create=DECLARED, change=change, absent={"name": NAME}, created=created, changed=changed)


def test_a_set_may_be_empty(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    assert run.predicted(MODULE, {**DECLARED, "addresses": []}).changed
    assert found(emulator)["Addresses"] == []
    assert not run.predicted(MODULE, {**DECLARED, "addresses": []}).changed


def test_the_order_and_the_spelling_of_blocks_mean_nothing(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    assert not run.predicted(MODULE, {**DECLARED, "addresses": DECLARED["addresses"][::-1]}).changed
    assert same_blocks(["2001:DB8:0::/32"], ["2001:db8::/32"])
    assert not same_blocks(["192.0.2.0/24"], ["192.0.2.0/25"])


def test_what_is_not_given_is_left_alone(emulator: Emulator, run: Runner) -> None:
    run(MODULE, DECLARED)
    before = found(emulator)
    assert not run.predicted(MODULE, {"name": NAME}).changed
    assert run.predicted(MODULE, {"name": NAME, "description": "Another"}).changed
    assert found(emulator) == {**before, "Description": "Another"}


def test_a_set_for_cloudfront_is_in_us_east_1(emulator: Emulator, run: Runner) -> None:
    run.predicted(MODULE, {**DECLARED, "scope": "CLOUDFRONT", "region": "us-east-1"})
    assert ":us-east-1:123456789012:global/ipset/" in found(emulator, "CLOUDFRONT", "us-east-1")["ARN"]


def test_a_set_that_another_has_changed_is_changed_all_the_same(
    emulator: Emulator, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MODULE, DECLARED)
    client = emulator.client("wafv2")
    update, described = client.update_ip_set, found(emulator)

    def late(**arguments: Any) -> Any:
        """Another was faster, once."""
        monkeypatch.setattr(client, "update_ip_set", update)
        where = {"Name": NAME, "Scope": "REGIONAL", "Id": described["Id"], "LockToken": arguments["LockToken"]}
        update(**where, Addresses=described["Addresses"], Description="Theirs")
        return update(**arguments)

    monkeypatch.setattr(client, "update_ip_set", late)
    requests = Requests(client, monkeypatch)
    assert run(MODULE, {"name": NAME, "addresses": ["203.0.113.0/24"]}).changed
    assert len({sent["LockToken"] for sent in requests.of("UpdateIPSet")}) == 2
    assert (found(emulator)["Addresses"], found(emulator)["Description"]) == (["203.0.113.0/24"], "Theirs")


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"addresses": ["192.0.2.1"]}, "a single address is 192.0.2.1/32"),
        ({"addresses": ["0.0.0.0/0"]}, "a length of 1 at least"),
        ({"addresses": ["192.0.2.1/24"]}, "has host bits set"),
        ({"addresses": ["2001:db8::/32"]}, "ip_address_version is IPV4"),
        ({"scope": "CLOUDFRONT"}, "write region: us-east-1"),
    ],
)
def test_a_mistake_is_refused(run: Runner, mistake: dict[str, Any], told: str) -> None:
    outcome = run(MODULE, {**DECLARED, **mistake}, fails=True)
    assert told in outcome.result["msg"]
    assert outcome.writes == []
