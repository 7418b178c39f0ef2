# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line of the lab.

``python -m lab emulator|start|stop|status|mail|fabric|image|scenario|cis|waf|harsh``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from lab import cis, waf
from lab.emulator import process, server
from lab.machines import gateway, host, image
from lab.machines.scenario import AWS_SERVICES, Scenario, platforms


def parser() -> argparse.ArgumentParser:
    """The arguments of every command."""
    top = argparse.ArgumentParser(prog="python -m lab", description="The rehearsal of the platform on one machine.")
    commands = top.add_subparsers(dest="command", required=True)

    serving = argparse.ArgumentParser(add_help=False)
    serving.add_argument("--port", type=port, default=server.DEFAULT_PORT, help="0 picks a free one (%(default)s)")
    serving.add_argument("--host", default="127.0.0.1", help="a loopback address (%(default)s)")
    serving.add_argument("--log", type=Path, help="append one JSON line a request to this file")
    serving.add_argument("--account", default=server.DEFAULT_ACCOUNT, help="the AWS account id (%(default)s)")
    serving.add_argument("--region", default=server.DEFAULT_REGION, help="the default region (%(default)s)")
    serving.add_argument("--lenient", action="store_true", help="nothing of lab.emulator.harsh")
    serving.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="how harsh it is")
    serving.add_argument("--quota", action="append", default=[], metavar="CODE=VALUE", help="one that AWS has raised")

    state = argparse.ArgumentParser(add_help=False)
    state.add_argument("--state", type=Path, default=Path(".lab"), help="the state directory (%(default)s)")

    foreground = commands.add_parser("emulator", parents=[serving], help="run the AWS emulator in the foreground")
    foreground.add_argument("--pidfile", type=Path, help="write the process id here")
    foreground.add_argument("--ready-file", type=Path, help="write the URL here once it listens")
    foreground.add_argument("--no-extensions", action="store_true", help="stock moto, to see what it does by itself")
    commands.add_parser("start", parents=[serving, state], help="start a detached emulator and wait until it answers")
    commands.add_parser("stop", parents=[state], help="stop the detached emulator")
    commands.add_parser("status", parents=[state], help="say whether the detached emulator runs")
    reading = commands.add_parser("mail", parents=[state], help="print what AWS sent to e-mail addresses")
    reading.add_argument("--confirm", action="store_true", help="follow the links by which addresses are subscribed")

    building = commands.add_parser("image", help="print the name of a podman image that boots; build it if need be")
    building.add_argument("name", choices=[*sorted(image.CODENAMES), image.SERVICES])

    scenario = commands.add_parser("scenario", help="the machines of a molecule scenario")
    scenario.add_argument("action", choices=("create", "destroy", "aws-start", "aws-stop"))
    scenario.add_argument("name", help="the name of the scenario")
    scenario.add_argument("--service", choices=AWS_SERVICES, action="append", help="of AWS: this one only")

    commands.add_parser("cis", help="print what the scans of `make cis` found")

    commands.add_parser("waf", help="print which rules of the web ACLs a rehearsal proves, and which it does not model")

    commands.add_parser("harsh", help="print how the emulator is as harsh as AWS, and the switch of each kind")

    inside = commands.add_parser("gateway", help="serve AWS to a container's network; `scenario` starts it")
    inside.add_argument("service", choices=(*AWS_SERVICES, gateway.ENTRANCE))
    inside.add_argument("--directory", type=Path, required=True, help="the state directory")
    inside.add_argument("--namespace", type=Path, required=True, help="the file of the network namespace")
    inside.add_argument("--address", default="0.0.0.0", help="where to listen in it (%(default)s)")
    inside.add_argument("--target", default="", help="the emulator's URL")

    fabric = commands.add_parser("fabric", help="the machines behind the emulated API").add_subparsers(
        dest="action", required=True
    )
    raising = fabric.add_parser("up", parents=[state], help="bring them up, and keep them as the API tells")
    raising.add_argument("--https-port", type=port, default=8443, help="of loopback, leads to 443 (%(default)s)")
    raising.add_argument("--http-port", type=port, default=8080, help="of loopback, leads to 80 (%(default)s)")
    raising.add_argument("--settle", action=argparse.BooleanOptionalAction, default=True, help="wait until all stand")
    fabric.add_parser("down", parents=[state], help="remove them, and all that they needed")
    fabric.add_parser("status", parents=[state], help="say what stands, and how it is")
    fabric.add_parser("wait", parents=[state], help="wait until all is healthy, and say where the page is")
    following = fabric.add_parser("follow", help="keep them as the API tells, in the foreground; `up` starts it")
    following.add_argument("--directory", type=Path, required=True, help="the state directory")
    following.add_argument("--url", required=True, help="the emulator's URL")
    following.add_argument("--port", type=port_pair, action="append", default=[], help="OWN:BEHIND")
    return top


