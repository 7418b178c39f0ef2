"""What the VPN does to people who come, with OpenVPN clients on machines of their own."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from testinfra.host import Host

from tests.vpn_client import IN, Client, handed_out

testinfra_hosts = ["debian-13", "debian-12"]

PASSPHRASE = "first boot wrote this one"
PRIVATE = "http://private:8080/"
HOME = "/etc/openvpn/vpn"
FAR = (datetime.now(UTC) + timedelta(days=300)).strftime("%Y-%m-%d")
# Of `systemd-analyze security`, 0 is a closed box and 10 none at all. Debian's own unit has more than 7.
EXPOSURE = {"openvpn-server@vpn.service": 3.0, "vpn-sweep.service": 2.0}

REVOCATION_SECONDS = 20

seeds: list[str] = []


def name_of(host: Host) -> str:
    return host.check_output("hostname")


@pytest.fixture
def person(host: Host, machines: Mapping[str, Host]) -> Iterator[Callable[..., Client]]:
    """Makes people whom nobody has seen before; their clients stop when the test ends."""
    made: list[Client] = []

    def make(name: str, machine: str = "laptop", expires: str = FAR) -> Client:
        printed = host.run("vpn-user add %s --expires %s", name, expires)
        client = handed_out(machines[machine], name, name_of(host), printed)
        seeds.append(client.codes.seed)
        made.append(client)
        return client

    yield make
    for client in made:
        client.leave()


def reached(client: Client) -> str:
    """What the private machine answers; nothing where it is not it that answers, or nobody does."""
    answer = client.machine.run(f"curl --silent --max-time 10 {PRIVATE}").stdout
    return answer if answer.startswith("private sees ") else ""


def events(host: Host, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in host.check_output(f"vpn-user log --json {name}").splitlines()]


def wait_for(what: Callable[[], bool], seconds: float) -> float:
    """The seconds until it was so."""
    begin = time.monotonic()
    while not what():
        assert time.monotonic() - begin < seconds, f"not so after {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - begin


def test_the_server_serves_unprivileged(host: Host) -> None:
    assert host.service("openvpn-server@vpn").is_running
    assert host.service("openvpn-server@vpn").is_enabled
    assert host.service("vpn-sweep.timer").is_enabled
    assert "1194" in host.check_output("ss --no-header --listening --udp --numeric")
    users = host.check_output("ps -C openvpn -o user= --sort pid").split()
    # The second is the helper that asks PAM.
    assert sorted(users) == ["openvpn", "root"]


@pytest.mark.parametrize("unit", EXPOSURE)
def test_units_are_sandboxed(host: Host, unit: str) -> None:
    said = host.check_output(f"systemd-analyze security --no-pager {unit}")
    exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said)[1])
    print(f"{name_of(host)}: exposure of {unit}: {exposure}")
    assert exposure <= EXPOSURE[unit]


def test_secrets_are_roots(host: Host) -> None:
    readable = host.check_output(f"find {HOME} -type f -perm /044 -printf '%P %m\\n'")
    assert sorted(readable.splitlines()) == [
        "crl.pem 640",
        "forward.nft 644",
        "people.json 640",
        "settings.json 644",
    ]
    assert host.file(f"{HOME}/pki/private/ca.key").content_string.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert host.file(HOME).mode == 0o750


def test_who_is_declared_gets_profile_and_code_once_and_reaches_a_private_machine(
    host: Host, machines: Mapping[str, Host], lab: Mapping[str, Any]
) -> None:
    printed = host.run("vpn-user profile asha")
    asha = handed_out(machines["laptop"], "asha", name_of(host), printed)
    seeds.append(asha.codes.seed)
    assert "█" in printed.stderr or "▄" in printed.stderr  # the QR code
    again = host.run("vpn-user profile asha --output /root/asha.ovpn")
    assert "otpauth" not in again.stderr
    assert "is shown once" in again.stderr
    assert host.file("/root/asha.ovpn").mode == 0o600
    assert host.file("/root/asha.ovpn").content_string == asha.profile

    assert not reached(asha)
    attempt = asha.connect(asha.codes.fresh())
    try:
        assert attempt.outcome == IN, attempt.log
        print(f"{name_of(host)}: let in after {attempt.seconds:.2f} s")
        # The private machine answers because it sees the server's address: it knows no way to the VPN's pool.
        assert reached(asha) == f"private sees {lab['machines'][name_of(host)]['address']}"
        assert f"route {lab['machines']['private']['address']} 255.255.255.255" in attempt.log
        assert "dhcp-option DNS 10.10.0.2" in attempt.log
        assert re.search(r"Control Channel: TLSv1.3.*ecdsa-with-SHA384", attempt.log)
        assert re.search(r"Data Channel: [^\n]*cipher 'AES-256-GCM'", attempt.log)
        assert "compress" not in "".join(line for line in attempt.log.splitlines() if "PUSH" in line)
        (listed,) = [one for one in json.loads(host.check_output("vpn-user list --json")) if one["name"] == "asha"]
        assert listed["session"].startswith(asha.address())
        assert listed["declared_by"] == "vpn_people"
    finally:
        asha.leave()

    wait_for(lambda: any(one["event"] == "disconnect" for one in events(host, "asha")), 30)
    came = [one for one in events(host, "asha") if one["event"] in ("connect", "disconnect")]
    assert [one["event"] for one in came] == ["connect", "disconnect"]
    assert came[0]["address"] == came[1]["address"] == lab["machines"]["laptop"]["address"]
    assert came[0]["assigned"].startswith("10.200.0.")
    assert came[1]["bytes_sent"] > 0
    assert came[1]["bytes_received"] > 0
    assert came[1]["seconds"] >= 0


def test_wrong_and_used_codes_are_refused(host: Host, person: Callable[..., Client]) -> None:
    wrong = person("wrong")
    assert wrong.connect(wrong.codes.wrong()).outcome == "refused: AUTH_FAILED"
    code = wrong.codes.fresh()
    assert wrong.connect(code).outcome == IN
    wrong.leave()
    assert wrong.connect(code).outcome == "refused: AUTH_FAILED"
    # It is the code that was refused, not the person.
    assert wrong.connect(wrong.codes.fresh()).outcome == IN


def test_guessing_is_stopped(host: Host, person: Callable[..., Client]) -> None:
    """Five attempts in five minutes: the sixth is refused though its code is right."""
    guesser = person("guesser")
    assert [guesser.connect(guesser.codes.wrong()).outcome for _ in range(5)] == ["refused: AUTH_FAILED"] * 5
    assert guesser.connect(guesser.codes.fresh()).outcome == "refused: AUTH_FAILED"


def test_a_code_of_somebody_else_is_of_no_use(host: Host, person: Callable[..., Client]) -> None:
    thief, owner = person("thief"), person("owner")
    assert thief.connect(owner.codes.fresh(), user="owner").outcome == "refused: AUTH_FAILED"
    assert [one["reason"] for one in events(host, "thief") if one["event"] == "refused"] == ["username"]
    assert thief.connect(owner.codes.fresh()).outcome == "refused: AUTH_FAILED"


def test_a_certificate_of_another_authority_is_refused(host: Host, person: Callable[..., Client]) -> None:
    forger = person("forger")
    forger.machine.check_output(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -days 9 -subj /CN=forger "
        "-addext extendedKeyUsage=clientAuth -keyout /root/forged.key -out /root/forged.crt 2>/dev/null"
    )
    forged = forger.profile
    for part, file in (("cert", "forged.crt"), ("key", "forged.key")):
        own = forger.machine.check_output(f"cat /root/{file}")
        forged = re.sub(rf"<{part}>.*</{part}>", f"<{part}>\n{own}\n</{part}>", forged, flags=re.DOTALL)
    assert forged != forger.profile
    attempt = forger.connect(forger.codes.fresh(), profile=forged)
    assert attempt.outcome.startswith("refused: ")
    assert attempt.outcome != "refused: AUTH_FAILED"  # it never came to a code


def journal(host: Host, *words: str) -> list[float]:
    """When the lines with these words were written to the journal of who came when, to the microsecond."""
    lines = host.check_output("journalctl --identifier pixstory-vpn --output json --no-pager").splitlines()
    entries = [json.loads(line) for line in lines]
    return [
        int(entry["__REALTIME_TIMESTAMP"]) / 1e6
        for entry in entries
        if all(f'"{word}"' in entry["MESSAGE"] for word in words)
    ]


def test_who_is_revoked_is_out_within_seconds(host: Host, person: Callable[..., Client]) -> None:
    leaver = person("leaver")
    assert leaver.connect(leaver.codes.fresh()).outcome == IN
    assert reached(leaver)
    begin = time.time()  # machines and controller have one clock
    said = host.run("vpn-user revoke leaver")
    assert said.rc == 0, said.stderr
    assert "sessions ended: 1" in said.stderr
    attempt = leaver.connect(leaver.codes.fresh())
    assert attempt.outcome.startswith("refused: "), attempt.log
    (recorded,), (closed,) = journal(host, "revoke", "leaver"), journal(host, "disconnect", "leaver")
    # OpenVPN does not answer a client whose certificate is revoked; that one gives up a minute later.
    command = "journalctl --unit openvpn-server@vpn --grep 'certificate revoked: CN=leaver' --output json --no-pager"
    refused = int(json.loads(host.check_output(command).splitlines()[0])["__REALTIME_TIMESTAMP"]) / 1e6
    print(
        f"{name_of(host)}: after vpn-user revoke: recorded in {recorded - begin:.2f} s, open session ended in "
        f"{closed - begin:.2f} s; the next attempt, begun in {attempt.began - begin:.2f} s, refused in "
        f"{refused - begin:.2f} s"
    )
    assert closed - begin < REVOCATION_SECONDS
    assert refused - attempt.began < REVOCATION_SECONDS
    assert "there is no profile" in host.run("vpn-user profile leaver").stderr


def test_a_client_that_is_not_revoked_is_not_ended(host: Host, person: Callable[..., Client]) -> None:
    stays, goes = person("stays"), person("goes", "phone")
    assert stays.connect(stays.codes.fresh()).outcome == IN
    assert goes.connect(goes.codes.fresh()).outcome == IN
    assert host.run("vpn-user revoke goes").rc == 0
    wait_for(lambda: not goes.alive(), 60)
    assert stays.alive()
    assert reached(stays)


def test_a_revocation_without_the_passphrase_counts_all_the_same(host: Host, person: Callable[..., Client]) -> None:
    early = person("early")
    assert early.connect(early.codes.fresh()).outcome == IN
    said = host.run("mv /run/pixstory/vpn.env /run/pixstory/away; vpn-user revoke early </dev/null")
    host.check_output("mv /run/pixstory/away /run/pixstory/vpn.env")
    assert said.rc == 1
    assert "early is refused from now on, but the certificate is not on the list" in said.stderr
    wait_for(lambda: not early.alive(), 60)
    assert len(journal(host, "disconnect", "early")) == 1
    # The certificate is good and the code's seed is gone: the code is refused.
    assert early.connect(early.codes.fresh()).outcome == "refused: AUTH_FAILED"
    assert host.run("vpn-user revoke early").rc == 0


def test_an_expiry_ends_the_session_and_refuses(host: Host, person: Callable[..., Client]) -> None:
    brief = person("brief")
    assert brief.connect(brief.codes.fresh()).outcome == IN
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=15)
    host.check_output(f"vpn-user set brief --expires {expires:%Y-%m-%dT%H:%M:%SZ}")
    assert brief.alive()
    wait_for(lambda: journal(host, "disconnect", "brief") != [], 90)
    (closed,) = journal(host, "disconnect", "brief")
    print(f"{name_of(host)}: the open session ended {closed - expires.timestamp():.2f} s after the expiry")
    assert 0 <= closed - expires.timestamp() < 45
    # Certificate and code are good.
    assert host.run(f"openssl verify -CAfile {HOME}/pki/ca.crt {HOME}/pki/issued/brief.crt").rc == 0
    attempt = brief.connect(brief.codes.fresh())
    assert attempt.outcome == "refused: AUTH_FAILED"
    assert [one["reason"] for one in events(host, "brief") if one["event"] == "refused"] == ["expired"]
    host.check_output(f"vpn-user set brief --expires {FAR}")
    assert brief.connect(brief.codes.fresh()).outcome == IN


def test_renewed_means_the_old_profile_is_worth_nothing(host: Host, person: Callable[..., Client]) -> None:
    lost = person("lost")
    printed = host.run("vpn-user renew lost")
    found = handed_out(lost.machine, "lost", name_of(host), printed)
    seeds.append(found.codes.seed)
    assert found.codes.seed != lost.codes.seed
    refused = found.connect(found.codes.fresh(), profile=lost.profile)
    assert refused.outcome.startswith("refused: ")
    try:
        assert found.connect(found.codes.fresh()).outcome == IN
    finally:
        found.leave()


def test_clients_do_not_reach_one_another_nor_the_servers_services(host: Host, person: Callable[..., Client]) -> None:
    one, other = person("one"), person("other", "phone")
    assert one.connect(one.codes.fresh()).outcome == IN
    assert other.connect(other.codes.fresh()).outcome == IN
    ping = "ping -c 1 -W 3 "
    assert one.machine.run(ping + "10.200.0.1").rc == 0
    assert one.machine.run(ping + other.address()).rc != 0
    host.check_output("systemd-run --unit=inside python3 -m http.server 8099")
    try:
        wait_for(lambda: host.run("ss -Hltn | grep -q :8099").rc == 0, 60)
        assert one.machine.run("curl --silent --max-time 3 http://10.200.0.1:8099/").rc != 0
        # It does answer: on the network that the VPN is reached over, which no rule of the VPN is about.
        assert one.machine.run(f"curl --silent --max-time 3 http://{name_of(host)}:8099/").rc == 0
    finally:
        host.check_output("systemctl stop inside")


def test_what_is_forwarded_survives_a_reload_of_nftables(host: Host) -> None:
    """A reload of nftables.service flushes every table."""
    host.check_output("systemctl start nftables")
    try:
        for verb in ("reload", "restart"):
            host.check_output(f"systemctl {verb} nftables")
            wait_for(lambda: "masquerade" in host.run("nft list table ip pixstory_vpn").stdout, 60)
    finally:
        host.check_output("systemctl stop nftables; systemctl start vpn-forward openvpn-server@vpn")


def test_a_broken_configuration_is_refused_before_it_is_in_place(host: Host) -> None:
    live = "/etc/openvpn/server/vpn.conf"
    check = "/usr/local/lib/pixstory/vpn-check-config"
    assert host.run(f"{check} {live}").rc == 0
    for wrong in ("s/^topology subnet/topology circle/", "s#^ca .*#ca /nowhere.crt#", "s/^dh none/dh/"):
        refused = host.run(f"sed '{wrong}' {live} >/root/broken.conf; {check} /root/broken.conf")
        assert refused.rc == 1
        assert "OpenVPN does not start with this configuration" in refused.stderr
    assert host.service("openvpn-server@vpn").is_running


def test_the_variable_does_not_undo_a_revocation_of_the_host(host: Host, person: Callable[..., Client]) -> None:
    person("torn")
    assert host.run("vpn-user revoke torn").rc == 0
    asked = json.dumps({"people": {"torn": {"expires": FAR}}})
    answer = json.loads(host.check_output(f"echo '{asked}' | vpn-user apply --check"))
    assert "release asha" in answer["actions"]
    (conflict,) = answer["conflicts"]
    assert "torn is declared present in vpn_people and was revoked on the host" in conflict


def test_a_backup_brings_people_back(host: Host, person: Callable[..., Client]) -> None:
    kept = person("kept")
    host.check_output(f"tar --create --file /root/vpn.tar --directory / {HOME.lstrip('/')}")
    host.check_output(f"systemctl stop openvpn-server@vpn && rm -r {HOME}")
    host.check_output("tar --extract --same-permissions --file /root/vpn.tar --directory /")
    host.check_output("systemctl start vpn-forward openvpn-server@vpn")
    assert kept.connect(kept.codes.fresh()).outcome == IN


def test_the_journal_holds_no_secret(host: Host) -> None:
    """The last of the tests: all that they did is in the journal."""
    text = host.check_output("journalctl --no-pager --output export")
    assert "pixstory-vpn" in text
    assert len(seeds) > 10
    secrets = [*seeds, PASSPHRASE, "PRIVATE KEY", "OpenVPN Static key"]
    assert [secret for secret in secrets if secret in text] == []
