"""/healthz tells whether the proxy lives, /readyz whether the way inward is open."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from testinfra.host import Host

testinfra_hosts = ["debian-13", "debian-12"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_healthy(ask: Any, path: str) -> None:
    answer = ask(path)
    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok"})


@pytest.mark.parametrize("backend", ["web", "app"])
@pytest.mark.parametrize("trouble", ["away", "failing", "unknown"])
def test_503_while_a_backend_does_not_answer(ask: Any, inside: Any, backend: str, trouble: str) -> None:
    port = {"web": "8080", "app": "8000"}[backend]
    if trouble == "away":
        inside.stop("inside-a", f"{backend}-{port}")
    elif trouble == "failing":
        inside.fail("inside-a", f"{backend}-{port}", 503)
    else:
        inside.point("inside-a", web=backend != "web", app=backend != "app")
        time.sleep(2)
    answer = ask("/readyz")
    assert ask("/healthz").status == 200
    assert answer.status == 503
    assert json.loads(answer.body) == {"status": "unavailable", "reason": f"{backend} does not answer"}
    if trouble == "unknown":
        inside.point("inside-a")
        time.sleep(2)
    else:
        inside.start("inside-a", f"{backend}-{port}")
    assert ask("/readyz").status == 200


def test_503_soon_when_a_backend_hangs(ask: Any, inside: Any) -> None:
    # Stopped, the kernel still takes connections for it, and nobody answers.
    inside.machines["inside-a"].check_output("systemctl kill --signal=STOP backend@app-8000")
    started = time.monotonic()
    try:
        assert ask("/readyz").status == 503
        # The load balancer waits for 5 seconds.
        assert time.monotonic() - started < 4
    finally:
        inside.machines["inside-a"].check_output("systemctl kill --signal=CONT backend@app-8000")


def test_not_limited_for_the_load_balancer_itself(
    machines: Mapping[str, Host], host: Host, lab: Any, fresh: Any
) -> None:
    url = f"https://{lab['machines'][host.check_output('hostname')]['address']}/readyz?n=[1-300]"
    command = "curl -sk -o /dev/null -w '%%{http_code}\\n' %s"
    assert set(machines["inside-a"].check_output(command, url).splitlines()) == {"200"}
    # Through it, a client cannot make the proxies ask web and app without end.
    command += " -H 'X-Forwarded-For: %s'"
    assert "429" in machines["inside-a"].check_output(command, url, fresh())


def test_neither_logged_nor_cached(ask: Any, host: Host) -> None:
    answer = ask("/readyz")
    assert answer.header("X-Cache-Status") is None
    time.sleep(0.2)
    assert host.run("grep -e readyz -e %s /var/log/nginx/access.log", answer.header("X-Request-ID")).rc == 1


def test_what_it_asks_cannot_be_asked_from_outside(ask: Any) -> None:
    assert ask("/.readyz/web").status == 404
