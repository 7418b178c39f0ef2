# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Another medium on the lab's internet: its feed is what the Speech API fetches there. Atom, as RFC 4287 says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

PORT = 80
PATH = "/feed.xml"
ENTRIES = (
    ("Monsoon reaches the coast a week early", "Fishing villages have brought in their boats."),
    ("A night train returns after nine years", "Tickets for the first week were gone in an hour."),
    ("School library lends telescopes", "Two hundred pupils are on the list."),
)


def feed(began: datetime) -> str:
    """The feed of somebody who has published an entry an hour until then."""
    entries = "".join(
        f"<entry><id>urn:press:{number}</id><title>{title}</title><link href='http://press.example/{number}'/>"
        f"<updated>{began - timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}</updated><summary>{summary}</summary></entry>"
        for number, (title, summary) in enumerate(ENTRIES)
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?><feed xmlns='http://www.w3.org/2005/Atom'><id>urn:press</id>"
        f"<title>The Rehearsal</title><updated>{began:%Y-%m-%dT%H:%M:%SZ}</updated>{entries}</feed>"
    )


def handler() -> type[BaseHTTPRequestHandler]:
    """A handler that serves the feed of now."""
    content = feed(datetime.now(UTC)).encode()

    class Handler(BaseHTTPRequestHandler):
        """Answers one address."""

        def do_GET(self) -> None:
            """Answer."""
            found = self.path == PATH
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/atom+xml")
            self.send_header("Content-Length", str(len(content) if found else 0))
            self.end_headers()
            if found:
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    return Handler
