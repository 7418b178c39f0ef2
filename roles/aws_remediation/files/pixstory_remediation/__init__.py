# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends what was opened or switched off in an AWS account, and records what it was before.

``actions`` knows how each thing is mended, ``records`` where that is written down, ``handlers`` is what Lambda calls.
The playbook ``remediation_undo`` puts a record back.
"""
