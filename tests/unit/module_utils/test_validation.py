# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of what an environment declares, one small declaration each. Where they meet Ansible and the files of the
repository: tests/unit/test_bad_inventories.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pixstory.platform.plugins.module_utils.validation import catalog, validate
from ansible_collections.pixstory.platform.plugins.module_utils.validation.compute import architecture, cron_mistake
from ansible_collections.pixstory.platform.plugins.module_utils.validation.declared import Surroundings
from ansible_collections.pixstory.platform.plugins.module_utils.validation.mistakes import (
    dotted,
    listing,
    nearest,
    one_of,
    show,
)
from ansible_collections.pixstory.platform.plugins.module_utils.validation.place import dns_name
from ansible_collections.pixstory.platform.plugins.module_utils.validation.specs import UNRESOLVED, Specs
from ansible_collections.pixstory.platform.plugins.module_utils.validation.stores import (
    daily_window,
    overlap,
    weekly_window,
)
from ansible_collections.pixstory.platform.plugins.module_utils.validation.written import Layout, Written

# A role of every kind of option.
SPECS = Specs.of(
    {
        "aws_zoo": {
            "argument_specs": {
                "main": {
                    "options": {
                        "aws_zoo_name": {"type": "str", "required": True, "description": "Its name."},
                        "aws_zoo_open": {"type": "bool", "default": True},
                        "aws_zoo_places": {"type": "int"},
                        "aws_zoo_weight": {"type": "float"},
                        "aws_zoo_days": {"type": "list", "elements": "int"},
                        "aws_zoo_kind": {"type": "str", "choices": ["city", "safari"]},
                        "aws_zoo_gates": {
                            "type": "list",
                            "elements": "dict",
                            "options": {"side": {"type": "str", "required": True}, "width": {"type": "int"}},
                        },
                        "aws_zoo_animals": {"type": "dict", "default": {}},
                    }
                },
                "each_aws_zoo_animals": {
                    "options": {"legs": {"type": "int", "required": True}, "tame": {"type": "bool", "default": False}}
                },
            }
        }
    }
)


def room_for_all(cidr: str, tiers: Sequence[str], zones: Sequence[str]) -> None:
    """The filter subnet_plan is tested elsewhere."""


def around(**changes: Any) -> Surroundings:
    return Surroundings(**{"environ": {}, "subnet_plan": room_for_all, "zone_letters": "abcd"} | changes)


def mistakes(specs: Specs, variables: dict[str, Any], **changes: Any) -> list[str]:
    found = validate(specs, variables, around(**changes))
    return [f"{mistake.variable} {mistake.what}. {mistake.instead}" for mistake in found]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"aws_zoo_open": "yes"}, ["aws_zoo_open is the string \"yes\", not true or false"]),
        ({"aws_zoo_open": 1}, ["aws_zoo_open is 1 without quotes, not true or false"]),
        ({"aws_zoo_places": True}, ["aws_zoo_places is true without quotes, not a whole number"]),
        ({"aws_zoo_places": "7"}, ["Write 7 without quotes"]),
        ({"aws_zoo_places": None}, []),
        ({"aws_zoo_open": None}, ["aws_zoo_open is empty. Write a value, or delete the line to get the default, true"]),
        ({"aws_zoo_weight": 1}, []),
        ({"aws_zoo_name": 7}, ['Put it in quotes, as it is meant: "7"']),
        ({"aws_zoo_name": ""}, []),
        ({"aws_zoo_name": None}, ["aws_zoo_name is empty. Write aws_zoo_name: a string in inventories/<environment>"]),
        ({"aws_zoo_days": "mon"}, ["Write a list: [mon]"]),
        ({"aws_zoo_days": [1, "2", 3, "x"]}, ["aws_zoo_days[1] is the string \"2\"", "aws_zoo_days[3] is the string"]),
        ({"aws_zoo_kind": "farm"}, ["aws_zoo_kind is \"farm\". Write city or safari"]),
        ({"aws_zoo_gates": [{"width": 3}]}, ["aws_zoo_gates[0].side is not declared"]),
        ({"aws_zoo_gates": [{"side": "n", "widht": 3}]}, ["aws_zoo_gates[0].widht is not an option here. Write width"]),
        ({"aws_zoo_animals": []}, ["aws_zoo_animals is a list, not a mapping"]),
        ({"aws_zoo_animals": {"cow": {}}}, ["aws_zoo_animals.cow.legs is not declared. Write legs: a whole number"]),
        ({"aws_zoo_animals": {"cow": None}}, ["aws_zoo_animals.cow is empty. Write a mapping with legs and tame"]),
        ({"aws_zoo_animals": {"cow": {"legs": 4, "tame": "no"}}}, ["aws_zoo_animals.cow.tame is the string \"no\""]),
        ({"aws_zoo_animal": {}}, ["aws_zoo_animal is not a variable of role aws_zoo. Write aws_zoo_animals"]),
        ({"aws_zoo_qqq": {}}, ["aws_zoo_qqq is not a variable of role aws_zoo. Those of role aws_zoo are"]),
        ({"aws_zooo_animals": {}}, ["aws_zooo_animals is not a variable of any role"]),
        ({"asw_zoo_animals": {}}, ["asw_zoo_animals is not a variable of any role"]),
        ({"aws_region": "x", "ansible_zoo_animals": 1, "__aws_zoo_animals": 1, "zoo": 1}, []),
        ({"aws_zoo_places": UNRESOLVED, "aws_zoo_animals": {"cow": {"legs": UNRESOLVED}, "hen": UNRESOLVED}}, []),
    ],
)  # fmt: skip
def test_form(changes: dict[str, Any], expected: list[str]) -> None:
    found = mistakes(SPECS, {"aws_zoo_name": "Zoo", **changes})
    assert len(found) == len(expected), found
    for text, part in zip(found, expected, strict=True):
        assert part in text


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        (210987654321, 'Put it in quotes: "210987654321"'),
        # What YAML makes of 012345670123.
        (0o12345670123, 'Put it in quotes: "012345670123"'),
        (12345, "Write the 12 digits in quotes"),
    ],
)
def test_an_account_id_is_given_back_as_it_was_meant(written: int, remedy: str) -> None:
    options = {"platform_account_id": {"type": "str", "required": True}}
    specs = Specs.of({"platform": {"argument_specs": {"main": {"options": options}}}})
    [text] = mistakes(specs, {"platform_account_id": written})
    assert remedy in text


