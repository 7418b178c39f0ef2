#!/usr/bin/python3
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Saves what a machine has of its own to S3, and restores it on its successor.

``restore`` brings the state back on a machine that has none; ``save`` writes it where it has changed. What is in the
bucket is written over only by the machine that wrote or restored it last: two machines of one role, or a new one that
was not restored, stop here and not in the data.

Runs on Debian's Python and python3-boto3, from Debian 12 on.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import gzip
import hashlib
import json
import os
import socket
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# What this machine saved or restored last.
KNOWN = Path("/var/lib/pixstory-backup")
SQLITE = b"SQLite format 3\0"
TIMEOUT = 30


class Mistake(Exception):
    """What stops the program, with what to do about it."""


@dataclass(frozen=True)
class Saved:
    """An archive in the bucket: its version there, its content, and the machine that wrote it."""

    etag: str
    digest: str
    machine: str


# The bucket


class Bucket:
    """The one object of a service. ``s3`` is a client of boto3."""

    def __init__(self, s3: Any, bucket: str, service: str) -> None:
        self.s3 = s3
        self.place = {"Bucket": bucket, "Key": f"{service}/state.tar.gz"}

    @property
    def url(self) -> str:
        return f"s3://{self.place['Bucket']}/{self.place['Key']}"

    def read(self) -> Saved | None:
        """What is there; None where nothing is. Everything else is an error: it must not look like nothing.

        Listed, and not just asked for: to who may list a prefix alone, S3 says of what is missing that it is forbidden.
        """
        listed = self.s3.list_objects_v2(Bucket=self.place["Bucket"], Prefix=self.place["Key"])
        if self.place["Key"] not in [one["Key"] for one in listed.get("Contents", [])]:
            return None
        found = self.s3.head_object(**self.place)
        told = found["Metadata"]
        return Saved(found["ETag"], told.get("digest", ""), told.get("machine", "another program"))

    def download(self, archive: Path) -> None:
        with archive.open("wb") as file:
            body = self.s3.get_object(**self.place)["Body"]
            for part in iter(lambda: body.read(1 << 20), b""):
                file.write(part)

    def upload(self, archive: Path, digest: str, machine: str) -> Saved:
        with archive.open("rb") as file:
            done = self.s3.put_object(**self.place, Body=file, Metadata={"digest": digest, "machine": machine})
        return Saved(done["ETag"], digest, machine)


def client() -> Any:
    """With the machine's own role, in its own Region. An emulator has no host name a bucket."""
    import boto3
    from botocore.config import Config
    from botocore.utils import InstanceMetadataRegionFetcher

    metadata = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT")
    told = {"ec2_metadata_service_endpoint": metadata} if metadata else {}
    region = (
        os.environ.get("AWS_REGION")
        or InstanceMetadataRegionFetcher(num_attempts=3, user_agent="pixstory", config=told).retrieve_region()
    )
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or None
    style = {"addressing_style": "path" if endpoint else "virtual"}
    config = Config(connect_timeout=TIMEOUT, read_timeout=TIMEOUT, retries={"total_max_attempts": 3}, s3=style)
    return boto3.session.Session().client("s3", region_name=region, endpoint_url=endpoint, config=config)


# The files


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """What is to be saved, in order; folders too. Drafts, locks and what SQLite keeps beside a database are not."""
    for path in paths:
        for one in [path, *sorted(path.rglob("*"))] if path.is_dir() else [path]:
            hidden = any(part.startswith(".") for part in one.parts[len(path.parts) :])
            beside = one.name.endswith(("-wal", "-shm", "-journal"))
            if not hidden and not beside and not one.is_symlink() and (one.is_file() or one.is_dir()):
                yield one


