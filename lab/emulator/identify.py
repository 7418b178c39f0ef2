# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which service and operation an HTTP request to AWS is for."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from botocore.exceptions import UnknownServiceError
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

CREDENTIAL = re.compile(r"(?P<key>[^/=\s]+)/\d{8}/(?P<region>[^/]*)/(?P<name>[^/]+)/aws4_request")
RPC_V2_PATH = re.compile(r"/service/[^/]+/operation/(?P<operation>\w+)/?$")

# Signing names that differ from boto3's service name. Names shared by several services are in SHARED_NAMES.
SIGNING_NAMES = {
    "access-analyzer": "accessanalyzer",
    "airflow": "mwaa",
    "aps": "amp",
    "aoss": "opensearchserverless",
    "cassandra": "keyspaces",
    "cloudcontrolapi": "cloudcontrol",
    "elasticfilesystem": "efs",
    "elasticmapreduce": "emr",
    "mobiletargeting": "pinpoint",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "sso": "sso-admin",
    "sso-oauth": "sso-oidc",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
    "timestream": "timestream-write",
}


@dataclass(frozen=True)
class Identity:
    """What a request is for and who sent it."""

    service: str | None = None
    operation: str | None = None
    region: str | None = None
    principal: str | None = None
    dry_run: bool = False
    url_params: dict[str, Any] = field(default_factory=dict)


def fresh_request(environ: dict[str, Any], body: bytes) -> Request:
    """A request object on a copy of the environment, so that the body can be read again later."""
    return Request({**environ, "wsgi.input": io.BytesIO(body)})


def identify(environ: dict[str, Any], body: bytes) -> Identity:
    """Identify a request; what cannot be told is left at None."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    scope = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION") or query.get("X-Amz-Credential", [""])[0])
    if scope is None:
        return Identity()
    form = _form(environ, body) or query
    service = _service(scope["name"], environ, form)
    operation, url_params = _operation(service, environ, body, form)
    return Identity(
        service=service,
        operation=operation,
        region=scope["region"],
        principal=scope["key"],
        dry_run=form.get("DryRun", [""])[0].lower() == "true",
        url_params=url_params,
    )


def _form(environ: dict[str, Any], body: bytes) -> dict[str, list[str]]:
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {}


def _elb(environ: dict[str, Any], form: dict[str, list[str]]) -> str:
    return "elb" if form.get("Version") == ["2012-06-01"] else "elbv2"


def _s3(environ: dict[str, Any], form: dict[str, list[str]]) -> str:
    control = environ["PATH_INFO"].startswith("/v20180820/") or "s3-control" in environ.get("HTTP_HOST", "")
    return "s3control" if control else "s3"


def _dynamodb(environ: dict[str, Any], form: dict[str, list[str]]) -> str:
    streams = environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDBStreams")
    return "dynamodbstreams" if streams else "dynamodb"


def _by_path(prefix: str, match: str, otherwise: str) -> Callable[[dict[str, Any], dict[str, list[str]]], str]:
    return lambda environ, form: match if environ["PATH_INFO"].startswith(prefix) else otherwise


# Signing names shared by several services: how to tell them apart.
SHARED_NAMES: dict[str, Callable[[dict[str, Any], dict[str, list[str]]], str]] = {
    "apigateway": _by_path("/v2/", "apigatewayv2", "apigateway"),
    "dynamodb": _dynamodb,
    "elasticloadbalancing": _elb,
    "es": _by_path("/2021-01-01/", "opensearch", "es"),
    "s3": _s3,
    "ses": _by_path("/v2/", "sesv2", "ses"),
}


def _service(name: str, environ: dict[str, Any], form: dict[str, list[str]]) -> str:
    name = name.lower()
    if name in SHARED_NAMES:
        return SHARED_NAMES[name](environ, form)
    return SIGNING_NAMES.get(name, name)


def _operation(
    service: str, environ: dict[str, Any], body: bytes, form: dict[str, list[str]]
) -> tuple[str | None, dict[str, Any]]:
    try:
        known = get_service_model(service).operation_names
    except UnknownServiceError:
        return None, {}
    name = form.get("Action", [""])[0] or environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    rpc = RPC_V2_PATH.match(environ["PATH_INFO"])
    if not name and rpc:
        name = rpc["operation"]
    if name:
        return (name if name in known else None), {}
    try:
        operation, url_params = get_service_router(service).match(fresh_request(environ, body))
    except (NotFound, NotImplementedError):
        return None, {}
    return operation.name, url_params
