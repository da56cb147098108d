"""Each night: what a partner sent, what the listener kept, and what lies in the store, and the same the other way.

Three sources that know nothing of each other are compared: the listener's queue has the messages as they came, the
store has results and orders, the queue of what goes out has what the partner has confirmed. So a message that was
acknowledged and is nowhere is seen within a day, even if every program believes it did its work.
"""

import base64
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, select

from domain.checkup.records import HeldResult, Observation, Visit
from domain.interop.day_commands import NoteInterfaceDays
from domain.interop.day_records import InterfaceDay
from domain.interop.in_records import ParkedMessage
from domain.interop.order_records import ServiceRequest
from domain.interop.out_records import OutMessage
from domain.interop.partner_records import Partner
from domain.kernel.authority import Actor
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.columns import to_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.people.identity_records import IdentityCheck
from server.interfaces.inbox import DONE, Inbox, InboxPlace
from server.interfaces.work import Work

PURPOSE = b"aftercheck interface day 1\0"
NIGHTS = 3
"""An account that does not agree is made again so often; the listener keeps what it has applied for a week."""
_NAMED = 50
_AT_ONCE = 400
_WORK = msgspec.json.Decoder(Work)


@dataclass(slots=True)
class _Account:
    """The counts of a partner and day, with what does not agree in words."""

    counts: Counter[str] = field(default_factory=Counter)
    visits: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    findings: list[str] = field(default_factory=list)


def count_days(dispatcher: Dispatcher, actor: Actor, place: InboxPlace, key: Ed25519PrivateKey) -> int:
    """Make the account of yesterday, and anew those of the nights before that do not agree; returns how many changed.

    Args:
        dispatcher: The centre's.
        actor: In whose name it is written.
        place: The listener's queue; where there is none nothing came.
        key: Signs the accounts.
    """
    today = clinic(dispatcher.clock()).date()
    days = [today - timedelta(days=back) for back in range(1, NIGHTS + 1)]
    with dispatcher.store.read() as connection:
        partners = connection.execute(select(Partner.__table__)).all()
        d = InterfaceDay.__table__.c
        agreed = {
            (row.partner_id, row.day)
            for row in connection.execute(select(d.partner_id, d.day).where(d.day.in_(days), d.differs == 0))
        }
    todo = [(p, day) for p in partners for day in days if p.active and (p.id, day) not in agreed]
    if not todo:
        return 0
    inbox = place.open()
    try:
        made = [_fields(p, day, _account(dispatcher, inbox, p, day), key) for p, day in todo]
    finally:
        if inbox is not None:
            inbox.close()
    changed: int = dispatcher.run(NoteInterfaceDays(days=made), actor).receipt
    return changed


def is_signed(row: Any, public_key: Ed25519PublicKey) -> bool:
    """Tell whether the centre signed an account, and whether its columns say what was signed."""
    try:
        public_key.verify(base64.b64decode(row.signature), PURPOSE + row.statement.encode())
    except (InvalidSignature, ValueError):
        return False
    said = json.loads(row.statement)
    return said["day"] == row.day.isoformat() and all(
        getattr(row, name) == value for name, value in said["counts"].items()
    )


def _account(dispatcher: Dispatcher, inbox: Inbox | None, partner: Any, day: date) -> _Account:
    start = datetime.combine(day, time(), CLINIC_TIME)
    found = _Account()
    with dispatcher.store.read() as connection:
        if inbox is not None:
            between = to_microseconds(start), to_microseconds(start + timedelta(days=1))
            _incoming(connection, found, partner.sender, inbox.between(partner.sender, *between))
        _outgoing(connection, found, partner, start)
        _orders(connection, found, partner, start)
    counts = found.counts
    counts["differs"] = counts["open_in"] + counts["missing"] + counts["undelivered"]
    return found


