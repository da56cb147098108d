"""How the centre's backups stand, and every run."""

from sqlalchemy import select

from domain.backups.records import BackupDuty, BackupRun
from domain.kernel.worklists import Query, worklist


@worklist("backup.duties", "备份状态", permission="backup.view", record=BackupDuty, order="kind")
def duties() -> Query:
    """What has to succeed again and again, and when it last did."""
    d = BackupDuty
    return select(d.kind, d.place, d.good_at, d.name, d.bytes, d.seconds, d.failures, d.problem, d.since)


@worklist("backup.runs", "备份记录", permission="backup.view", record=BackupRun, order="-at")
def runs() -> Query:
    """Every backup, copy and rehearsal, good or not."""
    r = BackupRun
    return select(r.at, r.kind, r.good, r.name, r.bytes, r.files, r.rows, r.seconds, r.problem)
