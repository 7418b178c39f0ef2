"""A VPN server that was lost is replaced, and nobody has to enrol again."""

from __future__ import annotations

from collections.abc import Mapping

from testinfra.host import Host

HOME = "/etc/openvpn/vpn"
SAVE = "systemctl start pixstory-backup.service"
REASON = "journalctl --unit pixstory-backup.service --lines 4 --output cat --no-pager"

testinfra_hosts = ["successor"]


def test_authority_people_and_codes_are_those_of_the_machine_that_was_lost(machines: Mapping[str, Host]) -> None:
    """Byte for byte, but for what the role writes itself."""
    kept = "-type f ! -name .lock ! -name settings.json ! -name '*.nft'"
    listed = f"cd {HOME} && find . {kept} -exec sha256sum {{}} + | sort"
    lost, successor = (machines[name].check_output(listed) for name in ("lost", "successor"))
    assert {"./pki/private/ca.key", "./people.json", "./totp/asha"} <= {line.split()[1] for line in lost.splitlines()}
    assert successor == lost


def test_the_files_belong_to_whom_they_did(machines: Mapping[str, Host]) -> None:
    listed = f"stat --format '%n %U %G %a' {HOME} {HOME}/people.json {HOME}/crl.pem {HOME}/totp/asha {HOME}/pki/private"
    assert machines["successor"].check_output(listed) == machines["lost"].check_output(listed)


def test_the_server_runs_with_the_certificate_that_people_trust(host: Host) -> None:
    assert host.service("openvpn-server@vpn").is_running
    host.check_output(f"openssl verify -CAfile {HOME}/pki/ca.crt {HOME}/pki/issued/server.crt")


def test_the_timer_looks_each_minute_and_after_a_boot(host: Host) -> None:
    assert host.service("pixstory-backup.timer").is_running
    assert host.service("pixstory-backup.timer").is_enabled
    assert host.check_output(f"{SAVE} && {REASON}").count("unchanged") >= 1


def test_who_is_added_is_saved_and_the_lost_machine_writes_nothing_over_it(machines: Mapping[str, Host]) -> None:
    lost, successor = machines["lost"], machines["successor"]
    successor.check_output("vpn-user add meera --expires 2099-01-01 >/dev/null 2>&1")
    successor.check_output(SAVE)
    assert "saved to s3://backups/vpn/state.tar.gz" in successor.check_output(REASON)
    lost.check_output("vpn-user add ravi --expires 2099-01-01 >/dev/null 2>&1")
    assert lost.run(SAVE).rc != 0
    assert "terminate this one" in lost.check_output(REASON)
