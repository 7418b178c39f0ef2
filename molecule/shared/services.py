"""What the tests of app, web and Speech API share."""

from __future__ import annotations

import concurrent.futures
import hashlib
import io
import json
import os
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testinfra.host import Host

ROOT = Path(__file__).resolve().parents[2]
SETTINGS: dict[str, str] = json.loads((ROOT / "molecule/shared/settings.json").read_text())
# What nobody but root may learn on a host.
SECRETS = [value for value in SETTINGS.values() if value.startswith("Secret-")]
# systemd's own scale, 0 to 10, the lower the better; up to 2.0 it calls OK.
EXPOSURE = 2.0


def eventually(what: Callable[[], bool], seconds: float, pause: float = 0.5) -> float:
    """Wait until something is so; the seconds that it took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, f"not within {seconds:g} s"
        time.sleep(pause)
    return time.monotonic() - began


def status(host: Host, url: str) -> int:
    """The HTTP status that a host gets from a URL; 0 if nothing answers."""
    code = (
        "import ssl, sys, urllib.error, urllib.request\n"
        "try: print(urllib.request.urlopen(sys.argv[1], timeout=30, context=ssl._create_unverified_context()).status)\n"
        "except urllib.error.HTTPError as error: print(error.code)\n"
        "except OSError: print(0)\n"
    )
    return int(host.check_output("python3 -c %s %s", code, url))


@contextmanager
def load(host: Host, url: str, threads: int, post: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """Load from a host while the block runs; what load.py tells is in the dictionary afterwards."""
    program = (ROOT / "molecule/shared/load.py").read_text()
    stop = f"/run/load-{time.monotonic_ns()}"
    arguments = ["python3", "-c", program, url, str(threads), stop]
    if post:
        arguments += ["--post", json.dumps(post)]
    found: dict[str, Any] = {}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = pool.submit(host.check_output, " ".join(["%s"] * len(arguments)), *arguments)
        time.sleep(3)
        try:
            yield found
            time.sleep(3)
        finally:
            host.check_output("touch %s", stop)
        found.update(json.loads(running.result()))
    found["requests"] = sum(found["answers"].values()) + found["errors"]


def told(what: str, result: dict[str, Any]) -> None:
    """Print what a load found."""
    counted = {name: value for name, value in result.items() if name != "acknowledged"}
    print(f"{what}: {json.dumps(counted)}, acknowledged {len(result['acknowledged'])}")


def exposure(host: Host, unit: str) -> float:
    """How exposed a unit is, by systemd's own scale."""
    line = host.check_output("systemd-analyze security --no-pager %s", unit).splitlines()[-1]
    found = float(line.split(":")[1].split()[0])
    print(f"{unit}: exposure {found} of 10")
    return found


# Every file outside any tmpfs.
FILES = "find / -xdev -type f -print0"
JOURNAL = "journalctl --no-pager --output export"


def seen_on_disk(host: Host, secret: str) -> list[str]:
    """Files outside any tmpfs that contain a text."""
    grep = "xargs -0 --no-run-if-empty grep --files-with-matches --fixed-strings -e %s"
    return host.run(f"{FILES} | {grep}", secret).stdout.split()


def seen_in_journal(host: Host, secret: str) -> bool:
    """Whether the journal contains a text, in any field."""
    return host.run(f"{JOURNAL} | grep --quiet --text --fixed-strings -e %s", secret).rc == 0


def check_secrets(host: Host, *secrets: str) -> None:
    """No secret is anywhere on the disk or in the journal; and were one there, this would see it."""
    planted = "Planted-by-the-test-" + hashlib.sha256(os.urandom(8)).hexdigest()
    host.check_output("echo %s > /var/lib/planted", planted)
    host.check_output("echo %s | systemd-cat", planted)
    host.check_output("journalctl --sync")
    assert seen_on_disk(host, planted) == ["/var/lib/planted"]
    assert seen_in_journal(host, planted)
    host.check_output("rm /var/lib/planted")
    files = host.check_output(f"{FILES} | tr --complement --delete '\\0' | wc --bytes")
    entries = host.check_output(f"{JOURNAL} | grep --count --text ^__CURSOR=")
    name = host.check_output("hostname")
    for secret in secrets:
        on_disk, in_journal = seen_on_disk(host, secret), seen_in_journal(host, secret)
        # It is where it should be, and on a tmpfs.
        held = host.run(
            "grep --recursive --files-with-matches --fixed-strings -e %s /run/pixstory", secret
        ).stdout.split()
        print(
            f"a secret of {name} is in {held}, in {len(on_disk)} of {files} files outside tmpfs"
            f" and {'' if in_journal else 'not '}in the {entries} entries of the journal"
        )
        assert (on_disk, in_journal) == ([], False)
        assert held
    assert host.check_output("stat --file-system --format %T /run/pixstory") == "tmpfs"


def converge(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the scenario's playbook once more."""
    scenario = os.environ["MOLECULE_SCENARIO_NAME"]
    inventory = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "inventory"
    command = ["ansible-playbook", "--inventory", str(inventory), f"molecule/{scenario}/converge.yml", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def artefact() -> Path:
    """The artefact that examples/pixstory/build made."""
    return max((ROOT / "examples/pixstory/dist").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)


def variant(folder: Path, module: str, line: str) -> tuple[Path, str]:
    """The artefact with a line more at the start of one of the application's modules; its path and digest."""
    with tarfile.open(artefact()) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}  # type: ignore[union-attr]
    (wheel,) = (name for name in files if name.startswith("wheels/pixstory_example-"))
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(files[wheel])) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == f"pixstory_example/{module}.py":
                head, future, rest = content.partition(b"from __future__ import annotations\n")
                content = head + future + line.encode() + b"\n" + rest
            new.writestr(entry, content)
    before, after = (hashlib.sha256(content).hexdigest() for content in (files[wheel], changed.getvalue()))
    files[wheel] = changed.getvalue()
    files["requirements.txt"] = files["requirements.txt"].replace(before.encode(), after.encode())
    release = json.loads(files["release.json"]) | {"digest": after}
    files["release.json"] = json.dumps(release).encode()
    path = folder / f"variant-{after[:12]}.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path, after[:12]


def current(host: Host, service: str) -> str:
    """The release that a service runs."""
    return host.check_output("readlink /srv/%s/current", service).rpartition("/")[2]


def revisions(host: Host) -> list[str]:
    """The migrations that a host's journal says it applied, one entry each time."""
    lines = host.check_output("journalctl --no-pager --output cat --unit 'app-migrate*'").splitlines()
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    return [revision for entry in entries for revision in entry.get("applied", [])]