# Meaning. A good declaration, and one change of it at a time.

MAPPINGS = (
    *("aws_network_vpcs", "aws_network_cidrs", "aws_security_groups_groups", "aws_compute_groups", "aws_keys_purposes"),
    *("aws_compute_instances", "aws_compute_sizes", "aws_compute_schedules", "aws_database_instances"),
    *("aws_cache_groups", "aws_load_balancing_target_groups", "aws_load_balancing_load_balancers"),
    *(
        "aws_account_machine_alarms",
        "aws_endpoints_names",
        "aws_endpoints_public_names",
        "aws_secrets_generated",
        "aws_secrets_parameters",
        "aws_storage_buckets",
    ),
    *("aws_waf_web_acls", "aws_waf_ip_sets", "aws_waf_rules", "aws_waf_actions"),
    *("platform_tags", "aws_identity_password_policy", "aws_compute_images", "aws_identity_policies"),
    *("aws_identity_groups", "aws_identity_roles", "aws_identity_users"),
)
LISTS = (
    *("aws_network_peerings", "aws_security_groups_flows", "aws_vpc_endpoints_gateway", "aws_vpc_endpoints_interface"),
    *("aws_identity_host_roles", "aws_identity_backup_roles", "platform_zones"),
)
GOOD: dict[str, Any] = {
    "platform_project": "shop",
    "platform_environment": "test",
    "platform_prefix": "shop-test",
    "platform_account_id": "123456789012",
    "platform_region": "ap-south-1",
    "platform_zones": ["a", "c"],
    "platform_emulated": False,
    "platform_domain": "test.example.com",
    "platform_tags": {"Project": "shop", "Environment": "test", "ManagedBy": "ansible"},
    "aws_network_vpcs": {
        "main": {
            "cidr": "10.1.0.0/16",
            "tiers": ["public", "app", "data"],
            "nat_tiers": ["app"],
            "protected_tiers": ["data"],
        },
        "other": {"cidr": "10.2.0.0/16", "tiers": ["public"]},
    },
    "aws_network_peerings": [{"from": "main", "to": "other"}],
    "aws_vpc_endpoints_gateway": ["s3"],
    "aws_vpc_endpoints_interface": ["ssm"],
    "aws_security_groups_groups": {
        "balancer": {"vpc": "main", "description": "b"},
        "web": {"vpc": "main", "description": "w"},
        "store": {"vpc": "main", "description": "s"},
        "endpoints": {"vpc": "main", "description": "e"},
        "far": {"vpc": "other", "description": "f"},
    },
    "aws_security_groups_flows": [
        {"from": "internet", "to": "balancer", "ports": [443], "protocol": "tcp"},
        {"from": "balancer", "to": "web", "ports": [80], "protocol": "tcp"},
        {"from": "web", "to": "other.public", "ports": [443], "protocol": "tcp"},
    ],
    "aws_compute_architecture": "arm64",
    "aws_compute_groups": {"web": {"tier": "app", "target_group": "web", "cpu_target": 50}},
    "aws_compute_instances": {"far": {"vpc": "other", "tier": "public", "elastic_ip": True}},
    "aws_compute_sizes": {
        "web": {"instance_type": "t4g.small", "volume_size": 8, "min": 1, "max": 4, "desired": 2},
        "far": {"instance_type": "t4g.small", "volume_size": 8},
    },
    "aws_compute_schedules": {"web": [{"name": "day", "recurrence": "0 8 * * mon-fri", "min": 2}]},
    "aws_compute_images": {"web": "ami-0123456789abcdef0", "far": "ami-01234567"},
    "aws_database_instances": {
        "db": {
            "instance_class": "db.t4g.small",
            "allocated_storage": 100,
            "max_allocated_storage": 110,
            "replicas": 1,
            "master_password_secret": "database/db-master",
            "security_group": "store",
        }
    },
    "aws_database_engine_version": "17",
    "aws_database_backup_window": "23:30-00:30",
    "aws_database_maintenance_window": "sun:01:00-sun:02:00",
    "aws_cache_groups": {
        "c": {"node_type": "cache.t4g.small", "nodes": 2, "security_group": "store", "auth_token_secret": "web/token"}
    },
    "aws_cache_engine": "valkey",
    "aws_cache_engine_version": "8.0",
    "aws_cache_parameter_family": "valkey8",
    "aws_load_balancing_target_groups": {"web": {"protocol": "HTTP", "port": 80, "health_path": "/"}},
    "aws_load_balancing_load_balancers": {
        "public": {
            "scheme": "internet-facing",
            "tier": "public",
            "security_group": "balancer",
            "target_group": "web",
            "certificate": True,
            "access_logs": True,
        }
    },
    "aws_endpoints_names": {"db": {"database": "db"}},
    "aws_endpoints_public_names": {"far": {"elastic_ip": "far"}},
    "aws_identity_host_roles": ["web", "far"],
    "aws_identity_policies": {"operate": {"statements": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}},
    "aws_identity_groups": {"operators": {"policies": ["operate"]}},
    "aws_identity_roles": {"operator": {"description": "o", "max_session_duration": 3600, "mfa_age": 3600}},
    "aws_identity_users": {"asha": {"groups": ["operators"]}},
    "aws_keys_purposes": {
        "data": {"description": "d", "via": ["rds", "elasticache", "ec2"]},
        "logs": {"description": "l", "service": "logs"},
        "secrets": {"description": "s", "via": ["secretsmanager"]},
    },
    "aws_secrets_generated": {
        "web/token": {"description": "t", "length": 64},
        "database/db-master": {"description": "m", "template": {"username": "root"}, "key": "password"},
    },
    "aws_secrets_parameters": {"web/url": "http://x"},
    "aws_storage_buckets": {"logs": {"access_logs": True}},
    "aws_waf_web_acls": {
        "public": {"scope": "REGIONAL", "load_balancers": ["public"]},
        "edge": {"scope": "CLOUDFRONT"},
    },
    "aws_waf_ip_sets": {"blocked": {"ipv4": ["192.0.2.0/24"], "ipv6": ["2001:db8::/32"]}},
    "aws_waf_rules": {
        "blocked": {"priority": 0, "action": "block", "ip_set": "blocked"},
        "rate": {"priority": 1, "action": "block", "limit": 100, "methods": ["POST"], "paths": ["/a"]},
        "size": {"priority": 2, "action": "block", "body_larger_than": 8192, "except_paths": ["/b"]},
        "common": {"priority": 3, "action": "count", "managed": "AWSManagedRulesCommonRuleSet", "count_only": ["X"]},
        "bots": {"priority": 4, "action": "count", "managed": "AWSManagedRulesBotControlRuleSet",
                 "inspection_level": "COMMON", "web_acls": ["edge"]},
    },
    "aws_waf_actions": {"common": "block"},
}  # fmt: skip


