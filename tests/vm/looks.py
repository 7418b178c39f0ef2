"""What is looked at on every machine."""

from __future__ import annotations

from testinfra.host import Host


def failed_units(machine: Host) -> str:
    """The units that have failed, once nothing starts any more."""
    assert machine.run("timeout 600 systemctl is-system-running --wait").stdout.strip() in ("running", "degraded")
    return str(machine.check_output("systemctl --failed --no-legend --plain"))


def boots(machine: Host) -> int:
    """How often it was booted, by its journal."""
    return len(machine.check_output("journalctl --list-boots --no-pager --quiet").splitlines())
