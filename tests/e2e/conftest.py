"""The lab that is up, and a browser before it."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page, sync_playwright

from .platform import DOMAIN, Platform


@pytest.fixture(scope="session")
def platform() -> Platform:
    return Platform()


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
