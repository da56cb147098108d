"""Asking to take a list out in clear; others let it go, and an approval is good for one export."""

import dataclasses
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.columns import Sensitivity
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.listing import ListColumn
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.worklists import worklists
from domain.outgoing.limits import DEFAULT, EXPORT_LIMITS, ExportLimits
from domain.outgoing.records import Outgoing, OutgoingKind
from domain.outgoing.request_records import ExportRequest
from domain.outgoing.workflow import request_life

APPROVE = "document.approve_export"
MORE_ROWS = 1.1
"""A list grows between asking and taking: so many times the rows that were approved may leave."""


@dataclasses.dataclass(frozen=True, slots=True)
class Requested:
    """A request, and how many people it takes."""

    request_id: Id
    rows: int
    needed: int
    sensitive: bool


@command("document.ask_export", "申请导出", permission="document.export")
class AskExport:
    """Ask to take a list out that says in clear who somebody is or what they have."""

    listing: str = ask("列表", kind=Kind.HIDDEN, max_length=80)
    columns: list[str] = ask("列", kind=Kind.HIDDEN)
    rows: int = ask("行数", kind=Kind.HIDDEN, low=0)
    filters: str | None = ask("筛选条件", kind=Kind.HIDDEN, default=None, max_length=1000)
    purpose: str = ask("用途", max_length=1000)


@handles(AskExport)
def ask_export(order: AskExport, work: UnitOfWork) -> Requested:
    """Return the request; the same one asked again while it waits stays one.

    Raises:
        DomainError: ``worklist.unknown``; ``permission.denied`` without the list's own permission.
    """
    listing = worklists().get(order.listing)
    if listing is None:
        raise DomainError("worklist.unknown", field="listing", name=order.listing)
    work.actor.check(listing.permission)
    if work.actor.staff_id is None:
        raise DomainError("export.nobody")
    for name in order.columns:
        listing.column(name)
    shown = [c for c in listing.columns if c.name in order.columns]
    names = sorted(order.columns)
    for waiting in work.list(_of(work, order.listing, "asked")):
        if (waiting.names, waiting.filters) == (names, order.filters):
            return _told(waiting)
    sensitive = any(c.info and c.info.sensitivity is Sensitivity.SENSITIVE for c in in_clear(work, shown))
    request = ExportRequest(
        listing=order.listing, what=listing.label, columns="、".join(c.label for c in shown)[:1000], names=names,
        filters=order.filters, row_count=order.rows, purpose=order.purpose.strip(), sensitive=sensitive,
        needed=2 if sensitive or order.rows > limits_of(work).two_above else 1, asked_by=work.actor.staff_id,
        asked_name=work.actor.name, asked_at=work.now,
    )  # fmt: skip
    work.start(request_life, request)
    return _told(work.add(request))


def _told(request: ExportRequest) -> Requested:
    return Requested(request.id, request.row_count, request.needed, request.sensitive)


@command("document.approve_export", "批准导出", permission=APPROVE)
class ApproveExport:
    """Let a list go; not by who asked, and each of two people once."""

    export_request_id: Id = ask("导出申请", kind=Kind.HIDDEN)


@handles(ApproveExport)
def approve_export(order: ApproveExport, work: UnitOfWork) -> int:
    """Return how many approvals are still wanted.

    Raises:
        DomainError: ``export_request.own_work`` for who asked or approved already; ``export_request.wrong_state``.
    """
    request = _others(work, order.export_request_id)
    if not request_life.allows(request.state, "approve"):
        work.move(request_life, request, "approve")  # says how it stands
    request.approved_by = [*request.approved_by, str(work.actor.staff_id)]
    request.approved_names = "、".join(filter(None, (request.approved_names, work.actor.name)))
    left = request.needed - len(request.approved_by)
    if left <= 0:
        work.move(request_life, request, "approve")
        request.until = work.now + timedelta(days=limits_of(work).valid_days)
    return max(0, left)


@command("document.refuse_export", "不批准导出", permission=APPROVE)
class RefuseExport:
    """Do not let a list go, with the reason."""

    export_request_id: Id = ask("导出申请", kind=Kind.HIDDEN)
    reason: str = ask("不批准原因", kind=Kind.NOTE)


@handles(RefuseExport)
def refuse_export(order: RefuseExport, work: UnitOfWork) -> None:
    """Refuse it for good; ``export_request.own_work``, ``export_request.wrong_state``."""
    request = _others(work, order.export_request_id)
    work.move(request_life, request, "refuse")
    request.refused_why = order.reason.strip()


def _others(work: UnitOfWork, request_id: Id) -> ExportRequest:
    request = work.require(ExportRequest, request_id, "export_request_id")
    if work.actor.staff_id is None or str(work.actor.staff_id) in {
        str(request.asked_by),
        *request.approved_by,
    }:
        raise DomainError("export_request.own_work", field="export_request_id")
    return request


def in_clear(work: UnitOfWork, columns: list[ListColumn]) -> list[ListColumn]:
    """Return the columns that say in clear, to the actor, who somebody is or what they have."""
    clearance = work.actor.clearance
    return [c for c in columns if c.info and Sensitivity.PUBLIC < c.info.sensitivity <= clearance]


def limits_of(work: UnitOfWork) -> ExportLimits:
    """Return the limits in force."""
    limits: ExportLimits = work.content.get(EXPORT_LIMITS) or DEFAULT
    return limits


def allow(work: UnitOfWork, order: Any) -> ExportRequest | None:
    """Return the approval that lets an `ExportList` of clear columns go, None where its few rows need none.

    Raises:
        DomainError: ``export.day_limit``; ``export.needs_approval`` with the rows and how many people it takes.
    """
    limits = limits_of(work)
    with_todays = order.rows + _today(work)
    if work.actor.staff_id is None or with_todays <= limits.free_rows:
        return None
    if with_todays > limits.day_rows:
        raise DomainError("export.day_limit", field="purpose", rows=order.rows, most=limits.day_rows)
    for request in work.list(_of(work, order.listing, "approved")):
        fits = set(order.columns) <= set(request.names) and order.filters == request.filters
        in_time = request.until is not None and request.until > work.now
        if fits and in_time and order.rows <= request.row_count * MORE_ROWS:
            return request
    raise DomainError("export.needs_approval", field="purpose", rows=order.rows, free=limits.free_rows)


def _of(work: UnitOfWork, listing: str, state: str) -> Select[ExportRequest]:
    r = ExportRequest
    return (
        select(r).where(r.asked_by == work.actor.staff_id, r.listing == listing, r.state == state).limit(100)
    )


def _today(work: UnitOfWork) -> int:
    """Return how many rows somebody took out of lists with a purpose since midnight."""
    o = Outgoing.__table__.c
    begin = datetime.combine(clinic(work.now).date(), time(), CLINIC_TIME)
    query = select(func.coalesce(func.sum(o.count), 0)).where(
        o.started_at >= begin,
        o.staff_id == work.actor.staff_id,
        o.kind == OutgoingKind.LIST,
        o.purpose.is_not(None),
    )
    return int(work.connection.execute(query).scalar_one())
