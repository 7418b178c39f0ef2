# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The database and the cache of an app machine: this computer's PostgreSQL and Redis, in the machine's namespace."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from lab.machines.host import Lacking

# Where QEMU's user network has what listens on the namespace's loopback.
HOST = "10.0.2.2"
READY_SECONDS = 60
OWNER = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]  # PostgreSQL refuses root


def commands(folder: Path, password: str) -> dict[str, Sequence[str]]:
    """What is run in the namespace, by name. The folder becomes that of whoever runs it."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    redis = shutil.which("redis-server")
    if not programs or not redis:
        raise Lacking("for an app machine install postgresql and redis-server (Debian: apt-get install …)")
    secret = folder / "password"
    secret.write_text(password)
    for path in (folder, secret):
        shutil.chown(path, "nobody", "nogroup")
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    made = [str(programs[-1] / "initdb"), f"--pgdata={data}", "--username=pixstory", f"--pwfile={secret}"]
    subprocess.run(
        [*OWNER, *made, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    postgres = [str(programs[-1] / "postgres"), "-D", str(data), "-k", str(folder), "-c", "listen_addresses=127.0.0.1"]
    return {
        "postgres": [*OWNER, *postgres, "-c", "fsync=off"],
        "redis": [*OWNER, redis, "--bind", "127.0.0.1", "--requirepass", password, "--save", "", "--dir", str(folder)],
    }


def create_database(folder: Path, password: str) -> None:
    """Make the app's database, once PostgreSQL answers on its socket."""
    asked = ["psql", "--host", str(folder), "--username", "pixstory", "--dbname", "postgres"]
    environment = {"PGPASSWORD": password, "PATH": "/usr/bin:/bin"}
    until = time.monotonic() + READY_SECONDS
    while True:
        made = [*asked, "--command", "CREATE DATABASE pixstory"]
        done = subprocess.run(made, env=environment, capture_output=True, text=True)
        if done.returncode == 0:
            return
        if time.monotonic() > until:
            raise SystemExit(f"PostgreSQL does not answer in {folder}: {done.stderr.strip()}")
        time.sleep(0.5)


def settings(password: str) -> tuple[dict[str, str], dict[str, str]]:
    """The app's parameters, and its secrets, by their names in Systems Manager and Secrets Manager."""
    parameters = {
        "app/database-host": HOST,
        "app/database-name": "pixstory",
        "app/database-username": "pixstory",
        "app/database-sslmode": "prefer",
        "app/cache-host": HOST,
        "app/cache-tls": "0",
    }
    kept = {
        "app/database-password": password,
        "app/cache-auth-token": password,
        "app/secret-key": secrets.token_urlsafe(48),
    }
    return parameters, kept
