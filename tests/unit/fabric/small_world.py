# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small world: two VPCs that are peered, a web and an app machine, a load balancer, a database and a cache."""

from __future__ import annotations

from dataclasses import replace

from lab.fabric.world import (
    Cache,
    Database,
    Instance,
    Listener,
    LoadBalancer,
    Member,
    Record,
    Route,
    Rule,
    Subnet,
    TargetGroup,
    World,
)

SUBNETS = [
    Subnet("public-a", "main", "10.30.0.0/20", "ap-south-1a"),
    Subnet("public-c", "main", "10.30.32.0/20", "ap-south-1c"),
    Subnet("app-a", "main", "10.30.64.0/20", "ap-south-1a"),
    Subnet("data-a", "main", "10.30.128.0/20", "ap-south-1a"),
    Subnet("data-c", "main", "10.30.160.0/20", "ap-south-1c"),
    Subnet("speech-a", "speech", "10.31.0.0/20", "ap-south-1a"),
]
EVERYWHERE = "0.0.0.0/0"
WORLD = World(
    vpcs={"main": "10.30.0.0/16", "speech": "10.31.0.0/16"},
    subnets={one.id: one for one in SUBNETS},
    routes={
        "public-a": (Route(EVERYWHERE, "igw-1"),),
        "public-c": (Route(EVERYWHERE, "igw-1"),),
        "app-a": (Route(EVERYWHERE, "nat-1"), Route("10.31.0.0/16", "pcx-1")),
        "speech-a": (Route(EVERYWHERE, "igw-2"), Route("10.30.0.0/16", "pcx-1")),
    },
    rules={
        "sg-alb": (
            Rule("ingress", "tcp", 443, 443, cidr=EVERYWHERE),
            Rule("egress", "tcp", 8080, 8080, group="sg-web"),
        ),
        "sg-web": (Rule("ingress", "tcp", 8080, 8080, group="sg-alb"), Rule("egress", "-1", -1, -1, cidr=EVERYWHERE)),
        "sg-app": (
            Rule("egress", "tcp", 5432, 5432, group="sg-db"),
            Rule("egress", "tcp", 443, 443, cidr="10.31.0.0/20"),
        ),
        "sg-db": (Rule("ingress", "tcp", 5432, 5432, group="sg-app"),),
        "sg-speech": (Rule("ingress", "tcp", 443, 443, cidr="10.30.64.0/20"),),
    },
    instances={
        "i-web": Instance("i-web", "running", "ami-1", "10.30.64.4", "app-a", ("sg-web",), {"Role": "web"}, "web"),
        "i-app": Instance("i-app", "running", "ami-1", "10.30.64.5", "app-a", ("sg-app",), {"Role": "app"}),
        "i-speech": Instance(
            "i-speech", "running", "ami-1", "10.31.0.4", "speech-a", ("sg-speech",), public="198.18.0.1"
        ),
        "i-gone": Instance("i-gone", "terminated", "ami-1", "", ""),
    },
    load_balancers={
        "arn:public": LoadBalancer(
            "arn:public",
            "public",
            "Public-1.elb.amazonaws.com",
            True,
            ("public-a", "public-c"),
            ("sg-alb",),
            (
                Listener(
                    80,
                    "HTTP",
                    redirect={
                        "Host": "#{host}",
                        "Path": "/#{path}",
                        "Port": "443",
                        "Protocol": "HTTPS",
                        "Query": "#{query}",
                        "StatusCode": "HTTP_301",
                    },
                ),
                Listener(443, "HTTPS", "arn:certificate", "arn:web"),
            ),
        )
    },
    target_groups={
        "arn:web": TargetGroup(
            "arn:web", "web", "HTTP", "/healthz", "200-299", 10, 5, 2, 3, (("i-web", 8080), ("i-gone", 8080))
        )
    },
    databases={
        "main": Database(
            "main",
            "main.rds.amazonaws.com",
            5432,
            "ap-south-1a",
            "ap-south-1c",
            ("data-a", "data-c"),
            ("sg-db",),
            "admin",
            "pixstory",
            None,
            {"log_connections": "1", "rds.force_ssl": "1"},
        )
    },
    caches={
        "main": Cache(
            "main",
            "master.cache.amazonaws.com",
            "replica.cache.amazonaws.com",
            6379,
            True,
            True,
            (
                Member("main-001", "ap-south-1a", "primary", "main-001.cache.amazonaws.com"),
                Member("main-002", "ap-south-1c", "replica", "main-002.cache.amazonaws.com"),
            ),
            ("data-a", "data-c"),
            (),
        )
    },
    records=(
        Record("db.internal", "CNAME", ("main.rds.amazonaws.com",)),
        Record("site.internal", "A", ("public-1.elb.amazonaws.com",), alias=True),
        Record("speech-api.internal", "A", ("10.31.0.4",)),
        Record("loop.internal", "CNAME", ("loop.internal",)),
    ),
    certificates={"arn:certificate": ("pixstory.test", "*.pixstory.test")},
)


def with_database(**changes: str) -> World:
    """The same world with another database."""
    return replace(WORLD, databases={"main": replace(WORLD.databases["main"], **changes)})
