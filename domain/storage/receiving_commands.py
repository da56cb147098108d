"""A batch with its list: the list is taken in, tubes are ticked as they come, and the rest is searched for."""

import dataclasses
from typing import Any

from sqlalchemy import select

from domain.biobank.receiving import waiting_lines
from domain.biobank.receiving_records import ReceivingLine, ReceivingList, ReceivingState
from domain.biobank.receiving_workflow import receiving_life
from domain.biobank.records import Specimen
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.numbers import next_value, set_next
from domain.storage.receiving_reading import MOST_LINES, ListLine
from domain.storage.records import StorageTaskKind
from domain.storage.task_commands import open_task

PURPOSE = "receiving_list"


@dataclasses.dataclass(frozen=True, slots=True)
class ListTaken:
    """The list that was taken in."""

    list_id: Id
    number: str
    name: str
    expected: int
    doubtful: int


@command("receiving.take_list", "导入到货清单", permission="biobank.receive")
class TakeReceivingList:
    """Keep a list of what a sender says it sent; no tube is changed by it."""

    name: str = ask("来源（发送单位或批次）", max_length=120)
    file_name: str = ask("文件名", kind=Kind.HIDDEN, max_length=255)
    sha256: str = ask("文件摘要", kind=Kind.HIDDEN, max_length=64)
    lines: list[Any] = ask("清单行", kind=Kind.HIDDEN)


@handles(TakeReceivingList)
def take_list(order: TakeReceivingList, work: UnitOfWork) -> ListTaken:
    """Keep every line; one with a remark stays on the list as doubtful.

    Raises:
        DomainError: ``receiving.too_many``, ``receiving.empty`` or ``receiving.taken`` (the same file is open).
    """
    lines: list[ListLine] = order.lines
    if len(lines) > MOST_LINES:
        raise DomainError("receiving.too_many", field="file", most=MOST_LINES, count=len(lines))
    if not lines:
        raise DomainError("receiving.empty", field="file")
    before = work.find(ReceivingList, sha256=order.sha256, state="open")
    if before is not None:
        raise DomainError("receiving.taken", field="file", number=before.number)
    serial = next_value(work, PURPOSE)
    set_next(work, PURPOSE, serial + 1)
    doubtful = sum(bool(line.remarks) for line in lines)
    listed = ReceivingList(
        number=f"RL{work.content['number_prefix']}{serial:06d}", name=order.name.strip(), file_name=order.file_name,
        sha256=order.sha256, imported_at=work.now, staff_name=work.actor.name, total=len(lines), doubtful=doubtful,
    )  # fmt: skip
    work.start(receiving_life, listed)
    work.add(listed)
    for line in lines:
        state = ReceivingState.DOUBTFUL if line.remarks else ReceivingState.WAITING
        work.add(
            ReceivingLine(
                list_id=listed.id, row=line.row, number=line.number, said_type=line.type or None,
                remark="；".join(line.remarks)[:1000] or None, state=state,
            )
        )  # fmt: skip
    return ListTaken(listed.id, listed.number, listed.name, len(lines) - doubtful, doubtful)


@dataclasses.dataclass(frozen=True, slots=True)
class ListClosed:
    """What a list came to."""

    arrived: int
    missing: int
    doubtful: int


@command("receiving.close_list", "清点完毕", permission="biobank.receive")
class CloseReceivingList:
    """All that came has been taken in; what did not come is searched for."""

    receiving_list_id: Id = ask("到货清单", kind=Kind.HIDDEN)


@handles(CloseReceivingList)
def close_list(order: CloseReceivingList, work: UnitOfWork) -> ListClosed:
    """Close the list; each line whose tube did not come, or could not be told, is a search.

    Raises:
        DomainError: ``receiving_list.unknown``, ``receiving_list.wrong_state``.
    """
    listed = work.require(ReceivingList, order.receiving_list_id, "receiving_list_id")
    query = select(ReceivingLine).where(ReceivingLine.list_id == listed.id)
    lines = list(work.list(query.order_by(ReceivingLine.row)))
    doubtful = [line for line in lines if line.state is ReceivingState.DOUBTFUL]
    missing = waiting_lines(work, listed.id)
    work.move(receiving_life, listed, "differ" if missing or doubtful else "complete")
    listed.closed_by = work.actor.name
    for line in missing:
        line.state = ReceivingState.MISSING
        tube = work.find(Specimen, number=line.number)
        open_task(work, StorageTaskKind.SHIPMENT, line.number, tube=tube, place=listed.number)
    for line in doubtful:
        open_task(
            work, StorageTaskKind.SHIPMENT, line.number or f"{listed.number} {line.row}", place=listed.number,
            note=line.remark,
        )  # fmt: skip
    arrived = sum(line.state is ReceivingState.ARRIVED for line in lines)
    return ListClosed(arrived, len(missing), len(doubtful))
