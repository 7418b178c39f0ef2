"""Who may enter: pure functions over the store's records.

A record is a dictionary; the store, `people.json`, holds one a person:

- ``expires``: last day, ``YYYY-MM-DD``, or a moment, ``YYYY-MM-DDTHH:MM:SSZ``. UTC.
- ``state``: ``present`` or ``revoked``.
- ``declared_by``: ``vpn_people`` (the role's variable) or ``vpn-user`` (the command): who may change it.
- ``serial``, ``certificate_until``: of the one certificate that counts; None for who never had one.
- ``code_shown``: when the seed of the one-time codes was shown; None while it was not.
- ``revoked_at``, ``revoked_by``: of who is revoked.

The server's session hook imports this file at each connection, so it imports little.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

PRESENT = "present"
REVOKED = "revoked"
VARIABLE = "vpn_people"
COMMAND = "vpn-user"

NAME = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
NAME_LENGTH = 32
# Names of certificates that are not people's.
RESERVED = ("ca", "server")


class Mistake(Exception):
    """What the operator should write instead."""


def check_name(name: str) -> str:
    if not NAME.fullmatch(name) or len(name) > NAME_LENGTH or name in RESERVED:
        raise Mistake(
            f"{name!r} cannot be a person's name: write lower-case letters and digits, joined by . _ or -, beginning "
            f"with a letter, at most {NAME_LENGTH}, and none of {', '.join(RESERVED)}"
        )
    return name


def canonical(expires: str) -> str:
    """The expiry as the store writes it: the day, or the moment in UTC."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", expires):
            return date.fromisoformat(expires).isoformat()
        moment = datetime.fromisoformat(expires)
    except ValueError:
        raise Mistake(
            f"expires: {expires!r} is no date: write the last day, 2027-06-30, or a moment, 2027-06-30T18:00:00Z"
        ) from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def canonical_serial(written: str) -> str:
    """A serial number as openssl (``0AB1``) or OpenVPN (``0a:b1``) writes it, as the store does."""
    return written.replace(":", "").upper().lstrip("0")


def end_of(expires: str) -> datetime:
    """The first moment at which who expires then is refused."""
    moment = datetime.fromisoformat(expires)
    if len(expires) == len("2027-06-30"):
        return moment.replace(tzinfo=UTC) + timedelta(days=1)
    return moment


def refusal(person: dict | None, now: datetime, serial: str | None = None) -> str | None:
    """Why the person is not let in, in a word; None for who is.

    Args:
        person: The record, None where there is none.
        now: Aware moment.
        serial: Of the certificate that was shown, canonical; None to leave it out.
    """
    if person is None:
        return "unknown"
    if person["state"] != PRESENT:
        return "revoked"
    if now >= end_of(person["expires"]):
        return "expired"
    if serial is not None and serial != person["serial"]:
        return "superseded"
    return None


def plan(
    people: dict[str, dict], declared: dict[str, dict], exclusive: bool, now: datetime
) -> tuple[list[tuple[str, str, str | None]], list[str]]:
    """What makes the store agree with the variable, as (verb, name, expires), and where it must not.

    Revocation is final from both sides: what was revoked on the host is undone on the host.
    """
    steps: list[tuple[str, str, str | None]] = []
    conflicts: list[str] = []
    for name, wanted in sorted(declared.items()):
        check_name(name)
        known = people.get(name)
        if wanted.get("state", PRESENT) == REVOKED:
            if known is None or known["state"] == PRESENT:
                steps.append(("revoke", name, None))
            if known is not None and known["declared_by"] != VARIABLE:
                steps.append(("adopt", name, None))
            continue
        expires = canonical(wanted["expires"])
        if known is None or (known["state"] == REVOKED and known["revoked_by"] == VARIABLE):
            # Who has expired already gets no certificate: a host made again from old variables issues none for them.
            if now < end_of(expires):
                steps.append(("issue", name, expires))
        elif known["state"] == REVOKED:
            conflicts.append(
                f"{name} is declared present in {VARIABLE} and was revoked on the host at {known['revoked_at']} by "
                f"{known['revoked_by']}. Write state: revoked, or readmit on the host: vpn-user renew {name}"
            )
        else:
            if known["expires"] != expires:
                steps.append(("expires", name, expires))
            if known["declared_by"] != VARIABLE:
                steps.append(("adopt", name, None))
    for name, known in sorted(people.items()):
        if name in declared:
            continue
        if exclusive and known["state"] == PRESENT:
            steps.append(("revoke", name, None))
        elif known["declared_by"] == VARIABLE and not exclusive:
            steps.append(("release", name, None))
    return steps, conflicts
