"""Run again on the lab that runs, the playbooks change nothing."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.policies import derive, store

from .platform import ROOT, Platform, environment

pytestmark = pytest.mark.long

# What the role base keeps, and a machine that starts from its image has from there.
KEPT = "/etc/ssh/sshd_config"
OWN = "playbook"
# The key of the shell that ran `make lab`, and what the tests and what stands behind the lab have asked for with it.
BY_HAND = "emulated"
BEHIND = {
    "autoscaling:SetDesiredCapacity",
    "ec2:GetManagedPrefixListEntries",
    "rds:RebootDBInstance",
}


def run(platform: Platform, playbook: str, *arguments: str) -> list[str]:
    """The lines of a run that say what changed. It has asked AWS for nothing that its policies do not allow."""
    # Under a name of its own in the log: machines and what stands behind the lab ask for things too.
    own = {"access_key": OWN, "secret_key": OWN}
    connection = {"region": platform.region, "endpoint_url": platform.api.url, **own}
    command = ["ansible-playbook", "-i", "inventories/local", f"playbooks/{playbook}.yml", *arguments]
    command += ["-e", json.dumps({"platform_aws_connection": connection})]
    log = ROOT / ".lab" / "requests.jsonl"
    offset = log.stat().st_size
    result = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-4000:]
    if playbook in store.PLAYBOOKS:
        with log.open() as lines:
            lines.seek(offset)
            calls = store.Calls()
            calls.add(
                one for one in (json.loads(line) for line in lines if line.endswith("\n")) if one["principal"] == OWN
            )
        lacking = derive.lacking(calls.operations, store.needed(playbook))
        assert lacking == [], f"policies/{playbook}-*.json do not allow {lacking}: run make policies"
    changed = [line for line in result.stdout.splitlines() if line.startswith("changed:")]
    assert (set(re.findall(r"changed=(\d+)", result.stdout)) == {"0"}) == (not changed)
    return changed


def test_what_the_lab_was_made_with_is_allowed(platform: Platform) -> None:
    """Machines were made, baked and configured; who did so needs no more than the policies of those playbooks."""
    with (ROOT / ".lab" / "requests.jsonl").open() as lines:
        requests = [json.loads(line) for line in lines if line.endswith("\n")]
    calls = store.Calls()
    calls.add(one for one in requests if one["principal"] == BY_HAND)
    documents = [one for playbook in store.PLAYBOOKS if playbook != "destroy" for one in store.needed(playbook)]
    assert set(derive.lacking(calls.operations, documents)) <= BEHIND


@pytest.mark.parametrize("playbook", ["provision", "bake", "refresh", "database", "configure"])
def test_run_again_it_changes_nothing(platform: Platform, playbook: str) -> None:
    assert run(platform, playbook) == []


def test_what_somebody_changed_on_a_machine_is_mended(platform: Platform) -> None:
    """Also what came with its image: configure leaves the role base out only where nothing was done since."""
    [vpn] = [row["name"] for row in platform.rows("vpn")]
    before = platform.inside(vpn, "cat", KEPT)
    platform.inside(vpn, "sed", "--in-place", "1i PermitRootLogin yes", KEPT)
    assert run(platform, "configure", "--limit", "localhost,vpn")
    assert platform.inside(vpn, "cat", KEPT) == before
