"""Each environment, from an empty account to an empty account.

The tests of one environment run in the order of this file, in one process, on one emulator.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from .conftest import Emulator

ROLES = [
    "aws_keys",
    "aws_storage",
    "aws_identity",
    "aws_network",
    "aws_security_groups",
    "aws_vpc_endpoints",
    "aws_secrets",
    "aws_database",
    "aws_cache",
    "aws_dns",
    "aws_load_balancing",
    "aws_compute",
    "aws_endpoints",
]
# What makes a resource, and the kind of the index that it must be found in.
MADE = {
    "AllocateAddress": "elastic_ips",
    "CreateAutoScalingGroup": "autoscaling_groups",
    "CreateBucket": "buckets",
    "CreateCacheParameterGroup": "cache_parameter_groups",
    "CreateCacheSubnetGroup": "cache_subnet_groups",
    "CreateDBInstance": "db_instances",
    "CreateDBInstanceReadReplica": "db_instances",
    "CreateDBParameterGroup": "db_parameter_groups",
    "CreateDBSubnetGroup": "db_subnet_groups",
    "CreateFlowLogs": "flow_logs",
    "CreateHostedZone": "hosted_zones",
    "CreateInstanceProfile": "iam_instance_profiles",
    "CreateInternetGateway": "internet_gateways",
    "CreateKey": "kms_keys",
    "CreateLaunchTemplate": "launch_templates",
    "CreateLoadBalancer": "load_balancers",
    "CreateLogGroup": "log_groups",
    "CreateNatGateway": "nat_gateways",
    "CreateNetworkAcl": "network_acls",
    "CreatePolicy": "iam_policies",
    "CreateReplicationGroup": "replication_groups",
    "CreateRole": "iam_roles",
    "CreateRouteTable": "route_tables",
    "CreateSecret": "secrets",
    "CreateSecurityGroup": "security_groups",
    "CreateSubnet": "subnets",
    "CreateTargetGroup": "target_groups",
    "CreateVpc": "vpcs",
    "CreateVpcEndpoint": "vpc_endpoints",
    "CreateVpcPeeringConnection": "vpc_peering_connections",
    "PutParameter": "parameters",
    "RequestCertificate": "certificates",
}
# What makes or sets a part of a resource.
PARTS = {
    "CreateAlias",
    "CreateListener",
    "CreateNetworkAclEntry",
    "CreateRoute",
    "CreateTags",
    "RunInstances",
}
CHANGES = re.compile(
    "Accept|Add|Associate|Attach|Authorize|Change|Delete|Enable|Modify|Put|Replace|Revoke|Set|Tag|Update"
)
REQUIRED_TAGS = {"Project", "Environment", "ManagedBy", "Name"}


@pytest.fixture(scope="module", params=["production", "staging", "local", "dev"])
def environment(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def account(environment: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp(environment))
    yield emulator
    emulator.stop()


@pytest.mark.parametrize("environment", ["production"], indirect=True, scope="module")
def test_check_mode_on_an_empty_account_runs_to_its_end(account: Emulator, environment: str) -> None:
    run = account.play(environment, "provision", "--check", "--diff").ended_well()
    assert run.writes == []
    assert run.recap["changed"] > 0


def test_provision_commissions_and_shows_what_stands(account: Emulator, environment: str) -> None:
    run = account.play(environment, "provision").ended_well()
    assert run.writes
    assert f"{environment}" in run.output
    assert "vpcs" in run.output.lower()


def test_a_second_run_changes_nothing(account: Emulator, environment: str) -> None:
    account.play(environment, "provision").changed_nothing()


def test_check_mode_on_a_live_environment_plans_nothing(account: Emulator, environment: str) -> None:
    account.play(environment, "provision", "--check", "--diff").changed_nothing()


def test_everything_carries_the_tags(account: Emulator, environment: str) -> None:
    index = account.index(environment)
    owned = [(kind, name, item) for kind in index["kinds_read"] for name, item in index[kind].items()]
    assert len(owned) > 20
    lacking = {f"{kind} {name}": sorted(REQUIRED_TAGS - set(item["tags"])) for kind, name, item in owned}
    assert {name: tags for name, tags in lacking.items() if tags} == {}
    wrong = [f"{kind} {name}" for kind, name, item in owned if item["tags"]["Environment"] != environment]
    assert wrong == []
    assert index["duplicates"] == []


def test_everything_that_was_made_is_owned(account: Emulator, environment: str) -> None:
    """Nothing was made without the tags, path or name by which the environment knows its own."""
    index = account.index(environment)
    made = Counter(
        request["operation"] for request in account.requests_since(0) if request["write"] and request["status"] < 300
    )
    parts = {operation for operation in made if operation in PARTS or CHANGES.match(operation)}
    assert set(made) - set(MADE) - parts == set(), "name the new operation in MADE or PARTS"
    expected = Counter(dict.fromkeys(MADE.values(), 0))
    for operation, kind in MADE.items():
        expected[kind] += made[operation]
    # AWS makes the default group with the VPC; the role empties and tags it.
    expected["security_groups"] += made["CreateVpc"]
    assert {kind: len(index[kind]) for kind in expected} == dict(expected)


def test_the_inventory_groups_every_machine_by_role(account: Emulator, environment: str) -> None:
    machines = account.index(environment)["instances"]
    expected = Counter(machine["tags"]["Role"].replace("-", "_") for machine in machines.values())
    assert expected
    listed = account.hosts(environment)
    grouped = {name: set(group.get("hosts", [])) for name, group in listed.items() if name in expected}
    assert {name: len(hosts) for name, hosts in grouped.items()} == dict(expected)
    assert set().union(*grouped.values()) == set(machines)


# One full replica is enough: the roles are the same everywhere.
@pytest.mark.parametrize("environment", ["staging"], indirect=True, scope="module")
@pytest.mark.parametrize("role", ROLES)
def test_a_role_alone_changes_nothing(account: Emulator, environment: str, role: str) -> None:
    account.play(environment, "provision", "--tags", role).changed_nothing()


def test_destroy_leaves_nothing_and_spares_the_neighbour(account: Emulator, environment: str) -> None:
    neighbour = "dev" if environment == "staging" else None
    if neighbour:
        account.play(neighbour, "provision").ended_well()
        before = account.index(neighbour)
    confirm = ["-e", f"aws_destroy_confirm={environment}"]
    planned = account.play(environment, "destroy", "--check", *confirm).ended_well()
    assert planned.writes == []
    assert planned.recap["changed"] > 0

    account.play(environment, "destroy", *confirm).ended_well()
    index = account.index(environment)
    left = {kind: sorted(index[kind]) for kind in index["kinds_read"] if index[kind]}
    # The last snapshots of the data stores stay on purpose.
    kept = {kind: left.pop(kind) for kind in ("db_snapshots", "cache_snapshots") if kind in left}
    assert left == {}
    if environment == "production":
        assert set(kept) == {"db_snapshots", "cache_snapshots"}
    account.play(environment, "destroy", *confirm).changed_nothing()
    if neighbour:
        assert account.index(neighbour) == before


def test_destroy_refuses_production_without_its_name(emulator: Emulator) -> None:
    run = emulator.play("production", "destroy", "-e", "aws_destroy_confirm=staging")
    assert run.code != 0
    assert run.writes == []
    assert "-e aws_destroy_confirm=production" in run.output.replace("\n", " ")
