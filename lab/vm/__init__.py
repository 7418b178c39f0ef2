# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A virtual machine that is an instance of EC2 to what runs on it: what a container hides is seen here.

=================  ==================================================================================================
``image.py``       what Debian's AMI is: its kernel, systemd, cloud-init and sshd, made once with mmdebstrap
``computer.py``    how this computer runs it: KVM where that works, emulation elsewhere; the network namespace
``instance.py``    an instance: its disk, its metadata, its console, its power button
``aws.py``         what stands for `aws` and `session-manager-plugin` on the controller, and for the agents' packages
``sessions.py``    what stands for Systems Manager between them and ``agent.py``, its agent on the machine
``services.py``    the database and the cache of an app machine
``bake.yml`` ...   what the playbooks do on AWS, on it
=================  ==================================================================================================

``tests/vm`` bakes it, boots machines from it, boots them once more and looks at them; ``make vm`` runs that.
"""
