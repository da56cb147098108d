"""What the centre knows of each workstation: may it sync, for whom, and is its store where we left it."""

import contextlib
import secrets
import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, Row, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from domain.kernel.change_log import SCHEMA_VERSION, head_position
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from domain.people.organizations import subtree
from domain.people.records import Workstation
from sync.feed import standing
from sync.lives import begin_life, common_position, held_life, is_strange, life_of, mark_at, note_life
from sync.local_tables import device_state
from sync.protocol import PROTO_MAX, PROTO_MIN, Cursor, Fork, Hello, NodeReport, Welcome

NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled workstation."""

    device_id: Id
    org_id: Id
    epoch: int
    public_key: str


_DEVICE = Prepared(
    select(
        *(Workstation.__table__.c[name] for name in ("org_id", "epoch", "public_key", "revoked_at", "name"))
    ).where(Workstation.__table__.c.id == bindparam("device"))
)
"""Asked with every signed request."""


def device_of(connection: Connection, device_id: Id) -> Device:
    """Return a workstation that may sync.

    Raises:
        DomainError: ``sync.device_unknown`` or ``sync.device_revoked``.
    """
    row = _DEVICE.first(connection, device=device_id.bytes)
    if row is None:
        raise DomainError("sync.device_unknown")
    org_id, epoch, public_key, revoked_at, name = row
    if revoked_at is not None:
        raise DomainError("sync.device_revoked", name=name)
    return Device(device_id, uuid.UUID(bytes=bytes(org_id)), epoch, public_key)


def orgs_of(connection: Connection, device_id: Id) -> frozenset[Id]:
    """Return the organisations a workstation follows and may write for: its own and all below it."""
    table = Workstation.__table__
    org_id: Id | None = connection.execute(select(table.c.org_id).where(table.c.id == device_id)).scalar()
    return frozenset() if org_id is None else subtree(connection, org_id)


def all_scopes(connection: Connection) -> set[frozenset[Id]]:
    """Return the groups of organisations that workstations follow."""
    table = Workstation.__table__
    orgs = connection.scalars(select(table.c.org_id).where(table.c.revoked_at.is_(None)).distinct())
    return {subtree(connection, org_id) for org_id in orgs}


def state_of(connection: Connection, device: Device, *, lock: bool = True) -> Row[tuple[object, ...]]:
    """Return the row of `device_state`, held until the commit; it is made at the first contact."""
    query = select(device_state).where(device_state.c.device_id == device.device_id)
    if lock and connection.dialect.name != "sqlite":
        query = query.with_for_update()
    row = connection.execute(query).first()
    if row is None:
        blank = {
            "device_id": device.device_id, "epoch": device.epoch, "last_seq": 0, "last_txn": None, "nonce": "",
            "nonce_before": "", "forks": 0, "skew_us": 0, "seen_at": 0, "program": "",
        }  # fmt: skip
        with contextlib.suppress(IntegrityError), connection.begin_nested():  # another process was first
            connection.execute(device_state.insert(), blank)
        row = connection.execute(query).one()
    return row


def set_state(connection: Connection, device_id: Id, **values: object) -> None:
    """Change the row of `device_state`."""
    connection.execute(update(device_state).where(device_state.c.device_id == device_id).values(**values))


def greet(connection: Connection, device: Device, hello: Hello, now: int, server_key: str) -> Welcome:
    """Check a greeting and answer it.

    A nonce is good for one greeting; the one before it is accepted too, because our answer may have been lost.
    Any older one was spent by another copy of this store.

    Raises:
        DomainError: ``sync.proto_unsupported`` or ``sync.epoch_fork``.
    """
    if hello.proto_min > PROTO_MAX or hello.proto_max < PROTO_MIN:
        raise DomainError("sync.proto_unsupported", spoken=hello.proto_max, known=PROTO_MAX)
    state = state_of(connection, device)
    head = head_position(connection)
    common = common_position(connection, hello.marks)
    life = _life_now(connection, hello, state, common, head, now)
    if hello.epoch != device.epoch or state.epoch != device.epoch:
        raise DomainError("sync.epoch_fork", reason="epoch", epoch=device.epoch)
    if hello.last_seq < state.last_seq:
        raise DomainError("sync.epoch_fork", reason="went_back", known=state.last_seq, found=hello.last_seq)
    known = {state.nonce, state.nonce_before}
    strange = hello.nonce not in known and known != {""}
    if strange and hello.life in {"", life}:  # a nonce of an earlier life of our log proves nothing
        raise DomainError("sync.epoch_fork", reason="copied")
    nonce, before = state.nonce, state.nonce_before
    if strange or hello.nonce == state.nonce:
        nonce, before = secrets.token_hex(NONCE_BYTES), hello.nonce
    skew = now - hello.at
    orgs = orgs_of(connection, device.device_id)
    set_state(
        connection, device.device_id, nonce=nonce, nonce_before=before, skew_us=skew, seen_at=now,
        program=hello.program[:40], position=min((c.position for c in hello.cursors), default=0), refusals=0,
        **_reported(hello.report or NodeReport()),
    )  # fmt: skip
    return Welcome(
        proto=min(hello.proto_max, PROTO_MAX), schema_ver=SCHEMA_VERSION, at=now, skew_us=skew,
        acked_seq=state.last_seq, acked_txn=state.last_txn, nonce=nonce, head=head, scopes=sorted(orgs),
        server_key=server_key, life=life, common=common, mark=mark_at(connection, head),
        current=_current(connection, hello, orgs, head) if hello.life == life else None,
    )  # fmt: skip


def notice_life(connection: Connection, device: Device, hello: Hello, now: int) -> None:
    """Begin a new life of the log if this greeting shows that it went back, whatever else becomes of the greeting."""
    head = head_position(connection)
    common = common_position(connection, hello.marks)
    _life_now(connection, hello, state_of(connection, device), common, head, now)


def _life_now(
    connection: Connection, hello: Hello, state: Row[tuple[object, ...]], common: int, head: int, now: int
) -> str:
    life = held_life(connection, head, now)
    if is_strange(connection, hello.life):
        note_life(connection, hello.life, "lost", head, now)  # so that the next who read it finds it known
        return begin_life(connection, "noticed", head, now)
    if hello.life == life and _went_back(hello, state, common, head):
        return begin_life(connection, "noticed", head, now)
    return life


def _reported(report: NodeReport) -> dict[str, object]:
    """Return what a branch told of itself, within what the columns hold."""
    most, many = 2**62, 2**31 - 1
    return {
        "backlog": min(max(report.backlog, 0), many), "backlog_bytes": min(max(report.backlog_bytes, 0), most),
        "oldest_s": min(max(report.oldest_s, 0), most), "files": min(max(report.files, 0), many),
        "file_bytes": min(max(report.file_bytes, 0), most), "failures": min(max(report.failures, 0), many),
        "rate": min(max(report.rate, 0), most), "stage": report.stage[:20], "closed": report.closing,
        "settings": min(max(report.settings, 0), many), "knowledge": min(max(report.knowledge, -1), many),
    }  # fmt: skip


def note_refusal(connection: Connection, device_id: Id) -> None:
    """Count a greeting that was refused; the next good one begins anew."""
    table = device_state
    connection.execute(
        update(table).where(table.c.device_id == device_id).values(refusals=table.c.refusals + 1)
    )


def _went_back(hello: Hello, state: Row[tuple[object, ...]], common: int, head: int) -> bool:
    """Tell whether a branch has read, or has a receipt for, what our log lacks: we were restored from a backup."""
    read = max((cursor.position for cursor in hello.cursors), default=0)
    shown = max((mark.position for mark in hello.marks), default=0)
    acked = hello.acked_seq > state.last_seq and hello.epoch == state.epoch
    return acked or read > head or (shown > 0 and common < shown)


def _current(connection: Connection, hello: Hello, orgs: frozenset[Id], head: int) -> list[Cursor] | None:
    """Return cursors at the head, if the branch follows these scopes and has read all there is of them."""
    held = {cursor.org_id: cursor.position for cursor in hello.cursors}
    if held.keys() != {*orgs, CATALOGUE_SCOPE} or len(set(held.values())) != 1:
        return None
    start = min(held.values())
    if start < head and standing(connection, held, start) != start:
        return None
    return [Cursor(org_id, head) for org_id in sorted(held)]


def start_epoch(connection: Connection, device: Device, fork: Fork, epoch: int) -> int:
    """Let a new life of a device begin; returns the number after which it sends.

    That is where both sides agree: the store of the device, or of the centre, may have gone back. What is sent
    although it is known is taken once. If our log went back since, nothing is agreed: a copy of the store may have
    sent other work under the same numbers before this one came.
    """
    state = state_of(connection, device)
    lost = bool(fork.life) and fork.life != life_of(connection)
    keep_seq: int = 0 if lost else min(fork.keep_seq, state.last_seq)
    set_state(
        connection, device.device_id, epoch=epoch, last_seq=keep_seq, last_txn=None, nonce="",
        nonce_before="", forks=state.forks + 1,
    )  # fmt: skip
    return keep_seq
