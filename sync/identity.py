"""Who a branch's store is, and how far it has got with the centre."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from domain.kernel.change_log import change_log, log_head
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id
from sync.local_tables import installation, outbound_bundle, pull_cursor, push_state
from sync.marks import forget_marks
from sync.protocol import Cursor, NewEpoch


@dataclass(frozen=True, slots=True)
class Identity:
    """The one row of `installation`, as sync needs it."""

    device_id: Id
    epoch: int
    org_id: Id
    nonce: str
    server_key: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Own transactions: the newest, the newest the centre has decided, the newest that has come back."""

    last_seq: int
    acked_seq: int
    settled_seq: int


def identity_of(connection: Connection) -> Identity:
    """Return who this store is; UnavailableError ``sync.not_enrolled`` before enrolment."""
    row = connection.execute(select(installation)).first()
    if row is None:
        raise UnavailableError("sync.not_enrolled")
    return Identity(row.device_id, row.epoch, row.org_id, row.db_nonce, row.server_key)


def set_identity(connection: Connection, **values: object) -> None:
    """Change the row of `installation`."""
    connection.execute(update(installation).values(**values))


def progress_of(connection: Connection) -> Progress:
    """Return how far pushing has got; the row is made by the first change of it."""
    last: int = connection.execute(select(log_head.c.dev_seq).where(log_head.c.id == 1)).scalar_one()
    row = connection.execute(select(push_state).where(push_state.c.id == 1)).first()
    return Progress(last, 0, 0) if row is None else Progress(last, row.acked_seq, row.settled_seq)


def set_progress(
    connection: Connection, *, acked_seq: int | None = None, settled_seq: int | None = None
) -> None:
    """Change how far pushing has got."""
    values = {"acked_seq": acked_seq, "settled_seq": settled_seq}
    given = {name: value for name, value in values.items() if value is not None}
    changed = connection.execute(update(push_state).where(push_state.c.id == 1).values(**given))
    if not changed.rowcount:
        connection.execute(push_state.insert(), {"id": 1, "acked_seq": 0, "settled_seq": 0, **given})


def cursors_of(connection: Connection) -> list[Cursor]:
    """Return how far each scope has been read."""
    followed = select(pull_cursor).where(pull_cursor.c.position >= 0)
    return [Cursor(row.org_id, row.position) for row in connection.execute(followed)]


def leaving(connection: Connection) -> set[Id]:
    """Return organisations that are followed no more, but of which something pending is still here."""
    return set(connection.scalars(select(pull_cursor.c.org_id).where(pull_cursor.c.position < 0)))


def set_leaving(connection: Connection, orgs: set[Id]) -> None:
    """Put the organisations that are being left."""
    connection.execute(delete(pull_cursor).where(pull_cursor.c.position < 0))
    if orgs:
        connection.execute(
            pull_cursor.insert(), [{"org_id": org_id, "position": -1} for org_id in sorted(orgs)]
        )


def set_cursors(connection: Connection, cursors: list[Cursor]) -> None:
    """Put the cursors of all scopes."""
    connection.execute(delete(pull_cursor).where(pull_cursor.c.position >= 0))
    if cursors:
        rows = [{"org_id": cursor.org_id, "position": cursor.position} for cursor in cursors]
        connection.execute(pull_cursor.insert(), rows)


def forget_read(connection: Connection, after: int) -> None:
    """Read again what comes after a position: the centre's log went back, and positions are given anew."""
    back = [Cursor(one.org_id, min(one.position, after)) for one in cursors_of(connection)]
    set_cursors(connection, back)
    forget_marks(connection, after)
    # A receipt's position was one of the earlier life: what it is worth now only the log itself can tell.
    connection.execute(delete(outbound_bundle).where(outbound_bundle.c.state == "acked"))


def own_txn(connection: Connection, identity: Identity, seq: int) -> Id | None:
    """Return the own transaction of a number."""
    found: Id | None = connection.execute(
        select(change_log.c.txn_id).where(
            change_log.c.device_id == identity.device_id,
            change_log.c.epoch.in_(epochs(identity)),
            change_log.c.dev_seq == seq,
        )
    ).scalar()
    return found


def epochs(identity: Identity) -> list[int]:
    """Return every epoch the log may name; with them a search by number uses the index."""
    return list(range(1, identity.epoch + 1))


def begin_epoch(connection: Connection, renewed: NewEpoch) -> None:
    """Begin a new life: what was packed under the old one is packed again, nothing unsent is lost."""
    set_identity(connection, epoch=renewed.epoch, number_prefix=renewed.number_prefix, db_nonce="")
    # What has come back stays settled: kept on top once more, it would hide what others wrote since.
    set_progress(connection, acked_seq=renewed.keep_seq)
    connection.execute(delete(outbound_bundle))


def go_back(connection: Connection, acked_seq: int) -> None:
    """Send again what comes after a number, and keep it on top of what is pulled until it has come back."""
    settled = min(progress_of(connection).settled_seq, acked_seq)
    set_progress(connection, acked_seq=acked_seq, settled_seq=settled)
    connection.execute(delete(outbound_bundle))
