# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the Lambda extension."""

from __future__ import annotations

import io
import json
import zipfile

from checks import Aws, proves, unique


@proves("lambda.functions_keep_their_settings")
def function_has_a_dead_letter_target_and_a_log_group(aws: Aws) -> None:
    client, name = aws.client("lambda"), unique()
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    topic = aws.client("sns").create_topic(Name=name)["TopicArn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): ...")
    made = client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": code.getvalue()},
        DeadLetterConfig={"TargetArn": topic},
    )
    assert made["DeadLetterConfig"] == {"TargetArn": topic}
    assert made["LoggingConfig"]["LogGroup"] == f"/aws/lambda/{name}"
    client.update_function_configuration(
        FunctionName=name, DeadLetterConfig={"TargetArn": ""}, LoggingConfig={"LogGroup": "/own"}
    )
    changed = client.get_function(FunctionName=name)["Configuration"]
    assert not changed.get("DeadLetterConfig")
    assert changed["LoggingConfig"]["LogGroup"] == "/own"