def meaning(changes: dict[str, Any], **surroundings: Any) -> list[str]:
    """Mistakes of GOOD after changes of the form {"variable.key.key": value}; None deletes."""
    variables = {name: _copy(value) for name, value in GOOD.items()}
    for path, value in changes.items():
        *parents, last = [int(part) if part.isdigit() else part for part in path.split("|")]
        node: Any = variables
        for key in parents:
            node = node[key]
        if value is None:
            del node[last]
        else:
            node[last] = value
    kinds = dict.fromkeys(MAPPINGS, "dict") | dict.fromkeys(LISTS, "list")
    options = {name: {"type": kinds.get(name, "raw")} for name in {*GOOD, *(path.split("|")[0] for path in changes)}}
    specs = Specs.of({"platform": {"argument_specs": {"main": {"options": options}}}})
    return mistakes(specs, variables, **surroundings)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("changes", "asked"),
    [({}, True), ({"aws_account_alert_emails": ["a@example.com"]}, False), ({"aws_account_unattended": True}, False)],
)
def test_somebody_is_told_unless_nobody_has_to_be(changes: dict[str, Any], asked: bool) -> None:
    found = meaning({"aws_account_alarms": {"root-use": {}}, **changes})
    assert any("nobody would be told" in text for text in found) is asked


