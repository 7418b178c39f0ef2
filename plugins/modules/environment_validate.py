# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: environment_validate
version_added: "0.1.0"
short_description: Check everything that an environment declares
description:
  - Checks the variables of all roles of this collection that make AWS resources, and makes no call.
  - "The form: every variable against C(meta/argument_specs.yml) of its role, unknown variables and keys included. An
    entry point C(each_<variable>) there describes the entries of a mapping."
  - "The meaning: addresses, names and their lengths, references from one variable to another, sizes, schedules,
    windows, versions, and whether the environment is real or emulated."
  - Collects all mistakes and fails once. Each says what is wrong, where it is written, and what to write instead.
  - An action plugin; it runs on the controller and takes no options.
author: Pixstory platform contributors (@pixstory)
attributes:
  check_mode:
    description: Changes nothing.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
requirements:
  - python >= 3.12
seealso:
  - module: pixstory.platform.environment_guard
"""

EXAMPLES = r"""
- name: Check everything that the environment declares
  pixstory.platform.environment_validate:
"""

RETURN = r"""
mistakes:
  description: The mistakes. Empty when there are none.
  returned: always
  type: list
  elements: dict
  contains:
    variable:
      description: The variable, with the keys and list positions inside it.
      type: str
    what:
      description: What is wrong.
      type: str
    where:
      description: The file and line, or V(the command line (-e\)).
      type: str
    instead:
      description: What to write instead.
      type: str
  sample:
    - variable: aws_compute_sizes.web.min
      what: is 9, more than its max, 4
      where: inventories/staging/group_vars/all.yml:29
      instead: Write at most 4, or raise max.
"""
