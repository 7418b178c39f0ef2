#!/usr/bin/python
# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_account_password_policy
version_added: "0.1.0"
short_description: Set the password policy of the account
description:
  - Sets the rules for the passwords of all IAM users of the account, or removes them.
  - An account has one policy. It holds in all regions and for every environment in the account.
  - The AWS call resets what it is not given. This module sends the present value of each option that is not given.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html).
notes:
  - M(amazon.aws.iam_password_policy) writes in check mode. This module does not.
author: Pixstory platform contributors (@pixstory)
options:
  minimum_password_length:
    description: The shortest password that is accepted, 6 to 128 characters. AWS takes 6 when it was never set.
    type: int
  require_symbols:
    description: Whether a password needs a character that is neither a letter nor a digit.
    type: bool
  require_numbers:
    description: Whether a password needs a digit.
    type: bool
  require_uppercase_characters:
    description: Whether a password needs an uppercase letter.
    type: bool
  require_lowercase_characters:
    description: Whether a password needs a lowercase letter.
    type: bool
  allow_users_to_change_password:
    description: Whether IAM users may change their own password.
    type: bool
  max_password_age:
    description: Days after which a password expires, up to 1095. V(0) means never.
    type: int
  password_reuse_prevention:
    description: How many of the last passwords cannot be used again, up to 24. V(0) means that any can.
    type: int
  hard_expiry:
    description:
      - Whether a user whose password has expired cannot set a new one and needs an administrator.
    type: bool
extends_documentation_fragment:
  - pixstory.platform.common
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Set the password policy of the account
  pixstory.platform.iam_account_password_policy:
    minimum_password_length: 14
    require_symbols: true
    require_numbers: true
    require_uppercase_characters: true
    require_lowercase_characters: true
    allow_users_to_change_password: true
    max_password_age: 90
    password_reuse_prevention: 24
    hard_expiry: false
"""

RETURN = r"""
action:
  description: What was done, or would be done in check mode.
  returned: always
  type: str
  sample: update
password_policy:
  description:
    - The policy as GetAccountPasswordPolicy returns it, keys in snake case.
    - Empty in check mode when it would be created.
  returned: when O(state=present)
  type: dict
  sample:
    minimum_password_length: 14
    expire_passwords: true
    max_password_age: 90
"""

from typing import Any

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import Property, Resource, main_for


class PasswordPolicy(Resource):
    kind = "IAM password policy"
    service = "iam"
    result_key = "password_policy"
    name = "of the account"
    properties = (
        Property("minimum_password_length", "MinimumPasswordLength"),
        Property("require_symbols", "RequireSymbols"),
        Property("require_numbers", "RequireNumbers"),
        Property("require_uppercase_characters", "RequireUppercaseCharacters"),
        Property("require_lowercase_characters", "RequireLowercaseCharacters"),
        Property("allow_users_to_change_password", "AllowUsersToChangePassword"),
        Property("max_password_age", "MaxPasswordAge"),
        Property("password_reuse_prevention", "PasswordReusePrevention"),
        Property("hard_expiry", "HardExpiry"),
    )

    def describe(self) -> dict[str, Any] | None:
        answer = self.call_or_none("get_account_password_policy", missing=("NoSuchEntity",))
        return answer and answer["PasswordPolicy"]

    def create(self, declared: dict[str, Any]) -> None:
        # AWS has no zero for these two: what is not sent does not limit.
        unlimited = [key for key in ("MaxPasswordAge", "PasswordReusePrevention") if not declared.get(key)]
        self.call("update_account_password_policy", **{k: v for k, v in declared.items() if k not in unlimited})

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        present = {p.api: description[p.api] for p in self.properties if description.get(p.api) is not None}
        self.create({**present, **changes})

    def delete(self, description: dict[str, Any]) -> None:
        self.call("delete_account_password_policy")


def main() -> None:
    main_for(
        PasswordPolicy,
        {
            "minimum_password_length": {"type": "int", "no_log": False},
            "require_symbols": {"type": "bool"},
            "require_numbers": {"type": "bool"},
            "require_uppercase_characters": {"type": "bool"},
            "require_lowercase_characters": {"type": "bool"},
            "allow_users_to_change_password": {"type": "bool", "no_log": False},
            "max_password_age": {"type": "int", "no_log": False},
            "password_reuse_prevention": {"type": "int", "no_log": False},
            "hard_expiry": {"type": "bool"},
        },
        tags=False,
    )


if __name__ == "__main__":
    main()
