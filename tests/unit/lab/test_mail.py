# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who runs a rehearsal follows the links that AWS would mail to people."""

from __future__ import annotations

from pathlib import Path

from lab import mail
from lab.fabric.world import Api
from tests.emulated import Emulator


def test_links_are_followed_once(tmp_path: Path) -> None:
    with Emulator(tmp_path / "requests.jsonl", "--lenient") as emulator:
        api = Api(emulator.url)
        topic = api.sns.create_topic(Name="security")["TopicArn"]
        for address in ("b@example.com", "a@example.com"):
            api.sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
        assert mail.confirm(api) == ["a@example.com", "b@example.com"]
        writes = api.lab("status")["writes"]
        assert mail.confirm(api) == []
        assert api.lab("status")["writes"] == writes
        api.sns.publish(TopicArn=topic, Subject="Fire", Message="In the hall")
        assert mail.shown(api).endswith("Fire\nIn the hall")
