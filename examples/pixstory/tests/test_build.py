"""The artefact: the same bytes from the same input, and all that a host without a network needs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from . import stack

APPLICATION = Path(__file__).resolve().parents[1]
ROOT = APPLICATION.parents[1]
# What a host of Debian 12 and of Debian 13 has.
PYTHONS = ("3.11", "3.13")


def build(application: Path, output: Path, umask: int, **environment: str) -> Path:
    command = [sys.executable, str(application / "build"), "--output", str(output)]
    environment = dict(os.environ) | environment
    built = subprocess.run(command, env=environment, umask=umask, check=True, stdout=subprocess.PIPE, text=True)
    return Path(built.stdout.strip())


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(APPLICATION, tmp_path_factory.mktemp("dist"), 0o022)


@pytest.fixture(scope="module")
def release(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(artefact) as tar:
        tar.extractall(folder, filter="data")
    return folder


def test_two_builds_have_the_same_bytes(artefact: Path, tmp_path: Path) -> None:
    # Another checkout, at another time, by somebody with other habits, who has run it.
    checkout = tmp_path / "checkout"
    copy = checkout / "examples" / "pixstory"
    shutil.copytree(APPLICATION, copy, ignore=shutil.ignore_patterns("dist"), copy_function=shutil.copyfile)
    (checkout / ".cache").symlink_to(ROOT / ".cache")
    junk = copy / "src" / "pixstory_example" / "__pycache__"
    junk.mkdir(exist_ok=True)
    (junk / "left-over.pyc").write_bytes(b"x")
    again = build(copy, tmp_path / "dist", 0o077, TZ="Asia/Kolkata", PYTHONHASHSEED="7")
    assert again.name == artefact.name
    assert again.read_bytes() == artefact.read_bytes()


def test_another_input_has_another_digest(artefact: Path, tmp_path: Path) -> None:
    copy = tmp_path / "examples" / "pixstory"
    shutil.copytree(APPLICATION, copy, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    (tmp_path / ".cache").symlink_to(ROOT / ".cache")
    style = copy / "src" / "pixstory_example" / "static" / "style.css"
    style.write_text(style.read_text() + "\n")
    assert build(copy, tmp_path / "dist", 0o022).name != artefact.name


def test_the_release_says_what_it_is(artefact: Path, release: Path) -> None:
    says = json.loads((release / "release.json").read_text())
    assert (says["name"], says["version"]) == ("pixstory-example", "1.0.0")
    assert artefact.name == f"pixstory-example-{says['digest'][:12]}.tar.gz"
    names = ["requirements.txt", *sorted(f"wheels/{wheel.name}" for wheel in (release / "wheels").iterdir())]
    sums = "".join(f"{hashlib.sha256((release / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    assert hashlib.sha256(sums.encode()).hexdigest() == says["digest"]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("python", PYTHONS)
def test_every_wheel_with_machine_code_is_there_for_each_python_and_machine(
    release: Path, python: str, machine: str
) -> None:
    names = [wheel.name for wheel in (release / "wheels").iterdir() if not wheel.name.endswith("-none-any.whl")]
    tag = f"cp{python.replace('.', '')}"
    distributions = {name.split("-")[0] for name in names}
    assert distributions >= {"psycopg_binary", "sqlalchemy", "markupsafe"}
    for distribution in distributions:
        assert [name for name in names if name.startswith(f"{distribution}-") and tag in name and machine in name]


def interpreter(version: str) -> str | None:
    """A Python of this version on PATH, of the system, or under pyenv."""
    pyenv = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python"))
    for candidate in (f"python{version}", "/usr/bin/python3", *map(str, pyenv)):
        asked = shutil.which(candidate)
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        # A shim of pyenv may answer for another version, or for none.
        if asked and subprocess.run([asked, "-c", code], capture_output=True, text=True).stdout.strip() == version:
            return asked
    return None


def test_there_is_a_python_to_install_with() -> None:
    assert any(interpreter(version) for version in PYTHONS), f"install Python {' or '.join(PYTHONS)}"


@pytest.mark.parametrize("version", PYTHONS)
def test_it_installs_without_a_network_and_serves(release: Path, tmp_path: Path, version: str) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    venv = tmp_path / "venv"
    subprocess.run([python, "-m", "venv", "--without-pip", str(venv)], check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    # Whoever would ask the network is sent nowhere.
    environment |= {
        "PIP_CONFIG_FILE": os.devnull,
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", f"--python={venv}/bin/python"]
    offline = ["--no-index", f"--find-links={release}/wheels", "--require-hashes"]
    locked = f"--requirement={release}/requirements.txt"
    subprocess.run([*pip, "install", *offline, locked], env=environment, check=True)
    subprocess.run([*pip, "check"], env=environment, check=True)

    with stack.folder() as folder:
        bare = {"PYTHONPATH": "", "APP_URL": "http://127.0.0.1:9", "SECRET_KEY": "k" * 32}
        with stack.Service(folder, "web", bare, python=venv / "bin" / "python") as web:
            assert web.get("/healthz").json() == {"status": "ok"}
            assert web.get("/static/style.css").status_code == 200
            assert "Back in a moment" in web.get("/").text
    sources = tmp_path / "sources.toml"
    sources.write_text("")
    subprocess.run([str(venv / "bin" / "speech-fetch"), "--check", "--sources", str(sources)], check=True)
    code = (
        "from pixstory_example import api, fetch, migrate, speech; from alembic.script import ScriptDirectory;"
        "print([step.revision for step in ScriptDirectory.from_config(migrate.configuration()).walk_revisions()])"
    )
    packed = subprocess.run([str(venv / "bin" / "python"), "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    assert packed.stdout.strip() == "['0002', '0001']"
