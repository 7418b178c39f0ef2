# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the environment is: names, account, Region, zones, endpoint, tags."""

from __future__ import annotations

import re

from . import catalog
from .addresses import host_of, is_loopback
from .declared import Checks, Declared
from .mistakes import Mistake, listing, nearest, show

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
_TAG_CHARACTERS = re.compile(r"[\w\s.:/=+\-@]*")
_MAX_TAGS = 50
# Roles add these three to platform_tags.
_ADDED_TAGS = ("Name", "Role", "Vpc", "Tier")


def check(declared: Declared) -> Checks:
    yield from _identity(declared)
    yield from _place(declared)
    yield from _endpoint(declared)
    yield from _tags(declared)
    yield from _precedence(declared)


def dns_name(name: str, least_labels: int = 1) -> bool:
    labels = name.split(".")
    return len(name) <= 253 and len(labels) >= least_labels and all(_LABEL.fullmatch(label) for label in labels)


def _identity(declared: Declared) -> Checks:
    for variable in ("platform_project", "platform_environment"):
        name = declared.get(variable)
        if name is not None and not NAME.fullmatch(name):
            yield Mistake(
                (variable,), f"is {show(name)}", "Write lower-case letters, digits and single hyphens, a letter first."
            )
    project, environment = declared.get("platform_project"), declared.get("platform_environment")
    for folder in declared.around.inventories:
        if environment is not None and environment != folder:
            yield Mistake(
                ("platform_environment",),
                f"is {show(environment)}, and the inventory is inventories/{folder}",
                f"Write {folder}, or run with -i inventories/{environment}.",
            )
    account = declared.get("platform_account_id")
    if account is not None and not re.fullmatch(r"\d{12}", account):
        yield Mistake(
            ("platform_account_id",),
            f"is {show(account)}",
            "Write the 12 digits of the account, in quotes, no hyphens.",
        )
    prefix = declared.get("platform_prefix")
    if None not in (project, environment, prefix) and prefix != f"{project}-{environment}":
        yield Mistake(
            ("platform_prefix",),
            f"is {show(prefix)}, not <project>-<environment>, by which resources are found again",
            "Delete the line: group_vars/all/platform.yml computes it.",
        )
    for variable in ("platform_iam_path", "platform_log_prefix"):
        path = declared.get(variable)
        if path is not None and None not in (project, environment) and path != f"/{project}/{environment}/":
            yield Mistake(
                (variable,),
                f"is {show(path)}, not /<project>/<environment>/, by which resources are found again",
                "Delete the line: group_vars/all/platform.yml computes it.",
            )
    domain = declared.get("platform_domain")
    if domain is not None and not dns_name(domain, least_labels=2):
        yield Mistake(
            ("platform_domain",),
            f"is {show(domain)}, not a DNS name",
            "Write labels of lower-case letters, digits and hyphens, with dots between them, such as dev.pixstory.com.",
        )


def _place(declared: Declared) -> Checks:
    region, regions = declared.get("platform_region"), catalog.regions()
    if region is not None and regions and region not in regions:
        guess = nearest(region, regions)
        hint = " A zone's letter goes into platform_zones." if region[:-1] in regions else ""
        instead = f"Write {guess}." if guess else "Write the name of an AWS Region, such as ap-south-1."
        yield Mistake(("platform_region",), f"is {show(region)}, not an AWS Region", instead + hint)
    letters, seen = declared.around.zone_letters, set()
    for at, zone in declared.items("platform_zones"):
        if zone not in letters:
            meant = zone[-1:] if zone[-1:] in letters and len(zone) > 1 else None
            instead = (
                f"Write {meant}: the letter alone." if meant else f"Write letters out of {listing(letters, 'and')}."
            )
            yield Mistake(
                ("platform_zones", at), f"is {show(zone)}, not a zone letter that subnets are kept for", instead
            )
        if zone in seen:
            yield Mistake(("platform_zones", at), f"is {show(zone)} a second time", "Write each letter once.")
        seen.add(zone)
    zones = declared.get("platform_zones")
    if zones is not None and len(seen) < 2:
        needy = list(_needs_two_zones(declared))
        if needy or not seen:
            reason = f", and {listing(needy, 'and')} need two" if needy else ""
            yield Mistake(
                ("platform_zones",),
                f"has {len(seen)} zone{'' if len(seen) == 1 else 's'}{reason}",
                "Write two, such as [a, c].",
            )


