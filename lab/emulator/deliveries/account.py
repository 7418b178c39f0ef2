# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the emulator keeps policies, and which deliveries an account has set up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from moto.backends import get_backend

from lab.emulator import registry
from lab.emulator.deliveries import table
from lab.emulator.deliveries.judge import Found, refusal
from lab.emulator.deliveries.table import Delivery, Place
from lab.emulator.policy import Policy, read


@dataclass(frozen=True)
class Way:
    """One delivery and what is on its way: the policies are looked up when they are asked for."""

    delivery: Delivery
    account: str
    region: str
    source: str
    target: str
    role: str = ""
    key: str = ""  # with which the target is encrypted: an id, an ARN or an alias
    path: str = ""

    @property
    def names(self) -> dict[str, str]:
        """What fills the table's braces."""
        fields = ("account", "region", "source", "target", "role", "key", "path")
        return {name: getattr(self, name) for name in fields}

    def __call__(self, place: Place) -> Found:
        """The policies of a place; see the judge."""
        if place is Place.KEY:
            return (self.key, self._of_key()) if self.key else None
        if place in (Place.TRUST, Place.ROLE):
            return self.role, self._of_role(place)
        find = {Place.TOPIC: self._of_topic, Place.BUCKET: self._of_bucket, Place.FUNCTION: self._of_function}
        return ("", self._of_logs()) if place is Place.LOGS else (self.target, find[place]())

    def backend(self, service: str, arn: str = "") -> Any:
        """Moto's backend where an ARN says, or here."""
        parts = arn.split(":")
        return registry.backend_of(service, self.account, parts[3] if len(parts) > 3 and parts[3] else self.region)

    def _of_topic(self) -> list[Policy]:
        topic = self.backend("sns", self.target).topics.get(self.target)
        return [read(topic.policy)] if topic else []

    def _of_bucket(self) -> list[Policy]:
        bucket = self.backend("s3").buckets.get(self.target.rpartition(":")[2])
        return [read(bucket.policy.decode())] if bucket and bucket.policy else []

    def _of_function(self) -> list[Policy]:
        with suppress(Exception):  # moto's own, of several kinds: there is no such function
            return [read(self.backend("lambda", self.target).get_function(self.target).policy.get_policy()["Policy"])]
        return []

    def _of_logs(self) -> list[Policy]:
        return [read(one.policy_document) for one in self.backend("logs", self.target).resource_policies.values()]

    def _of_key(self) -> list[Policy]:
        """A key that AWS manages, or that is switched off, lets nobody in here."""
        backend = self.backend("kms", self.key)
        with suppress(Exception):
            key = backend.keys[backend.any_id_to_key_id(self.key)]
            return [read(key.policy)] if key.enabled else []
        return []

    def _of_role(self, place: Place) -> list[Policy]:
        role = next((one for one in self.backend("iam").roles.values() if one.arn == self.role), None)
        if role is None:
            return []
        if place is Place.TRUST:
            return [read(role.assume_role_policy_document)]
        versions = [one for policy in role.managed_policies.values() for one in policy.versions if one.is_default]
        return [read(one) for one in (*(one.document for one in versions), *role.policies.values())]


def _regions(account: str, service: str) -> list[tuple[str, Any]]:
    return list(get_backend(service)[account].items())  # type: ignore[call-overload]


def standing(account: str) -> Iterator[Way]:
    """The deliveries that are set up: each can be judged before anything is sent."""
    for find in (trails, _config, _flow_logs, _balancers, _buckets, _log_groups, _functions, _rules, _alarms):
        yield from find(account)


def report(account: str) -> list[dict[str, Any]]:
    """Each standing delivery, and the policy that refuses it if one does."""
    return [
        {"delivery": way.delivery.name, "source": way.source, "target": way.target, "refused": no and str(no)}
        for way in standing(account)
        for no in [refusal(way.delivery, way.names, way)]
    ]


def trails(account: str) -> Iterator[Way]:
    """CloudTrail's."""
    for region, backend in _regions(account, "cloudtrail"):
        for trail in backend.trails.values():
            yield from ways_of_trail(
                account,
                region,
                trail.arn,
                bucket=trail.bucket_name,
                prefix=trail.s3_key_prefix or "",
                key=trail.kms_key_id or "",
                group=trail.cw_log_group_arn or "",
                role=trail.cw_role_arn or "",
                topic=trail.topic_arn or "",
            )


def ways_of_trail(
    account: str, region: str, arn: str, *, bucket: str, prefix: str, key: str, group: str, role: str, topic: str
) -> Iterator[Way]:
    """What a trail with these settings delivers."""
    path = f"{prefix}/".lstrip("/") + f"AWSLogs/{account}/CloudTrail/{region}/log.json.gz"
    yield Way(table.TRAIL_TO_BUCKET, account, region, arn, f"arn:aws:s3:::{bucket}", key=key, path=path)
    if group:
        yield Way(table.TRAIL_TO_LOGS, account, region, arn, group.removesuffix(":*"), role=role)
    if topic:
        yield Way(table.TRAIL_TO_TOPIC, account, region, arn, topic, key=key_of_topic(account, topic))


def way_of_channel(account: str, region: str, bucket: str, prefix: str = "", key: str = "") -> Way:
    """What a delivery channel of AWS Config delivers to its bucket."""
    path = f"{prefix}/".lstrip("/") + f"AWSLogs/{account}/Config/{region}/snapshot.json.gz"
    source = f"arn:aws:config:{region}:{account}:*"
    return Way(table.CONFIG_TO_BUCKET, account, region, source, f"arn:aws:s3:::{bucket}", key=key, path=path)


