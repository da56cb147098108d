"""What a branch has not seen of the centre's log, in order.

All scopes share one dense order of commits, and a branch keeps a cursor for each. Usually they stand alike. A
scope that was granted later stands further back: then only the scopes furthest behind are read, up to where the
next ones stand, so that each organisation's changes arrive in their order and none arrives twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from domain.kernel.change_log import change_log, head_position, log_scope
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.prepared import Among
from sync.entries import PulledEntry, cut_body
from sync.pruning import log_start

MAX_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """Some entries; `cursors` are those after them, and `more` says that some are left."""

    entries: list[PulledEntry]
    cursors: dict[Id, int]
    head: int
    more: bool


def entries_for(connection: Connection, cursors: Mapping[Id, int], limit: int) -> Piece:
    """Return the next entries after `cursors`, at most `limit` and about `MAX_BYTES`.

    The head is read first: an entry at or below it is committed, so passing it by means it is not wanted.

    Raises:
        DomainError: ``sync.cursor_expired``: what comes next was pruned.
    """
    head = head_position(connection)
    start = min(cursors.values(), default=head)
    if start + 1 < log_start(connection):
        raise DomainError("sync.cursor_expired")
    behind = [org for org, position in cursors.items() if position == start]
    until = min([position for position in cursors.values() if position > start] + [head])
    if until <= start:
        return Piece([], dict(cursors), head, more=False)
    positions = connection.scalars(
        select(log_scope.c.position)
        .where(log_scope.c.org_id.in_(behind), log_scope.c.position > start, log_scope.c.position <= until)
        .distinct()
        .order_by(log_scope.c.position)
        .limit(limit)
    ).all()
    entries = _entries(connection, positions, {org.bytes for org in behind})
    complete = len(entries) == len(positions) < limit
    reached = until if complete else entries[-1].position
    after = {org: reached if position == start else position for org, position in cursors.items()}
    return Piece(entries, after, head, more=reached < head)


def standing(connection: Connection, orgs: Iterable[Id], position: int) -> int:
    """Return `position` if the log has nothing newer of these organisations, else its head."""
    head = head_position(connection)
    newer = select(log_scope.c.position).where(
        log_scope.c.org_id.in_(list(orgs)), log_scope.c.position > position, log_scope.c.position <= head
    )
    something = connection.execute(newer.limit(1)).first() is not None
    return head if something or position > head else position


def _entries(connection: Connection, positions: Sequence[int], scopes: set[bytes]) -> list[PulledEntry]:
    """Return the entries at `positions`, cut to `scopes`, stopping when they grow large."""
    entries: list[PulledEntry] = []
    size = 0
    for position, txn_id, device_id, epoch, dev_seq, at, outcome, body in _AT.rows(connection, positions):
        data = cut_body(body, scopes)
        entries.append(PulledEntry(position, txn_id, device_id, epoch, dev_seq, at, outcome, data))
        size += len(data)
        if size >= MAX_BYTES:
            break
    return entries


_AT = Among(list(change_log.columns), change_log.c.position)
