"""An app machine that was made from its image: nobody configured it, and it serves. Its boot was its second."""

from __future__ import annotations

import json

from testinfra.host import Host

from lab.vm.services import HOST

from .conftest import Bench
from .looks import boots, failed_units


def test_nothing_has_failed(app: Host) -> None:
    assert failed_units(app) == ""
    assert boots(app) >= 2


def test_it_is_who_the_metadata_says(app: Host, bench: Bench) -> None:
    assert app.check_output("cloud-init query instance_id") == bench.instance.id
    assert app.check_output("hostname") == "ip-10-0-2-15-app"
    assert app.check_output("find /root /home -name authorized_keys -size +0") == ""


def test_its_settings_were_fetched_at_this_boot(app: Host) -> None:
    assert app.service("pixstory-first-boot").is_running  # a oneshot that remains after its end
    settings = app.file("/run/pixstory/app.env")
    assert (settings.user, settings.mode) == ("root", 0o600)
    assert f'DATABASE_HOST="{HOST}"' in settings.content_string.splitlines()


def test_it_serves_what_is_in_its_database(app: Host) -> None:
    assert app.service("app").is_running
    assert app.service("app").is_enabled
    asked = "curl --silent --fail http://127.0.0.1:8000"
    app.check_output(f"{asked}/readyz")
    story = json.dumps({"title": "From a machine that booted", "text": "Twice.", "author": "Asha"})
    posted = json.loads(
        app.check_output(f"{asked}/api/stories --header 'Content-Type: application/json' --data '{story}'")
    )
    assert json.loads(app.check_output(f"{asked}/api/stories/{posted['id']}"))["title"] == "From a machine that booted"


def test_only_its_port_is_open(app: Host) -> None:
    rules = app.check_output("nft list ruleset")
    assert "tcp dport 8000 accept" in rules
    assert "tcp dport 22" not in rules
