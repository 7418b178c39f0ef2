"""What a machine has of its own is restored on its successor, and neither writes over the other's."""

from __future__ import annotations

import io
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "roles" / "backup" / "files"))
import backup


class S3:
    """A bucket. Each write is another version."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.writes = 0

    def list_objects_v2(self, Bucket: str, Prefix: str) -> dict[str, Any]:
        found = [{"Key": key} for key in self.objects if key.startswith(Prefix)]
        return {"Contents": found} if found else {}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return self.objects[Key]

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key]["content"])}

    def put_object(self, Bucket: str, Key: str, Body: Any, Metadata: dict[str, str]) -> dict[str, Any]:
        self.writes += 1
        self.objects[Key] = {"ETag": f'"{self.writes}"', "Metadata": Metadata, "content": Body.read()}
        return self.objects[Key]


class Machine:
    """A machine: what it knows, and a root of its own, for which names in archives begin where this test runs."""

    def __init__(self, s3: S3, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.bucket = backup.Bucket(s3, "backups", "vpn")
        self.known = folder.parent / f"{folder.name}-known"
        self.state = folder
        self.patch = patch

    def _be(self) -> None:
        self.patch.setattr(backup, "KNOWN", self.known)

    def save(self, **more: Any) -> str:
        self._be()
        return backup.save(self.bucket, "vpn", [self.state], self.state / ".lock", **more)

    def restore(self, **more: Any) -> str:
        self._be()
        return backup.restore(self.bucket, "vpn", [self.state], **more)


@pytest.fixture
def s3() -> S3:
    return S3()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The place of the state, the same on all machines."""
    return tmp_path / "etc" / "vpn"


@pytest.fixture
def first(s3: S3, state: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    (state / "pki" / "private").mkdir(parents=True)
    (state / "pki" / "private" / "ca.key").write_text("a key")
    (state / "pki" / "private" / "ca.key").chmod(0o600)
    (state / "people.json").write_text('{"asha": {}}')
    (state / ".lock").touch()
    return Machine(s3, state, monkeypatch)


@pytest.fixture
def second(s3: S3, state: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(s3, state, monkeypatch)
    machine.known = state.parent / "second-known"
    return machine


def lose(machine: Machine) -> Path:
    """The state is gone from the place; where it was moved to, for who needs it."""
    return machine.state.rename(machine.state.parent / "lost")


def test_state_survives_the_loss_of_its_machine(first: Machine, second: Machine) -> None:
    assert first.save() == "saved to s3://backups/vpn/state.tar.gz"
    lose(first)
    assert second.restore().startswith("restored what ")
    assert (second.state / "people.json").read_text() == '{"asha": {}}'
    key = second.state / "pki" / "private" / "ca.key"
    assert (key.read_text(), key.stat().st_mode & 0o777) == ("a key", 0o600)
    assert not (second.state / ".lock").exists()


def test_what_has_not_changed_is_not_written_again(first: Machine, second: Machine, s3: S3) -> None:
    first.save()
    (first.state / "people.json").touch()
    assert first.save() == "unchanged"
    lose(first)
    second.restore()
    assert second.save() == "unchanged"
    assert second.restore().startswith("nothing to restore")
    (second.state / "people.json").write_text("{}")
    assert second.save().startswith("saved")
    assert s3.writes == 2


def test_a_new_machine_without_a_backup_begins(second: Machine) -> None:
    assert second.restore() == "nothing to restore: s3://backups/vpn/state.tar.gz is not there"
    assert second.save() == f"nothing to save: {second.state} is empty"


def test_check_mode_writes_nothing(first: Machine, second: Machine) -> None:
    first.save()
    lose(first)
    assert second.restore(check=True).startswith("restored")
    assert not second.state.exists()
    assert second.restore().startswith("restored")


def test_a_machine_that_did_not_restore_does_not_write_over_the_backup(first: Machine, second: Machine, s3: S3) -> None:
    first.save()
    (second.state / "people.json").write_text("made again")
    with pytest.raises(backup.Mistake, match="this machine has not restored it"):
        second.save()
    with pytest.raises(backup.Mistake, match="holds state"):
        second.restore()
    assert s3.writes == 1
    assert second.save(replace=True).startswith("saved")


def test_the_machine_that_was_replaced_does_not_write_over_its_successors(first: Machine, second: Machine) -> None:
    first.save()
    lost = lose(first)
    second.restore()
    (second.state / "people.json").write_text("{}")
    second.save()
    (second.state / "people.json").write_text("of the first, that still runs")
    with pytest.raises(backup.Mistake, match="terminate this one"):
        first.save()
    assert lost.exists()


def test_a_bucket_that_does_not_answer_is_no_empty_bucket(second: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_arguments: Any) -> None:
        raise PermissionError("AccessDenied")

    monkeypatch.setattr(second.bucket.s3, "list_objects_v2", refused)
    with pytest.raises(PermissionError):
        second.restore()


def test_a_database_is_saved_while_others_write(first: Machine, second: Machine) -> None:
    """What is in the write-ahead log is in the copy; the log itself is not saved."""
    writer = sqlite3.connect(first.state / "speech.sqlite3")
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE items (title TEXT)")
    writer.execute("INSERT INTO items VALUES ('read')")
    writer.commit()
    writer.execute("INSERT INTO items VALUES ('half written')")
    assert (first.state / "speech.sqlite3-wal").stat().st_size > 0
    first.save()
    writer.close()
    lose(first)
    second.restore()
    assert sorted(path.name for path in second.state.iterdir()) == ["people.json", "pki", "speech.sqlite3"]
    found = sqlite3.connect(second.state / "speech.sqlite3").execute("SELECT title FROM items").fetchall()
    assert found == [("read",)]


def test_an_archive_writes_nowhere_else(first: Machine, second: Machine, tmp_path: Path) -> None:
    other = tmp_path / "etc" / "passwd"
    other.parent.mkdir(exist_ok=True)
    other.write_text("root")
    first._be()
    backup.save(first.bucket, "vpn", [first.state, other], None)
    lose(first)
    with pytest.raises(backup.Mistake, match="nothing was restored"):
        second.restore()
    assert not second.state.exists()
