# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The WSGI layer in front of moto: identifies, dispatches and logs every request."""

from __future__ import annotations

import io
import json
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

import moto
from werkzeug.wrappers import Request, Response

from lab.emulator import clock, enforcement, harsh, registry
from lab.emulator.classify import is_write
from lab.emulator.dispatch import ExtensionResponse, internal_failure, not_implemented, parameters_of, refusal, result
from lab.emulator.identify import Identity, fresh_request, identify
from lab.emulator.registry import EDGE, GRANTED_QUOTAS, MACHINE_HEALTH, ROOT_USER, TARGET_HEALTH
from lab.emulator.request_log import Entry, RequestLog

STATUS_PATH = "/_lab/status"
SETTINGS_PATH = "/_lab/settings"
CLOCK_PATH = "/_lab/clock"
HEALTH_PATH = "/_lab/target-health"
DEAD_PATH = "/_lab/machine-health"
EDGE_PATH = "/_lab/edge"
IMAGES_PATH = "/_lab/images"
SECRETS_PATH = "/_lab/secrets"
ACCOUNT_PATH = "/_lab/account"
QUOTAS_PATH = "/_lab/quotas"
DELIVERIES_PATH = "/_lab/deliveries"
MAIL_PATH = "/_lab/mail"
UNLOGGED_PATHS = ("/moto-api", "/favicon.ico", "/latest/meta-data/", "/latest/api/")

