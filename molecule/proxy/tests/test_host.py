"""What is on the machine."""

from __future__ import annotations

import re
import time
from typing import Any

from testinfra.host import Host

testinfra_hosts = ["debian-13", "debian-12"]


def listening(host: Host) -> set[str]:
    """Addresses and ports that nginx listens on."""
    lines = host.check_output("ss --listening --tcp --udp --numeric --processes --no-header").splitlines()
    return {line.split()[4] for line in lines if "nginx" in line}


def test_it_listens_on_443_and_on_loopback_only(host: Host) -> None:
    assert listening(host) == {"0.0.0.0:443", "127.0.0.1:8081"}


def test_runs_and_is_started_at_boot(host: Host) -> None:
    assert host.service("nginx").is_running
    assert host.service("nginx").is_enabled


def test_counters_on_loopback(host: Host) -> None:
    assert "Active connections:" in host.check_output(
        "python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1:8081/status').read().decode())\""
    )


def test_comes_back_when_it_is_killed(ask: Any, host: Host) -> None:
    host.check_output("systemctl kill --signal=KILL nginx")
    for _ in range(20):
        time.sleep(0.5)
        if host.service("nginx").is_running:
            break
    assert ask("/").status == 200


def test_sandbox(host: Host) -> None:
    found = host.check_output("systemd-analyze security --no-pager nginx.service")
    score = float(re.search(r"Overall exposure level for nginx\.service: ([0-9.]+)", found).group(1))
    print(f"exposure of nginx.service: {score}")
    assert score <= 2.6
    worker = host.check_output("pgrep --newest --uid www-data nginx")
    status = host.check_output("cat /proc/%s/status", worker)
    assert "NoNewPrivs:\t1" in status
    assert "CapEff:\t0000000000000000" in status
    assert "Seccomp:\t2" in status


def test_rotation(ask: Any, host: Host) -> None:
    ask("/before")
    host.check_output("logrotate --force /etc/logrotate.d/nginx")
    time.sleep(1)
    ask("/after")
    assert "/after" in host.check_output("cat /var/log/nginx/access.log")
    assert "/before" not in host.check_output("cat /var/log/nginx/access.log")
    assert host.check_output("systemctl show --property TimersCalendar logrotate.timer").count("OnCalendar=") == 1
    assert "OnCalendar=hourly" in host.check_output("systemctl cat logrotate.timer")
