# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases and caches."""

from __future__ import annotations

from ..model import Record, Snapshot, Verdict, control

DATABASE = "provision.yml --tags aws_database sets it."
CACHE = "provision.yml --tags aws_cache sets it."
BACKUP_DAYS = 7


@control(
    "RDS.1", "critical", "database_snapshots", "The snapshot is private", remedy="Share it with named accounts only."
)
def snapshot_private(s: Snapshot, snapshot: Record) -> Verdict:
    return "all" not in snapshot["Restore"], {"may restore": snapshot["Restore"]}


@control(
    "RDS.4",
    "medium",
    "database_snapshots",
    "The snapshot is encrypted",
    needs="KMS",
    remedy="Copy it with a key, delete it.",
)
def snapshot_encrypted(s: Snapshot, snapshot: Record) -> Verdict:
    return snapshot["Encrypted"], {"Encrypted": snapshot["Encrypted"]}


@control(
    "RDS.2", "critical", "databases", "The database is not public", cis="2.3.3", needs="private data", remedy=DATABASE
)
def not_public(s: Snapshot, database: Record) -> Verdict:
    return not database["PubliclyAccessible"], {"PubliclyAccessible": database["PubliclyAccessible"]}


@control(
    "RDS.3",
    "medium",
    "databases",
    "The database is encrypted",
    cis="2.3.1",
    needs="KMS",
    remedy="Restore a snapshot that was copied with a key.",
)
def encrypted(s: Snapshot, database: Record) -> Verdict:
    return database["StorageEncrypted"], {"StorageEncrypted": database["StorageEncrypted"]}


@control(
    "RDS.5", "medium", "databases", "The database has a standby in another zone", needs="RDS Multi-AZ", remedy=DATABASE
)
def multi_az(s: Snapshot, database: Record) -> Verdict:
    if database.get("ReadReplicaSourceDBInstanceIdentifier"):
        return None, {"because": "It is a read replica."}
    return database["MultiAZ"], {"MultiAZ": database["MultiAZ"]}


@control("RDS.6", "low", "databases", "Enhanced monitoring is on", remedy=DATABASE)
def monitoring(s: Snapshot, database: Record) -> Verdict:
    seconds = database.get("MonitoringInterval") or 0
    return seconds > 0, {"MonitoringInterval": seconds}


@control("RDS.8", "low", "databases", "The database cannot be deleted by accident", remedy=DATABASE)
def deletion_protection(s: Snapshot, database: Record) -> Verdict:
    return database["DeletionProtection"], {"DeletionProtection": database["DeletionProtection"]}


@control(
    "RDS.36", "medium", "databases", "The logs of PostgreSQL are in CloudWatch", needs="CloudWatch", remedy=DATABASE
)
def logs(s: Snapshot, database: Record) -> Verdict:
    if database["Engine"] != "postgres":
        return None, {"because": f"The engine is {database['Engine']}."}
    exports = database.get("EnabledCloudwatchLogsExports") or []
    return "postgresql" in exports, {"EnabledCloudwatchLogsExports": exports}


@control("RDS.38", "medium", "databases", "The database is reached by TLS only", remedy=DATABASE)
def force_ssl(s: Snapshot, database: Record) -> Verdict:
    if database["Engine"] != "postgres":
        return None, {"because": f"The engine is {database['Engine']}."}
    value = database["Parameters"].get("rds.force_ssl")
    # From PostgreSQL 15 on it is 1 unless it is set.
    default = "1" if int(str(database["EngineVersion"]).partition(".")[0]) >= 15 else "0"
    return str(value or default) == "1", {"rds.force_ssl": value or f"{default} (default)"}


@control("RDS.10", "medium", "databases", "IAM may authenticate users of the database", remedy=DATABASE)
def iam_authentication(s: Snapshot, database: Record) -> Verdict:
    enabled = database.get("IAMDatabaseAuthenticationEnabled", False)
    return enabled, {"IAMDatabaseAuthenticationEnabled": enabled}


@control(
    "RDS.11",
    "medium",
    "databases",
    f"Backups of the last {BACKUP_DAYS} days are kept",
    needs="backups",
    remedy=DATABASE,
)
def backups(s: Snapshot, database: Record) -> Verdict:
    days = database["BackupRetentionPeriod"]
    return days >= BACKUP_DAYS, {"BackupRetentionPeriod": days}


@control("RDS.13", "high", "databases", "Minor versions are upgraded by AWS", cis="2.3.2", remedy=DATABASE)
def minor_versions(s: Snapshot, database: Record) -> Verdict:
    enabled = database["AutoMinorVersionUpgrade"]
    return enabled, {"AutoMinorVersionUpgrade": enabled}


@control("RDS.17", "low", "databases", "Snapshots have the tags of the database", remedy=DATABASE)
def copy_tags(s: Snapshot, database: Record) -> Verdict:
    return database.get("CopyTagsToSnapshot", False), {"CopyTagsToSnapshot": database.get("CopyTagsToSnapshot", False)}


@control("ElastiCache.1", "high", "caches", "The cache is backed up", needs="backups", remedy=CACHE)
def cache_backups(s: Snapshot, cache: Record) -> Verdict:
    days = cache.get("SnapshotRetentionLimit") or 0
    return days >= 1, {"SnapshotRetentionLimit": days}


@control("ElastiCache.2", "high", "caches", "Minor versions of the cache are upgraded by AWS", remedy=CACHE)
def cache_minor_versions(s: Snapshot, cache: Record) -> Verdict:
    if "AutoMinorVersionUpgrade" in cache:
        read = [cache["AutoMinorVersionUpgrade"]]
    else:
        read = [one.get("AutoMinorVersionUpgrade", False) for one in cache["Clusters"]]
    return bool(read) and all(read), {"AutoMinorVersionUpgrade": read}


@control("ElastiCache.3", "medium", "caches", "A replica takes over by itself", needs="ElastiCache", remedy=CACHE)
def failover(s: Snapshot, cache: Record) -> Verdict:
    state = cache.get("AutomaticFailover")
    return state in ("enabled", "enabling"), {"AutomaticFailover": state}


@control(
    "PX-17",
    "medium",
    "caches",
    "The cache has nodes in two zones",
    needs="two Availability Zones",
    document="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html",
    remedy=CACHE,
)
def cache_zones(s: Snapshot, cache: Record) -> Verdict:
    return cache.get("MultiAZ") == "enabled", {"MultiAZ": cache.get("MultiAZ")}


@control("ElastiCache.4", "medium", "caches", "The cache is encrypted at rest", needs="KMS", remedy=CACHE)
def cache_at_rest(s: Snapshot, cache: Record) -> Verdict:
    enabled = cache.get("AtRestEncryptionEnabled", False)
    return enabled, {"AtRestEncryptionEnabled": enabled, "KmsKeyId": cache.get("KmsKeyId")}


@control("ElastiCache.5", "medium", "caches", "The cache is reached by TLS", remedy=CACHE)
def cache_in_transit(s: Snapshot, cache: Record) -> Verdict:
    enabled = cache.get("TransitEncryptionEnabled", False)
    return enabled, {"TransitEncryptionEnabled": enabled, "TransitEncryptionMode": cache.get("TransitEncryptionMode")}


@control("ElastiCache.6", "medium", "caches", "The cache asks for a password", needs="Secrets Manager", remedy=CACHE)
def cache_auth(s: Snapshot, cache: Record) -> Verdict:
    read = {"AuthTokenEnabled": cache.get("AuthTokenEnabled", False), "UserGroupIds": cache.get("UserGroupIds") or []}
    return bool(read["AuthTokenEnabled"] or read["UserGroupIds"]), read
