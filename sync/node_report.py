"""What a branch tells of itself with each greeting."""

from sqlalchemy import Connection, func, select

from domain.exchange.settings_in_force import knowledge_count, settings_count
from domain.kernel.change_log import change_log
from sync.bootstrap import filling_of
from sync.identity import epochs, identity_of, progress_of
from sync.local_tables import blob_state
from sync.protocol import NodeReport


def node_report(
    connection: Connection, now: int, *, failures: int, rate: int, closing: bool = False
) -> NodeReport:
    """Return the report; a few index reads, whatever is stored.

    Args:
        connection: A view of the branch's store.
        now: Microseconds UTC by this machine's clock; only differences are told.
        failures: Uploads that failed in a row.
        rate: Bytes a second of the last upload.
        closing: The program is about to end.
    """
    identity, progress = identity_of(connection), progress_of(connection)
    backlog, size, oldest = 0, 0, now
    if progress.last_seq > progress.acked_seq:
        size_of = func.coalesce(func.sum(func.length(change_log.c.body)), 0)
        query = select(func.count(), size_of, func.min(change_log.c.at))
        backlog, size, oldest = connection.execute(
            query.where(
                change_log.c.device_id == identity.device_id, change_log.c.epoch.in_(epochs(identity)),
                change_log.c.dev_seq > progress.acked_seq,
            )
        ).one()  # fmt: skip
    waiting = blob_state.c.state == "waiting"
    files, file_bytes = connection.execute(
        select(func.count(), func.coalesce(func.sum(blob_state.c.size - blob_state.c.sent), 0)).where(waiting)
    ).one()
    return NodeReport(
        backlog, int(size), max(0, now - (oldest or now)) // 1_000_000, files, int(file_bytes), failures, rate,
        filling_of(connection).stage.value, closing, settings_count(connection),
        knowledge_count(connection),
    )  # fmt: skip
