"""Who may enter the VPN: the library that the role installs, without OpenVPN."""

from __future__ import annotations

import json
import os
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.rendering import ROLES

sys.path.insert(0, str(ROLES / "vpn" / "files"))

from pixstory_vpn import desk, people, profile, sessions, store
from pixstory_vpn.codes import Codes

NOW = datetime(2027, 1, 1, tzinfo=UTC)
SETTINGS = {
    "name": "Pixstory VPN",
    "endpoint": "vpn.example.com",
    "protocol": "udp",
    "port": 1194,
    "ciphers": ["AES-256-GCM", "CHACHA20-POLY1305"],
    "tls_version_min": "1.2",
    "ca_days": 3650,
    "certificate_days": 825,
    "certificate_renew_days": 30,
    "code_attempts": 5,
    "code_attempts_seconds": 300,
    "code_window": 3,
    "people_exclusive": False,
}


def record(**differs: Any) -> dict[str, Any]:
    return {
        "expires": "2027-06-30",
        "state": "present",
        "declared_by": "vpn_people",
        "serial": "AB1",
        "certificate_until": "2028-01-01T00:00:00Z",
        "code_shown": None,
    } | differs


def revoked(by: str, **differs: Any) -> dict[str, Any]:
    return record(state="revoked", revoked_at="2026-12-01T00:00:00Z", revoked_by=by, **differs)


@pytest.mark.parametrize(
    ("known", "now", "serial", "reason"),
    [
        (record(), NOW, "AB1", None),
        (record(), NOW, None, None),
        (None, NOW, "AB1", "unknown"),
        (revoked("vpn-user of root"), NOW, "AB1", "revoked"),
        (record(), NOW, "AB2", "superseded"),
        # The last day counts to its end, in UTC.
        (record(), datetime(2027, 6, 30, 23, 59, 59, tzinfo=UTC), "AB1", None),
        (record(), datetime(2027, 7, 1, tzinfo=UTC), "AB1", "expired"),
        (record(expires="2027-01-01T00:00:01Z"), NOW, "AB1", None),
        (record(expires="2027-01-01T00:00:00Z"), NOW, "AB1", "expired"),
    ],
)
def test_refusal(known: dict[str, Any] | None, now: datetime, serial: str | None, reason: str | None) -> None:
    assert people.refusal(known, now, serial) == reason


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2027-06-30", "2027-06-30"),
        ("2027-06-30T18:00:00Z", "2027-06-30T18:00:00Z"),
        ("2027-06-30T18:00:00", "2027-06-30T18:00:00Z"),
        ("2027-06-30T18:00:00+05:30", "2027-06-30T12:30:00Z"),
    ],
)
def test_an_expiry_is_stored_in_one_way(written: str, stored: str) -> None:
    assert people.canonical(written) == stored


@pytest.mark.parametrize("written", ["", "tomorrow", "2027-13-01", "30.06.2027"])
def test_what_is_no_expiry(written: str) -> None:
    with pytest.raises(people.Mistake, match="write the last day"):
        people.canonical(written)


@pytest.mark.parametrize(("written", "stored"), [("0AB1", "AB1"), ("0a:b1", "AB1"), ("AB1", "AB1"), ("ab:10", "AB10")])
def test_a_serial_number_is_compared_in_one_way(written: str, stored: str) -> None:
    assert people.canonical_serial(written) == stored


PRESENT = {"asha": {"expires": "2027-06-30"}}
GONE = {"asha": {"state": "revoked"}}
ELSEWHERE = record(declared_by="vpn-user")


