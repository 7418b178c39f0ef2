# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from checks import Aws, proves, unique


@proves("rds.the_port_can_be_changed")
def database_listens_on_its_new_port(aws: Aws) -> None:
    rds, name = aws.client("rds"), unique()
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="pixstory",
        ManageMasterUserPassword=True,
        Port=5432,
    )
    rds.modify_db_instance(DBInstanceIdentifier=name, DBPortNumber=5433, ApplyImmediately=True)
    [instance] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    assert instance["Endpoint"]["Port"] == 5433
