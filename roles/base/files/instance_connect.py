#!/usr/bin/python3
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sshd's AuthorizedKeysCommand on EC2: prints the keys of a user that EC2 Instance Connect lets in for a minute.

The metadata service tells them in blocks of lines: ``#Timestamp=`` (when the key ends), ``#Instance=``, ``#Caller=``,
``#Request=``, the key, and a signature. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-connect-set-up.html
The signature is not looked at: the same service, at the same address, gives this machine its role's credentials and
what it runs as root at first boot, and signs neither.
"""

from __future__ import annotations

import re
import sys
import syslog
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

METADATA = "http://169.254.169.254/latest"
# What EC2 writes into the firmware's tables: who else answers at that address is not believed.
ASSET_TAG = Path("/sys/devices/virtual/dmi/id/board_asset_tag")
INSTANCE = re.compile(r"i-[0-9a-f]{8,32}")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
KEY = re.compile(r"(?:ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+(?: .*)?")
TIMEOUT_SECONDS = 2.0


def answer(path: str, token: str = "") -> str:
    """What the metadata service says: a token for nothing, with one the rest."""
    headers = {"X-aws-ec2-metadata-token": token} if token else {"X-aws-ec2-metadata-token-ttl-seconds": "30"}
    request = urllib.request.Request(f"{METADATA}/{path}", headers=headers, method="GET" if token else "PUT")
    # No proxy of the environment has a say.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=TIMEOUT_SECONDS) as found:
        return str(found.read().decode())


def keys(blob: str, instance: str, now: float) -> Iterator[tuple[str, str]]:
    """The keys that are for this instance and have not ended, and who had each let in."""
    said: dict[str, str] = {}
    for line in blob.splitlines():
        name, separator, value = line[1:].partition("=")
        if line.startswith("#") and separator:
            said[name] = value
        elif KEY.fullmatch(line):
            ends = said.get("Timestamp", "")
            if said.get("Instance") == instance and ends.isdigit() and int(ends) > now:
                yield line, said.get("Caller", "unknown")
            said = {}


def main() -> int:
    """Print the keys of the user that sshd names."""
    user = sys.argv[1]
    try:
        token = answer("api/token")
        instance = answer("meta-data/instance-id", token)
        if not INSTANCE.fullmatch(instance) or ASSET_TAG.read_text().strip() != instance or not USER.fullmatch(user):
            return 0
        blob = answer(f"meta-data/managed-ssh-keys/active-keys/{user}", token)
    except urllib.error.HTTPError as error:
        # 404: there are none.
        return 0 if error.code == 404 else 1
    except OSError as error:
        syslog.syslog(syslog.LOG_AUTH | syslog.LOG_WARNING, f"instance metadata: {error}")
        return 1
    for key, caller in keys(blob, instance, time.time()):
        syslog.syslog(syslog.LOG_AUTH | syslog.LOG_INFO, f"EC2 Instance Connect: a key for {user} of {caller}")
        print(key)
    return 0


if __name__ == "__main__":
    sys.exit(main())
