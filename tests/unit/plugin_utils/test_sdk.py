# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What sessions and clients share, in a process of its own: it changes botocore."""

from __future__ import annotations

import json
import os
import subprocess
import sys

SCRIPT = """
import json, boto3
from ansible_collections.pixstory.platform.plugins.plugin_utils.warm import sdk

sdk.load()
given = dict(aws_access_key_id="a", aws_secret_access_key="b", region_name="ap-south-1")
one = boto3.session.Session(**given).client("sts")
first = sdk.read_alone()
sdk.read(first)
two = boto3.session.Session(**{**given, "aws_access_key_id": "c"}).client("sts", region_name="eu-west-1")
print(json.dumps({
    "read": sorted({call[0] for call in first}),
    "read_again": sdk.read_alone(),
    "shared": type(one).get_caller_identity is type(two).get_caller_identity,
    "types": type(one) is type(two),
    "regions": [one.meta.region_name, two.meta.region_name],
    "keys": [c._request_signer._credentials.access_key for c in (one, two)],
    "resources": "ec2" in boto3.session.Session(**given).get_available_resources(),
}))
"""


def test_models_and_methods_are_shared_and_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert {"client", "load_service_model", "load_data_with_path"} <= set(told["read"])
    assert told["read_again"] == []
    assert told["shared"]
    assert not told["types"]
    assert told["regions"] == ["ap-south-1", "eu-west-1"]
    assert told["keys"] == ["a", "c"]
    assert told["resources"]


def test_a_profile_that_is_not_there_does_no_harm() -> None:
    script = "from ansible_collections.pixstory.platform.plugins.plugin_utils.warm import sdk; sdk.load()"
    environment = {**os.environ, "AWS_PROFILE": "not there", "AWS_CONFIG_FILE": "/dev/null"}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=60)
