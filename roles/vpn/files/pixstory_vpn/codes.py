"""Seeds of the one-time codes (RFC 6238), in the files that libpam-google-authenticator reads and updates.

The format is that of its FILEFORMAT document: the seed in base32, then options, each a line that begins with ``" ``.
``DISALLOW_REUSE`` is what refuses a code the second time; the module keeps the used ones behind the word.
"""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from urllib.parse import quote

from .store import write

SEED_BYTES = 20  # RFC 4226, section 4, R6: 160 bits recommended


class Codes:
    def __init__(self, folder: Path, attempts: int, seconds: int, window: int) -> None:
        self.folder = folder
        self.limit = f'" RATE_LIMIT {attempts} {seconds}'
        self.window = f'" WINDOW_SIZE {window}'

    def make(self, name: str) -> None:
        seed = base64.b32encode(secrets.token_bytes(SEED_BYTES)).decode()
        lines = [seed, self.limit, self.window, '" DISALLOW_REUSE', '" TOTP_AUTH']
        write(self.folder / name, "\n".join(lines) + "\n", 0o600)

    def remove(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def settle(self, name: str, dry: bool) -> bool:
        """Give the file the settings of today, and keep what the module has noted. True where that changes it."""
        path = self.folder / name
        lines = path.read_text().splitlines()
        after = [self._settled(line) for line in lines]
        if after == lines:
            return False
        if not dry:
            write(path, "\n".join(after) + "\n", 0o600)
        return True

    def _settled(self, line: str) -> str:
        for option in (self.limit, self.window):
            word = option.split()[1]
            if line.startswith(f'" {word} ') and line != option and not line.startswith(f"{option} "):
                return option
        return line

    def uri(self, name: str, issuer: str) -> str:
        """What an authenticator app scans: https://github.com/google/google-authenticator/wiki/Key-Uri-Format."""
        seed = (self.folder / name).read_text().splitlines()[0]
        label = quote(f"{issuer}:{name}", safe="")
        return f"otpauth://totp/{label}?secret={seed}&issuer={quote(issuer, safe='')}&algorithm=SHA1&digits=6&period=30"
