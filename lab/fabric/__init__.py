# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands behind the emulated API: networks, machines, databases, caches, load balancers and names.

``world.py``            what the API tells, as plain data
``plan.py``             which hosts there are to be because of it, and at which addresses
``network.py``          the network namespace of the lab, a bridge a VPC, a network namespace a host
``security_groups.py``  who may talk to whom, as nftables rules
``names.py``            what DNS answers
``machines.py``         instances as booted Debian machines
``services.py``         databases, caches, load balancers and the resolver: containers of one image
``balancers.py``        HAProxy's configuration, and its verdicts
``databases.py``        PostgreSQL: primary and standby
``caches.py``           Valkey: primary and replicas
``reconciler.py``       compares what is wanted with what there is, and makes the difference disappear

Everything that decides is a function of plain data and is tested so; everything that acts is short.
"""
