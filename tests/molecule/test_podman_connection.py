"""The podman connection: what the stock one does, where it serves and where it does not."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.machines import host, image

HERE = Path(__file__).parent
STOCK = "containers.podman.podman"
OURS = "pixstory.platform.podman"
# What differs between any two runs.
VOLATILE = {"start", "end", "delta", "atime", "mtime", "ctime", "inode", "path", "src", "dev", "changed", "diff"}


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    grants = host.detect()
    name = f"pixstory-connection-{uuid.uuid4().hex[:8]}"
    command = [*grants.podman(), "run", "--detach", "--name", name, "--hostname", "inside", *grants.limits()]
    command += ["--env", "MARK=of the container", image.ensure("debian-13", grants), "sleep", "600"]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield name
    finally:
        subprocess.run(["podman", "rm", "--force", "--time", "0", name], check=True, capture_output=True)


def play(connection: str, container: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """The result of each task by its name."""
    command = [Path(sys.executable).parent / "ansible-playbook", "--inventory", f"{container},"]
    command += ["--connection", connection, "--extra-vars", f"fetched={folder}", *arguments]
    environment = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    environment["PATH"] = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    run = subprocess.run(
        [*command, HERE / "connection.yml"], env=environment, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    [told] = json.loads(run.stdout[run.stdout.index("{") :])["plays"]
    return {task["task"]["name"]: without(task["hosts"][container]) for task in told["tasks"]}


def without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without(item) for key, item in value.items() if key not in VOLATILE}
    return [without(item) for item in value] if isinstance(value, list) else value


def test_results_are_those_of_the_stock_connection(container: str, tmp_path: Path) -> None:
    user = ("--extra-vars", "ansible_user=root")
    stock = play(STOCK, container, tmp_path, *user)
    (tmp_path / "fetched").unlink()
    ours = play(OURS, container, tmp_path, *user)
    assert len(ours) >= 9
    assert ours == stock
    assert "of the container" in ours["Environment"]["stdout"]
    assert (tmp_path / "fetched").read_text() == "é\n"


def test_another_user_is_served_by_the_stock_connection(container: str, tmp_path: Path) -> None:
    # Ansible's folder is in the user's home.
    user = ("--extra-vars", '{"ansible_user": "nobody", "ansible_remote_tmp": "/tmp/nobody"}', "--tags", "whoever")
    assert play(OURS, container, tmp_path, *user)["Who"]["stdout"] == "nobody"


def test_a_container_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no-such-container"):
        play(OURS, "no-such-container", tmp_path, "--extra-vars", "ansible_user=root")
