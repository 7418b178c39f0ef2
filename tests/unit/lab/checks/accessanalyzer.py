# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the Access Analyzer extensions."""

from __future__ import annotations

from checks import Aws, error_code, proves, unique

UNUSED = {"unusedAccess": {"unusedAccessAge": 30}}


@proves(
    "accessanalyzer.CreateAnalyzer",
    "accessanalyzer.GetAnalyzer",
    "accessanalyzer.ListAnalyzers",
    "accessanalyzer.DeleteAnalyzer",
)
def analyzer_is_made_listed_and_deleted(aws: Aws) -> None:
    client, name = aws.client("accessanalyzer"), unique()
    arn = client.create_analyzer(analyzerName=name, type="ACCOUNT_UNUSED_ACCESS", configuration=UNUSED)["arn"]
    found = client.get_analyzer(analyzerName=name)["analyzer"]
    assert (found["arn"], found["status"], found["configuration"]) == (arn, "ACTIVE", UNUSED)
    assert arn in [one["arn"] for one in client.list_analyzers(type="ACCOUNT_UNUSED_ACCESS")["analyzers"]]
    assert arn not in [one["arn"] for one in client.list_analyzers(type="ACCOUNT")["analyzers"]]
    assert error_code(client.create_analyzer, analyzerName=name, type="ACCOUNT") == "ConflictException"
    wrong = {"analyzerName": unique(), "type": "ACCOUNT", "configuration": UNUSED}
    assert error_code(client.create_analyzer, **wrong) == "ValidationException"
    client.delete_analyzer(analyzerName=name)
    assert error_code(client.get_analyzer, analyzerName=name) == "ResourceNotFoundException"


@proves("accessanalyzer.TagResource", "accessanalyzer.UntagResource")
def analyzer_is_tagged_and_untagged(aws: Aws) -> None:
    client, name = aws.client("accessanalyzer"), unique()
    arn = client.create_analyzer(analyzerName=name, type="ACCOUNT", tags={"Role": "detection"})["arn"]
    client.tag_resource(resourceArn=arn, tags={"Project": "pixstory"})
    client.untag_resource(resourceArn=arn, tagKeys=["Role"])
    assert client.get_analyzer(analyzerName=name)["analyzer"]["tags"] == {"Project": "pixstory"}
