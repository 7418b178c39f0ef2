# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one AWS service hands to another, and whether the policies on the way let it.

``table.py``     the deliveries: which principal asks for what, and which condition keys it sends
``judge.py``     one delivery held against the policies on its way
``account.py``   where the emulator keeps those policies, and which deliveries the account has set up
``record.py``    what was delivered and what was refused
``routing.py``   events and alarms on their way to a topic or a function
``mail.py``      what arrives at e-mail addresses
"""
