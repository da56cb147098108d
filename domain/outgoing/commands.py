"""Exports and prints as commands: permission, purpose and record come before anything leaves the program."""

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.worklists import worklists
from domain.outgoing.records import Destination, Outgoing, OutgoingEnd, OutgoingKind, OutgoingResult
from domain.outgoing.request_commands import allow, in_clear
from domain.outgoing.workflow import request_life

MOST_TEXT = 1000


@command("document.export", "导出列表", permission="document.export")
class ExportList:
    """Let a list go out as a file; run before the first row is written."""

    listing: str = ask("列表", kind=Kind.HIDDEN, max_length=80)
    columns: list[str] = ask("列", kind=Kind.HIDDEN)
    rows: int = ask("行数", kind=Kind.HIDDEN, low=0)
    filters: str | None = ask("筛选条件", kind=Kind.HIDDEN, default=None, max_length=MOST_TEXT)
    purpose: str | None = ask("用途", default=None, max_length=MOST_TEXT)


@handles(ExportList)
def export_list(order: ExportList, work: UnitOfWork) -> Id:
    """Return the id of the record.

    Raises:
        DomainError: ``worklist.unknown``; ``permission.denied`` without the list's own permission;
            ``worklist.unknown_column``; ``export.purpose_missing`` (field ``purpose``) where a column says in clear
            who somebody is or what they have; ``export.needs_approval`` and ``export.day_limit`` of `allow`.
    """
    listing = worklists().get(order.listing)
    if listing is None:
        raise DomainError("worklist.unknown", field="listing", name=order.listing)
    work.actor.check(listing.permission)
    for name in order.columns:
        listing.column(name)
    shown = [c for c in listing.columns if c.name in order.columns]
    clear = [c.label for c in in_clear(work, shown)]
    if clear and not (order.purpose or "").strip():
        raise DomainError("export.purpose_missing", field="purpose", columns="、".join(clear))
    approval = allow(work, order) if clear else None
    noted = note(
        work, OutgoingKind.LIST, listing.label, order.rows, Destination.FILE, purpose=order.purpose,
        filters=order.filters, columns="、".join(c.label for c in shown)[:MOST_TEXT],
    )  # fmt: skip
    if approval is not None:
        work.move(request_life, approval, "use")
        approval.outgoing_id = noted.id
    return noted.id


@command("document.hand_out", "打印或保存文件", permission="document.print")
class HandOutDocument:
    """Let a document about a client go to a printer, a file or another program; run before it goes."""

    what: str = ask("内容", kind=Kind.HIDDEN)
    destination: Destination = ask("去向", kind=Kind.CHOICE)
    patient_id: Id | None = ask("客户", kind=Kind.HIDDEN, default=None)
    count: int = ask("份数", kind=Kind.HIDDEN, default=1, low=1)
    purpose: str | None = ask("用途", default=None, max_length=MOST_TEXT)


@handles(HandOutDocument)
def hand_out(order: HandOutDocument, work: UnitOfWork) -> Id:
    """Return the id of the record."""
    return note(
        work, OutgoingKind.DOCUMENT, order.what, order.count, order.destination, purpose=order.purpose,
        patient_id=order.patient_id,
    ).id  # fmt: skip


@command("specimen.print_labels", "打印标签", permission="biobank.label")
class PrintLabels:
    """Let labels go to a printer; run before the first of them."""

    numbers: list[str] = ask("标本号", kind=Kind.HIDDEN)
    printer: str = ask("打印机", kind=Kind.HIDDEN)


@handles(PrintLabels)
def print_labels(order: PrintLabels, work: UnitOfWork) -> Id:
    """Return the id of the record; ``input.missing`` without a number."""
    if not order.numbers:
        raise DomainError("input.missing", field="numbers", label="标本号")
    shown = "、".join(order.numbers)
    what = shown if len(shown) <= 200 else f"{order.numbers[0]} … {order.numbers[-1]}"
    return note(
        work, OutgoingKind.LABELS, what, len(order.numbers), Destination.PRINTER, filters=order.printer
    ).id


@command("document.support_bundle", "导出诊断包", permission="own.diagnosis", place="branch")
class ExportSupportBundle:
    """Let the bundle for support go out as a file: findings, versions and logs, nothing of a client."""

    file: str = ask("文件名", kind=Kind.HIDDEN, max_length=80)


@handles(ExportSupportBundle)
def export_support_bundle(order: ExportSupportBundle, work: UnitOfWork) -> Id:
    """Return the id of the record."""
    return note(work, OutgoingKind.DOCUMENT, order.file, 1, Destination.FILE).id


@command("document.end", "外发结果", permission="own.outgoing")
class EndOutgoing:
    """Say what became of an export or a print of one's own."""

    outgoing_id: Id = ask("外发记录", kind=Kind.HIDDEN)
    result: OutgoingResult = ask("结果", kind=Kind.CHOICE)
    count: int = ask("实际行数或份数", kind=Kind.HIDDEN, default=0, low=0)
    detail: str | None = ask("说明", default=None)


@handles(EndOutgoing)
def end_outgoing(order: EndOutgoing, work: UnitOfWork) -> None:
    """Keep the end; ``outgoing.not_yours`` for what somebody else let go."""
    known = work.require(Outgoing, order.outgoing_id, "outgoing_id")
    if known.staff_id != work.actor.staff_id:
        raise DomainError("outgoing.not_yours", field="outgoing_id")
    work.add(
        OutgoingEnd(
            org_id=known.org_id, outgoing_id=known.id, result=order.result, count=order.count, detail=order.detail,
            ended_at=work.now,
        )
    )  # fmt: skip


def note(
    work: UnitOfWork, kind: OutgoingKind, what: str, count: int, destination: Destination, **facts: object
) -> Outgoing:
    """Add the record of something that is about to leave, and return it."""
    return work.add(
        Outgoing(
            kind=kind, what=what, count=count, destination=destination, staff_id=work.actor.staff_id,
            staff_name=work.actor.name, started_at=work.now, **facts,
        )
    )  # fmt: skip