def test_a_good_declaration_has_no_mistake() -> None:
    assert meaning({}) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"platform_environment": "Test"}, "platform_environment is \"Test\""),
        ({"platform_prefix": "shop"}, "platform_prefix is \"shop\", not <project>-<environment>"),
        ({"platform_iam_path": "/shop/"}, "platform_iam_path is \"/shop/\", not /<project>/<environment>/"),
        ({"platform_account_id": "12345"}, "platform_account_id is \"12345\""),
        ({"platform_domain": "example"}, "platform_domain is \"example\", not a DNS name"),
        ({"platform_domain": f"{'a' * 40}.{'b' * 30}.com"}, "ACM allows 64"),
        ({"platform_region": "ap-souht-1"}, "Write ap-south-1"),
        ({"platform_zones": ["a", "a"]}, "platform_zones[1] is \"a\" a second time"),
        ({"platform_zones": ["a"]}, "Auto Scaling groups (aws_compute_groups), load balancers"),
        ({"platform_emulated": True}, "platform_endpoint_url is not declared"),
        ({"platform_endpoint_url": "https://x"}, "is \"https://x\", and platform_emulated is false"),
        ({"platform_emulated": True, "platform_endpoint_url": "https://127.0.0.1"}, "not an http:// address"),
        ({"platform_emulated": True, "platform_endpoint_url": "http://10.0.0.1"}, "not on this machine"),
        ({"platform_tags|Environment": "other"}, "Write Environment: test"),
        ({"platform_tags|aws:x": "y"}, "aws:, which AWS keeps for itself"),
        ({"platform_tags|Cost": 5}, "Put it in quotes: \"5\""),
        ({"platform_tags|Cost": "a<b"}, "platform_tags.Cost is \"a<b\""),
        ({"platform_tags|Role": "x"}, "platform_tags.Role is a tag that the roles set themselves"),
        ({"aws_network_vpcs|main|cidr": "10.1.2.0/16"}, "Write 10.1.0.0/16"),
        ({"aws_network_vpcs|main|cidr": "10.1.0.0/15"}, "AWS takes no VPC larger than /16"),
        ({"aws_network_vpcs|main|cidr": "10.1.0.0/25"}, "smaller than /24 has no room"),
        ({"aws_network_vpcs|main|cidr": "172.32.0.0/16"}, "public addresses of somebody else"),
        ({"aws_network_vpcs|main|cidr": "10.1"}, "not an IPv4 CIDR"),
        ({"aws_network_vpcs|other|cidr": "10.1.128.0/17"}, "overlaps 10.1.0.0/16 of VPC main"),
        ({"aws_network_vpcs|main|nat_tiers": ["data"]}, "is \"data\", which is in protected_tiers too"),
        ({"aws_network_vpcs|main|protected_tiers": ["public"]}, "is public, whose way out is the internet gateway"),
        ({"aws_network_vpcs|other|nat_tiers": ["app"], "aws_network_vpcs|other|tiers": ["app"],
          "aws_compute_instances|far|tier": "app", "aws_compute_instances|far|elastic_ip": False,
          "aws_security_groups_flows|2|to": "other.app"}, "there is no tier public"),
        ({"aws_network_vpcs|main|tiers": ["public", "app"], "aws_network_vpcs|main|protected_tiers": []},
         "has no data, and databases stand in tier data"),
        ({"aws_network_cidrs": {"mian": "10.1.0.0/16"}}, "Write main"),
        ({"aws_network_peerings": [{"from": "main", "to": "main"}]}, "peers VPC main with itself"),
        ({"aws_network_peerings": [{"from": "main", "to": "other"}, {"from": "other", "to": "main"}]}, "a second time"),
        ({"aws_network_peerings": []}, "goes from VPC main (web) to VPC other (other.public), and nothing"),
        ({"aws_vpc_endpoints_gateway": ["ssm"]}, "is \"ssm\", which has no gateway endpoint"),
        ({"aws_vpc_endpoints_interface": ["com.amazonaws.ap-south-1.ssm"]}, "Write the service alone"),
        ({"aws_security_groups_groups|endpoints": None}, "there is no security group endpoints"),
        ({"aws_security_groups_groups|web|description": "Wéb"}, "aws_security_groups_groups.web.description"),
        ({"aws_security_groups_flows|0|ports": []}, "aws_security_groups_flows[0].ports is empty"),
        ({"aws_security_groups_flows|0|ports": [70000]}, "Write 1 to 65535"),
        ({"aws_security_groups_flows|0|ports": [22]}, "Session Manager"),
        ({"aws_security_groups_flows|0|ports": [443, 443]}, "already flows from internet to balancer over tcp"),
        ({"aws_security_groups_flows|0|from": "0.0.0.0/0"}, "Write internet."),
        ({"aws_security_groups_flows|0|to": "main.public"}, "neither of them a security group"),
        ({"aws_security_groups_flows|2|to": "other.data"}, "which is not a tier of VPC other"),
        ({"aws_security_groups_flows|2|to": "far", "aws_network_peerings": []}, "(web) to VPC other (far), and"),
        ({"aws_security_groups_flows|0|to": "store"}, "store is a data store's group"),
        ({"aws_compute_groups|far": {"tier": "app", "target_group": "web"}}, "is an Auto Scaling group as well"),
        ({"aws_compute_groups|web|cpu_target": 150}, "Write 1 to 100 percent"),
        ({"aws_compute_sizes|web|desired": None}, "aws_compute_sizes.web.desired is not declared"),
        ({"aws_compute_sizes|web|min": 5}, "aws_compute_sizes.web.min is 5, more than its max, 4"),
        ({"aws_compute_sizes|web|min": -1}, "Write 0 or more"),
        ({"aws_compute_sizes|web|desired": 5}, "is 5, not between its min, 1, and its max, 4"),
        ({"aws_compute_sizes|far|min": 1}, "a single machine"),
        ({"aws_compute_sizes|we": {"instance_type": "t4g.small", "volume_size": 8}}, "Write web"),
        ({"aws_compute_sizes|web|instance_type": "t3.small"}, "is t3.small, which is amd64"),
        ({"aws_compute_sizes|web|volume_size": 70000}, "Write 8 to 65536 GiB"),
        ({"aws_compute_instances|far|tier": "publik"}, "Write public"),
        ({"aws_compute_instances|far|vpc": "main"}, "the machines of far stand in VPC main"),
        ({"aws_compute_images|we": "ami-0123456789abcdef0"}, "Write web"),
        ({"aws_compute_images|web": "debian-13"}, "is \"debian-13\", not the id of an AMI. Write one such as ami-"),
        ({"aws_compute_images|web": "ami-0123456789ABCDEF0"}, "not the id of an AMI"),
        ({"aws_compute_images|web": 5}, "aws_compute_images.web is 5, not the id"),
        ({"aws_compute_schedules|far": []}, "there is no such Auto Scaling group"),
        ({"aws_compute_schedules|web|0|min": 5}, "Write at most 4, or raise aws_compute_sizes.web.max"),
        ({"aws_compute_schedules|web|0|max": 1}, "is 2, more than its max, 1"),
        ({"aws_compute_schedules|web|0|desired": 9}, "is 9, not between min, 2, and max, 4"),
        ({"aws_compute_schedules|web|0|min": None}, "changes nothing"),
        ({"aws_compute_schedules|web|0|minimum": 1}, "Write min"),
        ({"aws_database_instances|db|max_allocated_storage": 109}, "Write 110 or more"),
        ({"aws_database_instances|db|allocated_storage": 10}, "Write 20 to 65536 GiB"),
        ({"aws_database_instances|db|instance_class": "t4g.small"}, "Write db.t4g.small"),
        ({"aws_database_instances|db|security_group": "far"}, "a security group of VPC other"),
        ({"aws_database_instances|db|master_password_secret": None}, "aws_database_instances.db.replicas is 1, and AWS "
         "makes no read replica of an instance whose master password RDS manages. Write master_password_secret: "
         "database/db-master beside it"),
        ({"aws_database_instances|db|master_password_secret": "database/db-mastre"}, "Write database/db-master"),
        ({"aws_secrets_generated|database/db-master|key": "pass"}, "Write password"),
        ({"aws_secrets_generated|database/db-master": {}}, "is no JSON, and aws_database_instances.db has its master"),
        ({"aws_secrets_generated|database/db-master|length": 129}, "Write 8 to 128 characters"),
        ({"aws_database_engine_version": "17.4"}, 'Write "17": minor versions'),
        ({"aws_database_master_username": "admin"}, "which RDS keeps for itself"),
        ({"aws_database_name": "my-db"}, "aws_database_name is \"my-db\""),
        ({"aws_database_log_retention_days": 31}, "Write 30, or another of 1, 3, 5"),
        ({"aws_database_backup_window": "00:30-01:10"}, "overlaps aws_database_backup_window, 00:30-01:10"),
        ({"aws_database_backup_window": "00:30-00:50"}, "is 20 minutes long; AWS wants 30 at least"),
        ({"aws_cache_snapshot_window": "00:30-01:10"}, "is 40 minutes long; AWS wants 60 at least"),
        ({"aws_cache_snapshot_retention_days": 0}, "0 would switch backups off"),
        ({"aws_cache_groups|c|nodes": 7}, "Write 1 to 6"),
        ({"aws_cache_parameter_family": "valkey7"}, "Write valkey8, or mend"),
        ({"aws_cache_engine": "redis", "aws_cache_engine_version": "7.1"}, "Write redis7, or mend"),
        ({"aws_cache_engine": "redis"}, "is \"8.0\", which redis does not have"),
        ({"aws_secrets_generated|web/token|length": 15}, "Write 16 to 128"),
        ({"aws_secrets_generated|web/token|template": {}, "aws_secrets_generated|web/token|key": "p"}, "makes it JSON"),
        ({"aws_secrets_generated|web/x": {"template": {}}}, "has template and no key"),
        ({"aws_secrets_generated|web/x": {"template": {"p": "s3cret"}, "key": "p"}}, "no secret is written down"),
        ({"aws_secrets_generated|webb/x": {"length": 32}}, "Write web/x"),
        ({"aws_secrets_parameters|web/x y": "z"}, "Parameter Store refuses"),
        ({"aws_secrets_parameters|web/x": 5}, "Put it in quotes"),
        ({"aws_secrets_parameters|web/x": ""}, "is empty or too long"),
        ({"aws_load_balancing_target_groups|web|port": 81}, "no flow leads there from balancer of load balancer"),
        ({"aws_load_balancing_target_groups|web|health_path": "healthz"}, "begins with /"),
        ({"aws_load_balancing_load_balancers|public|tier": "app"}, "the scheme is internet-facing"),
        ({"aws_waf_web_acls|public|load_balancers": ["pubic"]}, "Write public"),
        ({"aws_waf_web_acls|edge|load_balancers": ["public"], "aws_waf_web_acls|public|load_balancers": []},
         "the scope is CLOUDFRONT"),
        ({"aws_waf_web_acls|two": {"scope": "REGIONAL", "load_balancers": ["public"]}}, "web ACL public protects"),
        ({"aws_waf_ip_sets|blocked|ipv4": ["192.0.2"]}, "aws_waf_ip_sets.blocked.ipv4[0] is \"192.0.2\", not a CIDR"),
        ({"aws_waf_ip_sets|blocked|ipv4": ["192.0.2.1"]}, "Write its length, 1 to 32"),
        ({"aws_waf_ip_sets|blocked|ipv6": ["::/0"]}, "Write its length, 1 to 128"),
        ({"aws_waf_ip_sets|blocked|ipv6": ["192.0.2.0/24"]}, "Put it into ipv4"),
        ({"aws_waf_ip_sets|blocked|ipv4": ["2001:db8::/32"]}, "Put it into ipv6"),
        ({"aws_waf_rules|rate|priority": 0}, "aws_waf_rules.rate.priority is 0, as of rule blocked"),
        ({"aws_waf_rules|rate|managed": "AWSManagedRulesSQLiRuleSet"}, "has managed and limit of"),
        ({"aws_waf_rules|rate": {"priority": 1, "action": "block"}}, "has none of managed, ip_set, limit and"),
        ({"aws_waf_rules|rate|except_paths": ["/c"]}, "is for rules with body_larger_than, and this has limit"),
        ({"aws_waf_rules|rate|action": "allow"}, "lets by what no other rule has seen"),
        ({"aws_waf_rules|rate|limit": 5}, "Write 10 to 2000000000 requests"),
        ({"aws_waf_rules|rate|methods": ["post"]}, "aws_waf_rules.rate.methods[0] is \"post\""),
        ({"aws_waf_rules|rate|paths": ["api"]}, "Write /api"),
        ({"aws_waf_rules|rate|paths": ["/a" * 100, "/b" * 200]}, "make an expression of 604 characters"),
        ({"aws_waf_rules|size|body_larger_than": 0}, "Write 1 to 65535 bytes"),
        ({"aws_waf_rules|blocked|ip_set": "blokced"}, "Write blocked"),
        ({"aws_waf_rules|common|managed": "AWSManagedRulesCommonRules"}, "Write AWSManagedRulesCommonRuleSet"),
        ({"aws_waf_rules|common|inspection_level": "COMMON"}, "is for AWSManagedRulesBotControlRuleSet alone"),
        ({"aws_waf_rules|bots|web_acls": ["egde"]}, "Write edge"),
        ({"aws_waf_rules|again": {"priority": 9, "action": "block", "managed": "AWSManagedRulesCommonRuleSet",
                                  "web_acls": ["edge"]},
          "aws_waf_rules|sql": {"priority": 8, "action": "block", "managed": "AWSManagedRulesSQLiRuleSet"}},
         "take 1703 web ACL capacity units in web ACL edge; AWS includes 1500. Take a rule out"),
        ({"aws_waf_web_acls|public|forwarded_ip_header": "X-Forwarded-For"},
         "not the visitor's at web ACL public: a proxy is in front. Write web_acls: [edge]"),
        ({"aws_edge_load_balancer": "public"}, "not the visitor's at web ACL public"),
        ({"aws_edge_hsts_max_age": 31536000000}, "Write 0 to 63072000 seconds. A year is 31536000"),
        ({"aws_waf_actions": {"comon": "block"}}, "Write common"),
        ({"aws_waf_actions": {"common": "allow"}}, "Write block or count"),
        ({"aws_waf_rules|blocked|action": "allow", "aws_waf_actions": {"blocked": "count"}}, "a rule that allows"),
        ({"aws_waf_log_retention_days": 31}, "Write 30"),
        ({"aws_account_machine_log_retention_days": 31}, "Write 30"),
        ({"aws_account_machine_alarms": {"disk": {"threshold": 100}}}, "Write 1 to 99 percent"),
        ({"aws_load_balancing_load_balancers|two": {"target_group": "web"}}, "which load balancer public forwards to"),
        ({"aws_storage_buckets|logs|key": "lgos"}, "Write logs"),
        ({"aws_storage_buckets|logs|key": "data"}, "Add s3 to aws_keys_purposes.data.via"),
        ({"aws_identity_backup_roles": ["fra"]}, "Write far"),
        ({"aws_storage_buckets": {}}, "the bucket logs does not take access logs"),
        ({"aws_storage_buckets|logs|expiration_days": 0}, "Write 1 to 36500 days"),
        ({"aws_load_balancing_ssl_policy": "TLS13"}, "ELBSecurityPolicy-TLS13"),
        ({"aws_endpoints_names|db": {}}, "stands for nothing"),
        ({"aws_endpoints_names|d_b": {"database": "db"}}, "is not a DNS name"),
        ({"aws_endpoints_names|db|database": "dbs"}, "Write db"),
        ({"aws_endpoints_public_names|far|elastic_ip": "fra"}, "Write far"),
        ({"aws_compute_instances|far|elastic_ip": False}, "Write aws_compute_instances.far.elastic_ip: true"),
        ({"aws_identity_host_roles": ["web", "far", "web"]}, "a second time"),
        ({"aws_identity_host_roles": ["web", "far", "boundary"]}, "the name of a role or policy that is made anyway"),
        ({"aws_identity_users": {"asha": {"groups": ["operator"]}}}, "not in aws_identity_groups"),
        ({"aws_identity_groups": {"operators": {"policies": ["opera"]}}}, "not in aws_identity_policies"),
        (
            {"aws_identity_roles": {"operator": {"description": "o", "max_session_duration": 60, "mfa_age": 60}}},
            "Write 3600 to 43200",
        ),
        ({"aws_identity_policies": {"web": {"statements": [{}]}}}, "a role or policy of people"),
        ({"aws_identity_host_roles": ["far"]}, "Add web to aws_identity_host_roles"),
        ({"aws_identity_password_policy": {"max_password_age": "90"}}, "not a whole number"),
        ({"aws_identity_password_policy": {"minimum_password_length": 5}}, "Write 6 to 128"),
        ({"aws_keys_purposes|data|via": ["rds", "ec2"]}, "lacks elasticache in via"),
        ({"aws_keys_purposes|logs": None}, "has no key logs, with which flow logs are encrypted"),
        ({"aws_keys_purposes|spare": {"description": "x"}}, "is a key that nobody may use"),
        ({"aws_load_balancing_target_groups|a-very-long-name-of-a-group": {}}, "Write a name of at most 22"),
        ({"aws_cache_groups|a--b": {}}, "has a name that AWS does not take everywhere"),
        ({"aws_secrets_generated|web/a b": {}}, "Secrets Manager refuses"),
        ({"aws_storage_buckets|logs|noncurrent_expiration_days": 9}, "the bucket keeps no versions"),
        ({"aws_keys_purposes|data|via|0": "rdss"}, "Write rds"),
        ({"aws_account_alarms": {"root-use": {}}}, "Write the address of who is on call"),
        ({"aws_account_alarms": {"root-use": {}}, "aws_account_alert_emails": ["asha"]}, "Write an e-mail address"),
        ({"aws_identity_password_policy": {"require_symbol": True}}, "Write require_symbols"),
        ({"aws_identity_password_policy": {"require_symbols": "yes"}}, "Write true or false, without quotes"),
        ({f"aws_secrets_parameters|web{'/x' * 14}": "y"}, "is too deep"),
        ({"aws_compute_sizes|web|instance_type": "t4g.smal"}, "Write t4g.small"),
        ({"aws_compute_instances|far": {"vpc": "main", "tier": "app", "elastic_ip": True}}, "has no internet gateway"),
        ({"aws_compute_sizes|far": None}, "Write aws_compute_sizes.far, with instance_type"),
        ({"aws_security_groups_groups|web": None}, "Declare aws_security_groups_groups.web"),
        ({"aws_compute_schedules|web|0|recurrence": "0 8 * *"}, "it has 4 fields, not five"),
        ({"aws_compute_schedules|web": {"name": "day"}}, "aws_compute_schedules.web is not a list"),
        ({"aws_compute_schedules|web|0": "day"}, "aws_compute_schedules.web[0] is not a mapping"),
        ({"aws_compute_schedules|web|0|min": -1}, "aws_compute_schedules.web[0].min is -1. Write 0 or more"),
        ({"aws_compute_schedules|web": [{"name": "d", "recurrence": "0 8 * * *", "max": 3}] * 2},
         "[1].name is \"d\" a second"),
        ({"aws_compute_schedules|web|0|time_zone": "Europe/Berln"}, "Write Europe/Berlin"),
        ({"aws_dns_private_zone": "in_ternal"}, "aws_dns_private_zone is \"in_ternal\", not a DNS name"),
        ({f"aws_database_instances|{'d' * 50}": {"replicas": 2}}, "makes the read replica shop-test-ddd"),
        ({"aws_security_groups_flows|0|to": "balanser"}, "Write balancer"),
        ({"aws_network_vpcs|other|tiers": []}, "aws_network_vpcs.other.tiers is empty"),
        ({"aws_network_vpcs|other|tiers": ["public", "public"]}, "tiers[1] is \"public\" a second time"),
        ({"aws_network_vpcs|other|tiers": ["public", "My_App"]}, "tiers[1] is \"My_App\""),
        ({"aws_network_vpcs": {"other": GOOD["aws_network_vpcs"]["other"]}}, "there is no VPC main: databases stand"),
        ({"aws_security_groups_groups|internet": {"vpc": "main"}}, "is called internet, which has a meaning"),
        ({"aws_network_vpcs|main|nat_tiers": ["apps"]}, "is \"apps\", which is not a tier of this VPC. Write app"),
        ({"aws_vpc_endpoints_interface": ["ssm", "ssm"]}, "aws_vpc_endpoints_interface[1] is \"ssm\" a second time"),
        ({f"platform_tags|{number}": "x" for number in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"},
         "platform_tags has 55 tags"),
        ({"platform_tags|a<b": "x"}, "has a key that AWS refuses"),
        ({"platform_zones": ["a", "c", "e"]}, "platform_zones[2] is \"e\", not a zone letter"),
        ({"platform_environment": "local", "platform_prefix": "shop-local", "platform_tags|Environment": "local"},
         "the environment is local, which has no AWS account"),
        ({"aws_database_master_username": "1st"}, "aws_database_master_username is \"1st\""),
        ({"aws_database_maintenance_window": "saturday"}, "not a weekly window. Write ddd:hh:mm-ddd:hh:mm"),
    ],
)  # fmt: skip
def test_meaning(changes: dict[str, Any], expected: str) -> None:
    found = meaning(changes)
    assert any(expected in text for text in found), found