def _config(account: str) -> Iterator[Way]:
    for region, backend in _regions(account, "config"):
        for one in backend.delivery_channels.values():
            yield way_of_channel(account, region, one.s3_bucket_name, one.s3_key_prefix or "", one.s3_kms_key_arn or "")
            if one.sns_topic_arn:
                source = f"arn:aws:config:{region}:{account}:*"
                yield Way(table.CONFIG_TO_TOPIC, account, region, source, one.sns_topic_arn)


def way_of_flow_log(account: str, region: str, log: Any) -> Way | None:
    """Where a flow log goes, if that is a log group."""
    if not log.log_group_name or not log.deliver_logs_permission_arn:
        return None
    source = f"arn:aws:ec2:{region}:{account}:vpc-flow-log/{log.id}"
    target = f"arn:aws:logs:{region}:{account}:log-group:{log.log_group_name}"
    return Way(table.FLOW_LOG, account, region, source, target, role=log.deliver_logs_permission_arn)


def _flow_logs(account: str) -> Iterator[Way]:
    for region, backend in _regions(account, "ec2"):
        ways = [way_of_flow_log(account, region, one) for one in backend.flow_logs.values()]
        yield from (way for way in ways if way)


def way_of_balancer(account: str, region: str, arn: str, attributes: dict[str, str]) -> Way | None:
    """Where a load balancer writes its access logs, if it does."""
    if str(attributes.get("access_logs.s3.enabled", "false")).lower() != "true":
        return None
    prefix = attributes.get("access_logs.s3.prefix") or ""
    path = f"{prefix}/".lstrip("/") + f"AWSLogs/{account}/ELBAccessLogTestFile"
    target = f"arn:aws:s3:::{attributes.get('access_logs.s3.bucket')}"
    return Way(table.BALANCER_TO_BUCKET, account, region, arn, target, path=path)


def _balancers(account: str) -> Iterator[Way]:
    for region, backend in _regions(account, "elbv2"):
        ways = [way_of_balancer(account, region, one.arn, one.attrs) for one in backend.load_balancers.values()]
        yield from (way for way in ways if way)


def _buckets(account: str) -> Iterator[Way]:
    for _, backend in _regions(account, "s3"):
        for bucket in backend.buckets.values():
            if bucket.logging:
                target = f"arn:aws:s3:::{bucket.logging['TargetBucket']}"
                path = f"{bucket.logging.get('TargetPrefix') or ''}log"
                source = f"arn:aws:s3:::{bucket.name}"
                yield Way(table.BUCKET_TO_BUCKET, account, bucket.region_name, source, target, path=path)


def way_of_log_group(account: str, region: str, name: str, key: str) -> Way:
    """How CloudWatch Logs uses the key of a log group."""
    return Way(table.LOGS_KEPT, account, region, f"arn:aws:logs:{region}:{account}:log-group:{name}", key, key=key)


def _log_groups(account: str) -> Iterator[Way]:
    for region, backend in _regions(account, "logs"):
        for name, group in backend.groups.items():
            if group.kms_key_id:
                yield way_of_log_group(account, region, name, group.kms_key_id)


def _functions(account: str) -> Iterator[Way]:
    for region, backend in _regions(account, "lambda"):
        for function in backend.list_functions():
            arn = function.function_arn
            target = f"arn:aws:logs:{region}:{account}:log-group:{log_group_of(function)}"
            yield Way(table.FUNCTION, account, region, arn, target, role=function.role)


def log_group_of(function: Any) -> str:
    """Where a function writes its log."""
    return str(function.get_configuration()["LoggingConfig"]["LogGroup"])


def key_of_topic(account: str, arn: str) -> str:
    """The key that a topic is encrypted with; empty where it is not."""
    topic = registry.backend_of("sns", account, arn.split(":")[3]).topics.get(arn)
    return str(topic.kms_master_key_id or "") if topic else ""


def way_of_target(account: str, region: str, rule: str, target: str) -> Way | None:
    """The way from a rule of EventBridge to its target; None for targets that are not judged."""
    if target.startswith("arn:aws:sns:"):
        return Way(table.RULE_TO_TOPIC, account, region, rule, target, key=key_of_topic(account, target))
    if target.startswith("arn:aws:lambda:"):
        return Way(table.RULE_TO_FUNCTION, account, region, rule, target)
    return None


def _rules(account: str) -> Iterator[Way]:
    for region, backend in _regions(account, "events"):
        rules = [rule for bus in backend.event_buses.values() for rule in bus.rules.values()]
        ways = [way_of_target(account, region, rule.arn, one["Arn"]) for rule in rules for one in rule.targets]
        yield from (way for way in ways if way)


def way_of_alarm(account: str, region: str, alarm: str, topic: str) -> Way:
    """The way from an alarm to a topic."""
    return Way(table.ALARM_TO_TOPIC, account, region, alarm, topic, key=key_of_topic(account, topic))


def _alarms(account: str) -> Iterator[Way]:
    for region, backend in _regions(account, "cloudwatch"):
        for alarm in backend.alarms.values():
            for target in {*alarm.alarm_actions, *alarm.ok_actions}:
                if target.startswith("arn:aws:sns:"):
                    yield way_of_alarm(account, region, alarm.alarm_arn, target)
