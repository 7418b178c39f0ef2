# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs an operation of ours the way moto runs its own."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.core.responses import ActionResult, BaseResponse
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from lab.emulator.harsh import Refused
from lab.emulator.identify import Identity
from lab.emulator.registry import ApiError, Call, Handler


class ExtensionResponse(BaseResponse):
    """One call of one operation; moto's base class parses, authorises and serialises it."""

    def __init__(self, identity: Identity) -> None:
        super().__init__(service_name=identity.service)
        self.identity = identity
        self.automated_parameter_parsing = True

    def _get_action(self) -> str:
        return self.identity.operation or ""

    def parse_parameters(self, request: Request) -> None:
        """Parse with the labels of the path that the router has already found."""
        self.uri_match = self.identity.url_params
        super().parse_parameters(request)

    def run(self, request: Request, handler: Handler) -> Response:
        """Parse the request, check that it is permitted, call the handler and serialise what it returns."""
        self.setup_class(request, use_raw_body=True)
        try:
            self._authenticate_and_authorize_normal_action()
            result: object = handler(Call(self.current_account, self.region), dict(self.params))
        except ServiceException as error:
            result = error
        except HTTPException as error:
            return Response(error.description or "", status=error.code, headers=error.get_headers())
        return self.response(result)

    def response(self, result: object) -> Response:
        """Serialise a result or an exception as the service's protocol wants it."""
        status, headers, body = self.serialized(ActionResult(result))
        return Response(body, status=status, headers={name: str(value) for name, value in headers.items()})


def parameters_of(identity: Identity, request: Request) -> dict[str, Any] | None:
    """The parameters as boto3's caller wrote them. None when the request is for nothing that botocore knows."""
    if identity.service is None or identity.operation is None:
        return None
    extension = ExtensionResponse(identity)
    extension.setup_class(request, use_raw_body=True)
    return dict(extension.params)


def refusal(identity: Identity, request: Request, refused: Refused) -> Response:
    """The answer to a call that is refused."""
    return _failure(identity, request, refused.code, refused.message, refused.status)


def result(identity: Identity, request: Request, answer: dict[str, Any]) -> Response:
    """The answer to a call that was carried out, with a result as boto3's caller gets it."""
    return _serialised(identity, request, answer)


def not_implemented(identity: Identity, request: Request, error: NotImplementedError) -> Response:
    """The answer to an operation that nobody emulates: named, and with a status that clients do not retry."""
    reason = f" ({error})" if str(error) else ""
    text = f"The emulator has no {identity.service} {identity.operation}{reason}. Add it in lab/emulator/extensions/."
    return _failure(identity, request, "NotImplemented", text, 501)


def internal_failure(identity: Identity, request: Request, error: Exception) -> Response:
    """The answer when moto itself raised something unexpected.

    Not the 500 that AWS would give: clients repeat that for minutes, and here a repetition never helps.
    """
    text = f"The emulator failed in {identity.service} {identity.operation}: {error!r}"
    return _failure(identity, request, "EmulatorFailure", text, 400)


def _failure(identity: Identity, request: Request, code: str, text: str, status: int) -> Response:
    if identity.service is None or identity.operation is None:
        return Response(text, status=status)
    response = _serialised(identity, request, ApiError(code, text))
    response.status_code = status
    return response


def _serialised(identity: Identity, request: Request, answer: object) -> Response:
    extension = ExtensionResponse(identity)
    # Parsing the parameters may be what failed, and neither an error nor a result shows them.
    extension.automated_parameter_parsing = False
    extension.setup_class(request, use_raw_body=True)
    return extension.response(answer)