@pytest.mark.parametrize(
    "changes",
    [
        # A secret of one's own is fine without replicas too, and none is needed then.
        {"aws_database_instances|db|replicas": 0},
        {"aws_database_instances|db|replicas": None, "aws_database_instances|db|master_password_secret": None},
    ],
)
def test_a_master_password_without_replicas(changes: dict[str, Any]) -> None:
    assert meaning(changes) == []


def test_a_malformed_master_password_secret_is_no_missing_one() -> None:
    options = {"aws_database_instances": {"type": "dict"}}
    each = {"replicas": {"type": "int"}, "master_password_secret": {"type": "str"}}
    specs = Specs.of(
        {
            "aws_database": {
                "argument_specs": {
                    "main": {"options": options},
                    "each_aws_database_instances": {"options": each},
                }
            }
        }
    )
    [found] = mistakes(specs, {"aws_database_instances": {"db": {"replicas": 1, "master_password_secret": 5}}})
    assert "aws_database_instances.db.master_password_secret is 5" in found


@pytest.mark.parametrize(
    ("kind", "entry", "prefix", "most"),
    [
        ("aws_load_balancing_load_balancers", "load balancer", "shop-test-", 32),
        ("aws_load_balancing_target_groups", "target group", "shop-test-", 32),
        ("aws_cache_groups", "replication group", "shop-test-", 40),
        ("aws_database_instances", "database", "shop-test-", 63),
        ("aws_storage_buckets", "bucket", "shop-test--123456789012", 63),
    ],
)
def test_the_limit_of_a_name(kind: str, entry: str, prefix: str, most: int) -> None:
    longest = "a" * (most - len(prefix))
    assert not [text for text in meaning({f"{kind}|{longest}": {}}) if "characters; AWS allows" in text]
    found = [text for text in meaning({f"{kind}|{longest}a": {}}) if f"AWS allows {most}" in text]
    assert found
    assert f"makes the {entry} shop-test-" in found[0]
    assert f"at most {len(longest)} characters" in found[0]


