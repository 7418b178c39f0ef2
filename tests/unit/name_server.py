# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A name server on loopback that answers from a zone file, as the one does that a domain has today."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.zone


def answer(zone: dns.zone.Zone, query: dns.message.Message) -> dns.message.Message:
    """Names and types of the zone, its CNAMEs and wildcards. Whatever is not in it does not exist."""
    response = dns.message.make_response(query)
    response.flags |= dns.flags.AA
    [asked] = query.question
    if not asked.name.is_subdomain(zone.origin):
        response.set_rcode(dns.rcode.REFUSED)
        return response
    wild = dns.name.Name((b"*", *asked.name.labels[1:])) if asked.name != zone.origin else asked.name
    node = zone.get_node(asked.name) or zone.get_node(wild)
    if node is None:
        response.set_rcode(dns.rcode.NXDOMAIN)
        return response
    for kind in (asked.rdtype, dns.rdatatype.CNAME):
        if rdataset := node.get_rdataset(asked.rdclass, kind):
            response.find_rrset(response.answer, asked.name, asked.rdclass, kind, create=True).update(rdataset)
            break
    return response


@contextmanager
def name_server(text: str, domain: str) -> Iterator[str]:
    """Serves a zone, and is its address with the port."""
    zone = dns.zone.from_text(f"$TTL 3600\n{text}", origin=domain, relativize=False, check_origin=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        wire.settimeout(0.2)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    data, client = wire.recvfrom(4096)
                except TimeoutError:
                    continue
                wire.sendto(answer(zone, dns.message.from_wire(data)).to_wire(), client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{wire.getsockname()[1]}"
        finally:
            over.set()
            thread.join()
