#!/usr/bin/python
"""Ends in every way a module can."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import threading
import time

from ansible.module_utils.basic import AnsibleModule


def late() -> None:
    time.sleep(0.3)
    print("\nthe thread has ended")


def main() -> None:
    module = AnsibleModule({"how": {"type": "str", "required": True}})
    how = module.params["how"]
    if how == "exception":
        raise ValueError("broken ünïcode")
    if how == "exit code":
        sys.exit(3)
    if how == "exit text":
        sys.exit("the text of the exit")
    if how == "exit nothing":
        sys.exit()
    if how == "exit large":
        sys.exit(259)
    if how == "at once":
        os._exit(7)
    if how == "return":
        return
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "no exception":
        raise BaseException("neither an Exception")
    if how.startswith("signal "):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), getattr(signal, how.removeprefix("signal ")))
    if how == "stderr":
        print("a word on stderr: ünïcode", file=sys.stderr)
        subprocess.run(["sh", "-c", "echo of a child >&2"], check=True)
    if how == "junk":
        print("before the result")
        atexit.register(print, "after the result")
    if how == "not text":
        sys.stdout.buffer.write(b"\xff\xfe not UTF-8\n")
    if how == "no result":
        print("only this")
        sys.exit(0)
    if how == "thread":
        threading.Thread(target=late).start()
    if how == "large":
        module.exit_json(changed=False, text="0123456789abcdef" * (1 << 19))
    if how == "closed":
        os.closerange(3, 64)
    if how == "fork":
        child = os.fork()
        if child == 0:
            os._exit(5)
        module.exit_json(changed=True, child=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    if how == "daemon":
        # It outlives the module, and holds nothing of it.
        subprocess.Popen(["sleep", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    if how == "fail":
        module.fail_json(msg="as told", more={"a": [1, None, "ü"]})
    if how == "warn":
        module.warn("take care")
        module.deprecate("old", version="9.9", collection_name="pixstory.platform")
    module.exit_json(changed=True, how=how)


if __name__ == "__main__":
    main()