def test_a_prefix_that_leaves_no_room_is_told_once() -> None:
    project = "a" * 40
    changes = {"platform_project": project, "platform_prefix": f"{project}-test", "platform_tags|Project": project}
    found = [text for text in meaning(changes) if "load balancer" in text]
    assert len(found) == 1
    assert found[0].startswith("platform_prefix has 45 characters")


@pytest.mark.parametrize(
    ("surroundings", "expected"),
    [
        ({"inventories": ["test"]}, None),
        ({"inventories": ["prod"]}, "the inventory is inventories/prod. Write prod, or run with -i inventories/test"),
        ({"environ": {"AWS_ENDPOINT_URL": "http://x"}}, "Unset it: unset AWS_ENDPOINT_URL"),
        ({"environ": {"AWS_URL": "http://x"}}, "Unset it: unset AWS_URL"),
        ({"environ": {"AWS_ENDPOINT_URL": "", "AWS_PROFILE": "x"}}, None),
        ({"precedence": ["a", "b"], "precedence_wanted": ["a", "b"]}, None),
        ({"precedence": ["b", "a"], "precedence_wanted": ["a", "b"]}, "Run from the top of the repository"),
        ({"precedence": ["b", "a"]}, None),
    ],
)
def test_surroundings(surroundings: dict[str, Any], expected: str | None) -> None:
    found = meaning({}, **surroundings)
    assert len(found) == (expected is not None)
    assert expected is None or expected in found[0]


