# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the costly defaults cost: `python -m tests.costs` prints the tables of docs/costs.md.

The numbers of things come from the inventories, the prices from AWS's price list. Machines, databases and traffic are
not here: what they cost follows from their sizes, which nobody takes for a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.waf import declared, rules

ENVIRONMENTS = ("production", "staging", "dev")
HOURS = 730
# US dollars, AWS's list prices of ap-south-1 in November 2026, by the usage type on the bill.
# https://aws.amazon.com/vpc/pricing/ https://aws.amazon.com/privatelink/pricing/
NAT_GATEWAY_HOUR = 0.056  # APS3-NatGateway-Hours
ENDPOINT_HOUR = 0.013  # APS3-VpcEndpoint-Hours, in each zone
# https://aws.amazon.com/waf/pricing/
WEB_ACL, WAF_RULE, BOT_CONTROL = 5.0, 1.0, 10.0
# https://aws.amazon.com/cloudwatch/pricing/
LOGS_GB = 0.67  # APS3-DataProcessing-Bytes
# https://aws.amazon.com/cloudtrail/pricing/
DATA_EVENT = 0.10 / 100_000

MILLION = 1_000_000
# Typical sizes of a record in CloudWatch Logs, in bytes. The real ones: the log group's metric IncomingBytes.
EVENT_BYTES, WAF_BYTES, FLOW_BYTES = 1500, 2000, 120
# A connection between two machines: both interfaces record both directions.
FLOWS = 4
# The share of requests that some rule refuses or counts. Yours is in the metrics of the web ACL.
MATCHED = 0.03

Variables = Mapping[str, Any]
Row = tuple[str, ...]


def nat_gateways(variables: Variables) -> int:
    vpcs = sum(bool(vpc.get("nat_tiers")) for vpc in variables["aws_network_vpcs"].values())
    return vpcs * (len(variables["platform_zones"]) if variables["aws_network_nat_gateways"] == "one_per_zone" else 1)


def endpoints(variables: Variables) -> int:
    """Interface endpoints, one in each zone."""
    return len(variables["aws_vpc_endpoints_interface"]) * len(variables["platform_zones"])


def firewall(variables: Variables) -> float:
    made = rules(variables)
    bots = sum("BotControl" in str(rule["Statement"]) for rule in made.values())
    return WEB_ACL * len(variables["aws_waf_web_acls"]) + WAF_RULE * len(made) + BOT_CONTROL * bots


def monthly(environments: Mapping[str, Variables]) -> list[Row]:
    """US dollars a month, whatever the traffic."""

    def row(what: str, variable: str, dollars: Mapping[str, float], instead: str) -> Row:
        return (what, variable, *(f"{dollars[name]:.0f}" for name in environments), instead)

    def each(price: Any) -> dict[str, float]:
        return {name: price(variables) for name, variables in environments.items()}

    single = NAT_GATEWAY_HOUR * HOURS
    one = ENDPOINT_HOUR * HOURS
    return [
        row(
            "NAT gateways",
            "`aws_network_nat_gateways`",
            each(lambda variables: nat_gateways(variables) * single),
            f"`single`: {single:.0f}. When its zone fails, no private machine reaches the internet",
        ),
        row(
            "Interface endpoints",
            "`aws_vpc_endpoints_interface`",
            each(lambda variables: endpoints(variables) * one),
            f"`[]`: 0. Each is {one:.0f} a zone. Machines then reach AWS through the NAT gateway",
        ),
        row(
            "Web ACLs, their rules and Bot Control",
            "`aws_waf_web_acls`, `aws_waf_rules`",
            each(firewall),
            f"without the rule `bots`: {BOT_CONTROL + WAF_RULE:.0f} less",
        ),
    ]


def gigabytes(records: float, size: int) -> float:
    return records * size / 1e9


def per_million() -> list[Row]:
    """US dollars for each million of what visitors and machines do."""
    event = MILLION * DATA_EVENT + gigabytes(MILLION, EVENT_BYTES) * LOGS_GB
    # Every request is seen by the web ACL of the edge, and what is passed on by that of the load balancer.
    requests = gigabytes(2 * MILLION, WAF_BYTES) * LOGS_GB
    flows = gigabytes(FLOWS * MILLION, FLOW_BYTES) * LOGS_GB
    return [
        ("objects that CloudFront reads", "`aws_account_trail_data_events`", "`chosen`: 0.00", f"`all`: {event:.2f}"),
        (
            "requests, in the logs of WAF",
            "`aws_waf_logged_actions`",
            f"`[BLOCK, COUNT]`: {requests * MATCHED:.2f}",
            f"`[]`: {requests:.2f}",
        ),
        (
            "connections, in the flow logs",
            "`aws_network_flow_log_traffic`",
            "`REJECT`: next to 0",
            f"`ALL`: {flows:.2f}",
        ),
    ]


def table(columns: Row, found: list[Row]) -> str:
    lines = [columns, tuple("---" for _ in columns), *found]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def tables() -> list[str]:
    environments = {name: declared(name) for name in ENVIRONMENTS}
    return [
        table(("USD a month", "set by", *ENVIRONMENTS, "the other choice"), monthly(environments)),
        table(("USD a million", "set by", "as it is", "the other choice"), per_million()),
    ]


if __name__ == "__main__":
    print("\n".join(tables()), end="")
