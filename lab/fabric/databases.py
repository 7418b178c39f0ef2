# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RDS as PostgreSQL 17: a node in the zone of the primary, and one in the zone of the standby where it is Multi-AZ.

Which zone has the primary is the API's to say, here as on AWS: when a primary is gone the lab asks the API for a
failover, and then does what the API tells. The standby is synchronous as long as it streams.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from lab.fabric.authority import Authority
from lab.fabric.plan import Host
from lab.fabric.services import SHARED, Service
from lab.fabric.world import Database, World

COMMAND = ("sh", f"{SHARED}/node.sh")
PRIMARY, STANDBY = "primary", "standby"

# What a node does, by /lab/wanted: "primary" or "standby ADDRESS". It says in /lab/status what it is.
NODE = """\
set -u
export PGDATA=/var/lib/postgresql/lab PATH=/usr/lib/postgresql/17/bin:$PATH PGHOST=/run/postgresql PGUSER=postgres
export HOME=/var/lib/postgresql
as() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
sql() { as psql --no-psqlrc --quiet --tuples-only --no-align --command "$1" postgres; }
tell() { echo "$1" >/lab/.status.new && mv /lab/.status.new /lab/status; }
install -d -o postgres -g postgres -m 0775 /run/postgresql
tell starting
read -r role address </lab/wanted
install -o postgres -g postgres -m 0600 /lab/server.pem /run/postgresql/server.pem
install -o postgres -g postgres -m 0600 /lab/replication.pass /run/postgresql/pass
if [ "$role" = primary ] && ! [ -s "$PGDATA/PG_VERSION" ]; then
    install -d -o postgres -g postgres -m 0700 "$PGDATA"
    as initdb --pgdata "$PGDATA" --auth=peer --encoding UTF8 --locale C.UTF-8 --data-checksums >/dev/null || exit 1
fi
if [ "$role" = standby ] && ! [ -e "$PGDATA/standby.signal" ]; then
    rm -rf "$PGDATA"
    install -d -o postgres -g postgres -m 0700 "$PGDATA"
    until as pg_basebackup --pgdata "$PGDATA" --write-recovery-conf --checkpoint fast \\
        --dbname "host=$address user=lab_replication sslmode=require passfile=/run/postgresql/pass"; do
        find "$PGDATA" -mindepth 1 -delete
        sleep 1
    done
fi
# root owns the folder that is shared, and the server is not root.
install -o postgres -g postgres -m 0600 /lab/pg_hba.conf "$PGDATA/pg_hba.conf"
install -o postgres -g postgres -m 0600 /lab/postgresql.conf /run/postgresql/postgresql.conf
as postgres -D "$PGDATA" -c config_file=/run/postgresql/postgresql.conf &
server=$!
trap 'kill -INT $server; wait $server; exit 0' TERM
applied=
while kill -0 $server 2>/dev/null; do
    read -r role address </lab/wanted
    recovery=$(sql 'SELECT pg_is_in_recovery()' 2>/dev/null)
    if [ "$role$recovery" = primaryt ]; then
        sql 'SELECT pg_promote()' >/dev/null
    elif [ "$role$recovery" = primaryf ]; then
        # First: no write ends while it waits for a standby that is gone, those for the users neither.
        names=
        [ "$(sql "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")" = 0 ] || names='*'
        if [ "$(sql 'SHOW synchronous_standby_names')" != "$names" ]; then
            sql "ALTER SYSTEM SET synchronous_standby_names = '$names'" && sql 'SELECT pg_reload_conf()' >/dev/null
        fi
        if [ "$applied" != "$(cksum </lab/users.sql)" ]; then
            as psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 postgres </lab/users.sql >/dev/null &&
                applied=$(cksum </lab/users.sql)
        fi
        tell "primary ${names:+synchronous}"
    elif [ "$role$recovery" = standbyt ]; then
        tell "standby $(sql 'SELECT status FROM pg_stat_wal_receiver')"
    elif [ "$role$recovery" = standbyf ]; then
        tell "former primary"
    fi
    sleep 1 &
    wait $!
done
tell stopped
exit 1
"""

HBA = """\
local all postgres peer
hostssl replication lab_replication all scram-sha-256
{kind} all all all scram-sha-256
"""


