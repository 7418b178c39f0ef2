"""Staging and local are replicas of production by construction."""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
REPLICAS = ("staging", "local")

# What a replica may say differently. Names and places:
ALLOWED = {
    "platform_environment",
    "platform_account_id",
    "platform_domain",
    "platform_emulated",
    "platform_endpoint_url",
    "aws_network_cidrs",
    # Sizes and counts:
    "aws_network_nat_gateways",
    "aws_vpc_endpoints_interface",
    "aws_database_instance_class",
    "aws_database_allocated_storage",
    "aws_database_max_allocated_storage",
    "aws_database_replicas",
    "aws_cache_node_type",
    "aws_compute_sizes",
    "aws_compute_schedules",
    # How the machines are reached, and how soon they look for changed settings:
    "platform_connection",
    "first_boot_check_seconds",
    # Who works there, and what deploys:
    "aws_identity_users",
    "aws_identity_deployer",
    # Who is told:
    "aws_account_alert_emails",
    # What is mended by itself:
    "aws_remediation_actions",
    # What is settled there already (docs/security.md, "What begins recoverable"):
    "aws_account_trail_lock_mode",
    "aws_edge_hsts_max_age",
    "aws_edge_hsts_include_subdomains",
    "aws_waf_actions",
    "aws_edge_take_over",
    # Retention:
    "aws_remediation_log_retention_days",
    "aws_network_flow_log_retention_days",
    "aws_storage_log_retention_days",
    "aws_waf_log_retention_days",
    "aws_database_backup_retention_days",
    "aws_database_log_retention_days",
    "aws_cache_snapshot_retention_days",
    "aws_account_trail_retention_days",
    "aws_account_log_retention_days",
    "aws_account_machine_log_retention_days",
    "aws_account_config_retention_days",
}


@cache
def merged(environment: str) -> dict[str, Any]:
    """The variables of an environment as Ansible merges them, templates unrendered."""
    listed = subprocess.run(
        ["ansible-inventory", "-i", f"inventories/{environment}/hosts.yml", "--host", "localhost"],
        cwd=ROOT,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    return {key: value for key, value in json.loads(listed.stdout).items() if not key.startswith("ansible_")}


@pytest.mark.parametrize("environment", REPLICAS)
def test_a_replica_differs_only_where_it_may(environment: str) -> None:
    production, replica = merged("production"), merged(environment)
    assert len(production) > 40  # the shared variables are among them
    different = {key for key in production.keys() | replica.keys() if production.get(key) != replica.get(key)}
    assert different - ALLOWED == set()


@pytest.mark.parametrize("environment", REPLICAS)
def test_a_replica_has_the_same_roles_and_schedules(environment: str) -> None:
    production, replica = merged("production"), merged(environment)
    assert replica["aws_compute_sizes"].keys() == production["aws_compute_sizes"].keys()
    for role, schedule in production["aws_compute_schedules"].items():
        names = [action["name"] for action in schedule]
        assert [action["name"] for action in replica["aws_compute_schedules"][role]] == names


def test_environments_do_not_share_addresses_or_accounts() -> None:
    environments = ("production", "staging", "dev", "local")
    cidrs = [
        str(vpc["cidr"]) if "{{" not in str(vpc["cidr"]) else merged(environment)["aws_network_cidrs"][name]
        for environment in environments
        for name, vpc in merged(environment)["aws_network_vpcs"].items()
    ]
    assert len(cidrs) == len(set(cidrs)) == 7
    accounts = [merged(environment)["platform_account_id"] for environment in environments]
    assert len(set(accounts)) == len(accounts)


@pytest.mark.parametrize("environment", ["production", "staging", "dev", "local"])
def test_no_flow_leads_to_ssh(environment: str) -> None:
    flows = merged(environment)["aws_security_groups_flows"]
    assert flows
    # Ports may be a template: none of the numbers in it.
    assert [flow for flow in flows if "22" in re.findall(r"\d+", str(flow["ports"]))] == []


@pytest.mark.parametrize("environment", ["production", "staging", "dev", "local"])
def test_the_inventory_asks_for_its_own_machines_only(environment: str) -> None:
    source = yaml.safe_load((ROOT / "inventories" / environment / "aws_ec2.yml").read_text())
    assert source["filters"]["tag:Environment"] == environment
    assert source["hostnames"][0] == "instance-id"
    assert source["regions"] == [merged(environment)["platform_region"]]


# What its browsers, objects and authors cannot be given back: the variable, and the form in which it begins.
RECOVERABLE = {
    "aws_account_trail_lock_mode": "GOVERNANCE",
    "aws_edge_hsts_max_age": 86400,
    "aws_edge_hsts_include_subdomains": False,
    "aws_waf_actions": {},
}
BODIES = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet")


def test_what_cannot_be_taken_back_begins_recoverable() -> None:
    """In the defaults of roles and in what all environments share; an inventory settles it."""
    shared = yaml.safe_load((ROOT / "group_vars" / "all" / "edge.yml").read_text())
    for variable, first in RECOVERABLE.items():
        role = next(one for one in ("aws_account", "aws_edge", "aws_waf") if variable.startswith(one))
        assert yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text())[variable] == first
        assert shared.get(variable, first) == first
    proxy = yaml.safe_load((ROOT / "roles" / "proxy" / "defaults" / "main.yml").read_text())
    assert (proxy["proxy_hsts_max_age"], proxy["proxy_hsts_include_subdomains"]) == (86400, False)
    rules = yaml.safe_load((ROOT / "group_vars" / "all" / "waf.yml").read_text())["aws_waf_rules"]
    judging = [one for one in rules.values() if one.get("managed") in BODIES or "body_larger_than" in one]
    assert [one["action"] for one in judging] == ["count"] * 4


def test_production_says_of_each_in_which_form_it_is_and_the_documentation_when_it_is_settled() -> None:
    own = yaml.safe_load((ROOT / "inventories" / "production" / "group_vars" / "all.yml").read_text())
    text = (ROOT / "docs" / "security.md").read_text()
    assert RECOVERABLE.keys() <= own.keys()
    assert [variable for variable in RECOVERABLE if f"\n| `{variable}` |" not in text] == []


def test_what_there_is_one_of_reboots_for_a_new_kernel_and_what_scales_does_not() -> None:
    """Both not at once: who works through the VPN would lose the Speech API too."""
    variables = merged("production")
    said = {path.stem: yaml.safe_load(path.read_text()) or {} for path in (ROOT / "group_vars").glob("*.yml")}
    times = {
        role: said.get(role.replace("-", "_"), {}).get("base_upgrades_reboot_time", "")
        for role in variables["aws_identity_host_roles"]
    }
    single = [times[role] for role in variables["aws_compute_instances"]]
    assert all(single)
    assert len(set(single)) == len(single)
    assert {times[role] for role in variables["aws_compute_groups"]} == {""}
