"""The API with most options changed."""

from __future__ import annotations

from collections.abc import Mapping

from shared.services import SECRETS, check_secrets, eventually, status
from testinfra.host import Host

testinfra_hosts = ["debian-13"]


def test_it_answers_on_another_port(machines: Mapping[str, Host]) -> None:
    assert status(machines["cache"], "http://debian-13:9000/readyz") == 200
    assert status(machines["cache"], "http://debian-13:8000/readyz") == 0


def test_gunicorn_runs_as_declared(host: Host) -> None:
    command = host.check_output("systemctl show --property ExecStart --value app.service")
    for option in ("--workers 3", "--threads 2", "--timeout 20", "--graceful-timeout 5"):
        assert option in command
    (master,) = host.check_output("systemctl show --property MainPID --value app.service").split()
    eventually(lambda: len(host.check_output("pgrep --parent %s", master).split()) == 3, 30)
    assert host.check_output("systemctl show --property MemoryMax --value app.service") == str(2**30)
    assert host.check_output("systemctl show --property TimeoutStopUSec --value app.service") == "15s"


def test_a_value_with_line_breaks_is_a_file_that_the_service_reads(host: Host) -> None:
    path = "/run/pixstory/app/SPEECH_API_CERTIFICATE"
    assert f'SPEECH_API_CERTIFICATE_FILE="{path}"' in host.file("/run/pixstory/app.env").content_string
    assert host.check_output("runuser --user app -- cat %s", path) == "a value\nof two lines"
    assert host.run("runuser --user www-data -- cat %s", path).rc != 0


def test_no_secret_on_the_disk_or_in_the_journal(host: Host) -> None:
    check_secrets(host, *SECRETS)


def test_without_settings_after_a_boot_it_waits_and_says_what_for(host: Host) -> None:
    """What a boot does to a tmpfs; a container that boots again would come up the same."""
    host.check_output("mv /run/pixstory/app.env /run/pixstory/away")
    try:
        host.check_output("systemctl stop app.socket app.service")
        host.check_output("systemctl restart --no-block pixstory-first-boot.service")
        text = "waiting: /run/pixstory/app.env is not there; the settings of this machine are pushed: run the playbook"
        journal = "journalctl --unit pixstory-first-boot.service --output cat --no-pager --lines 5"
        eventually(lambda: text in host.check_output(journal), 30)
        assert host.run("systemctl is-active app.service").stdout.strip() == "inactive"
    finally:
        host.check_output("mv /run/pixstory/away /run/pixstory/app.env")
    eventually(lambda: host.service("pixstory-first-boot.service").is_running, 60)
    host.check_output("systemctl start app.socket app.service")
    eventually(lambda: status(host, "http://127.0.0.1:9000/readyz") == 200, 60)
