"""What is done with people: each change touches record, certificate, code and open sessions together."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

from .authority import Authority
from .codes import Codes
from .people import COMMAND, PRESENT, REVOKED, VARIABLE, Mistake, canonical, check_name, end_of, plan, refusal
from .sessions import Management, end_sessions, now, record, stamp
from .store import Store, read_people


class Desk:
    def __init__(self, store: Store, passphrase: Callable[[], str], by: str) -> None:
        settings = store.settings
        self.store = store
        self.settings = settings
        self.by = by
        self.authority = Authority(store.home, settings, passphrase)
        self.codes = Codes(
            store.home / "totp", settings["code_attempts"], settings["code_attempts_seconds"], settings["code_window"]
        )

    def setup(self, dry: bool) -> list[str]:
        """What every server has: authority and keys; and the settings of today in the codes' files.

        Returns: What was made, or would be.
        """
        with self.store.locked() as people:
            made = self.authority.setup(now(), dry)
            if not (self.store.home / "people.json").exists():
                made.append("store of people")
                if not dry:
                    self.store.save(people)
            for name, one in people.items():
                if one["state"] == PRESENT and self.codes.settle(name, dry):
                    made.append(f"limits of the codes of {name}")
                if one["state"] == REVOKED and self.authority.has(name):
                    # A revocation without the passphrase, or one that was cut off, is completed.
                    made.append(f"revocation of the certificate of {name}")
                    if not dry:
                        self.authority.revoke(name)
        return made

    def add(self, name: str, expires: str) -> None:
        check_name(name)
        if self.settings["people_exclusive"]:
            raise Mistake(f"vpn_people_exclusive is set: people are let in by {VARIABLE} only. Write {name} there")
        with self.store.locked() as people:
            known = people.get(name)
            if known is not None and known["state"] == REVOKED:
                raise Mistake(f"{name} was revoked at {known['revoked_at']}: to readmit, vpn-user renew {name}")
            if known is not None:
                raise Mistake(f"{name} is there already: vpn-user set {name} --expires changes the date")
            self._issue(people, name, self._future(canonical(expires)), COMMAND)

    def set_expires(self, name: str, expires: str) -> bool:
        """Returns: whether the certificate had to be issued again."""
        with self.store.locked() as people:
            known = self._known(people, name)
            if known["state"] == REVOKED:
                raise Mistake(f"{name} was revoked at {known['revoked_at']}: to readmit, vpn-user renew {name}")
            if known["declared_by"] == VARIABLE:
                raise Mistake(f"{name} is declared in {VARIABLE}: change the date there. vpn-user revoke works here")
            return self._expires(people, name, canonical(expires))

    def renew(self, name: str, expires: str | None) -> None:
        """A new certificate and a new code: for who lost a device, and for who was revoked and comes back."""
        with self.store.locked() as people:
            known = self._known(people, name)
            if known["declared_by"] == VARIABLE and expires:
                raise Mistake(f"{name} is declared in {VARIABLE}: change the date there, and leave out --expires")
            if known["state"] == REVOKED and known["revoked_by"] == known["declared_by"] == VARIABLE:
                raise Mistake(f"{name} is declared revoked in {VARIABLE}: write state: present there")
            until = canonical(expires) if expires else known["expires"]
            if until is None:
                raise Mistake(f"{name} never had a date: add --expires 2027-06-30")
            self._issue(people, name, self._future(until), known["declared_by"])
        end_sessions({name: "renewed"})

    def revoke(self, name: str, by: str | None = None) -> int:
        """Refuse the person from now on. Returns: how many sessions were ended.

        The record comes first: from then on the server refuses, with or without the list of revoked certificates,
        which needs the passphrase.
        """
        check_name(name)
        by = by or self.by
        with self.store.locked() as people:
            known = people.get(name)
            if known is None and by != VARIABLE:
                raise Mistake(f"Nobody is called {name}: vpn-user list")
            if known is None:
                known = {"expires": None, "serial": None, "certificate_until": None, "code_shown": None}
            if known.get("state") != REVOKED:
                known |= {"state": REVOKED, "revoked_at": stamp(now()), "revoked_by": by}
            known.setdefault("declared_by", VARIABLE)
            people[name] = known
            self.store.save(people)
            record("revoke", name, by=by)
            self.codes.remove(name)
            try:
                return end_sessions({name: "revoked"}).get(name, 0)
            finally:
                self._revoke_certificate(name)

    def _revoke_certificate(self, name: str) -> None:
        try:
            self.authority.revoke(name)
        except Mistake as mistake:
            raise Mistake(
                f"{name} is refused from now on, but the certificate is not on the list of revoked ones yet. "
                f"{mistake}. Then again: vpn-user revoke {name}"
            ) from None

    def sweep(self) -> dict[str, int]:
        """End the open sessions of who would not be let in now: expired, above all."""
        try:
            with Management() as management:
                people, moment = read_people(self.store.home), now()
                names = {one["Common Name"] for one in management.sessions()} - {"UNDEF"}
                reasons = {name: refusal(people.get(name), moment) for name in names}
                ended = {name: management.end(name, reason) for name, reason in reasons.items() if reason}
        except (FileNotFoundError, ConnectionRefusedError):
            return {}  # no server, no session
        for name in ended:
            record("ended", name, reason=reasons[name])
        return ended

    def apply(self, declared: dict[str, dict], dry: bool) -> tuple[list[str], list[str]]:
        """Make the store agree with the variable. Returns: what was done, or would be, and what must not."""
        with self.store.locked() as people:
            steps, conflicts = plan(people, declared, self.settings["people_exclusive"], now())
        for verb, name, expires in [] if dry else steps:
            if verb == "revoke":
                self.revoke(name, by=VARIABLE)
                continue
            with self.store.locked() as people:
                if verb == "issue":
                    self._issue(people, name, expires, VARIABLE)
                elif verb == "expires":
                    self._expires(people, name, expires)
                else:
                    people[name]["declared_by"] = VARIABLE if verb == "adopt" else COMMAND
                    self.store.save(people)
        return [f"{verb} {name}" + (f" {expires}" if expires else "") for verb, name, expires in steps], conflicts

    def profile_parts(self, name: str) -> dict[str, str]:
        known = self._known(read_people(self.store.home), name)
        if known["state"] == REVOKED:
            raise Mistake(f"{name} was revoked at {known['revoked_at']}: there is no profile")
        return self.authority.parts(name)

    def show_code(self, name: str) -> str | None:
        """The URI of the person's code, the first time; None afterwards."""
        with self.store.locked() as people:
            if people[name]["code_shown"]:
                return None
            people[name]["code_shown"] = stamp(now())
            self.store.save(people)
            return self.codes.uri(name, self.settings["name"])

    @staticmethod
    def _known(people: dict[str, dict], name: str) -> dict:
        if name not in people:
            raise Mistake(f"Nobody is called {name}: vpn-user list")
        return people[name]

    def _future(self, expires: str) -> str:
        if end_of(expires) <= now():
            raise Mistake(f"expires: {expires} has passed: write a day to come")
        return expires

    def _check_reach(self, expires: str) -> None:
        days = self.settings["certificate_days"]
        if end_of(expires) > now() + timedelta(days=days):
            raise Mistake(
                f"expires: {expires} is later than a certificate of today lives, {days} days: write an earlier day, "
                "or raise vpn_certificate_days"
            )

    def _issue(self, people: dict[str, dict], name: str, expires: str, declared_by: str) -> None:
        self._check_reach(expires)
        serial, until = self.authority.issue(name)
        self.codes.make(name)
        people[name] = {
            "expires": expires,
            "state": PRESENT,
            "declared_by": declared_by,
            "serial": serial,
            "certificate_until": stamp(until),
            "code_shown": None,
        }
        self.store.save(people)
        record("issue", name, by=self.by, expires=expires)

    def _expires(self, people: dict[str, dict], name: str, expires: str) -> bool:
        known = people[name]
        if end_of(expires).strftime("%Y-%m-%dT%H:%M:%SZ") > known["certificate_until"]:
            # Their code stays: only the profile is another one.
            self._check_reach(expires)
            serial, until = self.authority.issue(name)
            known |= {"serial": serial, "certificate_until": stamp(until)}
            reissued = True
        else:
            reissued = False
        known["expires"] = expires
        self.store.save(people)
        record("expires", name, by=self.by, expires=expires)
        return reissued


def operator() -> str:
    """Who runs the command, for the record."""
    return f"{COMMAND} of {os.environ.get('SUDO_USER') or os.environ.get('USER') or 'root'}"
