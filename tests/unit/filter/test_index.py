# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters on the index, on indexes written by hand."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.pixstory.platform.plugins.filter.index import FilterModule
from ansible_collections.pixstory.platform.plugins.module_utils.kinds import KINDS
from ansible_collections.pixstory.platform.plugins.test.index import TestModule as IndexTests

FILTERS = FilterModule().filters()
owned, subnets_of, index_table, index_shape = (
    FILTERS[name] for name in ("owned", "subnets_of", "index_table", "index_shape")
)
planned = IndexTests().tests()["planned"]
Index = dict[str, Any]


def index(check_mode: bool = False, **kinds: dict[str, Any]) -> Index:
    return {
        "project": "pixstory",
        "environment": "staging",
        "region": "ap-south-1",
        "account_id": "123456789012",
        "check_mode": check_mode,
        "kinds_read": [key for key in KINDS if key in kinds],
        "duplicates": [],
        **kinds,
    }


def item(identifier: str, name: str, **rest: Any) -> dict[str, Any]:
    return {"id": identifier, "arn": f"arn:aws:x:::{identifier}", "name": name, "tags": {}, **rest}


def subnet(number: int, vpc: str, tier: str, zone: str) -> dict[str, Any]:
    name = f"{vpc}-{tier}-{zone}"
    tags = {"Vpc": vpc, "Tier": tier}
    identifier = f"subnet-0{number:016x}"
    return {name: item(identifier, name, availability_zone=f"ap-south-1{zone}") | {"tags": tags}}


SUBNETS = {
    **subnet(1, "main", "app", "c"),
    **subnet(2, "main", "app", "a"),
    **subnet(3, "main", "data", "a"),
    **subnet(4, "speech", "app", "a"),
}
MAIN = item("vpc-1", "main", cidr_block="10.0.0.0/16", state="available")


# owned


def test_owned_gives_the_item_or_an_attribute() -> None:
    stands = index(
        vpcs={"main": MAIN}, db_instances={"main": item("db", "main", endpoint={"address": "a", "port": 5432})}
    )
    assert owned(stands, "vpcs", "main") == MAIN
    assert owned(stands, "vpcs", "main", "cidr_block") == "10.0.0.0/16"
    assert owned(stands, "db_instances", "main", "endpoint.port") == 5432