def test_an_emulated_environment_may_have_an_endpoint_in_the_shell() -> None:
    changes = {"platform_emulated": True, "platform_endpoint_url": "http://127.0.0.1:1"}
    assert meaning(changes, environ={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}) == []


def test_a_vpc_without_room_is_told_in_the_words_of_the_plan() -> None:
    def full(cidr: str, tiers: Sequence[str], zones: Sequence[str]) -> None:
        raise ValueError(f"{cidr} has no room for {len(tiers)} tiers. Take a larger one.")

    assert meaning({}, subnet_plan=full)[0] == (
        "aws_network_vpcs.main.cidr is too small: 10.1.0.0/16 has no room for 3 tiers. Take a larger one."
    )


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("0 8 * * *", True),
        ("*/5 0-6,18-23 1 jan sun", True),
        ("30 6 * * 1-5", True),
        ("0 0 * * 7", True),
        ("0 8 * *", False),
        ("0 8 * * * *", False),
        ("60 8 * * *", False),
        ("0 24 * * *", False),
        ("0 8 0 * *", False),
        ("0 8 * 13 *", False),
        ("0 8 * * 8", False),
        ("0 8 * * fri-mon", False),
        ("0 8 * * day", False),
        ("*/0 8 * * *", False),
        ("1,,2 8 * * *", False),
    ],
)
def test_cron(text: str, right: bool) -> None:
    assert (cron_mistake(text) == "") == right


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("t4g.small", "arm64"),
        ("m7gd.large", "arm64"),
        ("im4gn.large", "arm64"),
        ("is4gen.large", "arm64"),
        ("g5g.xlarge", "arm64"),
        ("a1.large", "arm64"),
        ("t3.small", "amd64"),
        ("g5.xlarge", "amd64"),
        ("g4dn.xlarge", "amd64"),
        ("m7i.large", "amd64"),
        ("u-6tb1.metal", "amd64"),
    ],
)
def test_architecture(name: str, expected: str) -> None:
    assert architecture(name) == expected
    assert name in catalog.instance_types()


