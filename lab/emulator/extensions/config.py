# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS Config: a recorder with an ARN and tags, and rules that keep their tags."""

from __future__ import annotations

from typing import Any

from moto.config.models import ConfigBackend, ConfigRecorder, ConfigRule
from moto.config.responses import ConfigResponse
from moto.utilities.utils import get_partition

from lab.emulator.registry import fix, wrap


@fix("config")
def recorders_have_an_arn_and_tags() -> None:
    """A recorder has an ARN, and tags that are given when it is made and changed as those of a rule.

    https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigurationRecorder.html
    """

    @wrap(ConfigBackend, "put_configuration_recorder")
    def put(original: Any, backend: ConfigBackend, recorder: dict[str, Any]) -> None:
        name = recorder["name"]
        before = backend.recorders.get(name)
        original(backend, recorder)
        made: Any = backend.recorders[name]
        region, account = backend.region_name, backend.account_id
        arn = f"arn:{get_partition(region)}:config:{region}:{account}:configuration-recorder/{name}"
        made.arn = getattr(before, "arn", f"{arn}/{id(made):016x}")
        # Two underscores would be mangled, one keeps it out of the description.
        made._tags = getattr(before, "_tags", {})

    @wrap(ConfigResponse, "put_configuration_recorder")
    def respond(original: Any, response: ConfigResponse) -> Any:
        recorders: Any = response.config_backend.recorders
        name = response._get_param("ConfigurationRecorder")["name"]
        new = name not in recorders
        answer = original(response)
        if new:
            recorders[name]._tags = {tag["Key"]: tag["Value"] for tag in response._get_param("Tags") or []}
        return answer

    @wrap(ConfigBackend, "_match_arn")
    def match(original: Any, backend: ConfigBackend, resource_arn: str) -> Any:
        for recorder in backend.recorders.values():
            if getattr(recorder, "arn", None) == resource_arn:
                return recorder
        return original(backend, resource_arn)

    ConfigRecorder.tags = property(lambda recorder: recorder._tags)  # type: ignore[attr-defined]

    @wrap(ConfigRecorder, "to_dict")
    def describe(original: Any, recorder: Any) -> dict[str, Any]:
        return {**original(recorder), "arn": recorder.arn}


@fix("config")
def rules_keep_their_tags() -> None:
    """PutConfigRule tags a new rule; the tags of one that is there are left alone.

    https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigRule.html
    """

    @wrap(ConfigRule, "modify_fields")
    def modify(original: Any, rule: ConfigRule, region: str, config_rule: dict[str, Any], tags: dict[str, str]) -> None:
        original(rule, region, config_rule, getattr(rule, "tags", tags))
