# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what, and what is kept: keys, host roles, secrets, settings, buckets."""

from __future__ import annotations

import re

from . import catalog
from .declared import Checks, Declared, refers, within
from .mistakes import Mistake, Path, nearest, one_of, show
from .network import retention
from .place import NAME

# Services whose name in kms:ViaService is not their name in botocore.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
_LONGEST_PATTERN = 1024
_OTHER_VIA = {"aps", "elasticfilesystem", "es", "servicecatalog-appregistry"}
# Names that service roles and the permissions boundary have (roles/aws_identity).
_TAKEN_ROLES = ("boundary", "cloudtrail", "deployer", "flow-logs", "rds-monitoring", "require-mfa")
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
_SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]+")
# https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_PARAMETER_SIZE = 4096
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
_PASSWORD_NUMBERS = {
    "minimum_password_length": (6, 128),
    "max_password_age": (1, 1095),
    "password_reuse_prevention": (1, 24),
}
_PASSWORD_SWITCHES = (
    "require_symbols",
    "require_numbers",
    "require_uppercase_characters",
    "require_lowercase_characters",
    "allow_users_to_change_password",
    "hard_expiry",
)


def check(declared: Declared) -> Checks:
    yield from _keys(declared)
    yield from _roles(declared)
    yield from _people(declared)
    yield from _password_policy(declared)
    yield from _secrets(declared)
    yield from _parameters(declared)
    yield from _buckets(declared)
    yield from _account(declared)


def _keys(declared: Declared) -> Checks:
    services = catalog.services()
    for name, key in declared.entries("aws_keys_purposes").items():
        path: Path = ("aws_keys_purposes", name)
        if not key.get("via") and key.get("service") is None:
            yield Mistake(path, "is a key that nobody may use", "Write via: [<service>, …], or service: logs.")
        for at, service in enumerate(key.get("via") or []):
            if service is None or service in services or service in _OTHER_VIA:
                continue
            guess = nearest(service, services)
            if guess or not NAME.fullmatch(service):
                instead = f"Write {guess}." if guess else "Write the service alone, such as rds."
                yield Mistake((*path, "via", at), f"is {show(service)}, not a service of AWS", instead)
    yield from _needed_keys(declared)


def _needed_keys(declared: Declared) -> Checks:
    """Roles look these keys up by name."""
    purposes = declared.get("aws_keys_purposes")
    if purposes is None:
        return
    needs = (
        ("data", "via", "rds", "aws_database_instances", "databases are encrypted"),
        ("data", "via", "elasticache", "aws_cache_groups", "cache groups are encrypted"),
        ("data", "via", "ec2", "aws_compute_sizes", "volumes are encrypted"),
        ("secrets", "via", "secretsmanager", "aws_secrets_generated", "secrets are encrypted"),
        ("logs", "service", "logs", "aws_network_vpcs", "flow logs are encrypted"),
        ("trail", "service", "cloudtrail", "aws_account_trail_retention_days", "the trail is encrypted"),
        ("alerts", "service", "cloudwatch", "aws_account_alarms", "the topic of the alarms is encrypted"),
    )
    for purpose, option, service, variable, why in needs:
        if not declared.get(variable):
            continue
        if purpose not in purposes:
            yield Mistake(
                ("aws_keys_purposes",),
                f"has no key {purpose}, with which {why} ({variable})",
                f"Declare aws_keys_purposes.{purpose} with {option}: {f'[{service}]' if option == 'via' else service}.",
            )
        elif service not in (purposes[purpose].get(option) or ()):
            word = f"{option}: {service}" if option == "service" else f"{service} in via"
            yield Mistake(
                ("aws_keys_purposes", purpose),
                f"is the key with which {why} ({variable}), and lacks {word}",
                f"Add {word}.",
            )


