# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A warm Python: one process a run that has the AWS SDK loaded and forks a child for each module.

- `client` runs in ansible-playbook: asks for a module to be run.
- `peers` tells processes and users apart, for both sides.
- `server` is the warm process: accepts, forks, reports how the child ended, learns what it loaded.
- `child` is what runs between the fork and the end of a module.
- `payload` is the module as Ansible sends it: an AnsiballZ script with a zip of Python source.
- `sdk` has the warm process work out once what every session and client of the AWS SDK would.
- `ahead` packs the modules of a play before their tasks ask for them, for the callback.

All but `client` and `ahead` is imported without Ansible: only the standard library, and the SDK where it is installed.
"""
