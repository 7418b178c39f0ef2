#!/usr/bin/python3
"""Tells the CloudWatch agent which log group this machine's logs go to: ``{role}`` becomes its tag Role.

Machines of several roles are made from one image, so the image cannot know. Runs before the agent starts; where the
metadata service does not answer, systemd starts both again.
"""

import os
import sys
import urllib.request
from pathlib import Path

METADATA = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254").rstrip("/")
# Nothing between a machine and its metadata: a proxy is passed by.
OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def ask(method: str, path: str, headers: dict[str, str]) -> str:
    request = urllib.request.Request(f"{METADATA}/latest/{path}", method=method, headers=headers)
    with OPEN(request, timeout=5) as answer:
        return answer.read().decode()


def role() -> str:
    token = ask("PUT", "api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    return ask("GET", "meta-data/tags/instance/Role", {"X-aws-ec2-metadata-token": token})


def main() -> None:
    template, written = Path(sys.argv[1]), Path(sys.argv[2])
    text = template.read_text()
    if "{role}" in text:
        try:
            text = text.replace("{role}", role())
        except OSError as error:
            sys.exit(
                f"The instance's tag Role could not be read from {METADATA}: {error}. Its launch template has to say "
                "instance_metadata_tags: enabled, and the instance needs the tag."
            )
    # Not each version of the agent's package brings the folder.
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(text)


if __name__ == "__main__":
    main()