def _roles(declared: Declared) -> Checks:
    roles = declared.get("aws_identity_host_roles") or []
    for at, role in declared.items("aws_identity_host_roles"):
        path: Path = ("aws_identity_host_roles", at)
        if role in roles[:at]:
            yield Mistake(path, f"is {show(role)} a second time", "Write each role once.")
        if role in _TAKEN_ROLES:
            yield Mistake(
                path, f"is {show(role)}, the name of a role or policy that is made anyway", "Take another name."
            )

    for at, role in declared.items("aws_identity_backup_roles"):
        yield from refers(declared, ("aws_identity_backup_roles", at), role, "aws_identity_host_roles", "host role")


def _people(declared: Declared) -> Checks:
    policies, groups = declared.entries("aws_identity_policies"), declared.entries("aws_identity_groups")
    for variable in ("aws_identity_groups", "aws_identity_roles"):
        for name, entry in declared.entries(variable).items():
            for at, policy in enumerate(entry.get("policies") or []):
                if policy not in policies:
                    path: Path = (variable, name, "policies", at)
                    yield Mistake(
                        path, f"is {show(policy)}, not in aws_identity_policies", one_of(policy, list(policies))
                    )
    for name, role in declared.entries("aws_identity_roles").items():
        duration = role.get("max_session_duration")
        yield from within(("aws_identity_roles", name, "max_session_duration"), duration, 3600, 43200, "seconds")
    for name, user in declared.entries("aws_identity_users").items():
        for at, group in enumerate(user.get("groups") or []):
            if group not in groups:
                path = ("aws_identity_users", name, "groups", at)
                yield Mistake(path, f"is {show(group)}, not in aws_identity_groups", one_of(group, list(groups)))
    taken = {*policies, *declared.entries("aws_identity_roles")}
    for at, role in declared.items("aws_identity_host_roles"):
        if role in taken:
            yield Mistake(
                ("aws_identity_host_roles", at), f"is {show(role)}, a role or policy of people", "Take another name."
            )


def _password_policy(declared: Declared) -> Checks:
    for key, value in (declared.get("aws_identity_password_policy") or {}).items():
        path: Path = ("aws_identity_password_policy", key)
        if key in _PASSWORD_NUMBERS:
            if not isinstance(value, int) or isinstance(value, bool):
                yield Mistake(path, f"is {show(value)}, not a whole number", "Write a whole number without quotes.")
            else:
                yield from within(path, value, *_PASSWORD_NUMBERS[key])
        elif key in _PASSWORD_SWITCHES:
            if not isinstance(value, bool):
                yield Mistake(path, f"is {show(value)}", "Write true or false, without quotes.")
        else:
            yield Mistake(path, "is not an option here", one_of(key, [*_PASSWORD_NUMBERS, *_PASSWORD_SWITCHES]))


def _secrets(declared: Declared) -> Checks:
    for name, secret in declared.entries("aws_secrets_generated").items():
        path: Path = ("aws_secrets_generated", name)
        if not _SECRET_NAME.fullmatch(str(name)) or str(name).startswith("/"):
            yield Mistake(
                path,
                "has a name that Secrets Manager refuses",
                "Write <role>/<name>, of letters, digits and / _ + = . @ -",
            )
        yield from _reader(declared, path, str(name))
        yield from within((*path, "length"), secret.get("length"), 8, 4096, "characters")
        if (secret.get("template") is None) != (secret.get("key") is None):
            lacking, other = ("key", "template") if secret.get("key") is None else ("template", "key")
            yield Mistake(
                path, f"has {other} and no {lacking}", f"Write {lacking} too: key names the place in template."
            )
        elif secret.get("template") is not None and secret["key"] in secret["template"]:
            yield Mistake(
                (*path, "template", secret["key"]),
                "is written here, and the generated word goes there",
                "Delete it: no secret is written down.",
            )