@pytest.mark.parametrize(
    ("known", "declared", "exclusive", "steps"),
    [
        ({}, PRESENT, False, [("issue", "asha", "2027-06-30")]),
        ({}, {"asha": {"expires": "2026-12-31"}}, False, []),
        ({}, GONE, False, [("revoke", "asha", None)]),
        ({"asha": record()}, PRESENT, False, []),
        ({"asha": record()}, {"asha": {"expires": "2027-07-31"}}, False, [("expires", "asha", "2027-07-31")]),
        # Earlier, even in the past: that is how somebody is sent away on a date.
        ({"asha": record()}, {"asha": {"expires": "2026-07-31"}}, False, [("expires", "asha", "2026-07-31")]),
        ({"asha": ELSEWHERE}, PRESENT, False, [("adopt", "asha", None)]),
        ({"asha": record()}, GONE, False, [("revoke", "asha", None)]),
        ({"asha": ELSEWHERE}, GONE, False, [("revoke", "asha", None), ("adopt", "asha", None)]),
        ({"asha": revoked("vpn-user of root")}, GONE, False, []),
        ({"asha": revoked("vpn_people")}, PRESENT, False, [("issue", "asha", "2027-06-30")]),
        ({"asha": record()}, {}, False, [("release", "asha", None)]),
        ({"asha": ELSEWHERE}, {}, False, []),
        ({"asha": ELSEWHERE}, {}, True, [("revoke", "asha", None)]),
        ({"asha": record()}, {}, True, [("revoke", "asha", None)]),
        ({"asha": revoked("vpn_people")}, {}, True, []),
    ],
)
def test_plan(known: dict, declared: dict, exclusive: bool, steps: list[tuple[str, str, str | None]]) -> None:
    assert people.plan(known, declared, exclusive, NOW) == (steps, [])


def test_what_was_revoked_on_the_host_is_not_readmitted_by_the_variable() -> None:
    steps, conflicts = people.plan({"asha": revoked("vpn-user of ravi")}, PRESENT, False, NOW)
    assert steps == []
    (conflict,) = conflicts
    assert "by vpn-user of ravi" in conflict
    assert "Write state: revoked, or readmit on the host: vpn-user renew asha" in conflict


class Authority:
    """Certificates without openssl."""

    def __init__(self, fails: bool = False) -> None:
        self.issued: dict[str, str] = {}
        self.revoked: list[str] = []
        self.fails = fails

    def issue(self, name: str) -> tuple[str, datetime]:
        self.issued[name] = f"{len(self.issued) + 1:X}"
        return self.issued[name], datetime(2029, 1, 1, tzinfo=UTC)

    def revoke(self, name: str) -> None:
        if self.fails:
            raise people.Mistake("The passphrase is missing")
        self.revoked.append(name)

    def has(self, name: str) -> bool:
        return name in self.issued and name not in self.revoked

    def setup(self, now: datetime, dry: bool) -> list[str]:
        return []


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> desk.Desk:
    (tmp_path / "settings.json").write_text(json.dumps(SETTINGS))
    (tmp_path / "totp").mkdir()
    found = desk.Desk(store.Store(tmp_path), lambda: "passphrase", "vpn-user of root")
    found.authority = Authority()
    monkeypatch.setattr(desk, "now", lambda: NOW)
    monkeypatch.setattr(desk, "record", lambda *_, **__: None)
    monkeypatch.setattr(desk, "end_sessions", lambda names: dict.fromkeys(names, 1))
    return found


def stored(office: desk.Desk, name: str) -> dict[str, Any]:
    return store.read_people(office.store.home)[name]


def test_add_then_revoke(office: desk.Desk) -> None:
    office.add("asha", "2027-06-30")
    assert people.refusal(stored(office, "asha"), NOW, "1") is None
    assert office.revoke("asha") == 1
    assert people.refusal(stored(office, "asha"), NOW) == "revoked"
    assert stored(office, "asha")["revoked_by"] == "vpn-user of root"
    assert office.authority.revoked == ["asha"]
    assert not (office.store.home / "totp" / "asha").exists()


def test_a_revocation_counts_without_the_passphrase_and_is_completed_later(office: desk.Desk) -> None:
    office.add("asha", "2027-06-30")
    office.authority.fails = True
    with pytest.raises(people.Mistake, match=r"asha is refused from now on.*passphrase is missing.*Then again"):
        office.revoke("asha")
    assert people.refusal(stored(office, "asha"), NOW) == "revoked"
    office.authority.fails = False
    assert office.setup(dry=True) == ["revocation of the certificate of asha"]
    assert office.authority.revoked == []
    office.setup(dry=False)
    assert office.authority.revoked == ["asha"]
    assert office.setup(dry=False) == []


