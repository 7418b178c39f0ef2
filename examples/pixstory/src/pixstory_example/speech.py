"""The Speech API: what the fetcher brought in. gunicorn pixstory_example.speech:app"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, abort, request
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from .items import Items
from .observability import instrument, json_errors, log_to_stdout
from .settings import state_directory
from .times import timestamp

LIMIT = 200


class SourceMetrics(Collector):
    """The fetcher is another process; its state is read from where it keeps it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        failures = GaugeMetricFamily("speech_source_failures", "Failures in a row", labels=["source"])
        success = GaugeMetricFamily("speech_source_last_success_timestamp_seconds", "Last success", labels=["source"])
        stored = GaugeMetricFamily("speech_items", "Items kept", labels=["source"])
        with Items.opened(self._folder) as items:
            for state in items.states():
                failures.add_metric([state.name], state.failures)
                success.add_metric([state.name], state.last_success_at or 0)
            for source, count in items.counts().items():
                stored.add_metric([source], count)
        return [failures, success, stored]


def create_app(folder: Path) -> Flask:
    app = Flask(__name__, static_folder=None)
    json_errors(app)
    instrument(app, "speech", SourceMetrics(folder))

    @app.get("/items")
    def newest() -> dict[str, Any]:
        """?since= (RFC 3339, published then or later) and ?limit= (30, at most 200); newest first."""
        given = request.args.get("limit", "30")
        if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= LIMIT):
            abort(400, f"limit: write a number from 1 to {LIMIT}")
        since = ""
        if text := request.args.get("since"):
            try:
                since = timestamp(datetime.fromisoformat(text))
            except (ValueError, OverflowError):
                abort(400, "since: write a time such as 2025-11-03T09:30:00Z")
        with Items.opened(folder) as items:
            return {"items": items.newest(since, int(given))}

    @app.get("/sources")
    def sources() -> dict[str, Any]:
        def moment(seconds: float | None) -> str | None:
            return timestamp(datetime.fromtimestamp(seconds, UTC)) if seconds else None

        with Items.opened(folder) as items:
            counts = items.counts()
            return {
                "sources": [
                    {
                        "name": state.name,
                        "items": counts.get(state.name, 0),
                        "failures": state.failures,
                        "last_error": state.last_error or None,
                        "last_success_at": moment(state.last_success_at),
                        "next_at": moment(state.next_at),
                    }
                    for state in items.states()
                ]
            }

    return app


def __getattr__(name: str) -> Any:
    # As in pixstory_example.api.
    if name == "app":
        log_to_stdout()
        return create_app(state_directory())
    raise AttributeError(name)
