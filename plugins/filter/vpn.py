# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Any

PERSON = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
PERSON_LENGTH = 32
RESERVED = ("ca", "server")
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
# OpenVPN: the pool of a server with topology subnet.
POOL_PREFIXES = range(16, 30)
# pam_google_authenticator, FILEFORMAT: what it takes for RATE_LIMIT and WINDOW_SIZE.
ATTEMPTS = range(1, 101)
ATTEMPTS_SECONDS = range(1, 3601)
WINDOW = range(3, 22)


def network_and_mask(cidr: str) -> str:
    """A CIDR as OpenVPN writes it: 10.0.0.0/8 is 10.0.0.0 255.0.0.0."""
    return IPv4Network(cidr).with_netmask.replace("/", " ")


def vpn_mistakes(variables: Mapping[str, Any]) -> list[str]:
    """What cannot be served, a sentence each: the variable, what is wrong, what to write instead."""
    return [*_transport(variables), *_addresses(variables), *_limits(variables), *_people(variables["vpn_people"])]


def _transport(variables: Mapping[str, Any]) -> list[str]:
    found = []
    endpoint = variables["vpn_endpoint"]
    if not HOST.fullmatch(str(endpoint)):
        found.append(
            f"vpn_endpoint: {endpoint!r} is no name or address. Write what clients connect to, vpn.example.com"
        )
    if variables["vpn_port"] not in range(1, 65536):
        found.append(f"vpn_port: {variables['vpn_port']} is no port. Write 1 to 65535")
    if variables["vpn_ca_passphrase"] is not None and len(variables["vpn_ca_passphrase"]) < 16:
        found.append("vpn_ca_passphrase: it is shorter than 16 characters. Write a longer one, or leave it out on AWS")
    return found


def _network(name: str, value: Any, found: list[str]) -> IPv4Network | None:
    try:
        return IPv4Network(value)
    except ValueError as error:
        found.append(f"{name}: {value!r} is no IPv4 CIDR ({error}). Write one like 10.0.0.0/16")
        return None


def _addresses(variables: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    pool = _network("vpn_pool", variables["vpn_pool"], found)
    if pool and pool.prefixlen not in POOL_PREFIXES:
        found.append(f"vpn_pool: {pool} is a /{pool.prefixlen}. Write a /16 to /29")
        pool = None
    # Network, broadcast and the server's own address are nobody else's.
    if pool and variables["vpn_max_clients"] > pool.num_addresses - 3:
        found.append(
            f"vpn_max_clients: {variables['vpn_max_clients']} do not fit in vpn_pool {pool}. "
            f"Write at most {pool.num_addresses - 3}, or a larger pool"
        )
    for value in variables["vpn_routes"]:
        route = _network("vpn_routes", value, found)
        if route and pool and route.overlaps(pool):
            found.append(f"vpn_routes: {route} overlaps vpn_pool {pool}. Give vpn_pool a CIDR of its own")
    for value in variables["vpn_dns"]:
        try:
            IPv4Address(value)
        except AddressValueError:
            found.append(f"vpn_dns: {value!r} is no IPv4 address. Write the resolver's, 10.10.0.2")
    return found


def _limits(variables: Mapping[str, Any]) -> list[str]:
    found = [
        f"{name}: {variables[name]} is out of reach. Write {reach.start} to {reach.stop - 1}"
        for name, reach in {
            "vpn_max_clients": range(1, 65534),
            "vpn_ca_days": range(1, 36501),
            "vpn_certificate_days": range(1, 36501),
            "vpn_keepalive_interval": range(1, 3601),
            "vpn_sweep_seconds": range(5, 3601),
            "vpn_session_hours": range(1, 169),
            "vpn_code_attempts": ATTEMPTS,
            "vpn_code_attempts_seconds": ATTEMPTS_SECONDS,
            "vpn_code_window": WINDOW,
        }.items()
        if variables[name] not in reach
    ]
    if variables["vpn_code_window"] in WINDOW and variables["vpn_code_window"] % 2 == 0:
        found.append(f"vpn_code_window: {variables['vpn_code_window']} is even. Write an odd number, 3")
    if variables["vpn_certificate_days"] > variables["vpn_ca_days"]:
        found.append("vpn_certificate_days: certificates would outlive their authority. Write at most vpn_ca_days")
    # OpenVPN refuses less.
    if variables["vpn_keepalive_timeout"] < 2 * variables["vpn_keepalive_interval"]:
        found.append("vpn_keepalive_timeout: write at least twice vpn_keepalive_interval")
    return found


def _people(people: Mapping[str, Any]) -> list[str]:
    found = []
    for name, person in people.items():
        place = f"vpn_people.{name}"
        if not PERSON.fullmatch(str(name)) or len(name) > PERSON_LENGTH or name in RESERVED:
            found.append(
                f"{place}: no name for a person. Write lower-case letters and digits, joined by . _ or -, beginning "
                f"with a letter, at most {PERSON_LENGTH}, and none of {', '.join(RESERVED)}"
            )
        if not isinstance(person, Mapping):
            found.append(f"{place}: write a dictionary, {{expires: 2027-06-30}}")
            continue
        for option in person.keys() - {"expires", "state"}:
            found.append(f"{place}.{option}: there is no such option. Write expires and state")
        state = person.get("state", "present")
        if state not in ("present", "revoked"):
            found.append(f"{place}.state: {state!r}. Write present or revoked")
        if "expires" in person:
            found += (
                []
                if _is_moment(person["expires"])
                else [
                    f"{place}.expires: {person['expires']!r} is no date. Write the last day, 2027-06-30, or a moment, "
                    "2027-06-30T18:00:00Z"
                ]
            )
        elif state == "present":
            found.append(f"{place}.expires: it is missing. Write the last day, 2027-06-30")
    return found


def _is_moment(value: Any) -> bool:
    # YAML reads an unquoted day or moment as such.
    if isinstance(value, date):
        return True
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return re.match(r"\d{4}-\d\d-\d\d(?:$|T)", value) is not None


class FilterModule:
    """Filters of the role vpn."""

    def filters(self) -> dict[str, Any]:
        return {"network_and_mask": network_and_mask, "vpn_mistakes": vpn_mistakes}
