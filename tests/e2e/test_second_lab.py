"""A lab of another folder comes up beside whatever there is, and leaves nothing behind when it goes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .platform import ROOT, environment

pytestmark = pytest.mark.long

PORTS = ("18443", "18080")


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def snapshot(folder: Path) -> dict[str, set[str]]:
    """What this computer has of that which a lab makes."""
    processes = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            processes[path.parent.name] = path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
    tables = json.loads(said("nft", "-j", "list", "tables"))["nftables"]
    return {
        "containers": set(said("podman", "ps", "--all", "--format", "{{.Names}}").split()),
        "networks": set(said("podman", "network", "ls", "--format", "{{.Name}}").split()),
        "volumes": set(said("podman", "volume", "ls", "--format", "{{.Name}}").split()),
        "images": set(said("podman", "images", "--format", "{{.Repository}}:{{.Tag}}").split()),
        "namespaces": {path.name for path in Path("/run/netns").glob("*")},
        "interfaces": {link["ifname"] for link in json.loads(said("ip", "-j", "link", "show"))},
        "tables": {entry["table"]["name"] for entry in tables if "table" in entry},
        "mounts": {line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()},
        "processes": {command for command in processes.values() if str(folder) in command},
        "files": {
            str(path) for path in folder.rglob("*") if "__pycache__" not in path.parts and ".git" not in path.parts
        },
    }


def test_a_second_lab_comes_up_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "other"
    said("git", "clone", "--quiet", str(ROOT), str(folder))
    settings = environment()

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    before = snapshot(folder)
    run(sys.executable, "-m", "lab", "start", "--port", "0", "--quota", "L-1216C47A=64")
    settings["PIXSTORY_EMULATOR_URL"] = (folder / ".lab" / "emulator.url").read_text().strip()
    run("ansible-playbook", "-i", "inventories/local", "playbooks/provision.yml")
    up = run(sys.executable, "-m", "lab", "fabric", "up", "--https-port", PORTS[0], "--http-port", PORTS[1])
    during = snapshot(folder)
    run("make", "lab-down")
    after = snapshot(folder)
    assert "11 hosts stand" in up
    # It was there: two data stores of two nodes, six of load balancers, the edge, the resolver.
    assert len(during["containers"] - before["containers"]) == 12
    assert {kind for kind in before if during[kind] - before[kind]} >= {"namespaces", "interfaces", "tables", "mounts"}
    left = {kind: sorted(after[kind] - before[kind]) for kind in before}
    assert left == {kind: [] for kind in before}