def _needs_two_zones(declared: Declared) -> Checks:
    if declared.get("aws_compute_groups"):
        yield "Auto Scaling groups (aws_compute_groups)"
    if declared.get("aws_load_balancing_load_balancers"):
        yield "load balancers (aws_load_balancing_load_balancers)"
    # Even a database in one zone has a subnet group over two.
    if declared.get("aws_database_instances"):
        yield "databases (aws_database_instances)"
    if any(group.get("nodes", 1) > 1 for group in declared.entries("aws_cache_groups").values()):
        yield "cache groups (aws_cache_groups)"


def _endpoint(declared: Declared) -> Checks:
    emulated, url = declared.get("platform_emulated"), declared.get("platform_endpoint_url")
    if emulated is True:
        if not url:
            yield Mistake(
                ("platform_endpoint_url",),
                "is not declared, and platform_emulated is true",
                f"Write the emulator's address, such as http://127.0.0.1:5111, in {declared.home}.",
            )
        elif not url.startswith("http://") or not is_loopback(url):
            what = "not on this machine" if host_of(url) and not is_loopback(url) else "not an http:// address"
            yield Mistake(
                ("platform_endpoint_url",),
                f"is {show(url)}, {what}, and platform_emulated is true",
                "Write the emulator's address on loopback, such as http://127.0.0.1:5111.",
            )
    if emulated is False:
        if declared.get("platform_environment") == "local":
            yield Mistake(
                ("platform_emulated",),
                "is false, and the environment is local, which has no AWS account",
                "Write platform_emulated: true.",
            )
        elif url:
            yield Mistake(
                ("platform_endpoint_url",),
                f"is {show(url)}, and platform_emulated is false: the calls of this environment go to AWS",
                "Delete the line, or write platform_emulated: true.",
            )
        for name, value in sorted(declared.around.environ.items()):
            if value and (name in ("AWS_URL", "AWS_ENDPOINT_URL") or name.startswith("AWS_ENDPOINT_URL_")):
                yield Mistake(
                    (name,),
                    f"is {show(value)}, and platform_emulated is false: calls would go there instead of to AWS",
                    f"Unset it: unset {name}.",
                    where="the environment of your shell",
                )


def _tags(declared: Declared) -> Checks:
    tags = declared.get("platform_tags")
    if tags is None:
        return
    room = _MAX_TAGS - len(_ADDED_TAGS)
    if len(tags) > room:
        yield Mistake(
            ("platform_tags",),
            f"has {len(tags)} tags; AWS allows {_MAX_TAGS}, and the roles add {listing(_ADDED_TAGS, 'and')}",
            f"Write at most {room}.",
        )
    wanted = {
        "Project": declared.get("platform_project"),
        "Environment": declared.get("platform_environment"),
        "ManagedBy": "ansible",
    }
    for key, value in wanted.items():
        if value is not None and tags.get(key) != value:
            yield Mistake(
                ("platform_tags", key),
                f"is {show(tags.get(key))}, and resources are found again by {key}: {value}",
                f"Write {key}: {value}.",
            )
    for key, value in tags.items():
        yield from _tag(str(key), value)


def _tag(key: str, value: object) -> Checks:
    path = ("platform_tags", key)
    if key in _ADDED_TAGS:
        yield Mistake(path, "is a tag that the roles set themselves", "Take another name for it.")
    if not isinstance(value, str):
        yield Mistake(path, f"is {show(value)}, not a string", f'Put it in quotes: "{show(value)}".')
    elif len(value) > 256 or not _TAG_CHARACTERS.fullmatch(value):
        yield Mistake(
            path,
            f"is {show(value)}",
            "Write at most 256 letters, digits, spaces and characters out of . : / = + - @ _.",
        )
    if not 1 <= len(key) <= 128 or not _TAG_CHARACTERS.fullmatch(key):
        yield Mistake(
            path,
            "has a key that AWS refuses",
            "Write 1 to 128 letters, digits, spaces and characters out of . : / = + - @ _.",
        )
    if key.lower().startswith("aws:"):
        yield Mistake(path, "has a key that begins with aws:, which AWS keeps for itself", "Take another name for it.")


def _precedence(declared: Declared) -> Checks:
    around = declared.around
    if around.precedence_wanted and list(around.precedence) != list(around.precedence_wanted):
        yield Mistake(
            ("precedence",),
            f"is {listing(around.precedence, 'and')}: the shared group_vars/ could win over the environment's",
            "Run from the top of the repository so that ansible.cfg is read, without ANSIBLE_CONFIG or "
            "ANSIBLE_PRECEDENCE set to something else.",
            where="Ansible's configuration",
        )
