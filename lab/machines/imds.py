# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The instance metadata service, version 2, as far as machines of the platform ask it.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
"""

from __future__ import annotations

import datetime
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

TOKEN_PATH = "/latest/api/token"
TOKEN_HEADER = "X-aws-ec2-metadata-token"
TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"
LONGEST_TTL = 21600
VERSION = re.compile(r"^\d{4}-\d\d-\d\d(?=/|$)")
CREDENTIALS_LIFE = datetime.timedelta(hours=6)

Tree = dict[str, Any]


def tree(instance: Mapping[str, Any], now: datetime.datetime) -> Tree:
    """What the service tells an instance: a dictionary is a folder, a string an answer.

    ``instance`` has ``instance_id``, ``region``, ``zone`` (a letter), ``account``, ``address``, ``name``, ``tags``
    and ``role`` (an IAM role, or None). It may have ``user_data``; ``public_key``, of the key pair that it was launched
    with; ``mac``, of its network interface; and ``managed_keys``, what EC2 Instance Connect was given for it: ``user``,
    ``key`` and ``ends``, in seconds since 1970.
    """
    zone = instance["region"] + instance["zone"]
    document = {
        "accountId": instance["account"],
        "availabilityZone": zone,
        "instanceId": instance["instance_id"],
        "privateIp": instance["address"],
        "region": instance["region"],
        "version": "2017-09-30",
    }
    metadata: Tree = {
        "hostname": instance["name"],
        "instance-id": instance["instance_id"],
        "local-hostname": instance["name"],
        "local-ipv4": instance["address"],
        "placement": {"availability-zone": zone, "region": instance["region"]},
        "services": {"domain": "amazonaws.com", "partition": "aws"},
        "tags": {"instance": dict(instance["tags"])},
    }
    role = instance["role"]
    if role:
        metadata["iam"] = {
            "info": json.dumps(
                {
                    "Code": "Success",
                    "LastUpdated": _utc(now),
                    "InstanceProfileArn": f"arn:aws:iam::{instance['account']}:instance-profile/{role}",
                }
            ),
            "security-credentials": {role: json.dumps(_credentials(now))},
        }
    if instance.get("public_key"):
        metadata["public-keys"] = {"0=key": {"openssh-key": instance["public_key"]}}
    if instance.get("mac"):
        interface = {"device-number": "0", "mac": instance["mac"], "local-ipv4s": instance["address"]}
        metadata |= {"mac": instance["mac"], "network": {"interfaces": {"macs": {instance["mac"]: interface}}}}
    let_in = _managed_keys(instance, now)
    if let_in:
        metadata["managed-ssh-keys"] = {"active-keys": let_in}
    root: Tree = {
        "meta-data": metadata,
        "dynamic": {"instance-identity": {"document": json.dumps(document)}},
    }
    if instance.get("user_data"):
        root["user-data"] = instance["user_data"]
    return {"latest": root}


def _managed_keys(instance: Mapping[str, Any], now: datetime.datetime) -> Tree:
    """The keys that are let in for a minute, by user. The signature is none: nobody has AWS's key.

    https://github.com/aws/aws-ec2-instance-connect-config, README
    """
    found: Tree = {}
    for one in instance.get("managed_keys", ()):
        if one["ends"] > now.timestamp():
            lines = [f"#Timestamp={one['ends']}", f"#Instance={instance['instance_id']}"]
            lines += [
                "#Caller=arn:aws:iam::" + instance["account"] + ":user/lab",
                "#Request=lab",
                one["key"],
                "AAAA",
                "",
            ]
            found[one["user"]] = found.get(one["user"], "") + "\n".join(lines) + "\n"
    return found


def _credentials(now: datetime.datetime) -> dict[str, str]:
    """Those of the emulator, which asks for none in particular."""
    return {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": "ASIAEMULATOR00000000",
        "SecretAccessKey": "emulator",
        "Token": "emulator",
        "LastUpdated": _utc(now),
        "Expiration": _utc(now + CREDENTIALS_LIFE),
    }


def _utc(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lookup(root: Tree, path: str) -> str | None:
    """The answer at a path: a text, the names in a folder (folders end in ``/``), or None."""
    found: Any = root
    # A version of the service, such as 2021-03-23, tells what the latest does.
    for part in VERSION.sub("latest", path.split("?")[0].strip("/")).split("/"):
        # A public key is listed as 0=name and found at 0.
        known = {name.partition("=")[0]: item for name, item in found.items()} if isinstance(found, dict) else {}
        if part not in known:
            return None
        found = known[part]
    if isinstance(found, dict):
        # Tags hold no folders; AWS lists their keys without a slash, and roles likewise.
        return "\n".join(name + "/" * _is_folder(name, item) for name, item in sorted(found.items()))
    return str(found)


def _is_folder(name: str, item: Any) -> bool:
    return isinstance(item, dict) and "=" not in name


class Tokens:
    """The session tokens that were given out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.expiry: dict[str, float] = {}

    def give(self, ttl: str | None) -> str | None:
        """A new token, or None where the life asked for is not 1 to 21600 seconds."""
        if ttl is None or not ttl.isdigit() or not 1 <= int(ttl) <= LONGEST_TTL:
            return None
        token = secrets.token_urlsafe(40)
        self.expiry[token] = self.clock() + int(ttl)
        return token

    def valid(self, token: str | None) -> bool:
        """Whether a token was given out and still lives."""
        return token is not None and self.expiry.get(token, 0.0) > self.clock()


def handler(instances: Callable[[], Mapping[str, Mapping[str, Any]]]) -> type[BaseHTTPRequestHandler]:
    """The request handler. ``instances`` tells the instances by address: a client is known by where it calls from."""
    tokens = Tokens()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "EC2ws"
        sys_version = ""

        def do_PUT(self) -> None:
            if self.path != TOKEN_PATH:
                return self.answer(404)
            # AWS refuses what came through a proxy: a machine's token must not leave it.
            if "X-Forwarded-For" in self.headers:
                return self.answer(403)
            ttl = self.headers.get(TTL_HEADER)
            token = tokens.give(ttl)
            return self.answer(200, token, {TTL_HEADER: str(ttl)}) if token else self.answer(400)

        def do_GET(self) -> None:
            if not tokens.valid(self.headers.get(TOKEN_HEADER)):
                return self.answer(401)
            instance = instances().get(self.client_address[0])
            text = lookup(tree(instance, datetime.datetime.now(datetime.UTC)), self.path) if instance else None
            return self.answer(404) if text is None else self.answer(200, text)

        def answer(self, status: int, text: str = "", headers: Mapping[str, str] | None = None) -> None:
            body = text.encode()
            self.send_response(status)
            for name, value in {"Content-Type": "text/plain", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    return Handler
