# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""service_release, with a systemd that is played."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.pixstory.platform.plugins.modules import service_release

SERVICES = ["app.service", "worker.service"]


class Systemd:
    """Units that run `current`. The releases in `broken` do not answer, those in `dying` do not start."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.broken: set[str] = set()
        self.dying: set[str] = set()
        self.calls: list[str] = []
        self.started: dict[str, float] = {}
        # How often a unit that is restarted is still seen as its stop has left it.
        self.lingers = self.stopping = 0
        self.unit = path / "app.unit"
        self.unit.touch()

    @property
    def current(self) -> str:
        link = self.path / "current"
        return link.readlink().name if link.is_symlink() else ""

    def systemctl(self, verb: str, *arguments: str) -> tuple[int, str]:
        units = [unit for unit in arguments if not unit.startswith("--")]
        if verb not in ("daemon-reload", "reset-failed"):
            self.calls.append(" ".join([verb, *units]))
        for unit in units:
            if verb == "restart":
                self.started[unit] = time.monotonic()
                self.stopping = self.lingers
            elif verb == "stop":
                self.started.pop(unit, None)
        return (1, "failed") if verb == "start" and units[0].removeprefix("migrate@") in self.broken else (0, "")

    def show(self, unit: str) -> dict[str, str]:
        active = unit in self.started
        dies = unit.endswith(".service") and self.current in self.dying
        if active and not dies and self.stopping:
            self.stopping -= 1
            return {"ActiveState": "failed", "Result": "signal", "Job": "815", "InvocationID": "before"}
        return {
            "ActiveState": "activating" if dies else "active" if active else "inactive",
            "SubState": "auto-restart" if dies else "running",
            "Result": "exit-code" if dies else "success",
            "NRestarts": "5" if dies else "0",
            "NeedDaemonReload": "no",
            "InvocationID": str(self.started.get(unit, "")),
            "FragmentPath": str(self.unit) if unit == "app.service" else "",
            "DropInPaths": "",
            "ExecMainStartTimestampMonotonic": str(int(self.started.get(unit, 0) * 1e6)),
        }

    def health(self, url: str, timeout: float) -> str:
        return f"{url} answers 503: no" if self.current in self.broken else ""


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    played = Systemd(tmp_path)
    for name in ("systemctl", "show", "health"):
        monkeypatch.setattr(service_release, name, getattr(played, name))
    monkeypatch.setattr(service_release, "log", lambda unit, *_: f"the log of {unit}")
    monkeypatch.setattr(service_release, "POLL_SECONDS", 0.01)
    for release in ("one", "two", "three", "four"):
        (tmp_path / "releases" / release).mkdir(parents=True)
    (tmp_path / "settings.env").touch()
    return played


@pytest.fixture
def take(systemd: Systemd, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the module; what it returned, and what it had systemd do."""

    def run(release: str, *, check: bool = False, **parameters: Any) -> tuple[dict[str, Any], list[str]]:
        given = {
            "path": str(systemd.path),
            "release": release,
            "services": SERVICES,
            "socket": "app.socket",
            "files": [str(systemd.path / "settings.env")],
            "health_url": "http://127.0.0.1:8000/readyz",
            "timeout": 0,
            "drain": 0,
            "keep": 4,
            "_ansible_check_mode": check,
        }
        systemd.calls.clear()
        with patch_module_args(given | parameters), pytest.raises(SystemExit):
            service_release.main()
        # Files are newer than what starts in the same tick of the file system's clock.
        time.sleep(0.02)
        return json.loads(capsys.readouterr().out.splitlines()[-1]), list(systemd.calls)

    return run


def test_first_release_starts_everything_and_a_repeat_nothing(systemd: Systemd, take: Any) -> None:
    plan, calls = take("one", check=True)
    assert (plan["changed"], plan["restarted"], calls, systemd.current) == (True, SERVICES, [], "")
    result, calls = take("one")
    assert result["changed"]
    assert systemd.current == "one"
    assert calls[-3:] == ["restart app.socket", "restart app.service", "restart worker.service"]
    assert (systemd.path / "releases/one/.answered").exists()
    for check in (True, False):
        result, calls = take("one", check=check)
        assert (result["changed"], calls) == (False, [])


def test_next_release_leaves_the_socket_alone(systemd: Systemd, take: Any) -> None:
    take("one")
    result, calls = take("two", before="migrate@two")
    assert calls == ["start migrate@two", "restart app.service", "restart worker.service"]
    assert (systemd.current, result["previous"], result["release"]) == ("two", "one", "two")


@pytest.mark.parametrize("fault", ["broken", "dying"])
def test_release_that_does_not_answer_is_undone(systemd: Systemd, take: Any, fault: str) -> None:
    take("one")
    getattr(systemd, fault).add("two")
    result, _ = take("two")
    assert result["failed"]
    assert "Release two does not answer; release one was put back, and answers." in result["msg"]
    assert ("answers 503: no" if fault == "broken" else "app.service does not start (exit-code): the log") in result[
        "msg"
    ]
    assert (systemd.current, result["release"]) == ("one", "one")
    result, calls = take("one")
    assert (result["changed"], calls) == (False, [])


