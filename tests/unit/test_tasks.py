"""The list of tasks that no test runs: what it is made of, and that it names tasks that are there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import tasks


def test_tasks_are_found_in_blocks_plays_and_handlers() -> None:
    names = set(tasks.written().values())
    assert "roles/base/tasks/configure_aws.yml: Run the agents" in names
    assert "roles/base/handlers/main.yml: Restart the CloudWatch agent" in names
    assert "roles/aws_image/tasks/builder.yml: Launch the builder" in names  # in a block
    assert "playbooks/remediation_undo.yml: Put it back" in names
    # What only names others, and a play itself.
    assert "roles/base/tasks/main.yml: Install" not in names
    assert "playbooks/provision.yml: Provision the AWS resources of the environment" not in names


def test_what_is_said_never_to_run_is_there_with_its_reason() -> None:
    reasons = tasks.reasons()
    assert reasons.keys() - set(tasks.written().values()) == set()
    assert all(isinstance(reason, str) and reason.endswith(".") for reason in reasons.values())


def test_a_run_records_what_was_not_skipped(tmp_path: Path) -> None:
    role = tmp_path / "roles" / "one"
    (role / "tasks").mkdir(parents=True)
    (role / "tasks" / "main.yml").write_text(
        "- name: Run\n  ansible.builtin.command: 'true'\n"
        "- name: Skip\n  ansible.builtin.command: 'true'\n  when: false\n"
        "- name: Loop\n  ansible.builtin.debug:\n  loop: [1, 2]\n  when: item == 2\n"
        "- name: Fail\n  ansible.builtin.fail:\n  ignore_errors: true\n"
    )
    (tmp_path / "play.yml").write_text("- hosts: localhost\n  gather_facts: false\n  roles: [one]\n")
    ansible = Path(sys.executable).parent / "ansible-playbook"
    environment = {"PATH": f"{ansible.parent}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(tmp_path)}
    environment |= tasks.ran_into({tasks.VARIABLE: str(tmp_path / "ran")})
    subprocess.run([ansible, "play.yml"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert tasks.ran(tmp_path / "ran") == {f"roles/one/tasks/main.yml:{line}" for line in (1, 6, 10)}
    assert tasks.ran_into({}) == {}
