"""Whether a response is at the centre: its own transaction decided there, and every file that it names confirmed.

Until then it is not sent, whatever has gone already: who believes it is may let a photo that stayed behind get lost.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from domain.audit.trail import rows_about
from domain.checkup.records import Attachment
from domain.kernel.change_log import Entry, change_log, entries_after, entry_of
from domain.kernel.ids import Id
from sync.files import FileState
from sync.local_tables import audit_entry, blob_state, push_state

MOST = 100
NEWEST = 500


@dataclass(frozen=True, slots=True)
class Sending:
    """How far a response is: its answers, and its files.

    Attributes:
        answers: Whether the centre has decided the answers.
        files: How many files it names.
        confirmed: How many of them the centre has.
        refused: How many cannot go as they are; somebody has to look at the page of transfers.
        done: Bytes of the files that have gone, and `size` of all.
    """

    answers: bool
    files: int = 0
    confirmed: int = 0
    refused: int = 0
    done: int = 0
    size: int = 0

    @property
    def is_sent(self) -> bool:
        """Whether all of it is at the centre."""
        return self.answers and self.confirmed == self.files


def response_sending(connection: Connection, response_id: Id) -> Sending:
    """Return how far a response of this store is on its way to the centre."""
    files = Attachment.__table__
    named = select(files.c.sha256, files.c.size).where(files.c.subject_id == response_id)
    sizes = {row.sha256: int(row.size) for row in connection.execute(named)}
    states = {
        row.sha256: row
        for row in connection.execute(select(blob_state).where(blob_state.c.sha256.in_(sorted(sizes))))
    }
    confirmed = [name for name in sizes if name in states and states[name].state == FileState.CONFIRMED]
    refused = [name for name in sizes if name in states and states[name].state == FileState.REFUSED]
    done = sum(
        size if name in confirmed else int(states[name].sent) if name in states else 0
        for name, size in sizes.items()
    )
    return Sending(
        _is_decided(connection, response_id),
        len(sizes),
        len(confirmed),
        len(refused),
        done,
        sum(sizes.values()),
    )


def _is_decided(connection: Connection, record_id: Id) -> bool:
    """Tell whether the centre has decided every transaction of this store that touched a record."""
    acked = connection.execute(select(push_state.c.acked_seq).where(push_state.c.id == 1)).scalar() or 0
    own = [entry.dev_seq for entry in entries_about(connection, record_id) if entry.dev_seq is not None]
    return all(seq <= acked for seq in own)


def entries_about(connection: Connection, record_id: Id) -> list[Entry]:
    """Return the entries of the log that touched a record, the newest first, a hundred at most.

    The audit's index finds them; what it has not numbered yet is looked for among the newest entries.
    """
    head = connection.execute(select(func.max(audit_entry.c.position))).scalar() or 0
    newest = connection.execute(select(func.max(change_log.c.position))).scalar() or 0
    fresh = entries_after(connection, max(head, newest - NEWEST), NEWEST)
    found = [e for e in fresh if any(c.record_id == record_id.bytes for c in e.glance.changes)]
    about = rows_about([record_id])
    known = select(about.c.position).order_by(about.c.number.desc()).limit(MOST).subquery()
    rows = connection.execute(
        select(change_log).join_from(known, change_log, change_log.c.position == known.c.position)
    )
    by_position = {e.position: e for e in [*found, *(entry_of(r) for r in rows)]}
    return [by_position[p] for p in sorted(by_position, reverse=True)][:MOST]
