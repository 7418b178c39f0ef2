"""What a VPN server is after a real boot: as declared, and with nothing failed. Containers hide all of that."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from testinfra.host import Host

from ansible_collections.pixstory.platform.plugins.filter.ssh import ssh_options

from .conftest import PREFIX, REGION, Bench
from .looks import boots, failed_units

ROOT = Path(__file__).resolve().parents[2]
BASE = yaml.safe_load((ROOT / "roles/base/vars/main.yml").read_text())


def test_nothing_has_failed(vpn: Host) -> None:
    assert failed_units(vpn) == ""


def test_it_was_booted_once_more(vpn: Host) -> None:
    assert boots(vpn) >= 2


def test_it_is_what_the_metadata_says_and_nothing_of_the_builder(vpn: Host, bench: Bench) -> None:
    assert vpn.check_output("cloud-init query instance_id") == bench.instance.id
    assert vpn.check_output("cloud-init query platform") == "ec2"
    assert vpn.check_output("hostname") == "ip-10-0-2-15-vpn"
    assert re.fullmatch(r"[0-9a-f]{32}", vpn.check_output("cat /etc/machine-id"))
    # Host keys of its own, and no key that stays.
    assert vpn.check_output("find /etc/ssh -name 'ssh_host_*_key' -newer /etc/fstab | wc -l") != "0"
    assert vpn.check_output("find /root /home -name authorized_keys -size +0") == ""
    assert not vpn.file("/run/install_agent.py").exists


def test_no_package_lock_was_met(vpn: Host, bench: Bench) -> None:
    met = re.compile(r"could not get lock|failed to lock|unable to acquire the dpkg", re.IGNORECASE)
    said = [
        *bench.said,
        vpn.check_output("cat /var/log/cloud-init-output.log"),
        bench.console.read_text(errors="replace"),
    ]
    assert [one for text in said for one in text.splitlines() if met.search(one)] == []


@pytest.mark.parametrize("unit", [one["name"] for one in BASE["__base_services"]])
def test_services_run(vpn: Host, unit: str) -> None:
    """Those among them that a container cannot run as well."""
    assert vpn.service(unit).is_enabled
    assert vpn.service(unit).is_running


@pytest.mark.parametrize("unit", ["amazon-ssm-agent.service", "amazon-cloudwatch-agent.service"])
def test_agents_run(vpn: Host, unit: str) -> None:
    assert vpn.service(unit).is_running
    assert vpn.service(unit).is_enabled


def test_every_setting_of_the_kernel_is_as_declared(vpn: Host) -> None:
    written = vpn.check_output("grep --no-filename '^[a-z]' /etc/sysctl.d/90-pixstory.conf").splitlines()
    declared = {name: value for name, _, value in (line.partition(" = ") for line in written)}
    assert declared["net.ipv4.ip_forward"] == "1"
    assert len(declared) > 30
    there = vpn.check_output(f"sysctl {' '.join(declared)}").splitlines()
    assert {name: value for name, _, value in (line.partition(" = ") for line in there)} == declared


@pytest.mark.parametrize("mount", BASE["__base_mounts"], ids=lambda one: str(one["path"]))
def test_mounts_are_as_declared(vpn: Host, mount: dict[str, str]) -> None:
    options = set(vpn.check_output(f"findmnt --noheadings --output OPTIONS --mountpoint {mount['path']}").split(","))
    assert {"nosuid", "nodev", "noexec"} <= options


def test_forbidden_modules_are_not_loaded(vpn: Host) -> None:
    loaded = {line.split()[0] for line in vpn.check_output("cat /proc/modules").splitlines()}
    assert loaded & {name.replace("-", "_") for name in BASE["__base_kernel_modules"]} == set()
    assert vpn.run("modprobe --dry-run --verbose sctp").stdout.strip().startswith("install /bin/")


def test_the_firewall_is_loaded(vpn: Host) -> None:
    rules = vpn.check_output("nft list ruleset")
    assert "hook input priority filter; policy drop" in rules
    assert "hook forward priority filter; policy drop" in rules
    assert re.search(r'udp dport 1194 accept comment "People"', rules)
    assert "tcp dport 22" not in rules
    # What a reload would load is what is there.
    assert vpn.run("nft --check --file /etc/nftables.conf").rc == 0


def test_the_vpn_serves_and_forwards(vpn: Host) -> None:
    assert vpn.service("openvpn-server@vpn").is_running
    assert vpn.sysctl("net.ipv4.ip_forward") == 1
    assert vpn.sysctl("net.ipv4.conf.vpn0.forwarding") == 1
    assert 'iifname "vpn0" oifname != "vpn0" ip saddr 10.200.30.0/24' in vpn.check_output(
        "nft list table ip pixstory_vpn"
    )
    # Its passphrase came from Secrets Manager, by the role of the metadata.
    assert vpn.file("/run/pixstory/vpn.env").mode == 0o600


def test_a_key_that_nobody_sent_is_not_let_in(vpn: Host, bench: Bench) -> None:
    key = bench.folder / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    options = ssh_options(bench.instance.id, "ssm", PREFIX, REGION, str(key))
    command = f"ssh {options} -o ControlPath=none -o BatchMode=yes admin@{bench.instance.id} true"
    refused = subprocess.run(["sh", "-c", command], env=bench.environment, capture_output=True, text=True, timeout=900)
    assert refused.returncode == 255
    assert "Permission denied (publickey)" in refused.stderr
    assert "instance-connect" in vpn.check_output("journalctl --identifier instance-connect --no-pager --lines 5")