@pytest.mark.parametrize(
    ("stands", "arguments", "message"),
    [
        (
            index(vpcs={"main": MAIN}),
            ("vpcs", "speech"),
            "The VPC speech is not in the environment staging (ap-south-1, account 123456789012). There is main. The "
            "role aws_network makes it: "
            "ansible-playbook -i inventories/staging playbooks/provision.yml --tags aws_network",
        ),
        (
            index(kms_keys={}),
            ("kms_keys", "data", "arn"),
            "The KMS key data is not in the environment staging (ap-south-1, account 123456789012). There is none at "
            "all. The role aws_keys makes it: "
            "ansible-playbook -i inventories/staging playbooks/provision.yml --tags aws_keys",
        ),
        (
            index(db_instances={"main": item("db", "main", db_instance_status="creating")}),
            ("db_instances", "main", "endpoint.address"),
            "The RDS instance main in the environment staging (ap-south-1, account 123456789012) has no "
            "endpoint.address. Its state is creating: wait until it is available and run again. It has arn, "
            "db_instance_status, id, name, tags.",
        ),
        (
            index(vpcs={}),
            ("subnets", "main-app-a"),
            "This index of staging was read without subnets. Add subnets to the kinds of the environment_info task "
            "that read it.",
        ),
        (
            {"vpcs": {}},
            ("vpcs", "main"),
            "This is not the index of an environment: it has no kinds_read. Pass the index that "
            "pixstory.platform.environment_info returns, for example ``register.index``.",
        ),
    ],
)
def test_owned_says_what_is_missing(stands: Index, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        owned(stands, *arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_unknown_kind_is_an_error_in_check_mode_too(check_mode: bool) -> None:
    with pytest.raises(AnsibleFilterError, match=r"There is no kind 'vpc' in the index\. The kinds are vpcs, subnets,"):
        owned(index(check_mode), "vpc", "main")


WELL_FORMED = {
    "vpcs": ("vpc_id", r"vpc-0[0-9a-f]{16}"),
    "subnets": ("subnet_id", r"subnet-0[0-9a-f]{16}"),
    "security_groups": ("group_id", r"sg-0[0-9a-f]{16}"),
    "launch_templates": ("launch_template_id", r"lt-0[0-9a-f]{16}"),
    "load_balancers": (
        "load_balancer_arn",
        r"arn:aws:elasticloadbalancing:ap-south-1:123456789012:loadbalancer/app/pixstory-staging-main/[0-9a-f]{16}",
    ),
    "target_groups": (
        "target_group_arn",
        r"arn:aws:elasticloadbalancing:ap-south-1:123456789012:targetgroup/pixstory-staging-main/[0-9a-f]{16}",
    ),
    "certificates": ("certificate_arn", r"arn:aws:acm:ap-south-1:123456789012:certificate/[0-9a-f-]{36}"),
    "db_instances": ("endpoint.address", r"pixstory-staging-main\.planned\.ap-south-1\.rds\.amazonaws\.com"),
    "replication_groups": ("primary_endpoint.address", r"pixstory-staging-main\.planned\..*\.amazonaws\.com"),
    "kms_keys": ("key_arn", r"arn:aws:kms:ap-south-1:123456789012:key/[0-9a-f]{8}-[0-9a-f-]{27}"),
    "secrets": (
        "arn",
        r"arn:aws:secretsmanager:ap-south-1:123456789012:secret:/staging/main-[0-9a-f]{6}",
    ),
    "parameters": ("id", r"/staging/main"),
    "iam_roles": ("arn", r"arn:aws:iam::123456789012:role/pixstory/staging/pixstory-staging-main"),
    "iam_instance_profiles": ("arn", r"arn:aws:iam::123456789012:instance-profile/pixstory/staging/.*-main"),
    "buckets": ("id", r"pixstory-staging-main-123456789012"),
    "log_groups": ("log_group_name", r"/pixstory/staging/main"),
    "hosted_zones": ("zone_id", r"Z0[0-9A-F]{16}"),
    "guardduty_detectors": ("arn", r"arn:aws:guardduty:ap-south-1:123456789012:detector/[0-9a-f]{32}"),
    "sns_topics": ("arn", r"arn:aws:sns:ap-south-1:123456789012:pixstory-staging-main"),
}


@pytest.mark.parametrize(("kind", "attribute", "pattern"), [(k, *v) for k, v in WELL_FORMED.items()])
def test_stand_ins_are_well_formed(kind: str, attribute: str, pattern: str) -> None:
    value = owned(index(True, **{kind: {}}), kind, "main", attribute)
    assert re.fullmatch(pattern, value), value


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_stand_in(kind: str) -> None:
    empty = index(True, **{kind: {}})
    stand_in = owned(empty, kind, "main")
    assert planned(stand_in)
    assert stand_in == owned(copy.deepcopy(empty), kind, "main")
    assert stand_in["id"] != owned(empty, kind, "other")["id"]
    assert stand_in["arn"].startswith("arn:aws:")
    assert "{" not in json.dumps([value for value in stand_in.values() if isinstance(value, str)])


def test_what_stands_is_not_planned_in_check_mode() -> None:
    stands = index(True, vpcs={"main": MAIN})
    assert owned(stands, "vpcs", "main", "id") == "vpc-1"
    assert not planned(owned(stands, "vpcs", "main"))


def test_check_mode_plans_an_attribute_that_is_not_there_yet() -> None:
    stands = index(True, db_instances={"main": item("db", "main", db_instance_status="creating")})
    assert owned(stands, "db_instances", "main", "endpoint.port") == 5432
    assert owned(stands, "db_instances", "main", "no.such") == "planned-db_instances-main-no.such"


# subnets_of


def ids(*numbers: int) -> list[str]:
    return [f"subnet-0{number:016x}" for number in numbers]


@pytest.mark.parametrize(
    ("vpc", "tier", "zones", "numbers"),
    [
        ("main", "app", None, (2, 1)),
        ("main", "app", ["a", "c"], (2, 1)),
        ("main", "app", ["ap-south-1c", "ap-south-1a"], (2, 1)),
        ("main", "app", ["c"], (1,)),
        ("main", "data", None, (3,)),
        ("speech", "app", None, (4,)),
    ],
)
def test_subnets_of(vpc: str, tier: str, zones: list[str] | None, numbers: tuple[int, ...]) -> None:
    assert subnets_of(index(subnets=SUBNETS), vpc, tier, zones) == ids(*numbers)


def test_subnets_without_tags_are_found_by_name() -> None:
    untagged = {"main-app-a": SUBNETS["main-app-a"] | {"tags": {}}}
    assert subnets_of(index(subnets=untagged), "main", "app") == ids(2)


@pytest.mark.parametrize(
    ("subnets", "zones", "message"),
    [
        (
            SUBNETS,
            ["a", "b"],
            "VPC main of the environment staging (ap-south-1, account 123456789012) has no subnet of tier app in zone "
            "b. VPCs and tiers that have subnets: main app; main data; speech app. The role aws_network makes it: "
            "ansible-playbook -i inventories/staging playbooks/provision.yml --tags aws_network",
        ),
        (
            {},
            None,
            "VPC main of the environment staging (ap-south-1, account 123456789012) has no subnet of tier app. There "
            "are no subnets at all. The role aws_network makes it: "
            "ansible-playbook -i inventories/staging playbooks/provision.yml --tags aws_network",
        ),
    ],
)
def test_missing_subnets(subnets: Index, zones: list[str] | None, message: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        subnets_of(index(subnets=subnets), "main", "app", zones)
    assert str(caught.value) == message


def test_check_mode_plans_the_subnets_that_are_missing() -> None:
    empty = index(True, subnets={})
    both = subnets_of(empty, "main", "app", ["a", "c"])
    assert both == [owned(empty, "subnets", f"main-app-{zone}", "id") for zone in "ac"]
    assert subnets_of(index(True, subnets=SUBNETS), "main", "data", ["a", "c"])[0] == ids(3)[0]
    assert len(subnets_of(empty, "main", "app")) == 2


# index_table


def test_the_table_is_for_people() -> None:
    stands = index(
        vpcs={"main": MAIN},
        subnets={"main-app-a": SUBNETS["main-app-a"] | {"vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24"}},
        secrets={},
    )
    stands["duplicates"] = [{"kind": "vpcs", "name": "main", "ids": ["vpc-1", "vpc-2"], "remedy": "…"}]
    assert index_table(stands).splitlines() == [
        "pixstory staging, ap-south-1, account 123456789012: 2 resources of 3 kinds read",
        "",
        "vpcs (1)",
        "  main                               vpc-1                    10.0.0.0/16"
        "                                  available",
        "",
        "subnets (1)",
        "  main-app-a                         subnet-00000000000000002 main ap-south-1a 10.0.0.0/24",
        "",
        "duplicates (1)",
        "  ! vpcs main: vpc-1, vpc-2",
    ]


def test_the_table_fits_in_120_columns() -> None:
    long = item("arn:aws:x:::" + "i" * 200, "n" * 200, dns_name="d" * 200, state={"code": "s" * 200})
    lines = index_table(index(load_balancers={"public": long})).splitlines()
    assert max(map(len, lines)) <= 120


# index_shape


def commissioned(seed: int) -> Index:
    """The same configuration with other generated values."""
    vpc, web, app, table, gateway = (f"{kind}-0{seed:016x}" for kind in ("vpc", "sg", "sg2", "rtb", "igw"))
    moment = f"2026-03-{seed:02d}T09:00:00Z"
    address = f"10.0.0.{seed}"
    rule = {"from_port": 80, "user_id_group_pairs": [{"group_id": app}]}
    instances = {
        f"i-0{seed:015x}{n}": item(f"i-0{seed:015x}{n}", "web", launch_time=moment, private_ip_address=f"{address}{n}")
        for n in range(2)
    }
    records = [
        {"name": "example.com.", "type": "NS", "resource_records": [{"value": f"ns-{seed}.awsdns.com"}]},
        {"name": "db.example.com.", "type": "CNAME", "resource_records": [{"value": f"db.{seed}abc.rds.aws.com"}]},
        {"name": "fixed.example.com.", "type": "A", "resource_records": [{"value": "192.0.2.7"}]},
    ]
    routes = [
        {"destination_cidr_block": "0.0.0.0/0", "gateway_id": gateway},
        {"destination_cidr_block": "10.0.0.0/16", "gateway_id": "local"},
    ]
    return index(
        vpcs={"main": item(vpc, "main", cidr_block="10.0.0.0/16", creation_time=moment)},
        internet_gateways={"main": item(gateway, "main", attachments=[{"vpc_id": vpc}])},
        route_tables={"app": item(table, "app", vpc_id=vpc, routes=routes if seed % 2 else routes[::-1])},
        security_groups={
            "web": item(web, "web", api_name="web", ip_permissions=[rule]),
            "app": item(app, "app", api_name="app", ip_permissions=[]),
        },
        instances=instances,
        db_instances={
            "main": item(
                "pixstory-staging-main",
                "main",
                api_name="pixstory-staging-main",
                db_instance_class="db.t3.micro",
                endpoint={"address": f"db.{seed}abc.rds.aws.com", "port": 5432},
            )
        },
        buckets={"media": item("pixstory-staging-media-123456789012", "media", api_name="pixstory-media-123456789012")},
        hosted_zones={"public": item(f"Z{seed:016d}", "public", api_name="example.com.", records=records)},
    )


def test_two_commissionings_have_one_shape() -> None:
    assert index_shape(commissioned(1)) == index_shape(commissioned(2))


def _pop_route(stands: Index) -> None:
    stands["route_tables"]["app"]["routes"].pop()


def _point_route_elsewhere(stands: Index) -> None:
    for route in stands["route_tables"]["app"]["routes"]:
        route["gateway_id"] = "local"


def _pop_rule(stands: Index) -> None:
    stands["security_groups"]["web"]["ip_permissions"].clear()


def _other_peer(stands: Index) -> None:
    pair = stands["security_groups"]["web"]["ip_permissions"][0]["user_id_group_pairs"][0]
    pair["group_id"] = stands["security_groups"]["web"]["id"]


def _resize(stands: Index) -> None:
    stands["db_instances"]["main"]["db_instance_class"] = "db.t3.large"


def _fewer_instances(stands: Index) -> None:
    stands["instances"].popitem()


def _no_vpc(stands: Index) -> None:
    del stands["vpcs"]["main"]


def _other_fixed_address(stands: Index) -> None:
    stands["hosted_zones"]["public"]["records"][2]["resource_records"][0]["value"] = "192.0.2.8"


def _record_points_elsewhere(stands: Index) -> None:
    stands["hosted_zones"]["public"]["records"][1]["resource_records"][0]["value"] = "another.host"


def _tag(stands: Index) -> None:
    stands["vpcs"]["main"]["tags"]["Role"] = "other"


def _duplicate(stands: Index) -> None:
    stands["duplicates"].append({"kind": "vpcs", "name": "main", "ids": ["a", "b"]})


@pytest.mark.parametrize(
    "differ",
    [
        _pop_route,
        _point_route_elsewhere,
        _pop_rule,
        _other_peer,
        _resize,
        _fewer_instances,
        _no_vpc,
        _other_fixed_address,
        _record_points_elsewhere,
        _tag,
        _duplicate,
    ],
)
def test_a_real_difference_shows(differ: Callable[[Index], None]) -> None:
    other = commissioned(2)
    differ(other)
    assert index_shape(other) != index_shape(commissioned(1))


def test_the_shape_speaks_of_names() -> None:
    shape = index_shape(commissioned(1))
    pair = shape["security_groups"]["web"]["ip_permissions"][0]["user_id_group_pairs"][0]
    assert pair == {"group_id": "<security_groups/app>"}
    values = [record["resource_records"][0]["value"] for record in shape["hosted_zones"]["public"]["records"]]
    assert values == ["<db_instances/main address>", "192.0.2.7"]
    assert len(shape["instances"]["web"]) == 2
    assert shape["buckets"]["media"]["api_name"] == "pixstory-media-123456789012"
