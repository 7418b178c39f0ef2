"""The command vpn-user."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import pwd
import shlex
import subprocess
import sys
from pathlib import Path

from . import profile
from .desk import Desk, operator
from .people import Mistake, refusal
from .sessions import Management, now, recorded
from .store import Store, read_people, write

# What first boot writes from Secrets Manager.
SECRETS = Path("/run/pixstory/vpn.env")
VARIABLE = "CA_PASSPHRASE"


def passphrase(given: str | None = None) -> str:
    """Of the authority's key: as given, of the environment, of first boot, or typed."""
    if given or os.environ.get(VARIABLE):
        return given or os.environ[VARIABLE]
    with contextlib.suppress(FileNotFoundError):
        for line in SECRETS.read_text().splitlines():
            name, _dummy, value = line.partition("=")
            if name.strip() == VARIABLE:
                return "".join(shlex.split(value))
    if sys.stdin.isatty():
        return getpass.getpass("Passphrase of the certificate authority: ")
    raise Mistake(
        f"The passphrase of the certificate authority is missing: {SECRETS} has no {VARIABLE} (first boot writes it "
        "from the secret vpn/ca-passphrase), and vpn_ca_passphrase is not set. On a terminal this command asks for it"
    )


def hand_out(desk: Desk, name: str, output: str | None) -> None:
    """The profile to standard output or a file; the code, once, to the terminal."""
    text = profile.render(name, desk.settings, desk.profile_parts(name))
    if output:
        write(Path(output), text, 0o600)
        say(f"Profile: {output}")
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    uri = desk.show_code(name)
    if uri is None:
        say(f"The seed of {name}'s codes has been shown and is shown once. If it is lost: vpn-user renew {name}")
        return
    say("Scan with an authenticator app now: this is shown once.")
    # The seed goes in by standard input: a command line is for all to see.
    subprocess.run(["qrencode", "--type=ANSIUTF8"], input=uri, text=True, stdout=sys.stderr, check=False)
    say(uri)


def say(text: str) -> None:
    print(text, file=sys.stderr)


def connected() -> dict[str, dict[str, str]]:
    try:
        with Management() as management:
            return {one["Common Name"]: one for one in management.sessions()}
    except OSError:
        return {}


def show_people(as_json: bool) -> None:
    people, open_now = read_people(), connected()
    rows = []
    for name, one in sorted(people.items()):
        state = one["state"] if one["expires"] is None else refusal(one, now()) or "present"
        session = open_now.get(name)
        rows.append(
            {
                "name": name,
                "state": state,
                "expires": one["expires"],
                "declared_by": one["declared_by"],
                "certificate_until": one["certificate_until"],
                "code_shown": one["code_shown"],
                "session": session and f"{session['Virtual Address']} from {session['Real Address']}",
            }
        )
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    table(rows, ["name", "state", "expires", "declared_by", "certificate_until", "session"])


def show_log(name: str | None, since: str | None, as_json: bool) -> None:
    trusted = {"0", str(pwd.getpwnam("openvpn").pw_uid)}
    for entry in recorded(since, trusted):
        if name and entry["person"] != name:
            continue
        if as_json:
            print(json.dumps(entry))
            continue
        rest = " ".join(f"{key}={value}" for key, value in entry.items() if key not in ("at", "event", "person"))
        print(f"{entry['at']}  {entry['event']:<10}  {entry['person']:<16}  {rest}")


def table(rows: list[dict], columns: list[str]) -> None:
    cells = [columns, *([str(row[column] or "-") for column in columns] for row in rows)]
    widths = [max(len(line[number]) for line in cells) for number in range(len(columns))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vpn-user", description="Who may enter the VPN.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add = verbs.add_parser("add", help="let a person in: prints profile and code")
    change = verbs.add_parser("set", help="change the last day")
    renew = verbs.add_parser("renew", help="new certificate and code: device lost, or readmitted after a revocation")
    revoke = verbs.add_parser("revoke", help="refuse a person from now on, and end the open session")
    show = verbs.add_parser("profile", help="print the profile; the code too while it has not been shown")
    people = verbs.add_parser("list", help="show everybody")
    log = verbs.add_parser("log", help="show who came when, and who was changed by whom")
    for verb in (add, change, renew, revoke, show):
        verb.add_argument("name")
    date = "last day, 2027-06-30, or a moment, 2027-06-30T18:00:00Z; UTC"
    for verb in (add, change):
        verb.add_argument("--expires", required=True, metavar="DATE", help=date)
    renew.add_argument("--expires", metavar="DATE", help=f"{date}; the one it had when not given")
    for verb in (add, renew, show):
        verb.add_argument("--output", metavar="FILE", help="write the profile here, mode 0600")
    log.add_argument("name", nargs="?")
    log.add_argument("--since", help="as for journalctl: today, -2h, 2026-06-01")
    for verb in (people, log):
        verb.add_argument("--json", action="store_true")
    verbs.add_parser("sweep", help="end the sessions of who may not enter any more (a timer does it)")
    for verb in ("setup", "apply"):
        role = verbs.add_parser(verb, help="for the Ansible role: takes and answers JSON")
        role.add_argument("--check", action="store_true", help="only say what would be done")
    return parser


def for_the_role(verb: str, check: bool) -> None:
    """Answer `changed`, `actions` and `conflicts`. The passphrase comes by standard input: nothing logs that."""
    asked = json.load(sys.stdin)
    desk = Desk(Store(), lambda: passphrase(asked.get("passphrase")), "vpn_people")
    conflicts: list[str] = []
    if verb == "setup":
        actions = desk.setup(check)
    else:
        actions, conflicts = desk.apply(asked["people"], check)
    print(json.dumps({"changed": bool(actions), "actions": actions, "conflicts": conflicts}))


def run(asked: argparse.Namespace) -> None:
    if asked.verb in ("setup", "apply"):
        for_the_role(asked.verb, asked.check)
        return
    if asked.verb == "list":
        show_people(asked.json)
        return
    if asked.verb == "log":
        show_log(asked.name, asked.since, asked.json)
        return
    desk = Desk(Store(), passphrase, operator())
    if asked.verb == "add":
        desk.add(asked.name, asked.expires)
    elif asked.verb == "renew":
        desk.renew(asked.name, asked.expires)
    elif asked.verb == "set":
        again = desk.set_expires(asked.name, asked.expires)
        say(f"{asked.name} may enter until {asked.expires}")
        if again:
            say(f"The certificate is a new one. The profile: vpn-user profile {asked.name}")
        desk.sweep()
    elif asked.verb == "revoke":
        ended = desk.revoke(asked.name)
        say(f"{asked.name} is refused from now on; sessions ended: {ended}")
    elif asked.verb == "sweep":
        for name, ended in desk.sweep().items():
            say(f"{name}: sessions ended: {ended}")
    if asked.verb in ("add", "renew", "profile"):
        hand_out(desk, asked.name, asked.output)


def main() -> int:
    asked = arguments().parse_args()
    if os.geteuid() != 0:
        say("vpn-user reads private keys: run it with sudo")
        return 1
    try:
        run(asked)
    except Mistake as mistake:
        say(str(mistake))
        return 1
    return 0
