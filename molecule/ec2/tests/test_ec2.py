"""What is done on EC2 alone, on machines that say that they are of EC2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

from tests import tasks

ETC = "/opt/aws/amazon-cloudwatch-agent/etc"
# The task files that role base runs on EC2 alone.
ONLY_THERE = ("install_aws", "configure_aws", "configure_aws_logs", "configure_instance_connect")


def test_no_task_for_ec2_was_left_out() -> None:
    there = tasks.written(*(f"roles/base/tasks/{name}.yml" for name in ONLY_THERE))
    ran = tasks.ran(tasks.ROOT / ".lab" / "molecule" / "ec2" / "tasks")
    left_out = {name for place, name in there.items() if place not in ran}
    # For who names no log group, as in no environment; molecule/base has no agent at all.
    assert left_out == {"roles/base/tasks/configure_aws_logs.yml: Send no logs where no log group is named"}
    main = (tasks.ROOT / "roles/base/tasks/main.yml").read_text()
    assert main.count("when: __base_aws") == len(ONLY_THERE) - 1, "name the new file in ONLY_THERE"


@pytest.mark.parametrize("agent", ["amazon-ssm-agent", "amazon-cloudwatch-agent"])
def test_the_agents_run_now_and_after_a_boot(host: Host, agent: str) -> None:
    assert host.package(agent).is_installed
    assert host.service(agent).is_running
    assert host.service(agent).is_enabled


def test_the_agent_sends_the_logs_to_the_group_of_the_machines_role(host: Host) -> None:
    merged = json.loads(host.file(f"{ETC}/merged.json").content_string)
    files = merged["logs"]["logs_collected"]["files"]["collect_list"]
    assert {one["log_group_name"] for one in files} == {"/pixstory/local/web"}
    assert "/var/log/syslog" in {one["file_path"] for one in files}
    assert merged["metrics"]["namespace"] == "pixstory-local/machines"
    assert [] in merged["metrics"]["aggregation_dimensions"]


def test_the_agent_waits_for_the_metadata_service(host: Host, aws: Any) -> None:
    aws.stop("imds")
    assert host.run("systemctl restart amazon-cloudwatch-agent").rc != 0
    assert "tag Role could not be read" in host.check_output("journalctl -u amazon-cloudwatch-agent -n 20 -o cat")
    aws.start()
    waiting = "timeout 60 sh -c 'until systemctl is-active amazon-cloudwatch-agent; do sleep 1; done'"
    assert host.run(waiting).rc == 0


def test_sshd_asks_who_was_let_in(host: Host) -> None:
    host.run("mkdir -p /run/sshd")
    settings = host.check_output("sshd -T")
    assert "authorizedkeyscommand /" in settings
    assert Path(settings.split("authorizedkeyscommand ")[1].split()[0]).is_absolute()