def _incoming(
    connection: Connection, found: _Account, sender: str, messages: Iterable[tuple[str, str, bytes]]
) -> None:
    p = ParkedMessage.__table__.c
    dropped = set(
        connection.scalars(select(p.control_id).where(p.system == sender, p.state == "dropped"))
    )  # somebody has decided, with a reason
    came: dict[str, set[str]] = defaultdict(set)
    for control_id, state, raw in messages:
        found.counts["received"] += 1
        if state != DONE:
            if control_id not in dropped:
                found.counts["open_in"] += 1
                found.findings.append(f"消息 {control_id} 未入库")
            continue
        found.counts["stored"] += 1
        order = _WORK.decode(raw).order
        if order is not None:
            came[order.visit_number] |= {line.item or line.code for line in order.lines}
    for number, items in came.items():
        here = _stored(connection, sender, number) if items else set()
        lacking = sorted(items - here)
        found.counts["results"] += len(items)
        found.counts["missing"] += len(lacking)
        found.visits[number].update(came=len(items), stored=len(items) - len(lacking))
        if lacking:
            found.findings.append(f"体检号 {number} 缺 {'、'.join(lacking)}")


def _stored(connection: Connection, sender: str, number: str) -> set[str]:
    """Return the items of a visit that came from a system; those held apart for a doubt count too."""
    o, v = Observation.__table__.c, Visit.__table__.c
    visit = select(v.id).where(v.number == number)
    items = set(connection.scalars(select(o.item).where(o.visit_id.in_(visit), o.system == sender)))
    h, c = HeldResult.__table__.c, IdentityCheck.__table__.c
    held = (
        select(o.item)
        .join(HeldResult.__table__, h.observation_id == o.id)
        .join(IdentityCheck.__table__, c.id == h.check_id)
        .where(c.visit_number == number, o.system == sender)
    )
    return items | set(connection.scalars(held))


def _outgoing(connection: Connection, found: _Account, partner: Any, start: datetime) -> None:
    m = OutMessage.__table__.c
    query = select(m.control_id, m.state).where(
        m.partner_id == partner.id, m.queued_at >= start, m.queued_at < start + timedelta(days=1)
    )
    for row in connection.execute(query):
        found.counts["due"] += 1
        if row.state == "accepted":
            found.counts["delivered"] += 1
        elif row.state != "written_off":
            found.counts["undelivered"] += 1
            found.findings.append(f"外发消息 {row.control_id} 对方未接收")


def _orders(connection: Connection, found: _Account, partner: Any, start: datetime) -> None:
    r = ServiceRequest.__table__.c
    query = select(r.visit_number, r.resulted_at).where(
        r.org_id == partner.org_id, r.role == partner.role, r.state != "cancelled", r.ordered_at >= start,
        r.ordered_at < start + timedelta(days=1),
    )  # fmt: skip
    for row in connection.execute(query):
        found.counts["ordered"] += 1
        found.counts["resulted"] += row.resulted_at is not None
        found.visits[row.visit_number].update(ordered=1)


_COUNTED = (
    "differs", "received", "stored", "open_in", "results", "missing", "due", "delivered", "undelivered", "ordered",
    "resulted",
)  # fmt: skip


def _fields(partner: Any, day: date, found: _Account, key: Ed25519PrivateKey) -> dict[str, Any]:
    counts = {name: found.counts[name] for name in _COUNTED}
    visits = {
        number: [one["ordered"], one["came"], one["stored"]] for number, one in sorted(found.visits.items())
    }
    said = {"partner": partner.name, "system": partner.sender, "day": day.isoformat(), "counts": counts}
    statement = json.dumps({**said, "visits": visits}, ensure_ascii=False, sort_keys=True)
    named, more = found.findings[:_NAMED], len(found.findings) - _NAMED
    text = "；".join([*named, *([f"另有 {more} 处"] if more > 0 else [])])
    return {
        "partner_id": partner.id, "org_id": partner.org_id, "name": partner.name, "day": day,
        "findings": text[:4000] or None, "statement": statement,
        "signature": base64.b64encode(key.sign(PURPOSE + statement.encode())).decode(), **counts,
    }  # fmt: skip