def at_one_moment(path: Path, folder: Path) -> Path:
    """The file, or of a database a copy as it is at one moment, while others write."""
    with path.open("rb") as file:
        if file.read(len(SQLITE)) != SQLITE:
            return path
    copy = folder / "database"
    copy.unlink(missing_ok=True)
    with (
        contextlib.closing(sqlite3.connect(path, timeout=TIMEOUT)) as source,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    return copy


@contextlib.contextmanager
def locked(path: Path | None) -> Iterator[None]:
    """While nobody changes the state."""
    if path is None or not path.exists():
        yield
        return
    with path.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def pack(paths: Sequence[Path], archive: Path) -> str:
    """Write the archive. Gives the digest of what is in it: of names, owners, permissions and content, not of times."""
    total = hashlib.sha256()
    with (
        tempfile.TemporaryDirectory(dir=archive.parent) as folder,
        gzip.GzipFile(archive, "wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in files(paths):
            member = tar.gettarinfo(path)
            total.update(json.dumps([member.name, member.mode, member.uname, member.gname]).encode())
            if path.is_dir():
                tar.addfile(member)
                continue
            content = at_one_moment(path, Path(folder))
            member.size = content.stat().st_size
            with content.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
                file.seek(0)
                tar.addfile(member, file)
    return total.hexdigest()


def unpack(archive: Path, paths: Sequence[Path], root: Path = Path("/")) -> None:
    """Write what is in the archive, with its owners by name. What does not belong to the paths is refused first."""
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
        for member in members:
            name = Path("/", member.name)
            inside = any(name == path or path in name.parents for path in paths)
            if not inside or ".." in name.parts or not (member.isfile() or member.isdir()):
                raise Mistake(
                    f"{member.name} is in the backup, and not in {', '.join(map(str, paths))}: nothing was restored"
                )
        for path in paths:
            (root / path.relative_to("/")).parent.mkdir(parents=True, exist_ok=True)
        # Its members were looked at above; the filters of Python would take the owners away.
        tar.extraction_filter = lambda member, _path: member
        tar.extractall(root, members)


# What this machine knows


def known(service: str) -> Saved | None:
    with contextlib.suppress(FileNotFoundError):
        return Saved(**json.loads((KNOWN / f"{service}.json").read_text()))
    return None


def remember(service: str, saved: Saved) -> None:
    draft = KNOWN / f"{service}.json.new"
    draft.write_text(json.dumps(asdict(saved)) + "\n")
    draft.replace(KNOWN / f"{service}.json")


# The two commands


def restore(bucket: Bucket, service: str, paths: Sequence[Path], *, check: bool = False) -> str:
    if known(service):
        return "nothing to restore: this machine saves its own state"
    there = bucket.read()
    if there is None:
        return f"nothing to restore: {bucket.url} is not there"
    if has_state(paths[0]):
        raise Mistake(
            f"{paths[0]} holds state, and {there.machine} has saved another one to {bucket.url}. To take that, move "
            f"{' and '.join(map(str, paths))} away and run again. To keep what is here, and the other as an older "
            f"version in the bucket: {sys.argv[0]} save --replace, with the arguments of pixstory-backup.service"
        )
    if not check:
        with spool() as archive:
            bucket.download(archive)
            unpack(archive, paths)
        remember(service, there)
    return f"restored what {there.machine} saved to {bucket.url}"


def has_state(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.exists()


def save(bucket: Bucket, service: str, paths: Sequence[Path], lock: Path | None, *, replace: bool = False) -> str:
    if not has_state(paths[0]):
        return f"nothing to save: {paths[0]} is empty"
    last = known(service)
    with spool() as archive:
        with locked(lock):
            digest = pack([path for path in paths if path.exists()], archive)
        if last and last.digest == digest:
            return "unchanged"
        there = bucket.read()
        if there and not replace and there.etag != (last.etag if last else None):
            raise Mistake(
                f"{bucket.url} was saved by {there.machine}, and this machine has not restored it. If the other has "
                f"replaced it, terminate this one. If this is the one that counts: {sys.argv[0]} save --replace, "
                "with the arguments of pixstory-backup.service"
            )
        remember(service, bucket.upload(archive, digest, socket.gethostname()))
    return f"saved to {bucket.url}"


@contextlib.contextmanager
def spool() -> Iterator[Path]:
    """A place for the archive, which is as secret as the state."""
    KNOWN.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KNOWN) as folder:
        yield Path(folder) / "state.tar.gz"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["save", "restore"])
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--service", required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--lock", type=Path, help="file that whoever changes the state locks")
    parser.add_argument("--replace", action="store_true", help="save over what another machine has saved")
    parser.add_argument("--check", action="store_true", help="only say what would be restored")
    given = parser.parse_args(arguments)
    os.umask(0o077)
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        bucket = Bucket(client(), given.bucket, given.service)
        if given.command == "save":
            print(save(bucket, given.service, given.paths, given.lock, replace=given.replace))
        else:
            print(restore(bucket, given.service, given.paths, check=given.check))
    except (Mistake, BotoCoreError, ClientError, OSError, tarfile.TarError, sqlite3.Error) as error:
        sys.exit(f"backup of {given.service}: {error}")


if __name__ == "__main__":
    main()
