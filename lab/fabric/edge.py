# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands for CloudFront: HAProxy on the internet's side, which knows the header that the load balancer asks for.

It is made from the distribution and its web ACL: TLS with the distribution's names, the origin's own headers, and the
rules of lab.fabric.firewall. It keeps no answers, and passes on to the load balancer also what a bucket would answer.
It repeats what a GET or a HEAD asked of an origin that fell silent.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.fabric import balancers, firewall
from lab.fabric.authority import Authority
from lab.fabric.balancers import quoted
from lab.fabric.plan import EDGE, Host
from lab.fabric.services import SHARED, Service
from lab.fabric.world import Distribution, WebAcl, World

CERTIFICATE = "443.pem"
AUTHORITY = "ca.crt"
TO_TLS = ("redirect-to-https",)


def nodes(world: World, hosts: Mapping[str, Host], name: str) -> list[Host]:
    """The nodes of the load balancer that a public name leads to."""
    seen = set()
    while name not in seen:
        seen.add(name)
        name = next((one.values[0] for one in world.public_records if one.name == name), name)
    arns = [one.arn for one in world.load_balancers.values() if one.dns_name.lower() == name.lower()]
    return [host for host in hosts.values() if host.resource in arns and host.public]


def config(distribution: Distribution, acl: WebAcl, found: list[Host]) -> tuple[str, dict[str, str]]:
    """The configuration, and the files that it reads."""
    if distribution.policies != TO_TLS:
        raise SystemExit(f"viewer protocol policy {', '.join(distribution.policies)}: the lab has {TO_TLS[0]} only")
    rules, sections, files = firewall.config(acl)
    headers = [
        f" http-request set-header {name} {quoted(text.replace('%', '%%'))}" for name, text in distribution.headers
    ]
    parts = [
        "frontend http\n bind :80\n http-request redirect scheme https code 301",
        f"frontend https\n bind :443 ssl crt {SHARED}/{CERTIFICATE} alpn h2,http/1.1",
        " option forwardfor",
        *rules,
        " default_backend origin",
        "backend origin",
        " balance roundrobin",
        f" timeout server {distribution.read_timeout}s",
        f" retries {distribution.attempts - 1}",
        " retry-on conn-failure response-timeout",
        " http-request disable-l7-retry unless { method GET HEAD }",
        # What a load balancer's name leads to are its nodes that answer.
        " default-server check inter 1s fall 2 rise 1 no-check-ssl",
        *headers,
        f" http-request add-header Via '%[req.ver] {distribution.domain} (CloudFront)'",
        f" http-response add-header Via '%[res.ver] {distribution.domain} (CloudFront)'",
    ]
    tls = f"ssl verify required ca-file {SHARED}/{AUTHORITY} sni str({distribution.origin})"
    parts += [f" server {host.name} {host.public}:443 {tls}" for host in found]
    return "".join([balancers.HEADER, *sections]) + "\n".join(parts) + "\n", files


def services(world: World, hosts: Mapping[str, Host], authority: Authority) -> dict[str, Service]:
    """The edge, without its namespace; nothing where there is no distribution."""
    if EDGE not in hosts:
        return {}
    distribution = world.distributions[0]
    acl = world.web_acls.get(distribution.web_acl, WebAcl(()))
    text, files = config(distribution, acl, nodes(world, hosts, distribution.origin))
    files |= {
        balancers.CONFIG: text,
        CERTIFICATE: authority.issue(distribution.aliases or (distribution.domain,)),
        AUTHORITY: authority.certificate.read_text(),
    }
    return {EDGE: Service(EDGE, EDGE, balancers.COMMAND, files, reload=balancers.RELOAD, handed_on=(balancers.STATE,))}
