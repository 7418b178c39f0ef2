# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that an environment declares, checked before anything is touched. Pure: no call, no import of Ansible.

A check is a generator of mistakes. A new one goes into the file of its subject, and its case into
tests/unit/module_utils/test_validation.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import access, compute, entrances, firewall, names, network, place, stores
from .declared import Declared, Surroundings
from .mistakes import Mistake
from .specs import Specs, check_form

_SUBJECTS = (place, network, compute, stores, entrances, firewall, access, names)


def validate(specs: Specs, variables: Mapping[str, Any], around: Surroundings) -> list[Mistake]:
    """All mistakes, first those of form, then those of meaning.

    :param variables: the variables of the host, templated; :data:`~.specs.UNRESOLVED` for what could not be.
    """
    environment = around.inventories[0] if around.inventories else variables.get("platform_environment")
    home = f"inventories/{environment if isinstance(environment, str) else '<environment>'}/group_vars/all.yml"
    clean, mistakes = check_form(specs, variables, home)
    declared = Declared(clean, around, variables)
    for subject in _SUBJECTS:
        mistakes.extend(subject.check(declared))
    return list(dict.fromkeys(mistakes))
