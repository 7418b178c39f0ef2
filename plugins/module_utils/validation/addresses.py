# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an address is the emulator's or one of AWS's own."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

# https://docs.aws.amazon.com/general/latest/gr/rande.html; api.aws is that of dual-stack endpoints.
AWS_DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "api.aws")


def host_of(url: str) -> str:
    """The host of a URL; empty when it has none, or is not a URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_loopback(url: str) -> bool:
    host = host_of(url)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_aws(url: str) -> bool:
    host = host_of(url)
    return any(host.endswith(f".{domain}") for domain in AWS_DOMAINS)