def _parameters(declared: Declared) -> Checks:
    """No value is shown: whoever mistook this for the place of a secret shall not find it in a log."""
    for name, value in (declared.get("aws_secrets_parameters") or {}).items():
        path: Path = ("aws_secrets_parameters", name)
        if not _PARAMETER_NAME.fullmatch(str(name)):
            yield Mistake(
                path, "has a name that Parameter Store refuses", "Write <role>/<name>, of letters, digits and . _ -"
            )
        elif str(name).count("/") > 13:
            yield Mistake(path, "is too deep; AWS allows 15 levels, the environment's included", "Write fewer.")
        if isinstance(value, str):
            if not 1 <= len(value.encode()) <= _PARAMETER_SIZE:
                yield Mistake(path, "is empty or too long", f"Write 1 to {_PARAMETER_SIZE} characters.")
        # An unresolved template is no string either; it has been reported.
        elif isinstance(value, (bool, int, float, list, dict)) or value is None:
            yield Mistake(path, "is not a string", "Put it in quotes.")
        yield from _reader(declared, path, str(name))


def _reader(declared: Declared, path: Path, name: str) -> Checks:
    """The first part is the role that reads it. One that is no role is left alone, unless it looks like a slip."""
    role, roles = name.split("/")[0], declared.get("aws_identity_host_roles")
    if not roles or role in roles:
        return
    guess = nearest(role, [known for known in roles if known is not None], cutoff=0.8)
    if guess:
        yield Mistake(
            path,
            f"begins with {role}, which is not in aws_identity_host_roles: no machine may read it",
            f"Write {guess}{name.removeprefix(role)}.",
        )


def _buckets(declared: Declared) -> Checks:
    for name, bucket in declared.entries("aws_storage_buckets").items():
        path: Path = ("aws_storage_buckets", name)
        for key in ("expiration_days", "noncurrent_expiration_days"):
            yield from within((*path, key), bucket.get(key), 1, 36500, "days")
        if bucket.get("noncurrent_expiration_days") is not None and not bucket.get("versioning"):
            yield Mistake(
                (*path, "noncurrent_expiration_days"),
                "is written, and the bucket keeps no versions",
                "Write versioning: true, or delete it.",
            )
        key = bucket.get("key")
        yield from refers(declared, (*path, "key"), key, "aws_keys_purposes", "key")
        purpose = declared.entries("aws_keys_purposes").get(key or "")
        if purpose is not None and "s3" not in (purpose.get("via") or ()):
            yield Mistake(
                (*path, "key"), f"is {show(key)}, which S3 may not use", f"Add s3 to aws_keys_purposes.{key}.via."
            )
    variable = "aws_storage_log_retention_days"
    yield from within((variable,), declared.get(variable), 1, 36500, "days")


def _account(declared: Declared) -> Checks:
    for variable in ("aws_account_trail_retention_days", "aws_account_config_retention_days"):
        yield from within((variable,), declared.get(variable), 1, 36500, "days")
    for variable in ("aws_account_log_retention_days", "aws_account_machine_log_retention_days"):
        yield from retention((variable,), declared.get(variable))
    for name, machine_alarm in declared.entries("aws_account_machine_alarms").items():
        where: Path = ("aws_account_machine_alarms", name, "threshold")
        yield from within(where, machine_alarm.get("threshold"), 1, 99, "percent")
    for name, alarm in declared.entries("aws_account_alarms").items():
        path: Path = ("aws_account_alarms", name, "pattern")
        if len(alarm.get("pattern") or "") > _LONGEST_PATTERN:
            yield Mistake(
                path,
                f"has {len(alarm['pattern'])} characters",
                f"AWS takes {_LONGEST_PATTERN}: match less, or write two alarms.",
            )
    addresses = declared.get("aws_account_alert_emails")
    if declared.get("aws_account_alarms") and not addresses and not declared.get("aws_account_unattended"):
        yield Mistake(
            ("aws_account_alert_emails",),
            "is empty: nobody would be told of alarms and findings",
            "Write the address of who is on call. Where nobody has to be told, write aws_account_unattended: true.",
        )
    for at, address in declared.items("aws_account_alert_emails"):
        if "@" not in address:
            yield Mistake(("aws_account_alert_emails", at), f"is {show(address)}", "Write an e-mail address.")
