#!/usr/bin/python
"""Imports what stands next to the playbook, and looks for what it was not given."""

from __future__ import annotations

import importlib
import sys

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.neighbour import NAME


def found(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def main() -> None:
    module = AnsibleModule({})
    module.exit_json(
        changed=False,
        name=NAME,
        loaded=sorted(name for name in sys.modules if name.startswith("ansible_collections")),
        sdk=found("boto3"),
        # Only what the payload brings, and what Ansible itself has installed.
        aws=found("ansible_collections.amazon.aws.plugins.module_utils.modules"),
        server=[name for name in sys.modules if name in ("server", "client", "child", "payload", "sdk")],
    )


if __name__ == "__main__":
    main()
