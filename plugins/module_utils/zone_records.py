# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of a domain: out of a zone file, and as its name servers answer, in one form that can be compared."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.zone
except ImportError:  # whoever calls says it
    HAS_DNSPYTHON = False
else:
    HAS_DNSPYTHON = True

NO_DNSPYTHON = "The Python package dnspython is not installed where this runs. `make setup` installs it."

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
TYPES = (
    *("A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS"),
    *("PTR", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"),
)
# Written by whoever serves the zone.
SERVERS_OWN = ("SOA", "DNSKEY", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "CDS", "CDNSKEY")
# A zone cannot be listed from outside, so that is asked for what domains commonly have.
MAIL = ("_dmarc", "_mta-sts", "_smtp._tls", "mta-sts", "mail", "webmail", "smtp", "imap", "pop", "mx", "mg", "em")
MAIL_KEYS = tuple(
    f"{name}._domainkey"
    for name in (
        "default",
        "google",
        "selector1",
        "selector2",
        "s1",
        "s2",
        "k1",
        "k2",
        "k3",
        "mail",
        "dkim",
        "mandrill",
    )
)
OFFICE = (
    "autodiscover",
    "autoconfig",
    "lyncdiscover",
    "sip",
    "enterpriseregistration",
    "enterpriseenrollment",
    "msoid",
)
SITE = ("www", "api", "app", "m", "blog", "shop", "cdn", "static", "img", "media", "help", "support", "status", "docs")
INSIDE = ("vpn", "ftp", "sftp", "git", "dev", "staging", "test", "intranet", "remote", "ns1", "ns2", "admin", "portal")
SERVICES = ("_autodiscover._tcp", "_sip._tls", "_sipfederationtls._tcp", "_imaps._tcp", "_submission._tcp")
ASKED = {"": ("A", "AAAA", "MX", "TXT", "CAA"), **dict.fromkeys(SERVICES, ("SRV",))} | dict.fromkeys(
    (*MAIL, *MAIL_KEYS, *OFFICE, *SITE, *INSIDE), ("A", "AAAA", "MX", "TXT")
)
# Nobody has that name, so what answers is a record for all names.
NOBODY = "no-such-name-8f3a1c"

Key = tuple[str, str]
Records = dict[Key, frozenset[str]]


class Mistaken(Exception):
    """What is wrong, where, and what to do."""


def parse(text: str, domain: str) -> list[dict[str, Any]]:
    """The records of a zone file that Route 53 is to have: without SOA, the domain's own name servers and DNSSEC.

    :raises Mistaken: the file cannot be read, or has what Route 53 does not take.
    """
    origin = dns.name.from_text(domain)
    try:
        zone = dns.zone.from_text(
            f"$ORIGIN {origin}\n$TTL 3600\n{text}", origin=origin, relativize=False, check_origin=False
        )
    except dns.exception.DNSException as error:
        # Two lines are ours. Of some mistakes the parser tells the line after.
        told = re.sub(r"<string>:(\d+)", lambda found: f"in line {int(found[1]) - 2} or the one before", str(error))
        raise Mistaken(f"it is no zone file of {domain} (RFC 1035, as BIND writes it): {told}.") from error
    found, refused = [], []
    for name, rdataset in zone.iterate_rdatasets():
        kind = dns.rdatatype.to_text(rdataset.rdtype)
        if kind in SERVERS_OWN or (kind == "NS" and name == origin):
            continue
        if kind not in TYPES:
            refused.append(f"{name} {kind}")
            continue
        values = sorted(as_route53(rdata.to_text()) for rdata in rdataset)
        found.append({"name": str(name), "type": kind, "ttl": rdataset.ttl, "value": values})
    if refused:
        raise Mistaken(f"Route 53 takes no {', '.join(sorted(refused))}. Take them out of the file.")
    if not found:
        raise Mistaken(f"it has no record of {domain}. Export it for this domain, and check its $ORIGIN.")
    return sorted(found, key=lambda record: (record["name"], record["type"]))


def as_route53(value: str) -> str:
    """Octets that cannot be printed: zone files write them in decimal, Route 53 in octal."""
    return re.sub(r"\\(\d{3})", lambda found: f"\\{int(found[1]):03o}", value)


def _as_zone_file(value: str) -> str:
    return re.sub(r"\\([0-3][0-7]{2})", lambda found: f"\\{int(found[1], 8):03d}", value)


def of_route53(record_sets: Iterable[Mapping[str, Any]]) -> Records:
    """The record sets of ListResourceRecordSets. What an alias leads to is not known here."""
    found: dict[Key, frozenset[str]] = {}
    for one in record_sets:
        name = one["Name"].replace(r"\052", "*").lower()
        if "AliasTarget" in one:
            found[name, one["Type"]] = frozenset({f"alias of {one['AliasTarget']['DNSName']}"})
        elif one["Type"] != "SOA":
            values = [_as_zone_file(item["Value"]) for item in one.get("ResourceRecords", [])]
            found[name, one["Type"]] = frozenset(_canonical(one["Type"], value) for value in values)
    return found


def _canonical(kind: str, value: str) -> str:
    return _text(dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), value, dns.name.root, False))