@dataclass(frozen=True)
class Passwords:
    """The password of the master user, and the one that nodes know one another by."""

    master: str
    replication: str


def settings(database: Database) -> str:
    """postgresql.conf: what RDS sets by itself, and the parameter group. Names with a dot are RDS's own."""
    fixed = {
        "listen_addresses": "*",
        "port": str(database.port),
        "unix_socket_directories": "/run/postgresql",
        "ssl": "on",
        "ssl_cert_file": "/run/postgresql/server.pem",
        "ssl_key_file": "/run/postgresql/server.pem",
        "hot_standby": "on",
        # A lab whose computer loses power is lost anyway.
        "fsync": "off",
        "full_page_writes": "off",
        "wal_keep_size": "256MB",
        "wal_receiver_timeout": "5s",
        "wal_sender_timeout": "5s",
        # Both nodes of RDS are one storage: after a hang of both no commit waits for the standby to come back.
        "wal_retrieve_retry_interval": "200ms",
        "max_connections": "200",
        "shared_buffers": "64MB",
    }
    own = {name: value for name, value in database.parameters.items() if "." not in name}
    return "".join(f"{name} = {_literal(value)}\n" for name, value in {**own, **fixed}.items())


def users(database: Database, passwords: Passwords) -> str:
    """The roles and the database that RDS makes; it may be run again and again."""
    lines = [
        _role("lab_replication", f"LOGIN REPLICATION PASSWORD {_literal(passwords.replication)}"),
        _role("rds_superuser", "CREATEDB CREATEROLE NOLOGIN"),
        _role(database.user, f"LOGIN CREATEDB CREATEROLE PASSWORD {_literal(passwords.master)}"),
        "GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO rds_superuser WITH ADMIN OPTION;",
        f"GRANT rds_superuser TO {_name(database.user)};",
    ]
    if database.name:
        create = f"CREATE DATABASE {_name(database.name)} OWNER {_name(database.user)}"
        known = f"SELECT FROM pg_database WHERE datname = {_literal(database.name)}"
        lines.append(f"SELECT {_literal(create)} WHERE NOT EXISTS ({known}) \\gexec")
    return "\n".join(lines) + "\n"


def _role(name: str, attributes: str) -> str:
    known = f"SELECT FROM pg_roles WHERE rolname = {_literal(name)}"
    create = f"SELECT {_literal(f'CREATE ROLE {_name(name)}')} WHERE NOT EXISTS ({known}) \\gexec"
    return f"{create}\nALTER ROLE {_name(name)} {attributes};"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def services(
    world: World, hosts: Mapping[str, Host], authority: Authority, passwords: Mapping[str, Passwords]
) -> dict[str, Service]:
    """The nodes of all databases whose password is known."""
    found = {}
    for host in hosts.values():
        if host.kind != "database" or host.resource not in passwords:
            continue
        database = world.databases[host.resource]
        known = passwords[database.id]
        ssl = database.parameters.get("rds.force_ssl", "1") != "0"
        primary = next(
            one
            for one in hosts.values()
            if (one.kind, one.resource, one.zone) == ("database", database.id, database.zone)
        )
        files = {
            "node.sh": NODE,
            "postgresql.conf": settings(database),
            "pg_hba.conf": HBA.format(kind="hostssl" if ssl else "host"),
            "users.sql": users(database, known),
            "replication.pass": f"*:*:*:*:{known.replication}\n",
            "server.pem": authority.issue((database.endpoint,)),
            "wanted": f"{PRIMARY}\n" if host is primary else f"{STANDBY} {primary.address}\n",
        }
        found[host.name] = Service(host.name, host.name, COMMAND, files)
    return found


def lost(world: World, states: Mapping[str, str]) -> list[str]:
    """The databases whose primary does not run and whose standby can take over. ``states`` are by database and zone."""
    return [
        database.id
        for database in world.databases.values()
        if database.standby_zone
        and states.get(f"{database.id} {database.zone}", "away") in ("away", "stopped")
        and states.get(f"{database.id} {database.standby_zone}", "").startswith(STANDBY)
    ]


def master_password(secret: str) -> str:
    """The password in the secret that RDS manages."""
    return str(json.loads(secret)["password"])
