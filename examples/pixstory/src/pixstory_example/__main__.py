"""python -m pixstory_example migrate"""

from __future__ import annotations

import argparse
import sys

from .observability import log_to_stdout
from .settings import SettingsError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m pixstory_example")
    parser.add_subparsers(dest="command", required=True).add_parser(
        "migrate", help="bring the database schema to the newest version; exit status 75 while the database is away"
    )
    parser.parse_args()
    log_to_stdout()
    from .migrate import main as migrate

    try:
        return migrate()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 78  # EX_CONFIG


if __name__ == "__main__":
    sys.exit(main())
