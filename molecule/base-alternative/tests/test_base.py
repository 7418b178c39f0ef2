"""A machine with most options changed, and one outside that knocks."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from testinfra.host import Host

testinfra_hosts = ["machine"]


def test_people_have_their_key_and_no_password(host: Host) -> None:
    for name in ("asha", "ravi"):
        assert host.user(name).password.startswith("!")
        assert host.file(f"/home/{name}/.ssh/authorized_keys").content_string.strip().endswith(f" {name}")
    assert set(host.user("asha").groups) == {"asha", "people", "administrators"}
    assert set(host.user("ravi").groups) == {"ravi", "people", "adm"}
    assert not host.user("gone").exists


def test_only_who_may_becomes_root(host: Host) -> None:
    assert host.check_output("sudo --user=asha sudo --non-interactive id -u") == "0"
    assert host.run("sudo --user=ravi sudo --non-interactive id -u").rc != 0
    assert host.file("/var/log/sudo.log").contains("asha")


def test_sshd_has_the_other_settings(host: Host) -> None:
    settings = host.check_output("sshd -T").splitlines()
    expected = {"port 2222", "maxauthtries 2", "allowtcpforwarding local", "allowgroups people", "permitrootlogin no"}
    assert expected - set(settings) == set()


def listen(host: Host, port: int) -> None:
    host.run_test(f"systemd-run --unit=listen-{port} python3 -m http.server {port}")
    host.run_test(f"timeout 10 sh -c 'until ss -ltn | grep -q :{port}; do sleep 0.1; done'")


@pytest.mark.parametrize(("port", "status"), [(2222, 0), (22, 124), (8001, 124)])
def test_the_firewall_lets_in_what_it_should(host: Host, machines: Mapping[str, Host], port: int, status: int) -> None:
    if port == 8001:
        listen(host, port)  # so that a refusal is the firewall's
    knock = f"timeout 3 bash -c 'exec 3<>/dev/tcp/machine/{port}'"
    assert machines["outside"].run(knock).rc == status


def test_a_role_adds_its_own_rules(host: Host) -> None:
    rule = "add rule inet filter forward iifname tun0 accept\\n"
    host.run_test(f"printf '{rule}' >/etc/nftables.d/90-test.nft && systemctl reload nftables")
    try:
        assert 'iifname "tun0" accept' in host.check_output("nft list chain inet filter forward")
    finally:
        host.run_test("rm /etc/nftables.d/90-test.nft && systemctl reload nftables")


def test_kernel_settings_are_added_and_replaced(host: Host) -> None:
    assert host.sysctl("net.ipv4.ip_forward") == 1
    assert host.sysctl("net.core.somaxconn") == 2048
    assert host.file("/etc/sysctl.d/90-pixstory.conf").content_string.count("net.ipv4.ip_forward") == 1


def test_an_allowed_module_is_not_forbidden(host: Host) -> None:
    file = host.file("/etc/modprobe.d/90-pixstory.conf")
    assert not file.contains("sctp")
    assert file.contains("install dccp /bin/false")


def test_the_rest_of_the_options(host: Host) -> None:
    assert host.package("jq").is_installed
    assert not host.package("aide").is_installed
    assert host.file("/etc/localtime").linked_to == "/usr/share/zoneinfo/Asia/Kolkata"
    assert host.file("/etc/chrony/chrony.conf").contains("^server 192.0.2.7 iburst")
    assert host.file("/etc/login.defs").contains("^PASS_MAX_DAYS 90$")
    assert host.file("/etc/security/pwquality.conf").contains("^minlen = 20$")
    assert host.file("/etc/issue").content_string == "Keep out.\n"
    assert host.file("/etc/audit/rules.d/90-pixstory.rules").contains("^-w /srv -p wa -k releases$")
    journal = host.check_output("systemd-analyze cat-config systemd/journald.conf")
    assert "SystemMaxUse=200M" in journal
    assert "MaxRetentionSec=1week" in journal
    assert 'Automatic-Reboot-Time "04:30";' in host.check_output("apt-config dump")
    assert host.check_output("bash --login -c 'echo $TMOUT'") == "300"
