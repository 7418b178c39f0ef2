"""What buckets are encrypted with."""

from __future__ import annotations

from tests.unit.roles.rendering import Variables
from tests.unit.test_environments import merged

INDEX = {
    "project": "pixstory",
    "environment": "production",
    "region": "ap-south-1",
    "account_id": "210987654321",
    "check_mode": False,
    "kinds_read": ["kms_keys"],
    "kms_keys": {"backups": {"arn": "arn:aws:kms:ap-south-1:210987654321:key/1"}},
}


def test_what_machines_save_is_encrypted_with_a_key_of_its_own() -> None:
    variables = merged("production")
    evaluate = Variables(variables).evaluate
    read = {"index": INDEX}
    found = {
        name: evaluate(
            "aws_storage",
            "{{ __aws_storage_encryption }}",
            item={"key": name, "value": bucket},
            __aws_storage_read=read,
        )
        for name, bucket in variables["aws_storage_buckets"].items()
    }
    own = {"algorithm": "aws:kms", "bucket_key_enabled": True, "kms_key_id": INDEX["kms_keys"]["backups"]["arn"]}
    assert {name for name, encryption in found.items() if encryption == own} == {"backups"}
    assert [one for one in found.values() if one not in (own, {"algorithm": "AES256"})] == []
    assert evaluate("aws_storage", "{{ __aws_storage_keys }}") == ["backups"]
