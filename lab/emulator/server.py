# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP server of the emulator, and the environment that moto reads when it is imported."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import signal
import socket
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.serving import BaseWSGIServer

# The one pin of moto is here.
REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements" / "lab.in"
DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "ap-south-1"
DEFAULT_PORT = 5111


@dataclass(frozen=True)
class Settings:
    """What an emulator is started with."""

    port: int = DEFAULT_PORT
    host: str = "127.0.0.1"
    log: Path | None = None
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    pidfile: Path | None = None
    ready_file: Path | None = None
    extensions: bool = True
    lenient: bool = False  # whether all of lab.emulator.harsh is off
    switches: tuple[str, ...] = ()  # of lab.emulator.harsh, each NAME=VALUE
    quotas: tuple[str, ...] = ()  # that AWS has raised, each CODE=VALUE


def refuse_public_host(host: str) -> None:
    """Stop unless the host is a loopback address: the emulator knows no passwords."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise SystemExit(f"--host {host}: the emulator serves loopback only; write --host 127.0.0.1")


def prepare_environment(settings: Settings) -> None:
    """Set what moto reads from the environment; some of it at import, so this comes first."""
    os.environ["MOTO_ACCOUNT_ID"] = settings.account
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    # Images of Amazon's own: nobody here asks for them, and moto reads a thousand of them for each account and region.
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    # A machine of the lab asks at aws.internal: that is no bucket named aws. boto3 writes buckets in the path.
    os.environ["S3_IGNORE_SUBDOMAIN_BUCKETNAME"] = "true"
    os.environ["MOTO_ACM_VALIDATION_WAIT"] = "0"
    os.environ["AWS_DEFAULT_REGION"] = settings.region
    # Moto calls itself with boto3 in places; those calls must never reach a real account.
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "emulator"
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
        os.environ.pop(name, None)


def pinned_moto() -> str:
    """The version of moto that the extensions were written for."""
    found = re.search(r"^moto\[server\]==(\S+)$", REQUIREMENTS.read_text(), re.MULTILINE)
    assert found, f"{REQUIREMENTS} pins no moto[server]"
    return found.group(1)


def warn_of_other_moto(version: str) -> None:
    """Say so when moto is not the version that the extensions were written for."""
    pinned = pinned_moto()
    if version != pinned:
        print(
            f"warning: moto is {version}, the extensions were written for {pinned}; "
            "run pytest tests/unit/lab to see which still fit and which are needless",
            file=sys.stderr,
            flush=True,
        )


def quiet_moto() -> None:
    """Drop moto's warning about error codes that a service model does not list; ours are such on purpose."""
    warnings.filterwarnings("ignore", message=".*does not match an error shape", category=UserWarning)


def make_server(settings: Settings) -> BaseWSGIServer:
    """A listening server, not yet serving."""
    refuse_public_host(settings.host)
    prepare_environment(settings)

    import moto
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug import serving

    from lab.emulator import harsh, haste, registry
    from lab.emulator.gateway import Gateway
    from lab.emulator.request_log import RequestLog

    def moto_app_of(service: Any) -> Flask:
        if service is None:
            raise NotImplementedError("moto has no such service")
        return create_backend_app(service)

    class Handler(MotoRequestHandler):
        # Headers and body are two small writes; waiting for an acknowledgement between them costs 40 ms a request.
        disable_nagle_algorithm = True

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """The request log replaces the server's access log."""

    quiet_moto()
    haste.apply()
    if settings.extensions:
        warn_of_other_moto(moto.__version__)
        registry.load()
        harsh.load()
    if settings.lenient:
        harsh.be_lenient()
    try:
        for switch in settings.switches:
            harsh.set_switch(switch)
    except ValueError as error:
        raise SystemExit(f"--set {error}") from None
    granted = registry.table(settings.account, settings.region, registry.GRANTED_QUOTAS)
    try:
        granted.update({code: float(value) for code, _, value in (one.partition("=") for one in settings.quotas)})
    except ValueError as error:
        raise SystemExit(f"--quota: {error}; write CODE=VALUE, such as L-1216C47A=64") from None
    try:
        log = RequestLog(settings.log) if settings.log else None
    except OSError as error:
        raise SystemExit(f"--log {settings.log}: {error.strerror}; write the name of a file") from None
    app = Gateway(DomainDispatcherApplication(moto_app_of), log, settings.account)
    return serving.make_server(settings.host, settings.port, app, threaded=True, request_handler=Handler)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    refuse_public_host(settings.host)
    _refuse_taken_port(settings)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    server = make_server(settings)
    url = f"http://{settings.host}:{server.server_port}"
    for path, text in ((settings.pidfile, f"{os.getpid()}\n"), (settings.ready_file, f"{url}\n")):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    print(f"emulator ready on {url}", flush=True)
    try:
        with contextlib.suppress(SystemExit):
            server.serve_forever()
    finally:
        server.server_close()
        for path in (settings.pidfile, settings.ready_file):
            if path:
                path.unlink(missing_ok=True)
    # Python would spend seconds on freeing moto's objects one by one; the kernel frees them at once.
    os._exit(0)


def _stop(signum: int, frame: FrameType | None) -> None:
    sys.exit(0)


def _refuse_taken_port(settings: Settings) -> None:
    """Say at once that a port is taken, before seconds are spent on loading moto."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            reason = f"cannot listen there ({error.strerror})"
            raise SystemExit(f"--port {settings.port}: {reason}; write another port") from None
