"""Bringing tags to contacts of WeCom and followers: only what changed, one at a time. For the centre alone."""

import dataclasses
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.sql import Select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Channel, ContactAddress
from domain.messaging.rules import pause_before
from domain.messaging.sending_commands import SENDER
from domain.tags.records import ClientTag, ContactMark

CLOSED_FOR = timedelta(minutes=30)
"""How long contacts wait where a vendor does not let us mark at all."""
TAGGED = frozenset({Channel.WECOM_CLIENT, Channel.OFFICIAL_ACCOUNT})
"""Channels whose vendor keeps tags of people; a mini program has none."""


@dataclasses.dataclass(frozen=True, slots=True)
class MarkWork:
    """What one contact is to be marked with and freed of; tags are written ``kind/name``."""

    mark_id: Id
    org_id: Id
    channel: Channel
    staff: str
    contact: str
    add: list[str]
    remove: list[str]
    wanted: list[str]


@command("tag.plan_sync", "登记标签同步", permission=SENDER, place="internal")
class PlanTagSync:
    """Tags or contacts of these clients have changed."""

    patient_ids: list[Id] = ask("客户", kind=Kind.HIDDEN)


@handles(PlanTagSync)
def plan_tag_sync(order: PlanTagSync, work: UnitOfWork) -> int:
    """Return how many contacts are behind; who follows nobody any more is left alone."""
    behind = 0
    for address in work.list(_contacts(order.patient_ids)):
        if not _is_there(address) or address.patient_id is None:
            continue
        mark = work.get(ContactMark, stable_id("contact_mark", address.id))
        if mark is None:
            mark = work.add(
                ContactMark(
                    id=stable_id("contact_mark", address.id), org_id=address.org_id, address_id=address.id,
                    patient_id=address.patient_id, marked=[], pending=0, try_at=work.now,
                )
            )  # fmt: skip
        elif mark.patient_id != address.patient_id:
            mark.patient_id = address.patient_id
        if set(mark.marked or ()) == set(_wanted(work, address.patient_id)):
            if mark.pending:
                mark.pending, mark.reason, mark.detail = 0, None, None
            continue
        if mark.pending != 1:
            mark.pending, mark.try_at, mark.tries = 1, work.now, 0
        behind += 1
    return behind


@command("tag.take_sync", "取出待同步标签", permission=SENDER, place="internal")
class TakeMarks:
    """Contacts that are behind and whose time has come; `kinds` are those told outside at all, by channel."""

    kinds: dict[str, Any] = ask("各渠道的标签类别", kind=Kind.HIDDEN)
    most: int = ask("最多人数", default=50, low=1, high=500)


@handles(TakeMarks)
def take_marks(order: TakeMarks, work: UnitOfWork) -> list[MarkWork]:
    """Return what is to be done; a contact that has caught up meanwhile is noted as such."""
    due = (
        select(ContactMark)
        .join(ContactAddress, ContactAddress.id == ContactMark.address_id)
        .where(ContactMark.pending > 0, ContactMark.try_at <= work.now)
        .where(ContactAddress.channel.in_(sorted(order.kinds)))
        .order_by(ContactMark.try_at)
        .limit(order.most)
    )
    found = []
    for mark in work.list(due):
        address = work.get(ContactAddress, mark.address_id)
        kinds = order.kinds[str(address.channel)] if address is not None else []
        wanted = [one for one in _wanted(work, mark.patient_id) if one.partition("/")[0] in kinds]
        add, remove = set(wanted) - set(mark.marked), set(mark.marked) - set(wanted)
        if address is None or not _is_there(address) or not (add or remove):
            mark.pending, mark.reason, mark.detail = 0, None, None
            continue
        found.append(
            MarkWork(
                mark.id,
                mark.org_id,
                Channel(address.channel),
                address.via or "",
                address.address,
                sorted(add),
                sorted(remove),
                sorted(wanted),
            )
        )
    return found


@command("tag.report_sync", "登记标签同步结果", permission=SENDER, place="internal")
class ReportMark:
    """What the vendor said. `outcome`: done, retry, failed (this contact), closed (we may not mark)."""

    mark_id: Id = ask("标签同步", kind=Kind.HIDDEN)
    outcome: str = ask("结果", max_length=20)
    marked: list[str] = ask("已同步标签", kind=Kind.HIDDEN, default=[])
    reason: str | None = ask("原因", default=None, max_length=60)
    detail: str | None = ask("渠道回执", default=None, max_length=255)
    chance: float = ask("随机数", default=1.0)


@handles(ReportMark)
def report_mark(order: ReportMark, work: UnitOfWork) -> None:
    """Keep it. A contact that the vendor refuses for good waits until its tags change again."""
    mark = work.require(ContactMark, order.mark_id, "mark_id")
    if order.outcome == "done":
        mark.marked, mark.synced_at = sorted(order.marked), work.now
        mark.pending, mark.tries, mark.reason, mark.detail = 0, 0, None, None
        return
    mark.tries += 1
    mark.reason, mark.detail = order.reason, order.detail
    if order.outcome == "failed":
        mark.pending = 0
    elif order.outcome == "closed":
        mark.pending, mark.try_at = 2, work.now + CLOSED_FOR
    else:
        mark.try_at = work.now + pause_before(mark.tries, lambda: order.chance, 5.0)


def _contacts(patients: Iterable[Id]) -> Select[ContactAddress]:
    return select(ContactAddress).where(
        ContactAddress.channel.in_(sorted(TAGGED)), ContactAddress.patient_id.in_(list(patients))
    )


def _is_there(address: ContactAddress) -> bool:
    """Tell whether a person can be marked: WeCom does it through the member of staff they have added."""
    followed = Channel(address.channel) is Channel.OFFICIAL_ACCOUNT or bool(address.via)
    return address.opted_out_at is None and followed


def _wanted(work: UnitOfWork, patient_id: Id) -> list[str]:
    tag = ClientTag.__table__.c
    query = select(tag.kind, tag.name).where(tag.patient_id == patient_id, tag.off_at.is_(None))
    return sorted(f"{kind}/{name}" for kind, name in work.connection.execute(query))
