"""What changes while requests come in: names, configuration, backends. No request is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from testinfra.host import Host

testinfra_hosts = ["debian-13", "debian-12"]


def pid(host: Host) -> str:
    """Of the master process: another one after a restart."""
    return host.check_output("systemctl show --property MainPID --value nginx")


def test_a_name_that_changes_is_followed_without_restart(ask: Any, host: Host, inside: Any) -> None:
    before = pid(host)
    assert ask("/").header("X-Backend") == "web@inside-a"
    inside.point("inside-b")
    time.sleep(2)
    assert [ask(path).header("X-Backend") for path in ("/", "/api/stories")] == ["web@inside-b", "app@inside-b"]
    assert pid(host) == before


def test_one_of_two_addresses_dies(ask: Any, inside: Any) -> None:
    inside.point("inside-a", "inside-b")
    time.sleep(2)
    assert {ask("/").header("X-Backend") for _ in range(12)} == {"web@inside-a", "web@inside-b"}
    inside.stop("inside-a")
    assert {ask("/").header("X-Backend") for _ in range(12)} == {"web@inside-b"}


def test_a_websocket_outlives_a_reload(host: Host, machines: Mapping[str, Host], lab: Mapping[str, Any]) -> None:
    address = lab["machines"][host.check_output("hostname")]["address"]
    machines["inside-b"].check_output(
        "nohup python3 /opt/websocket.py %s /api/ws hello 4 > /tmp/websocket 2>&1 &", address
    )
    time.sleep(1)
    host.check_output("systemctl reload nginx")
    time.sleep(5)
    assert machines["inside-b"].check_output("cat /tmp/websocket").splitlines()[-2:] == ["hello", "hello"]


def test_no_request_is_lost(host: Host, machines: Mapping[str, Host], lab: Mapping[str, Any], inside: Any) -> None:
    """30 seconds of steady load through two reloads and a change of backends."""
    name = host.check_output("hostname")
    before = pid(host)
    client = machines["inside-a"]
    client.check_output(
        "systemd-run --unit load --collect --property StandardOutput=truncate:/tmp/load.json"
        " python3 /opt/load.py %s 30 50",
        lab["machines"][name]["address"],
    )
    time.sleep(6)
    host.check_output("systemctl reload nginx")
    time.sleep(4)
    inside.point("inside-b")
    time.sleep(4)
    # Nobody asks for these any more.
    inside.stop("inside-a")
    time.sleep(4)
    host.check_output("systemctl reload nginx")
    client.check_output("while systemctl is-active --quiet load; do sleep 0.5; done")
    counts = json.loads(client.check_output("cat /tmp/load.json"))
    print(f"{name}: {counts}")
    assert counts["failures"] == []
    assert counts["failed"] == 0
    assert counts["requests"] == counts["answered"] > 30 * 50 * 0.98
    # Both have had their part.
    assert min(counts[f"by {backend}@inside-{where}"] for backend in ("web", "app") for where in "ab") > 60
    assert pid(host) == before


def test_a_broken_configuration_is_not_loaded(ask: Any, host: Host) -> None:
    before = pid(host)
    host.check_output("cp -p /etc/nginx/nginx.conf /root/nginx.conf && echo broken >> /etc/nginx/nginx.conf")
    try:
        assert host.run("systemctl reload nginx").rc != 0
        assert ask("/").status == 200
        assert pid(host) == before
    finally:
        host.check_output("mv /root/nginx.conf /etc/nginx/nginx.conf && systemctl reload nginx")
    assert ask("/").status == 200
