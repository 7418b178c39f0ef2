"""What all three services share: JSON logs, request ids, metrics, errors as JSON."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import prometheus_client
from flask import Flask, Response, g, jsonify, request
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

request_id: ContextVar[str] = ContextVar("request_id", default="")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:=;-]{1,128}")
_PROBES = ("/healthz", "/readyz", "/metrics")

REQUESTS = prometheus_client.Counter(
    "http_requests_total", "Requests answered", ["service", "method", "route", "status"]
)
DURATION = prometheus_client.Histogram(
    "http_request_duration_seconds", "Time to answer a request", ["service", "method", "route"]
)


class JsonFormatter(logging.Formatter):
    """One JSON object a line. What a caller passes as `extra={"data": {...}}` becomes keys of it."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identifier := request_id.get():
            entry["request_id"] = identifier
        entry |= getattr(record, "data", {})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def log_to_stdout() -> None:
    """Sends every log of the process to standard output, where journald takes it."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # We tell ourselves what we ask for and which migrations ran.
    for name in ("httpx", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def instrument(app: Flask, service: str, *collectors: Collector) -> None:
    """Adds request ids, the request log, /healthz and /metrics (with what `collectors` have besides)."""
    log = logging.getLogger(f"pixstory_example.{service}")

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-ID", "")
        request_id.set(given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex)
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.began
        # The rule, not the path: a label for each story would have no end.
        route = request.url_rule.rule if request.url_rule else "none"
        REQUESTS.labels(service, request.method, route, response.status_code).inc()
        DURATION.labels(service, request.method, route).observe(seconds)
        data = {"method": request.method, "path": request.path, "status": response.status_code}
        level = logging.DEBUG if request.path in _PROBES and response.status_code < 400 else logging.INFO
        log.log(level, "request", extra={"data": data | {"milliseconds": round(seconds * 1000, 1)}})
        response.headers["X-Request-ID"] = request_id.get()
        return response

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics")
    def metrics() -> Response:
        registry: prometheus_client.CollectorRegistry = prometheus_client.REGISTRY
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = prometheus_client.CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        body = prometheus_client.generate_latest(registry)
        for collector in collectors:
            own = prometheus_client.CollectorRegistry()
            own.register(collector)
            body += prometheus_client.generate_latest(own)
        return Response(body, content_type=prometheus_client.CONTENT_TYPE_LATEST)


def json_errors(app: Flask) -> None:
    """Every error is answered as {"error": …}, and none with a traceback."""

    @app.errorhandler(HTTPException)
    def known(error: HTTPException) -> BaseResponse:
        # With the headers that belong to the error, such as Allow.
        response = error.get_response()
        response.data = jsonify(error=error.description).data
        response.content_type = "application/json"
        return response

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> tuple[Response, int]:
        logging.getLogger("pixstory_example").error("unexpected error", exc_info=error)
        return jsonify(error=f"internal error; the log has more under request id {request_id.get()}"), 500