def test_release_that_is_put_back_is_given_the_time_to_start(systemd: Systemd, take: Any) -> None:
    """The other one was stopped while it started, which systemd calls a failure, until the next start begins."""
    take("one")
    systemd.dying.add("two")
    systemd.lingers = 3
    result, _ = take("two", timeout=5)
    assert "release one was put back, and answers." in result["msg"]
    assert systemd.stopping == 0


def test_failed_migration_changes_nothing(systemd: Systemd, take: Any) -> None:
    take("one")
    systemd.broken.add("two")
    result, calls = take("two", before="migrate@two")
    assert "Nothing was changed: migrate@two failed. the log of migrate@two" in result["msg"]
    assert (systemd.current, calls) == ("one", ["start migrate@two"])


def test_first_release_that_does_not_answer_is_stopped(systemd: Systemd, take: Any) -> None:
    systemd.broken.add("one")
    result, calls = take("one")
    assert "there is none to go back to, so nothing runs" in result["msg"]
    assert systemd.current == ""
    assert calls[-1] == "stop app.socket app.service worker.service"
    assert systemd.started == {}


def test_release_that_was_flipped_to_and_never_asked_is_undone(systemd: Systemd, take: Any) -> None:
    """A run that was killed between the two."""
    take("one")
    (systemd.path / "current").unlink()
    (systemd.path / "current").symlink_to("releases/two")
    systemd.broken.add("two")
    take("two")
    assert systemd.current == "one"


def test_release_that_answered_before_is_not_undone(systemd: Systemd, take: Any) -> None:
    take("one")
    take("two")
    systemd.broken.add("two")
    result, _ = take("two")
    assert "Release two, which has answered before, does not answer with its units and settings." in result["msg"]
    assert systemd.current == "two"


def test_both_do_not_answer(systemd: Systemd, take: Any) -> None:
    take("one")
    systemd.broken |= {"one", "two"}
    result, _ = take("two")
    assert "Nor does one, which was put back." in result["msg"]


@pytest.mark.parametrize(
    ("changed", "restarted"), [("settings.env", SERVICES), ("app.unit", ["app.service"]), (None, [])]
)
def test_what_changed_since_the_start_is_restarted(
    systemd: Systemd, take: Any, changed: str | None, restarted: list[str]
) -> None:
    take("one")
    if changed:
        os.utime(systemd.path / changed)
    plan, _ = take("one", check=True)
    result, calls = take("one")
    assert plan["restarted"] == result["restarted"] == restarted
    assert calls == [f"restart {unit}" for unit in restarted]


def test_old_releases_go_and_the_one_to_go_back_to_stays(systemd: Systemd, take: Any) -> None:
    for release in ("one", "two", "three"):
        take(release)
        time.sleep(0.02)
    result, _ = take("one", keep=2)
    assert sorted(result["removed"]) == ["four", "two"]
    assert sorted(path.name for path in (systemd.path / "releases").iterdir()) == ["one", "three"]


def test_image_is_pointed_to_and_not_started(systemd: Systemd, take: Any) -> None:
    result, calls = take("one", state="stopped", before="migrate@one")
    assert (result["changed"], calls, systemd.current) == (True, [], "one")
    assert not take("one", state="stopped")[0]["changed"]


def test_release_that_is_not_there(take: Any) -> None:
    assert "There is no release five" in take("five")[0]["msg"]


def test_health_over_a_unix_socket_and_of_nobody(tmp_path: Path) -> None:
    assert "does not answer" in service_release.health(f"http://unix:{tmp_path}/none.sock:/healthz", 1)
    assert "does not answer" in service_release.health("http://127.0.0.1:1/healthz", 1)


def start(invocation: str, *lines: str) -> list[dict[str, Any]]:
    """The entries of a start in the journal: systemd's, and the process's own."""
    said = [{"_SYSTEMD_INVOCATION_ID": invocation, "MESSAGE": line} for line in lines]
    return [{"INVOCATION_ID": invocation, "MESSAGE": f"Starting {invocation}"}, *said]


def test_log_is_of_the_last_start_that_told_something() -> None:
    many = [f"line {number}" for number in range(50)]
    noisy = start("old", *many) + start("one", "first reason") + start("two", "the reason", *many) + start("three")
    told = service_release.told(noisy, "old").split(" | ")
    assert told[:3] == ["Starting two", "the reason", "line 0"]
    assert told[-2:] == ["line 48", "line 49"]
    assert len(told) == 21
    # A start that hangs, after one whose end is of no interest.
    assert service_release.told(start("old", *many) + start("new", "I wait"), "old") == "Starting new | I wait"
    assert service_release.told(start("old", "x"), "old") == ""


def test_long_line_of_the_log_keeps_both_ends() -> None:
    line = "Traceback " + "x" * 5000 + " RuntimeError: the reason"
    told = service_release.told(start("one", line), "")
    assert told.startswith("Starting one | Traceback xxx")
    assert told.endswith("xxx RuntimeError: the reason")
    assert len(told) < 320
