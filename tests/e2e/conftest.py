"""The lab, and a browser before it.

A lab that is up is used as it is, and left. With `--lab`, where none is up, one is brought up for the tests and taken
down again; on a machine that cannot run it the tests are skipped, and say why.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page, sync_playwright

from lab.fabric.process import State, refuse_lacking
from lab.machines import host

from .platform import DOMAIN, ROOT, Platform, environment

# `make lab` on two cores, with no image cached.
UP_TIMEOUT = 2400
DOWN_TIMEOUT = 300


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lab", action="store_true", help="bring the lab up where none is up, and take it down again")


def _refuse_where_it_cannot_run() -> None:
    try:
        refuse_lacking(host.detect())
    except SystemExit as lacking:
        pytest.skip(f"left out, the lab cannot run here: {lacking}")


def _make(target: str, timeout: int) -> None:
    done = subprocess.run(
        ["make", target],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, f"make {target}:\n{_what_failed(done.stdout)}\n{done.stderr[-3000:]}"


def _what_failed(output: str) -> str:
    """Each failed task with what it says; several playbooks run at once, and the end is that of the slowest."""
    found = [
        output[max(0, at.start() - 300) : at.end() + 1200] for at in re.finditer(r"^fatal: ", output, re.MULTILINE)
    ]
    return "\n...\n".join(found) or output[-3000:]


@pytest.fixture(scope="session")
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    if State(ROOT / ".lab").running() or not request.config.getoption("--lab", default=False):
        yield Platform()
        return
    _refuse_where_it_cannot_run()
    began = time.monotonic()
    try:
        _make("lab", UP_TIMEOUT)
        print(f"the lab is up after {time.monotonic() - began:.0f} s")
        yield Platform()
    finally:
        _make("lab-down", DOWN_TIMEOUT)


@pytest.fixture(scope="session")
def browser(platform: Platform) -> Iterator[Browser]:
    """Debian's Chromium. It trusts the one certificate that the lab's authority has signed, by its key."""
    executable = shutil.which("chromium")
    assert executable, "chromium is missing: apt-get install chromium"
    certificate = x509.load_der_x509_certificate(platform.certificate())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(key).digest()).decode()
    arguments = [
        "--no-sandbox",  # root's Chromium has none; it opens the lab's pages only
        f"--ignore-certificate-errors-spki-list={pin}",
        f"--host-resolver-rules=MAP {DOMAIN} 127.0.0.1",
    ]
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    yield context.new_page()
    context.close()
