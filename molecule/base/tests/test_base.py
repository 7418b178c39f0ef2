"""A machine as the role's defaults make it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from testinfra.host import Host


def test_nothing_failed(host: Host) -> None:
    """But audit, of which a container has none: auditd's on Debian 12, its rules' on Debian 13."""
    host.run("systemctl is-system-running --wait")
    failed = host.check_output("systemctl list-units --failed --plain --no-legend").splitlines()
    assert {line.split()[0] for line in failed} <= {"auditd.service", "audit-rules.service"}


@pytest.mark.parametrize("unit", ["cron", "nftables", "rsyslog", "ssh", "unattended-upgrades"])
def test_services_run_now_and_after_a_boot(host: Host, unit: str) -> None:
    assert host.service(unit).is_running
    assert host.service(unit).is_enabled


@pytest.mark.parametrize("unit", ["apparmor", "auditd", "chrony"])
def test_what_a_container_cannot_run_is_enabled(host: Host, unit: str) -> None:
    assert host.service(unit).is_enabled


def test_the_daily_comparison_is_planned_and_has_something_to_compare_with(host: Host) -> None:
    assert host.service("dailyaidecheck.timer").is_enabled
    assert host.file("/var/lib/aide/aide.db").size > 100_000
    assert host.run("aide --config /etc/aide/aide.conf --config-check").rc == 0


def test_sshd_takes_keys_and_nothing_else(host: Host) -> None:
    host.run("mkdir -p /run/sshd")
    settings = dict(line.split(" ", 1) for line in host.check_output("sshd -T").splitlines() if " " in line)
    expected = {
        "authenticationmethods": "publickey",
        "kbdinteractiveauthentication": "no",
        "passwordauthentication": "no",
        "permitemptypasswords": "no",
        "permitrootlogin": "no",
        "x11forwarding": "no",
        "allowtcpforwarding": "no",
        "logingracetime": "60",
        "maxauthtries": "4",
        "banner": "/etc/issue.net",
    }
    assert {name: settings[name] for name in expected} == expected
    assert not [word for word in settings["ciphers"].split(",") if "cbc" in word or "3des" in word]
    assert not [word for word in settings["macs"].split(",") if "sha1" in word or "md5" in word]


def test_nothing_comes_in(host: Host, machines: Mapping[str, Host]) -> None:
    """Port 22 answers inside, and not from the neighbour: nobody has opened it."""
    name = host.check_output("hostname")
    neighbour = next(other for other_name, other in machines.items() if other_name != name)
    connect = "timeout 3 bash -c 'exec 3<>/dev/tcp/{}/22'"
    assert host.run(connect.format("localhost")).rc == 0
    assert neighbour.run(connect.format(name)).rc == 124


def test_what_goes_out_and_its_answers_pass(host: Host) -> None:
    assert host.run("apt-get update").rc == 0


def test_kernel_settings_of_the_network_hold(host: Host) -> None:
    for name, value in {"log_martians": 1, "rp_filter": 1, "accept_redirects": 0, "send_redirects": 0}.items():
        assert host.sysctl(f"net.ipv4.conf.all.{name}") == value


def test_nobody_leaves_core_dumps(host: Host) -> None:
    """Also not root, whom the * of limits.conf does not stand for."""
    for name in ("root", "nobody"):
        assert host.check_output(f"setsid runuser --login --shell /bin/sh {name} --command 'ulimit -H -c'") == "0"


def test_a_forbidden_module_is_not_loaded_on_demand(host: Host) -> None:
    file = "/etc/modprobe.d/90-pixstory.conf"
    assert host.file(file).contains("^install usb-storage /bin/false$")
    assert host.file(file).contains("^blacklist usb-storage$")


def test_the_journal_is_limited_and_passed_on(host: Host) -> None:
    host.run_test("logger --tag molecule passed-on")
    assert host.run("timeout 10 sh -c 'until grep passed-on /var/log/syslog; do sleep 0.2; done'").rc == 0
    assert host.file("/var/log/syslog").mode == 0o640
    assert host.file("/var/log/journal").is_directory
    assert "SystemMaxUse=1G" in host.check_output("systemd-analyze cat-config systemd/journald.conf")


def test_only_security_updates_install_themselves(host: Host) -> None:
    origins = [line for line in host.check_output("apt-config dump").splitlines() if "Unattended-Upgrade::Or" in line]
    assert [line for line in origins if "origin=" in line] == [
        "Unattended-Upgrade::Origins-Pattern:: "
        '"origin=Debian,codename=${distro_codename}-security,label=Debian-Security";'
    ]
    assert host.run("unattended-upgrade --dry-run").rc == 0


def test_a_guessed_password_locks_and_a_weak_one_is_refused(host: Host) -> None:
    host.run_test("useradd --create-home someone")
    try:
        # As somebody else than root, whom pam_rootok lets through.
        guess = "su --shell /bin/sh nobody --command 'echo wrong | su someone --command true'"
        host.check_output("faillock --user someone --reset")
        for _ in range(5):
            assert host.run(guess).rc != 0
        # The fifth was not tried any more.
        counted = host.check_output("faillock --user someone").splitlines()
        assert len([line for line in counted if line.endswith(" V")]) == 4
        refused = host.run("printf 'short\\nshort\\n' | passwd someone")
        assert refused.rc != 0
        assert "BAD PASSWORD" in refused.stderr + refused.stdout
        taken = host.run("printf 'Rather-l0ng+unusual\\nRather-l0ng+unusual\\n' | passwd someone")
        assert taken.rc == 0
        again = host.run("printf 'Rather-l0ng+unusual\\nRather-l0ng+unusual\\n' | passwd someone")
        assert again.rc != 0
    finally:
        host.run_test("userdel --remove someone")


def test_pam_counts_failures_and_remembers_passwords(host: Host) -> None:
    auth = host.file("/etc/pam.d/common-auth").content_string
    assert "pam_faillock.so preauth" in auth
    assert "pam_faillock.so authfail" in auth
    assert "nullok" not in auth
    assert "pam_faillock.so" in host.file("/etc/pam.d/common-account").content_string
    password = host.file("/etc/pam.d/common-password").content_string
    assert "pam_pwhistory.so remember=24" in password
    assert "pam_pwquality.so" in password


def test_a_login_shell_ends_when_idle_and_hides_its_files(host: Host) -> None:
    assert host.check_output("bash --login -c 'umask; echo $TMOUT'").split() == ["0027", "900"]


def test_nobody_becomes_root_with_su(host: Host) -> None:
    assert host.file("/etc/pam.d/su").contains("^auth required pam_wheel.so use_uid group=sugroup$")
    assert host.group("sugroup").members == []


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("/etc/crontab", 0o600),
        ("/etc/cron.d", 0o700),
        ("/etc/cron.daily", 0o700),
        ("/etc/cron.allow", 0o640),
        ("/etc/shadow", 0o640),
        ("/etc/ssh/sshd_config", 0o600),
        ("/etc/nftables.conf", 0o600),
        ("/etc/sudoers.d/50-pixstory", 0o440),
    ],
)
def test_what_others_may_not_read(host: Host, path: str, mode: int) -> None:
    file = host.file(path)
    assert (file.user, file.mode) == ("root", mode)


def test_the_banner_tells_nothing_of_the_system(host: Host) -> None:
    for path in ("/etc/issue", "/etc/issue.net"):
        assert host.file(path).content_string == "Authorised users only. All activity is recorded.\n"


def test_time_comes_from_amazon(host: Host) -> None:
    assert host.run("chronyd -p -f /etc/chrony/chrony.conf").rc == 0
    assert host.file("/etc/chrony/chrony.conf").contains("^server 169.254.169.123 iburst")
    assert not host.file("/etc/chrony/chrony.conf").contains("^pool ")


def test_nothing_of_aws_is_installed_elsewhere(host: Host) -> None:
    assert not host.package("amazon-ssm-agent").is_installed
    assert not host.package("amazon-cloudwatch-agent").is_installed
