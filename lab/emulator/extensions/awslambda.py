# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lambda: what a function is configured with."""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaFunction

from lab.emulator.registry import fix, wrap

KEPT = ("DeadLetterConfig", "LoggingConfig")


@fix("lambda")
def functions_keep_their_settings() -> None:
    """A function has its dead letter target and its log group; an empty target is none.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
    """

    def keep(function: Any, settings: dict[str, Any]) -> None:
        kept = vars(function).setdefault("kept_settings", {})
        kept.update({key: settings[key] for key in KEPT if settings.get(key)})

    @wrap(LambdaFunction, "__init__")
    def init(original: Any, function: Any, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        original(function, account_id, spec, *args, **kwargs)
        keep(function, spec)

    @wrap(LambdaFunction, "update_configuration")
    def update(original: Any, function: Any, settings: dict[str, Any]) -> Any:
        keep(function, settings)
        return original(function, settings)

    @wrap(LambdaFunction, "get_configuration")
    def configuration(original: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
        kept = dict(vars(function).get("kept_settings", {}))
        if not kept.get("DeadLetterConfig", {}).get("TargetArn"):
            kept.pop("DeadLetterConfig", None)
        group = {"LogGroup": f"/aws/lambda/{function.function_name}"}
        logging = {"LogFormat": "Text", **group, **kept.pop("LoggingConfig", {})}
        return {**original(function, *args, **kwargs), **kept, "LoggingConfig": logging}