@pytest.mark.parametrize(
    ("daily", "weekly", "expected"),
    [
        ("20:30-21:30", "sat:21:30-sat:22:30", False),
        ("20:30-21:31", "sat:21:30-sat:22:30", True),
        ("22:30-23:30", "sat:21:30-sat:22:30", False),
        ("23:30-00:30", "mon:00:00-mon:01:00", True),
        ("23:30-00:30", "sun:23:00-mon:01:00", True),
        ("00:00-01:00", "sun:23:00-mon:00:30", True),
        ("00:30-01:00", "sun:23:00-mon:00:30", False),
    ],
)
def test_windows_overlap(daily: str, weekly: str, expected: bool) -> None:
    day, week = daily_window(daily), weekly_window(weekly)
    assert day is not None
    assert week is not None
    assert overlap(day, week) == expected


@pytest.mark.parametrize("text", ["24:00-01:00", "1:00-2:00", "01:00", "01:00-02:60", "sat:01:00-sat:02:00"])
def test_what_is_no_daily_window(text: str) -> None:
    assert daily_window(text) is None


@pytest.mark.parametrize("text", ["01:00-02:00", "sat:01:00-02:00", "sax:01:00-sat:02:00", "sat:01:00-sat:24:00"])
def test_what_is_no_weekly_window(text: str) -> None:
    assert weekly_window(text) is None


@pytest.mark.parametrize(
    ("name", "right"),
    [("a.b", True), ("a-1.example.com", True), ("a", False), ("a..b", False), ("-a.b", False), ("A.b", False)],
)
def test_dns_name(name: str, right: bool) -> None:
    assert dns_name(name, least_labels=2) == right


def test_words() -> None:
    assert dotted(("a", "b", 0, "c")) == "a.b[0].c"
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"], "and") == "a, b and c"
    assert (show(None), show(True), show("x"), show(8.0)) == ("empty", "true", '"x"', "8.0")
    assert len(show("x" * 100)) == 60
    assert nearest("mian", ["main", "other"]) == "main"
    assert one_of("q", []) == "Declare it first."
    assert one_of("q", ["main", "other"]) == "Write main or other."
    assert one_of("mian", ["other", "main"]) == "Write main, or another of main and other."


def test_where_it_is_written(tmp_path: Path) -> None:
    files = {
        "inventory/hosts.yml": "all:\n  vars: {lowest: 1}\n  children:\n    deep:\n      hosts: {h: {host: 1}}\n",
        "inventory/group_vars/all.yml": "---\nshared: 1\nboth: 2\nmine:\n  deep:\n    - 1\n    - {x: 2}\n",
        "playbooks/group_vars/all/one.yml": "both: 1\nalias: '{{ mine.deep }}'\nloop: '{{ p }}'\np: '{{ loop }}'\n",
        "playbooks/group_vars/all/two.yml": "lowest: 2\n",
        "playbooks/group_vars/all.yml": "lowest: not read beside the folder\n",
        "playbooks/host_vars/h.yml": "\n\nhost: 2\n",
        "inventory/group_vars/deep.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    layout = Layout(
        project=tmp_path,
        playbook_dir=tmp_path / "playbooks",
        inventory=[tmp_path / "inventory"],
        host="h",
        groups=["deep"],
        precedence=["all_inventory", "all_plugins_play", "all_plugins_inventory", "groups_plugins_inventory"],
        extra_vars=["typed"],
    )
    raw = {"alias": "{{ mine.deep }}", "mine": {"deep": [1, {"x": 2}]}, "loop": "{{ p }}", "p": "{{ loop }}"}
    written = Written(layout, raw)
    assert written.where(("lowest",)) == "playbooks/group_vars/all/two.yml:1"
    assert written.where(("both",)) == "inventory/group_vars/all.yml:3"
    assert written.where(("host",)) == "playbooks/host_vars/h.yml:3"
    assert written.where(("mine", "deep", 1, "x")) == "inventory/group_vars/all.yml:7"
    assert written.where(("mine", "deep", 1, "missing")) == "inventory/group_vars/all.yml:7"
    assert written.where(("mine", "missing")) == "inventory/group_vars/all.yml:4"
    assert written.where(("typed", "x")) == "the command line (-e)"
    assert written.where(("nowhere",)) == "not in a file of the inventory or of group_vars"
    assert written.where(("alias", 1)) == (
        "inventory/group_vars/all.yml:7, as mine.deep[1], which playbooks/group_vars/all/one.yml:2 refers to"
    )
    # Ansible refuses a loop; the search for its place ends.
    assert "one.yml" in written.where(("loop",))
