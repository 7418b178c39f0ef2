# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ElastiCache as Valkey 8: a primary and its replicas, with TLS and the AUTH token where the group has them.

https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption.html
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.fabric.authority import Authority
from lab.fabric.plan import Host
from lab.fabric.services import SHARED, Service
from lab.fabric.world import Cache, World

COMMAND = ("sh", f"{SHARED}/node.sh")
PRIMARY = "primary"

# What a node does, by /lab/wanted: "primary" or "replica ADDRESS". It says in /lab/status what it is.
NODE = """\
set -u
tell() { echo "$1" >/lab/.status.new && mv /lab/.status.new /lab/status; }
ask() { REDISCLI_AUTH=$(cat /lab/token) valkey-cli -p PORT TLS "$@" 2>/dev/null; }
tell starting
read -r role address </lab/wanted
install -d -o valkey -g valkey -m 0750 /run/lab
install -o valkey -g valkey -m 0600 /lab/valkey.conf /lab/server.pem /lab/ca.pem /run/lab/
[ "$role" = primary ] || echo "replicaof $address PORT" >>/run/lab/valkey.conf
setpriv --reuid valkey --regid valkey --init-groups valkey-server /run/lab/valkey.conf >/dev/null &
server=$!
trap 'kill -TERM $server; wait $server; exit 0' TERM
while kill -0 $server 2>/dev/null; do
    read -r role address </lab/wanted
    now=$(ask INFO replication | tr -d '\\r')
    is=$(echo "$now" | sed -n 's/^role://p')
    of=$(echo "$now" | sed -n 's/^master_host://p')
    if [ "$role" = primary ] && [ "$is" = slave ]; then
        ask REPLICAOF NO ONE >/dev/null
    elif [ "$role" = replica ] && [ -n "$is" ] && [ "$is $of" != "slave $address" ]; then
        ask REPLICAOF "$address" PORT >/dev/null
    elif [ "$is" = master ]; then
        tell "primary $(echo "$now" | sed -n 's/^connected_slaves://p') replicas"
    elif [ "$is" = slave ]; then
        tell "replica $(echo "$now" | sed -n 's/^master_link_status://p')"
    fi
    sleep 1 &
    wait $!
done
tell stopped
exit 1
"""


def settings(cache: Cache, token: str | None) -> str:
    """valkey.conf: what ElastiCache sets by itself, and the parameter group."""
    own = {name: value for name, value in cache.parameters.items() if name == "maxmemory-policy"}
    lines = [f"{name} {value}" for name, value in own.items()]
    lines += ["bind * -::*", "protected-mode no", "dir /run/lab", 'save ""', "maxmemory 64mb"]
    if cache.tls:
        lines += [f"tls-port {cache.port}", "port 0", "tls-replication yes", "tls-auth-clients no"]
        lines += [f"tls-{kind}-file /run/lab/server.pem" for kind in ("cert", "key")]
        lines.append("tls-ca-cert-file /run/lab/ca.pem")
    else:
        lines.append(f"port {cache.port}")
    if token:
        lines += [f'requirepass "{token}"', f'primaryauth "{token}"']
    return "\n".join(lines) + "\n"


def services(
    world: World, hosts: Mapping[str, Host], authority: Authority, tokens: Mapping[str, str | None]
) -> dict[str, Service]:
    """The nodes of all caches whose token is known."""
    found = {}
    for cache in world.caches.values():
        if cache.auth and not tokens.get(cache.id):
            continue
        primary = next(f"cache-{member.id}" for member in cache.members if member.role == PRIMARY)
        for member in cache.members:
            name = f"cache-{member.id}"
            names = tuple(one for one in (cache.endpoint, cache.reader_endpoint, member.endpoint) if one)
            tls = "--tls --cacert /lab/ca.pem --insecure" if cache.tls else ""
            files = {
                "node.sh": NODE.replace("PORT", str(cache.port)).replace("TLS", tls),
                "valkey.conf": settings(cache, tokens.get(cache.id)),
                "token": tokens.get(cache.id) or "",
                "server.pem": authority.issue(names),
                "ca.pem": authority.certificate.read_text(),
                "wanted": f"{PRIMARY}\n" if name == primary else f"replica {hosts[primary].address}\n",
            }
            found[name] = Service(name, name, COMMAND, files)
    return found


def lost(world: World, states: Mapping[str, str]) -> list[tuple[str, str]]:
    """The groups whose primary does not run, each with the replica that is to take over. ``states`` are by member."""
    found = []
    for cache in world.caches.values():
        primary = next(member.id for member in cache.members if member.role == PRIMARY)
        ready = [one.id for one in cache.members if states.get(one.id, "").startswith("replica")]
        if ready and states.get(primary, "away") in ("away", "stopped"):
            found.append((cache.id, ready[0]))
    return found
