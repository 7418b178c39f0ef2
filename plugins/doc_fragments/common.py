# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What every module on the reconciler has in common."""

    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) makes the resource what is declared. A parameter that is not given is left alone.
      - V(absent) deletes it.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - python >= 3.12
attributes:
  check_mode:
    description: Makes no write call and returns the changes it would make.
    support: full
  diff_mode:
    description: Shows each declared property that differs, before and after. Secrets are masked.
    support: full
"""

    TAGS = r"""
options:
  tags:
    description:
      - Tags of the resource. Left alone when not given.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description:
      - Whether tags that are not in O(tags) are removed. Has no effect when O(tags) is not given.
    type: bool
    default: true
"""

    WAIT = r"""
options:
  wait:
    description:
      - Whether to wait until the resource is available, or gone.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait, in seconds.
    type: int
    default: 900
"""
