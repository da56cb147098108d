"""The operations page: every workstation in reach, those in trouble first."""

from sqlalchemy import select

from domain.exchange.node_records import SyncNode
from domain.kernel.worklists import Query, worklist


@worklist("sync.nodes", "同步运行", permission="sync.watch", record=SyncNode, order="-trouble")
def nodes() -> Query:
    """Last contact, version, backlog, clock, conflicts, parked records and rate of each workstation."""
    n = SyncNode
    return select(
        n.name, n.contact, n.last_contact, n.version, n.backlog, n.backlog_bytes, n.waits_s, n.files, n.rate,
        n.skew_s, n.failures, n.conflicts, n.oldest_conflict_s, n.conflicts_permille, n.parked, n.rejected,
        n.refusals, n.stage, n.contact_since, n.settings_behind, n.trouble,
    )  # fmt: skip