def _text(rdata: Any) -> str:
    """Names in lower case; what is in quotes is left alone."""
    text = str(rdata.to_text())
    return text if '"' in text else text.lower()


@dataclass(frozen=True)
class Servers:
    """Name servers that answer for a domain today, each as an address or a name, with ``:port`` if it is not 53."""

    addresses: tuple[tuple[str, int], ...]
    seconds: float = 3.0

    @classmethod
    def of(cls, servers: Iterable[str]) -> Servers:
        found = []
        for server in servers:
            host, _, port = server.rpartition(":") if re.fullmatch(r"[^:]+:\d+", server) else (server, "", "53")
            try:
                found.append((socket.getaddrinfo(host, None, proto=socket.IPPROTO_UDP)[0][4][0], int(port)))
            except OSError as error:
                raise Mistaken(f"the name server {server} is not found: {error}.") from error
        return cls(tuple((str(address), port) for address, port in found))

    def answer(self, key: Key) -> tuple[Key, frozenset[str]] | None:
        """The record of that name and type, or its CNAME, if there is one."""
        name, kind = dns.name.from_text(key[0]), dns.rdatatype.from_text(key[1])
        question = dns.message.make_query(name, kind, flags=0)
        response = self._ask(question)
        for rrset in (*response.answer, *(response.authority if key[1] == "NS" else ())):
            if rrset.name == name and rrset.rdtype in (kind, dns.rdatatype.CNAME):
                found = (key[0], dns.rdatatype.to_text(rrset.rdtype))
                return found, frozenset(_text(rdata) for rdata in rrset)
        return None

    def _ask(self, question: Any) -> Any:
        reasons = []
        for address, port in self.addresses:
            try:
                response, _ = dns.query.udp_with_fallback(question, address, port=port, timeout=self.seconds)
            except (dns.exception.DNSException, OSError) as error:
                reasons.append(f"{address} port {port}: {error or type(error).__name__}")
                continue
            if response.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return response
            reasons.append(f"{address} port {port}: {dns.rcode.to_text(response.rcode())}")
        [asked] = question.question
        raise Mistaken(f"no name server answers for {asked.name}: {'; '.join(reasons)}.")

    def answers(self, keys: Iterable[Key]) -> Records:
        with ThreadPoolExecutor(16) as pool:
            return dict(filter(None, pool.map(self.answer, sorted(set(keys)))))


def answered(servers: Servers, domain: str, names: Iterable[str], also: Iterable[Key]) -> Records:
    """What the name servers say of a domain: of the names that domains commonly have, and of those that are given.

    :param names: further names, relative to the domain.
    :param also: what else is asked for, the records of the new zone say.
    """
    apex = str(dns.name.from_text(domain)).lower()
    asked = ASKED | dict.fromkeys(names, ("A", "AAAA", "MX", "TXT"))
    keys = [(f"{name}.{apex}" if name else apex, kind) for name, kinds in asked.items() for kind in kinds]
    found = servers.answers([*keys, *also])
    for_all = servers.answers((f"{NOBODY}.{apex}", kind) for kind in ("A", "AAAA", "MX", "TXT"))
    wildcard = {kind: values for (_, kind), values in for_all.items()}
    known = set(also)
    own = {key: values for key, values in found.items() if key in known or values != wildcard.get(key[1])}
    return own | {(f"*.{apex}", kind): values for kind, values in wildcard.items()}


def differences(present: Records, new: Records, taken_over: Iterable[str] = ()) -> list[dict[str, Any]]:
    """What the present name servers answer and the new zone does not have, or has otherwise.

    :param taken_over: names whose addresses are meant to change.
    """
    moved = {f"{name.rstrip('.').lower()}." for name in taken_over}
    return [
        _difference(key, values, new.get(key, frozenset()))
        for key, values in sorted(present.items())
        if values != new.get(key) and not (key[0] in moved and key[1] in ("A", "AAAA", "CNAME"))
    ]


def _difference(key: Key, present: frozenset[str], new: frozenset[str]) -> dict[str, Any]:
    instead = f"is {', '.join(sorted(new))} in the new zone" if new else "is missing in the new zone"
    text = f"{' '.join(key)} {', '.join(sorted(present))}: {instead}"
    return {"name": key[0], "type": key[1], "present": sorted(present), "new": sorted(new), "text": text}
