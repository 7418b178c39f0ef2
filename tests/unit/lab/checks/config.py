# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the AWS Config extensions."""

from __future__ import annotations

from checks import ACCOUNT, Aws, proves, tag_map, unique


@proves("config.recorders_have_an_arn_and_tags")
def recorder_is_known_by_its_arn(aws: Aws) -> None:
    config, name = aws.client("config", "eu-west-2"), unique()
    wanted = {
        "name": name,
        "roleARN": f"arn:aws:iam::{ACCOUNT}:role/config",
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
    }
    config.put_configuration_recorder(ConfigurationRecorder=wanted, Tags=[{"Key": "Role", "Value": "account"}])
    config.put_configuration_recorder(ConfigurationRecorder=wanted)
    (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
    assert recorder["arn"].startswith(f"arn:aws:config:eu-west-2:{ACCOUNT}:configuration-recorder/{name}/")
    assert recorder["recordingGroup"]["includeGlobalResourceTypes"] is True
    config.tag_resource(ResourceArn=recorder["arn"], Tags=[{"Key": "Name", "Value": "x"}])
    tags = config.list_tags_for_resource(ResourceArn=recorder["arn"])["Tags"]
    assert tag_map(tags) == {"Role": "account", "Name": "x"}
    config.untag_resource(ResourceArn=recorder["arn"], TagKeys=["Role"])
    assert tag_map(config.list_tags_for_resource(ResourceArn=recorder["arn"])["Tags"]) == {"Name": "x"}


@proves("config.rules_keep_their_tags")
def changed_rule_keeps_its_tags(aws: Aws) -> None:
    config, name = aws.client("config"), unique()
    rule = {"ConfigRuleName": name, "Source": {"Owner": "AWS", "SourceIdentifier": "ENCRYPTED_VOLUMES"}}
    config.put_config_rule(ConfigRule=rule, Tags=[{"Key": "Role", "Value": "account"}])
    config.put_config_rule(ConfigRule={**rule, "Description": "changed"})
    (shown,) = config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"]
    assert shown["Description"] == "changed"
    tags = config.list_tags_for_resource(ResourceArn=shown["ConfigRuleArn"])["Tags"]
    assert tag_map(tags) == {"Role": "account"}
