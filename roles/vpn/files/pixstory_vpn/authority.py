"""The certificate authority, kept by Debian's easy-rsa in /etc/openvpn/vpn/pki.

Its key is encrypted; the passphrase reaches openssl in the environment of the one process that needs it, never on a
command line.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .people import Mistake, canonical_serial
from .store import write

EASYRSA = "/usr/share/easy-rsa/easyrsa"
SERVER = "server"


class Authority:
    def __init__(self, home: Path, settings: dict, passphrase: Callable[[], str]) -> None:
        self.home = home
        self.pki = home / "pki"
        self.settings = settings
        self._ask = passphrase
        self._passphrase: str | None = None

    def _environment(self, passphrase: str) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            "LC_ALL": "C.UTF-8",
            "EASYRSA_PKI": str(self.pki),
            "EASYRSA_BATCH": "1",
            "EASYRSA_NO_VARS": "1",
            "EASYRSA_ALGO": "ec",
            "EASYRSA_CURVE": "secp384r1",
            "EASYRSA_DIGEST": "sha384",
            "EASYRSA_CA_EXPIRE": str(self.settings["ca_days"]),
            "EASYRSA_CERT_EXPIRE": str(self.settings["certificate_days"]),
            # An overdue list would lock everybody out, and nobody else reads it: it lives as long as the authority.
            "EASYRSA_CRL_DAYS": str(self.settings["ca_days"]),
            "EASYRSA_PASSIN": "env:CA_PASSPHRASE",
            "CA_PASSPHRASE": passphrase,
        }

    def passphrase(self) -> str:
        """The passphrase, known to open the key where there is one."""
        if self._passphrase is None:
            passphrase = self._ask()
            key = self.pki / "private" / "ca.key"
            if key.exists():
                opened = subprocess.run(
                    ["openssl", "pkey", "-in", str(key), "-passin", "env:CA_PASSPHRASE", "-noout"],
                    env=self._environment(passphrase),
                    capture_output=True,
                    check=False,
                )
                if opened.returncode != 0:
                    raise Mistake(f"The passphrase does not open {key}: it was made with another one")
            self._passphrase = passphrase
        return self._passphrase

    def _easyrsa(self, *arguments: str, **environment: str) -> None:
        done = subprocess.run(
            [EASYRSA, *arguments],
            env=self._environment(self.passphrase()) | environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            umask=0o077,
        )
        if done.returncode != 0:
            raise Mistake(f"easyrsa {arguments[0]} failed: {(done.stdout + done.stderr).strip()[-600:]}")

    def _certificate(self, name: str) -> Path:
        return self.pki / "issued" / f"{name}.crt"

    def setup(self, now: datetime, dry: bool) -> list[str]:
        """Make what is missing: authority, list of the revoked, server's certificate, key of tls-crypt.

        Returns: What was made, or would be, in words.
        """
        authority = not (self.pki / "ca.crt").exists()
        revoked = not (self.home / "crl.pem").exists()
        server = not self.has(SERVER) or self.read(SERVER)[1] - now < timedelta(
            days=self.settings["certificate_renew_days"]
        )
        key = not (self.home / "tls-crypt.key").exists()
        if authority and not dry:
            # Nobody trusts an authority without a certificate yet: what a broken run left is thrown away.
            self._easyrsa("init-pki")
            # PASSOUT here only: it would encrypt the other keys as well.
            self._easyrsa("build-ca", EASYRSA_REQ_CN=f"{self.settings['name']} CA", EASYRSA_PASSOUT="env:CA_PASSPHRASE")
        if server and not dry:
            self._clear(SERVER)
            self._easyrsa("build-server-full", SERVER, "nopass")
        if (revoked or server) and not dry:
            self.publish_revoked()
        if key and not dry:
            generated = subprocess.run(["openvpn", "--genkey", "secret"], check=True, capture_output=True, text=True)
            write(self.home / "tls-crypt.key", generated.stdout, 0o600)
        missing = {
            "certificate authority": authority,
            "certificate of the server": server,
            "list of revoked certificates": revoked,
            "key of tls-crypt": key,
        }
        return [what for what, is_missing in missing.items() if is_missing]

    def has(self, name: str) -> bool:
        """Whether a certificate of that name counts."""
        return self._certificate(name).exists()

    def issue(self, name: str) -> tuple[str, datetime]:
        """A new certificate, the only one of that name from now on. Returns: its serial and its end."""
        if self._clear(name):
            self.publish_revoked()
        self._easyrsa("build-client-full", name, "nopass")
        return self.read(name)

    def revoke(self, name: str) -> None:
        self._clear(name)
        self.publish_revoked()

    def _clear(self, name: str) -> bool:
        """Revoke the certificate of that name and remove its key; clear what a broken run left. True where revoked."""
        (self.pki / "private" / f"{name}.key").unlink(missing_ok=True)
        # easy-rsa 3.2 keeps a second copy of the key.
        (self.pki / "inline" / "private" / f"{name}.inline").unlink(missing_ok=True)
        revoked = self.has(name)
        if revoked:
            self._easyrsa("revoke", name)
        (self.pki / "reqs" / f"{name}.req").unlink(missing_ok=True)
        return revoked

    def publish_revoked(self) -> None:
        """The server reads it at each new connection, unprivileged."""
        self._easyrsa("gen-crl")
        write(self.home / "crl.pem", (self.pki / "crl.pem").read_text(), 0o640, group_of=self.home)

    def read(self, name: str) -> tuple[str, datetime]:
        """Canonical serial and end of a certificate."""
        told = subprocess.run(
            ["openssl", "x509", "-in", str(self._certificate(name)), "-noout", "-serial", "-enddate"],
            check=True,
            capture_output=True,
            text=True,
            env={"LC_ALL": "C", "PATH": os.environ.get("PATH", "/usr/bin:/bin")},
        ).stdout
        values = dict(line.split("=", 1) for line in told.splitlines())
        end = datetime.strptime(values["notAfter"], "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
        return canonical_serial(values["serial"]), end

    def parts(self, name: str) -> dict[str, str]:
        """What a client needs: certificates and keys in PEM."""
        certificate = self._certificate(name).read_text()
        return {
            "ca": (self.pki / "ca.crt").read_text(),
            # easy-rsa writes the certificate in words before the PEM.
            "cert": certificate[certificate.index("-----BEGIN") :],
            "key": (self.pki / "private" / f"{name}.key").read_text(),
            "tls-crypt": (self.home / "tls-crypt.key").read_text(),
        }
