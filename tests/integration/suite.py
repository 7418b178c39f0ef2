"""An environment, from an empty account to an empty account.

The tests run in the order of the class, on one emulator: each continues where the one before it ended. There is a file
an environment, so that `--dist loadfile` runs them side by side.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import ClassVar

from .conftest import Emulator

# What makes a resource, and the kind of the index that it must be found in.
MADE = {
    "AllocateAddress": "elastic_ips",
    "CreateAnalyzer": "access_analyzers",
    "CreateAutoScalingGroup": "autoscaling_groups",
    "CreateBucket": "buckets",
    "CreateCachePolicy": "cache_policies",
    "CreateCacheParameterGroup": "cache_parameter_groups",
    "CreateCacheSubnetGroup": "cache_subnet_groups",
    "CreateDBInstance": "db_instances",
    "CreateDBInstanceReadReplica": "db_instances",
    "CreateDBParameterGroup": "db_parameter_groups",
    "CreateDBSubnetGroup": "db_subnet_groups",
    "CreateDetector": "guardduty_detectors",
    "CreateDistributionWithTags": "distributions",
    "CreateFlowLogs": "flow_logs",
    "CreateFunction": "lambda_functions",
    "CreateGroup": "iam_groups",
    "CreateHostedZone": "hosted_zones",
    "CreateIPSet": "ip_sets",
    "CreateInstanceProfile": "iam_instance_profiles",
    "CreateInternetGateway": "internet_gateways",
    "CreateKey": "kms_keys",
    "CreateLaunchTemplate": "launch_templates",
    "CreateLoadBalancer": "load_balancers",
    "CreateLogGroup": "log_groups",
    "CreateNatGateway": "nat_gateways",
    "CreateNetworkAcl": "network_acls",
    "CreateOriginAccessControl": "origin_access_controls",
    "CreateOriginRequestPolicy": "origin_request_policies",
    "CreatePolicy": "iam_policies",
    "CreateReplicationGroup": "replication_groups",
    "CreateResponseHeadersPolicy": "response_headers_policies",
    "CreateRole": "iam_roles",
    "CreateRouteTable": "route_tables",
    "CreateSecret": "secrets",
    "CreateSecurityGroup": "security_groups",
    "CreateSubnet": "subnets",
    "CreateTargetGroup": "target_groups",
    "CreateUser": "iam_users",
    "CreateVpc": "vpcs",
    "CreateVpcEndpoint": "vpc_endpoints",
    "CreateVpcPeeringConnection": "vpc_peering_connections",
    "EnableSecurityHub": "security_hubs",
    "CreateWebACL": "web_acls",
    "CreateTopic": "sns_topics",
    "CreateTrail": "trails",
    "PutConfigRule": "config_rules",
    "PutConfigurationRecorder": "config_recorders",
    "PutMetricAlarm": "alarms",
    "PutParameter": "parameters",
    "PutRule": "event_rules",
    "RequestCertificate": "certificates",
}
# What makes or sets a part of a resource.
PARTS = {
    "BatchEnableStandards",
    "BatchUpdateStandardsControlAssociations",
    "CreateAlias",
    "CreateListener",
    "CreateNetworkAclEntry",
    "CreateRoute",
    "CreateRule",
    "CreateServiceLinkedRole",
    "CreateTags",
    "RunInstances",
    "StartConfigurationRecorder",
    "StartLogging",
    "Subscribe",
}
CHANGES = re.compile(
    "Accept|Add|Associate|Attach|Authorize|Change|Delete|Enable|Modify|Put|Replace|Revoke|Set|Tag|Update"
)
# CloudFront tags distributions only; of these the comment says whose they are. IAM tags no groups; their path says it.
UNTAGGABLE = {
    "cache_policies",
    "iam_groups",
    "origin_access_controls",
    "origin_request_policies",
    "response_headers_policies",
}
REQUIRED_TAGS = {"Project", "Environment", "ManagedBy", "Name"}


class EnvironmentSuite:
    """What holds for every environment. A subclass names it."""

    environment: ClassVar[str]
    neighbour: ClassVar[str | None] = None  # another one in the same account
    # What destroy leaves on purpose: the last snapshots, and the key without which they could not be read.
    kept: ClassVar[set[str]] = set()

    def test_provision_commissions_and_shows_what_stands(self, account: Emulator) -> None:
        run = account.play(self.environment, "provision").ended_well()
        assert run.writes
        assert f"{self.environment}" in run.output
        assert "vpcs" in run.output.lower()

    def test_a_second_run_changes_nothing(self, account: Emulator) -> None:
        account.play(self.environment, "provision").changed_nothing()

    def test_check_mode_on_a_live_environment_plans_nothing(self, account: Emulator) -> None:
        account.play(self.environment, "provision", "--check", "--diff").changed_nothing()

    def test_everything_carries_the_tags(self, account: Emulator) -> None:
        index = account.index(self.environment)
        taggable = [kind for kind in index["kinds_read"] if kind not in UNTAGGABLE]
        owned = [(kind, name, item) for kind in taggable for name, item in index[kind].items()]
        assert len(owned) > 20
        lacking = {f"{kind} {name}": sorted(REQUIRED_TAGS - set(item["tags"])) for kind, name, item in owned}
        assert {name: tags for name, tags in lacking.items() if tags} == {}
        wrong = [f"{kind} {name}" for kind, name, item in owned if item["tags"]["Environment"] != self.environment]
        assert wrong == []
        assert index["duplicates"] == []

    def test_everything_that_was_made_is_owned(self, account: Emulator) -> None:
        """Nothing was made without the tags, path or name by which the environment knows its own."""
        index = account.index(self.environment)
        made = Counter(
            request["operation"]
            for request in account.requests_since(0)
            if request["write"] and request["status"] < 300
        )
        parts = {operation for operation in made if operation in PARTS or CHANGES.match(operation)}
        assert set(made) - set(MADE) - parts == set(), "name the new operation in MADE or PARTS"
        expected = Counter(dict.fromkeys(MADE.values(), 0))
        for operation, kind in MADE.items():
            expected[kind] += made[operation]
        # AWS makes the default group with the VPC; the role empties and tags it.
        expected["security_groups"] += made["CreateVpc"]
        assert {kind: len(index[kind]) for kind in expected} == dict(expected)

    def test_the_inventory_groups_every_machine_by_role(self, account: Emulator) -> None:
        machines = account.index(self.environment)["instances"]
        expected = Counter(machine["tags"]["Role"].replace("-", "_") for machine in machines.values())
        assert expected
        listed = account.hosts(self.environment)
        grouped = {name: set(group.get("hosts", [])) for name, group in listed.items() if name in expected}
        assert {name: len(hosts) for name, hosts in grouped.items()} == dict(expected)
        assert set().union(*grouped.values()) == set(machines)

    def test_public_names_lead_to_addresses_that_stay(self, account: Emulator) -> None:
        index = account.index(self.environment)
        zone = index["hosted_zones"]["public"]
        stay = {
            address["public_ip"] for address in index["elastic_ips"].values() if not address["name"].startswith("nat")
        }
        leading = [
            one["resource_records"] for one in zone["records"] if one["type"] == "A" and "alias_target" not in one
        ]
        named = {value["value"] for values in leading for value in values}
        assert named <= stay
        # People's profiles name the VPN. The Speech API goes out by its address, and nobody looks it up.
        assert named == {one["public_ip"] for name, one in index["elastic_ips"].items() if name == "vpn"}

    def test_the_audit_judges_it_and_writes_nothing(self, account: Emulator) -> None:
        files = {name: account.folder / f"audit.{name}" for name in ("json", "ocsf", "page")}
        variables = {f"aws_audit_{name}_file": str(path) for name, path in files.items()}
        run = account.play(self.environment, "audit", "-e", json.dumps({**variables, "aws_audit_fail_on": "never"}))
        assert run.ended_well().writes == []
        report = json.loads(files["json"].read_text())
        reasons = {one["reason"] for one in report["findings"] if one["status"] == "unseen"}
        assert [one for one in reasons if not one.startswith("not implemented here (")] == []
        # What the roles promise, read back from the account.
        failing = {one["control"] for one in report["findings"] if one["status"] == "fails"}
        assert failing & {"PX-10", "PX-11", "PX-12", "PX-13", "PX-14", "PX-15", "PX-19", "S3.8", "RDS.2"} == set()
        assert len(json.loads(files["ocsf"].read_text())) == len(report["findings"])
        assert files["page"].read_text().startswith("<!doctype html>")
        assert f"Audit of pixstory {self.environment}" in run.output

    def test_every_notice_arrives(self, account: Emulator) -> None:
        """What services hand to each other is let in by the policies on the way, and a drill loses nothing."""
        standing = account.lab("deliveries")["standing"]
        assert {"CloudTrail → S3 bucket", "EventBridge rule → SNS topic"} <= {one["delivery"] for one in standing}
        assert [one for one in standing if one["refused"]] == []
        client = account.client("sns")
        asked = [one for one in account.lab("mail") if one["confirm"]]
        for mail in asked:
            client.confirm_subscription(**mail["confirm"])
        account.play(self.environment, "drill_notices").ended_well()
        told = [one["to"] for one in account.lab("mail") if not one["confirm"]]
        assert all(told.count(mail["to"]) >= 8 for mail in asked)

    def test_destroy_leaves_what_it_says_and_spares_the_neighbour(self, account: Emulator) -> None:
        if self.neighbour:
            account.play(self.neighbour, "provision").ended_well()
            before = account.index(self.neighbour)
        variables = {"aws_destroy_confirm": self.environment, "aws_destroy_final_snapshots": bool(self.kept)}
        destroy = ["destroy", "-e", json.dumps(variables)]
        planned = account.play(self.environment, *destroy, "--check").ended_well()
        assert planned.writes == []
        assert planned.recap["changed"] > 0

        account.play(self.environment, *destroy).ended_well()
        index = account.index(self.environment)
        assert {kind: sorted(index[kind]) for kind in index["kinds_read"] if index[kind]}.keys() == set(self.kept)
        account.play(self.environment, *destroy).changed_nothing()
        if self.neighbour:
            assert account.index(self.neighbour) == before
