"""Who is told: an index of the alerts that wait, by role. Made from the log, so what came by sync is in it too."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, delete, select

from domain.alerts.records import Alert, Severity
from domain.alerts.situations import chunks
from domain.alerts.workflow import OPEN_STATES, in_states
from domain.kernel.change_log import Entry
from domain.kernel.columns import from_microseconds, to_microseconds
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.kernel.rows import without_index

_ALERT = Alert.__table__
SEVERITIES = tuple(reversed(Severity))
RANKS = {severity: rank for rank, severity in enumerate(SEVERITIES)}
"""0 for the most severe: what comes first in an index."""


def receiver_table() -> Table:
    """Return the index; declared with the store's other local tables."""
    return Record.metadata.tables["alert_receiver"]


def changed_alerts(entries: Iterable[Entry]) -> list[Id]:
    """Return the alerts that entries made or changed, each once."""
    found = {
        touch.record_id for entry in entries for touch in entry.glance.changes if touch.entity == "alert"
    }
    return [uuid.UUID(bytes=record_id) for record_id in sorted(found)]


def keep_receivers(connection: Connection, alert_ids: Sequence[Id]) -> None:
    """Bring the index up to date with alerts as they stand; doing it again changes nothing.

    Those of a digest are not told by themselves.
    """
    table = receiver_table()
    columns = (_ALERT.c.id, _ALERT.c.org_id, _ALERT.c.state, _ALERT.c.severity, _ALERT.c.receivers)
    for some in chunks(alert_ids):
        connection.execute(delete(table).where(table.c.alert_id.in_(some)))
        waiting = select(*columns, _ALERT.c.opened_at).where(
            _ALERT.c.id.in_(some),
            without_index(_ALERT.c.state).in_(OPEN_STATES),
            _ALERT.c.digest_id.is_(None),
        )
        rows = [
            {
                "role": role,
                "alert_id": alert.id,
                "org_id": alert.org_id,
                "rank": RANKS.get(alert.severity, 0),
                "opened_at": to_microseconds(alert.opened_at),
            }
            for alert in connection.execute(waiting)
            for role in dict.fromkeys(alert.receivers)
        ]
        if rows:
            connection.execute(table.insert(), rows)


def rebuild_receivers(connection: Connection) -> None:
    """Make the index anew from every alert that waits; for a store that was filled without a log."""
    connection.execute(delete(receiver_table()))
    ids = (
        connection.execute(select(_ALERT.c.id).where(in_states(_ALERT.c.state, *OPEN_STATES))).scalars().all()
    )
    keep_receivers(connection, ids)


def nth_of_role(connection: Connection, org_id: Id, role: str, number: int) -> datetime | None:
    """Return when the `number`-th of a role's waiting alerts at a place was opened; None if there are fewer."""
    table = receiver_table()
    mine = (table.c.org_id == org_id, table.c.role == role)
    query = select(table.c.opened_at).where(*mine).order_by(table.c.opened_at).limit(1).offset(number - 1)
    found = connection.execute(query).scalar()
    return None if found is None else from_microseconds(found)