def test_a_revocation_is_completed_where_the_server_does_not_answer(
    office: desk.Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer(_: object) -> None:
        raise TimeoutError

    office.add("asha", "2027-06-30")
    monkeypatch.setattr(desk, "end_sessions", no_answer)
    with pytest.raises(TimeoutError):
        office.revoke("asha")
    assert office.authority.revoked == ["asha"]


def test_renew_readmits_with_another_certificate_and_code(office: desk.Desk) -> None:
    office.add("asha", "2027-06-30")
    before, seed = stored(office, "asha"), (office.store.home / "totp" / "asha").read_text()
    office.revoke("asha")
    office.renew("asha", None)
    assert stored(office, "asha")["expires"] == before["expires"]
    assert people.refusal(stored(office, "asha"), NOW, before["serial"]) is not None
    assert (office.store.home / "totp" / "asha").read_text() != seed


@pytest.mark.parametrize(
    ("known", "do", "says"),
    [
        (record(), lambda office: office.add("asha", "2027-06-30"), "is there already"),
        (revoked("vpn-user"), lambda office: office.add("asha", "2027-06-30"), "to readmit, vpn-user renew asha"),
        (record(), lambda office: office.set_expires("asha", "2027-07-30"), "declared in vpn_people: change the date"),
        (record(), lambda office: office.renew("asha", "2027-07-30"), "leave out --expires"),
        (revoked("vpn_people"), lambda office: office.renew("asha", None), "write state: present there"),
        (ELSEWHERE, lambda office: office.renew("asha", "2026-07-30"), "has passed"),
        (ELSEWHERE, lambda office: office.set_expires("asha", "2030-07-30"), "later than a certificate of today lives"),
        (ELSEWHERE, lambda office: office.revoke("ravi"), "Nobody is called ravi"),
        (ELSEWHERE, lambda office: office.add("Ravi", "2027-06-30"), "cannot be a person's name"),
        (revoked("vpn-user"), lambda office: office.profile_parts("asha"), "there is no profile"),
    ],
)
def test_what_the_command_refuses(office: desk.Desk, known: dict[str, Any], do: Any, says: str) -> None:
    office.store.save({"asha": known})
    with pytest.raises(people.Mistake, match=says):
        do(office)
    assert store.read_people(office.store.home) == {"asha": known}


def test_the_command_adds_nobody_where_the_variable_lists_everybody(office: desk.Desk) -> None:
    office.settings["people_exclusive"] = True
    with pytest.raises(people.Mistake, match="Write asha there"):
        office.add("asha", "2027-06-30")


def test_a_later_date_needs_another_certificate_only_where_the_certificate_ends_before(office: desk.Desk) -> None:
    office.add("asha", "2027-06-30")
    assert office.set_expires("asha", "2027-07-31") is False
    with office.store.locked() as known:
        known["asha"]["certificate_until"] = "2027-08-01T00:00:00Z"
        office.store.save(known)
    assert office.set_expires("asha", "2027-08-31") is True
    assert stored(office, "asha")["certificate_until"] == "2029-01-01T00:00:00Z"


def test_apply_in_check_mode_changes_nothing_and_then_once(office: desk.Desk) -> None:
    declared = {**PRESENT, "ravi": {"state": "revoked"}}
    would = office.apply(declared, dry=True)
    assert store.read_people(office.store.home) == {}
    assert office.apply(declared, dry=False) == would == (["issue asha 2027-06-30", "revoke ravi"], [])
    assert office.apply(declared, dry=False) == ([], [])


def test_the_seed_is_shown_once(office: desk.Desk) -> None:
    office.add("asha", "2027-06-30")
    seed = (office.store.home / "totp" / "asha").read_text().splitlines()[0]
    assert office.show_code("asha") == (
        f"otpauth://totp/Pixstory%20VPN%3Aasha?secret={seed}&issuer=Pixstory%20VPN&algorithm=SHA1&digits=6&period=30"
    )
    assert office.show_code("asha") is None


def test_files_are_readable_by_whom_they_concern(office: desk.Desk) -> None:
    office.add("asha", "2027-06-30")
    home = office.store.home
    modes = {path: stat.S_IMODE(os.stat(home / path).st_mode) for path in ("people.json", "totp/asha")}
    assert modes == {"people.json": 0o640, "totp/asha": 0o600}


def test_new_limits_keep_which_codes_were_used(tmp_path: Path) -> None:
    file = tmp_path / "asha"
    Codes(tmp_path, attempts=5, seconds=300, window=3).make("asha")
    # As the PAM module leaves it.
    text = file.read_text().replace("LIMIT 5 300", "LIMIT 5 300 1790000000").replace("REUSE", "REUSE 59666666")
    file.write_text(text)
    assert Codes(tmp_path, attempts=5, seconds=300, window=3).settle("asha", dry=False) is False
    changed = Codes(tmp_path, attempts=3, seconds=60, window=5)
    assert changed.settle("asha", dry=True) is True
    assert file.read_text() == text
    changed.settle("asha", dry=False)
    assert file.read_text().splitlines()[1:] == [
        '" RATE_LIMIT 3 60',
        '" WINDOW_SIZE 5',
        '" DISALLOW_REUSE 59666666',
        '" TOTP_AUTH',
    ]


@pytest.mark.parametrize(("protocol", "notifies"), [("udp", True), ("tcp", False)])
def test_profile(protocol: str, notifies: bool) -> None:
    parts = {"ca": "CA\n", "cert": "CERT\n", "key": "KEY\n", "tls-crypt": "STATIC\n"}
    text = profile.render("asha", SETTINGS | {"protocol": protocol, "port": 443}, parts)
    assert f"proto {protocol}\nremote vpn.example.com 443\n" in text
    assert "<key>\nKEY\n</key>\n<tls-crypt>\nSTATIC\n</tls-crypt>\n" in text
    assert "auth-user-pass\nauth-nocache\n" in text
    assert ("explicit-exit-notify" in text) is notifies


class Answers:
    """The server's side of the management interface, as OpenVPN 2.6 speaks it."""

    def __init__(self, sessions_open: list[tuple[str, str]]) -> None:
        self.open = sessions_open
        self.asked: list[str] = []

    def __call__(self, command: str) -> list[str]:
        self.asked.append(command)
        if command != "status 3":
            return ["SUCCESS: done"]
        header = "HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tClient ID"
        lines = [f"CLIENT_LIST\t{name}\t192.0.2.1:5\t10.200.0.2\t{client}" for name, client in self.open]
        return ["TITLE\tOpenVPN 2.6", header, *lines, "HEADER\tROUTING_TABLE\tVirtual Address", "END"]


@pytest.fixture
def management(monkeypatch: pytest.MonkeyPatch) -> sessions.Management:
    found = object.__new__(sessions.Management)
    monkeypatch.setattr(sessions, "WORD_SECONDS", 0)
    monkeypatch.setattr(found, "_answer", lambda command: iter(found.server(command)), raising=False)
    return found


def test_ending_a_session_tells_the_client_and_does_not_rely_on_it(management: sessions.Management) -> None:
    management.server = Answers([("asha", "3"), ("ravi", "4"), ("asha", "7")])
    assert management.end("asha", "revoked") == 2
    assert management.server.asked == [
        "status 3",
        "client-kill 3 HALT,revoked",
        "client-kill 7 HALT,revoked",
        "kill asha",
    ]


def test_nothing_is_ended_where_there_is_no_session(management: sessions.Management) -> None:
    management.server = Answers([("ravi", "4")])
    assert management.end("asha", "revoked") == 0
    assert management.server.asked == ["status 3"]
