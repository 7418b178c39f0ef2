# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An emulator of the AWS API on loopback: the moto server and the extensions that moto lacks.

A request passes through these files in this order:

``server.py``       the environment moto needs, the HTTP server, the moto application
``gateway.py``      the WSGI layer: identify, dispatch, log
``identify.py``     which service and operation a request is for
``classify.py``     whether that operation is a write
``request_log.py``  one JSON line a request
``dispatch.py``     runs an operation of ours with moto's parser, authorisation and serialiser
``registry.py``     the decorators that extensions use
``extensions/``     one file a service
``process.py``      start, stop and status of a detached emulator

How to add an extension
-----------------------
1. Show the need with boto3 against stock moto. No need, no extension.
2. In ``extensions/<service>.py`` write either

   * an operation that moto lacks::

         @operation("elasticache", "DeleteCacheSubnetGroup")
         def delete_cache_subnet_group(call: Call, params: dict[str, Any]) -> None:
             \"\"\"What AWS does. https://docs.aws.amazon.com/.../API_DeleteCacheSubnetGroup.html\"\"\"

     ``params`` is the request as boto3's caller wrote it, parsed with the botocore model. Return the response
     in the same form; raise ``ApiError(code, message)`` for an error. ``call.backend("ec2")`` is moto's own
     backend, ``call.table("name")`` a dictionary of ours for this account and region, both emptied by
     ``POST /moto-api/reset``.

   * or a fix of what moto does, a function that is run once at start and patches moto::

         @fix("ec2")
         def icmp_type_of_network_acl_entries() -> None:
             \"\"\"What AWS does. https://docs.aws.amazon.com/.../API_NetworkAclEntry.html\"\"\"

   A new file is found by itself.
3. In ``tests/unit/lab/checks/<service>.py`` write a check that uses boto3 and names what it proves::

       @proves("elasticache.DeleteCacheSubnetGroup")
       def cache_subnet_group_is_deleted(aws: Aws) -> None:

   The suite runs each check twice: it must pass with the extensions and fail on stock moto. An extension without a
   check fails the suite as well. A check names several extensions only where one cannot be seen without the other.

How to upgrade moto
-------------------
Change the pin in ``requirements/lab.in``, run ``make requirements``, then ``make test-emulator``. A check that
now passes on stock moto names the extension that can go.
"""
