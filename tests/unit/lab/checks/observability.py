# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the Secrets Manager, CloudWatch and CloudWatch Logs extensions."""

from __future__ import annotations

from checks import Aws, error_code, proves, unique
from checks.builders import key


@proves("secretsmanager.names_of_deleted_secrets_are_not_free")
def name_of_a_deleted_secret_is_taken(aws: Aws) -> None:
    secrets, name = aws.client("secretsmanager"), unique("/check/")
    secrets.create_secret(Name=name, SecretString="one")
    assert error_code(secrets.create_secret, Name=name, SecretString="two") == "ResourceExistsException"
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert error_code(secrets.create_secret, Name=name, SecretString="two") == "InvalidRequestException"
    secrets.restore_secret(SecretId=name)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "one"


@proves("logs.AssociateKmsKey", "logs.DisassociateKmsKey")
def log_group_gets_and_loses_a_key(aws: Aws) -> None:
    logs, name, own = aws.client("logs"), unique("/check/"), key(aws)
    logs.create_log_group(logGroupName=name)
    logs.associate_kms_key(logGroupName=name, kmsKeyId=own)
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["kmsKeyId"] == own
    logs.disassociate_kms_key(logGroupName=name)
    assert "kmsKeyId" not in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]
    assert error_code(logs.disassociate_kms_key, logGroupName=unique()) == "ResourceNotFoundException"


@proves("logs.metric_filters_are_of_a_log_group")
def metric_filter_is_replaced_and_ends_with_its_group(aws: Aws) -> None:
    logs, group = aws.client("logs"), unique("/check/")
    wanted = {
        "logGroupName": group,
        "filterName": "root-use",
        "metricTransformations": [{"metricName": "root-use", "metricNamespace": "check", "metricValue": "1"}],
    }
    assert error_code(logs.put_metric_filter, filterPattern="{ $.a = 1 }", **wanted) == "ResourceNotFoundException"
    logs.create_log_group(logGroupName=group)
    for pattern in ("{ $.a = 1 }", "{ $.a = 2 }"):
        logs.put_metric_filter(filterPattern=pattern, **wanted)
    filters = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    assert [one["filterPattern"] for one in filters] == ["{ $.a = 2 }"]
    logs.delete_log_group(logGroupName=group)
    assert error_code(logs.describe_metric_filters, logGroupName=group) == "ResourceNotFoundException"
    logs.create_log_group(logGroupName=group)
    assert logs.describe_metric_filters(logGroupName=group)["metricFilters"] == []


@proves("cloudwatch.new_alarms_have_no_data")
def new_alarm_has_no_data(aws: Aws) -> None:
    cloudwatch, name = aws.client("cloudwatch"), unique()
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=3,
        Threshold=80.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
