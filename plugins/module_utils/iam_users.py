# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an IAM user is deleted, for the module and for destroying an environment.

AWS refuses to delete a user that has anything left.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_remove.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# What a user may have: how it is listed, and the call that removes one, with what that takes from the list.
BELONGINGS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("list_access_keys", "AccessKeyMetadata", "delete_access_key", {"AccessKeyId": "AccessKeyId"}),
    ("list_signing_certificates", "Certificates", "delete_signing_certificate", {"CertificateId": "CertificateId"}),
    ("list_ssh_public_keys", "SSHPublicKeys", "delete_ssh_public_key", {"SSHPublicKeyId": "SSHPublicKeyId"}),
    ("list_mfa_devices", "MFADevices", "deactivate_mfa_device", {"SerialNumber": "SerialNumber"}),
    ("list_groups_for_user", "Groups", "remove_user_from_group", {"GroupName": "GroupName"}),
    ("list_attached_user_policies", "AttachedPolicies", "detach_user_policy", {"PolicyArn": "PolicyArn"}),
)


def remove_user(name: str, pages: Callable[..., list[Any]], call: Callable[..., Any]) -> None:
    """Delete the user and all it has.

    ``pages(operation, key, **arguments)`` lists, ``call(operation, **arguments)`` changes. Both take it well when IAM
    says that there is no such thing.
    """
    virtual = []
    for list_operation, key, operation, arguments in BELONGINGS:
        for one in pages(list_operation, key, UserName=name):
            call(operation, UserName=name, **{argument: one[source] for argument, source in arguments.items()})
            # The serial number of a virtual device is its ARN, of a hardware device the number printed on it.
            if operation == "deactivate_mfa_device" and one["SerialNumber"].startswith("arn:"):
                virtual.append(one["SerialNumber"])
    for serial in virtual:
        call("delete_virtual_mfa_device", SerialNumber=serial)
    for policy in pages("list_user_policies", "PolicyNames", UserName=name):
        call("delete_user_policy", UserName=name, PolicyName=policy)
    call("delete_login_profile", UserName=name)
    call("delete_user", UserName=name)
