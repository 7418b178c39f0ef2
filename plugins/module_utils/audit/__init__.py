# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit: a snapshot of the live account, controls that judge it, and reports of what they found.

``reader`` takes the snapshot and is the only part that calls AWS. All else are pure functions of it.
"""