def port_pair(text: str) -> tuple[int, int]:
    """A port of this computer, and the one behind it."""
    own, _, behind = text.partition(":")
    return port(own), port(behind)


def run_fabric(arguments: argparse.Namespace) -> int:
    """Bring the machines up or down, or tell of them."""
    # It needs boto3 and more, which the other commands can do without.
    from lab.fabric import process as fabric

    if arguments.action == "follow":
        fabric.follow(arguments.directory, arguments.url, dict(arguments.port))
        return 0
    state = fabric.State(arguments.state)
    if arguments.action == "down":
        print(fabric.down(state))
        return 0
    if arguments.action == "wait":
        print(fabric.wait(state))
        return 0
    if arguments.action == "status":
        alive, text = fabric.status(state)
        print(text)
        return 0 if alive else 1
    emulator = process.State(arguments.state).running()
    if not emulator:
        raise SystemExit("the emulator does not run: python -m lab start, and provision, come first")
    print(fabric.up(state, emulator.url, {arguments.https_port: 443, arguments.http_port: 80}, arguments.settle))
    return 0


def run_mail(arguments: argparse.Namespace) -> int:
    """Print the mails, or follow the links in them."""
    # It needs boto3, which the other commands can do without.
    from lab import mail
    from lab.fabric.world import Api

    emulator = process.State(arguments.state).running()
    if not emulator:
        raise SystemExit("the emulator does not run: python -m lab start comes first")
    api = Api(emulator.url)
    if arguments.confirm:
        print(f"confirmed: {', '.join(mail.confirm(api)) or 'nothing waits'}")
    else:
        print(mail.shown(api))
    return 0


def port(text: str) -> int:
    """A port number from the command line."""
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; write a number from 0 to 65535")
    return int(text)


def settings(arguments: argparse.Namespace) -> server.Settings:
    """The settings of an emulator from the command line."""
    return server.Settings(
        port=arguments.port,
        host=arguments.host,
        log=arguments.log,
        account=arguments.account,
        region=arguments.region,
        pidfile=getattr(arguments, "pidfile", None),
        ready_file=getattr(arguments, "ready_file", None),
        extensions=not getattr(arguments, "no_extensions", False),
        lenient=arguments.lenient,
        switches=tuple(arguments.set),
        quotas=tuple(arguments.quota),
    )


def run_scenario(arguments: argparse.Namespace) -> None:
    """Create, destroy, or take AWS away and give it back. ``create`` reads the platforms, as JSON, from stdin."""
    scenario = Scenario(arguments.name)
    grants = host.detect()
    services = arguments.service or AWS_SERVICES
    if arguments.action == "create":
        print(json.dumps(scenario.create(platforms(json.load(sys.stdin)), grants)))
    elif arguments.action == "destroy":
        scenario.destroy()
    elif arguments.action == "aws-start":
        scenario.start_aws(grants, services)
    else:
        scenario.stop_aws(services)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the result is the exit status."""
    arguments = parser().parse_args(argv)
    if arguments.command == "emulator":
        server.run(settings(arguments))
        return 0
    if arguments.command == "gateway":
        where = (arguments.namespace, arguments.address)
        gateway.serve(arguments.service, *where, arguments.directory, arguments.target)
        return 0
    if arguments.command == "fabric":
        return run_fabric(arguments)
    if arguments.command == "mail":
        return run_mail(arguments)
    if arguments.command == "cis":
        return cis.report()
    if arguments.command == "waf":
        return waf.report()
    if arguments.command == "harsh":
        from lab.emulator import harsh  # it needs moto, which the machines' own commands do without

        harsh.load()
        print(harsh.table())
        return 0
    if arguments.command == "image":
        print(image.ensure(arguments.name, host.detect()))
        return 0
    if arguments.command == "scenario":
        run_scenario(arguments)
        return 0
    state = process.State(arguments.state)
    if arguments.command == "start":
        server.refuse_public_host(arguments.host)
        print(process.start(state, settings(arguments)))
        return 0
    if arguments.command == "stop":
        print(process.stop(state))
        return 0
    alive, text = process.status(state)
    print(text)
    return 0 if alive else 1


if __name__ == "__main__":
    raise SystemExit(main())
