"""The fixtures of the proxy's other scenario."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_path = Path(__file__).resolve().parents[2] / "proxy" / "tests" / "conftest.py"
_spec = importlib.util.spec_from_file_location("proxy_fixtures", _path)
_module = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _module  # dataclasses look there for the module they are in
_spec.loader.exec_module(_module)
ask, fresh, inside = _module.ask, _module.fresh, _module.inside