# Calls that wait for another call to arrive, so they must not keep the others out.
WAITING_CALLS = frozenset(
    {
        ("events", "PutEvents"),
        ("lambda", "Invoke"),
        ("lambda", "InvokeAsync"),
        ("sns", "Publish"),
        ("sqs", "ReceiveMessage"),
        ("stepfunctions", "StartSyncExecution"),
    }
)

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Gateway:
    """A WSGI application around moto's.

    Moto's backends are plain dictionaries that several services share, so one lock keeps requests apart. Python
    runs one thread at a time anyway; nothing is lost.
    """

    def __init__(self, moto_app: WsgiApp, log: RequestLog | None, account: str) -> None:
        self._moto = moto_app
        self._log = log
        self._parameters = False  # whether the log has the parameters of each call
        self._latency = 0.0  # seconds that each call takes longer
        self._enforce = False  # whether a principal may do only what its policies allow
        self._account = account
        self._writes = 0  # calls that may have changed something
        self._lock = threading.RLock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        with self._lock:
            clock.tick()
        if path == STATUS_PATH:
            return self._status()(environ, start_response)
        if path == SETTINGS_PATH:
            return self._set(Request(environ))(environ, start_response)
        views = {
            HEALTH_PATH: self._find_health,
            DEAD_PATH: self._find_dead,
            EDGE_PATH: self._take_distributions,
            IMAGES_PATH: self._restore_images,
            SECRETS_PATH: self._secrets,
            ACCOUNT_PATH: self._set_account,
            QUOTAS_PATH: self._grant_quotas,
            CLOCK_PATH: self._advance,
            DELIVERIES_PATH: self._deliveries,
            MAIL_PATH: self._mail,
        }
        if path in views:
            with self._lock:
                return views[path](Request(environ))(environ, start_response)
        if path.startswith(UNLOGGED_PATHS):
            with self._lock:
                return self._moto(environ, start_response)
        body = Request(environ).get_data(cache=False, parse_form_data=False)
        environ["wsgi.input"] = io.BytesIO(body)
        identity = identify(environ, body)
        time.sleep(self._latency)
        with self._turn(identity):
            response = self._answer(identity, environ, body)
        self._record(identity, response.status_code, environ, body)
        return response(environ, start_response)

    def _turn(self, identity: Identity) -> AbstractContextManager[Any]:
        return nullcontext() if (identity.service, identity.operation) in WAITING_CALLS else self._lock

    def _answer(self, identity: Identity, environ: dict[str, Any], body: bytes) -> Response:
        refused = self._enforce and enforcement.refusal(
            identity,
            self._account,
            Request(environ).headers,
            lambda: parameters_of(identity, fresh_request(environ, body)),
        )
        if refused:
            return refusal(identity, fresh_request(environ, body), harsh.Refused(*refused, status=403))
        asked = self._asked(identity, environ, body)
        objection = harsh.refusal(asked) if asked else None
        if objection:
            return refusal(identity, fresh_request(environ, body), objection)
        answer = self._carry_out(identity, environ, body)
        if asked and answer.status_code < 300:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            seen = harsh.Answer(answer.status_code, headers, answer.get_data(), asked.model)
            harsh.witness(asked, seen)
            other = harsh.edited(asked, seen)
            if isinstance(other, harsh.Refused):
                return refusal(identity, fresh_request(environ, body), other)
            if other is not None:
                return result(identity, fresh_request(environ, body), other)
        return answer

    def _asked(self, identity: Identity, environ: dict[str, Any], body: bytes) -> harsh.Asked | None:
        """The call as judges see it; None when it is for nothing that botocore knows."""
        parameters = parameters_of(identity, fresh_request(environ, body)) if any(harsh.SWITCHES.values()) else None
        if parameters is None:
            return None
        return harsh.Asked(
            service=identity.service or "",
            operation=identity.operation or "",
            account=self._account,
            region=identity.region or "",
            principal=identity.principal,
            write=is_write(identity.service, identity.operation, identity.dry_run),
            parameters=parameters,
        )

    def _carry_out(self, identity: Identity, environ: dict[str, Any], body: bytes) -> Response:
        handler = registry.OPERATIONS.get((identity.service or "", identity.operation or ""))
        try:
            if handler:
                return ExtensionResponse(identity).run(fresh_request(environ, body), handler)
            return Response.from_app(self._moto, environ, buffered=True)
        except NotImplementedError as error:
            return not_implemented(identity, fresh_request(environ, body), error)
        except Exception as error:
            traceback.print_exc()
            return internal_failure(identity, fresh_request(environ, body), error)

    def _record(self, identity: Identity, status: int, environ: dict[str, Any], body: bytes) -> None:
        write = is_write(identity.service, identity.operation, identity.dry_run)
        self._writes += write
        if self._log:
            parameters = parameters_of(identity, fresh_request(environ, body)) if self._parameters else None
            self._log.append(
                Entry(
                    identity.service, identity.operation, write, status, identity.principal, identity.region, parameters
                )
            )

    def _set(self, request: Request) -> Response:
        """`POST /_lab/settings?latency=0.04&parameters=1&enforce=1&models=0`: for tests, while it runs."""
        try:
            for name in harsh.SWITCHES.keys() & request.args.keys():
                harsh.SWITCHES[name].set(request.args[name])
        except ValueError as error:
            return Response(f"{error}\n", status=400)
        self._latency = request.args.get("latency", self._latency, type=float)
        self._parameters = bool(request.args.get("parameters", self._parameters, type=int))
        self._enforce = bool(request.args.get("enforce", self._enforce, type=int))
        switches = ", ".join(f"{name} {one.value}" for name, one in sorted(harsh.SWITCHES.items()))
        own = f"latency {self._latency} s, parameters {self._parameters}, enforce {self._enforce}"
        return Response(f"{own}, {switches}\n")

    def _advance(self, request: Request) -> Response:
        """`POST /_lab/clock?advance=600`: the clock, ten minutes on; what is due by then is done."""
        clock.CLOCK.advance(request.args.get("advance", 0.0, type=float))
        clock.tick(at_once=True)
        return Response(f"{clock.CLOCK.now()}\n")

    def _find_health(self, request: Request) -> Response:
        """`POST /_lab/target-health?region=ap-south-1` with {target group ARN: {target: state}}: what a lab found."""
        table = registry.table(self._account, request.args["region"], TARGET_HEALTH)
        table.clear()
        table.update(json.loads(request.get_data()))
        return Response(f"{len(table)} target groups\n")

    def _find_dead(self, request: Request) -> Response:
        """`POST /_lab/machine-health?region=ap-south-1` with [instance]: those whose machines a lab found dead."""
        table = registry.table(self._account, request.args["region"], MACHINE_HEALTH)
        table.clear()
        table.update(dict.fromkeys(json.loads(request.get_data()), "impaired"))
        return Response(f"{len(table)} dead machines\n")

    def _take_distributions(self, request: Request) -> Response:
        """`POST /_lab/edge` with {distribution: ETag}: what a lab's edge does now. It is told again and again."""
        etags = json.loads(request.get_data())
        registry.table(self._account, "aws", EDGE).update(etags=etags, told=time.monotonic())
        return Response(f"{len(etags)} distributions\n")

    def _restore_images(self, request: Request) -> Response:
        """`POST /_lab/images?region=ap-south-1` with AMIs as DescribeImages told them: those that a lab has kept."""
        from lab.emulator.extensions import debian_images  # importing an extension applies it: not in stock moto

        backend = registry.backend_of("ec2", self._account, request.args["region"])
        kept = [one for one in json.loads(request.get_data()) if one["ImageId"] not in backend.amis]
        for one in kept:
            debian_images.restore(backend, one)
        self._writes += bool(kept)
        return Response(f"{len(kept)} images\n")

    def _secrets(self, request: Request) -> Response:
        """`GET /_lab/secrets?region=ap-south-1`: what AWS keeps to itself, and a lab needs to stand for it."""
        where = (self._account, request.args["region"])
        databases = registry.backend_of("rds", *where).databases
        groups = registry.backend_of("elasticache", *where).replication_groups
        answer = {
            "databases": {name: getattr(one, "_master_user_password", None) for name, one in databases.items()},
            "caches": {name: getattr(one, "auth_token", None) for name, one in groups.items()},
        }
        return Response(json.dumps(answer), content_type="application/json")

    def _deliveries(self, request: Request) -> Response:
        """`GET /_lab/deliveries`: what services hand to each other.

        ``standing`` is all that is set up, ``handed`` what was sent since the start; each with the policy that refuses
        it, if one does.
        """
        from lab.emulator.deliveries import account, record  # these need moto's backends

        answer = {"standing": account.report(self._account), "handed": record.listed(self._account)}
        return Response(json.dumps(answer), content_type="application/json")

    def _mail(self, request: Request) -> Response:
        """`GET /_lab/mail?to=oncall@example.com`: what arrived at e-mail addresses."""
        from lab.emulator.deliveries import mail

        wanted = request.args.get("to")
        arrived = [{**one, "confirm": mail.link_in(one)} for one in mail.mails(self._account)]
        found = [one for one in arrived if wanted in (None, one["to"])]
        return Response(json.dumps(found), content_type="application/json")

    def _set_account(self, request: Request) -> Response:
        """`POST /_lab/account?root_mfa=0&older=<user>&days=91`: what no call to AWS changes.

        The root user's MFA device, and the age of a user's access keys.
        """
        root = registry.table(self._account, "aws", ROOT_USER)
        root["mfa"] = bool(request.args.get("root_mfa", root.get("mfa", True), type=int))
        users = registry.backend_of("iam", self._account, "aws").users.values()
        keys = [key for user in users if user.name == request.args.get("older") for key in user.access_keys]
        for key in keys:
            key.create_date -= timedelta(days=request.args.get("days", 0, type=int))
        return Response(f"root MFA {root['mfa']}, {len(keys)} access keys made older\n")

    def _grant_quotas(self, request: Request) -> Response:
        """`POST /_lab/quotas?region=ap-south-1` with {code of a quota: value}: what AWS has raised them to."""
        granted = registry.table(self._account, request.args["region"], GRANTED_QUOTAS)
        granted.update(json.loads(request.get_data()))
        return Response(f"{json.dumps(granted)}\n", content_type="application/json")

    def _status(self) -> Response:
        status = {
            "pid": os.getpid(),
            "writes": self._writes + clock.changes,  # what a lab has to look at: calls, and what changed by itself
            "account": self._account,
            "moto": moto.__version__,
            "extensions": len(registry.declared()),
        }
        return Response(json.dumps(status), content_type="application/json")
