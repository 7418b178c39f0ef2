"""Every name that people or machines are given is written into a zone by some role."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.unit.test_environments import ROOT, merged

DOMAIN = "{{ platform_domain }}"
# The zone of a name as variables have it: by the variable of the zone, or as the private zone is called.
NAME = re.compile(
    r"(?<![\w.@-])([a-z0-9-]+)\.(\{\{ ?(?:platform_domain|aws_dns_private_zone) ?\}\}|internal)(?![\w.-])"
)
# What role aws_edge names by itself, see its vars: CloudFront's way to the load balancer.
ORIGIN = "origin"


def given(environment: str) -> set[tuple[str, str]]:
    """The names in an environment's variables, in its machines' group variables and in what their roles default to."""
    variables = merged(environment)
    machines = {
        name.replace("-", "_") for name in {**variables["aws_compute_groups"], **variables["aws_compute_instances"]}
    }
    files = [path for name in machines for path in ROOT.glob(f"**/group_vars/{name}.yml") if ".venv" not in path.parts]
    files += [path for name in machines for path in ROOT.glob(f"roles/{name}/defaults/main.yml")]
    texts = [json.dumps(variables), *(json.dumps(yaml.safe_load(path.read_text())) for path in files)]
    found = {match.groups() for text in texts for match in NAME.finditer(text)}
    return {(name, DOMAIN if "domain" in zone else "internal") for name, zone in found}


def written(environment: str) -> set[tuple[str, str]]:
    variables = merged(environment)
    public = {*variables["aws_endpoints_public_names"]}
    if variables["aws_edge_load_balancer"]:
        public |= {ORIGIN, *variables["aws_edge_names"]}
    return {(name, DOMAIN) for name in public} | {(name, "internal") for name in variables["aws_endpoints_names"]}


@pytest.mark.parametrize("environment", ["production", "staging", "dev", "local"])
def test_every_name_that_is_given_is_written_into_a_zone(environment: str) -> None:
    assert merged(environment)["aws_dns_private_zone"] == "internal"
    assert given(environment) - written(environment) == set()


def test_names_are_found_where_they_are_given() -> None:
    assert {("vpn", DOMAIN), ("db", "internal"), ("web", "internal"), ("speech-api", "internal")} <= given("production")
    assert f"{ORIGIN}.{DOMAIN}" in Path(ROOT / "roles/aws_edge/vars/main.yml").read_text()
