# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's certificate authority. Machines trust it from their first boot, as they trust Amazon's on AWS."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = datetime.timedelta(days=90)
SKEW = datetime.timedelta(hours=1)


class Authority:
    """The authority whose key and certificate lie in a folder; made when it is not there."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "ca.crt"
        self._key_file = folder / "ca.key"
        if not self.certificate.exists():
            folder.mkdir(parents=True, exist_ok=True)
            self._make()
        self._key = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
        self._own = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        self._folder = folder / "certificates"

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pixstory lab")])
        builder = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
        _write_secret(self._key_file, _pem(key))
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _issuer(self) -> x509.AuthorityKeyIdentifier:
        own = self._own.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)

    def issue(self, names: Sequence[str]) -> str:
        """Certificate and key, PEM, for these names; the same ones each time they are asked for."""
        path = self._folder / f"{hashlib.sha256(' '.join(names).encode()).hexdigest()[:16]}.pem"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            key = ec.generate_private_key(ec.SECP256R1())
            # A common name has 64 characters at most, and nobody reads it where there are alternative names.
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
            # Those who rehearse come by loopback, whose name no certificate of AWS has.
            loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            alternative = x509.SubjectAlternativeName([*map(x509.DNSName, names), loopback])
            certificate = (
                _builder(subject, self._own.subject, key)
                .add_extension(alternative, critical=False)
                .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
                .add_extension(self._issuer(), critical=False)
                .sign(self._key, hashes.SHA256())  # type: ignore[arg-type]
            )
            _write_secret(path, certificate.public_bytes(serialization.Encoding.PEM) + _pem(key))
        return path.read_text()


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFE)
        # RFC 5280 wants these key identifiers, and so does Python from 3.13 on.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_secret(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
