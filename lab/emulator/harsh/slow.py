# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What takes AWS minutes passes through its states, by the emulator's clock.

The extensions say when something begins, and ask which state it is in. AWS promises no durations; these are what its
guides and those who measure report, on the long side of ordinary. `slow=1` makes them last as long as that; by default
they are a hundredth, so that a run waits, polls and is refused as on AWS, and still ends in minutes.
"""

from __future__ import annotations

from lab.emulator import harsh, registry
from lab.emulator.clock import CLOCK, each_tick

SLOW = harsh.switch("slow", on=0.01, off=0.0, text="what part of AWS's own time slow things take")

# Seconds, by what is done to what.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html names the states of instances.
DATABASE_CREATED, DATABASE_MODIFIED, DATABASE_REBOOTED, DATABASE_DELETED = 900, 180, 60, 300
# https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html
CACHE_CREATED, CACHE_MODIFIED, CACHE_DELETED = 720, 180, 300
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowToUpdateDistribution.html
DISTRIBUTION_DEPLOYED = 300
# https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
NAT_GATEWAY_CREATED, NAT_GATEWAY_DELETED = 120, 60
# https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
CERTIFICATE_RECORD_MADE, CERTIFICATE_ISSUED = 10, 300
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
LOAD_BALANCER_PROVISIONED = 150


_ends: list[float] = []


def _passing(arn: str) -> dict[str, tuple[str, float]]:
    region, account = arn.split(":")[3:5]
    return registry.table(account, region or "aws", "slow states")


def begin(arn: str, state: str, seconds: float) -> None:
    """A resource is in this state for so long from now."""
    if SLOW:
        end = CLOCK.now() + seconds * SLOW.value
        _passing(arn)[arn] = (state, end)
        _ends.append(end)


def state_of(arn: str, settled: str) -> str:
    """The state that a resource is in; ``settled`` once nothing goes on with it."""
    state, until = _passing(arn).get(arn, ("", 0.0))
    return state if CLOCK.now() < until else settled


@each_tick
def settle(now: float) -> bool:
    """Whether something has reached its next state since the last look."""
    reached = [end for end in _ends if end <= now]
    for end in reached:
        _ends.remove(end)
    return bool(reached)
