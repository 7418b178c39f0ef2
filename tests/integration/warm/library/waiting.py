#!/usr/bin/python
"""Waits, with a child that waits longer. Has a folder and a file open meanwhile, as a module on its way has."""

from __future__ import annotations

import os
import subprocess
import time

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(
        {"seconds": {"type": "float", "required": True}, "started": {"type": "path", "required": True}}
    )
    child = subprocess.Popen(["sleep", str(module.params["seconds"] * 2)])
    with open(module.params["started"], "w") as started:
        started.write(f"{os.getpid()}\n")
    time.sleep(module.params["seconds"])
    child.kill()
    child.wait()
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
