"""The life line of a tube as a data file: a workbook with every tube of the family, every event and its chain."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.biobank.lineage import Family
from domain.biobank.numbers import grouped
from domain.kernel.clock import clinic
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id
from domain.kernel.texts import Texts
from forms.cells_out import write_cell
from forms.tracing import trace_content

NOTES, TUBES, EVENTS = "说明", "标本", "事件"
TUBE_HEADS = (
    "标本编号", "母管编号", "汇合自", "代", "类型", "状态", "位置", "初始体积 μL", "剩余体积 μL", "冻融次数",
    "离开冷源 秒", "SPREC",
)  # fmt: skip
EVENT_HEADS = (
    "时间", "标本编号", "操作", "操作人", "位置", "产生 μL", "消耗 μL", "离开冷源 秒", "复核人", "说明", "监管链安装",
    "监管链序号", "前一事件摘要", "事件摘要", "核验",
)  # fmt: skip


def write_trace_book(
    family: Family, broken: Mapping[Id, str], texts: Texts, path: Path, *, who: str, at: datetime, limits: str
) -> None:
    """Write the workbook.

    Args:
        family: The tubes with their events.
        broken: In words, where the chain of custody does not hold, by event.
        texts: Of the screen.
        path: Of the workbook.
        who: Takes it out; stands in the notes.
        at: When.
        limits: By which limits thaws were counted (`forms.tracing.limits_note`).

    Raises:
        UnavailableError: ``export.cannot_write`` with the path.
    """
    import xlsxwriter

    told = trace_content(family, texts)
    numbers = {member.row.id: grouped(member.row.number) for member in family.members}
    tubes = [
        (
            numbers[member.row.id], numbers.get(member.row.parent_id, ""), said["from"], member.depth, said["type"],
            said["state"], said["place"], member.row.initial_ul, member.row.remaining_ul, member.row.thaws,
            member.row.out_s, said["sprec"],
        )
        for member, said in zip(family.members, told["tubes"], strict=True)
    ]  # fmt: skip
    events = [
        (
            f"{clinic(event.occurred_at):%Y-%m-%d %H:%M:%S}", said["number"], said["kind"], said["who"],
            said["place"], event.produced_ul, event.consumed_ul, event.out_s, event.witness_name or "", said["facts"],
            str(event.chain_device or ""), event.chain_number, event.previous_sha256 or "", event.sha256 or "",
            broken.get(event.id, ""),
        )
        for event, said in zip(family.events, told["events"], strict=True)
    ]  # fmt: skip
    notes = [
        (texts.say("trace.note.tube"), told["asked"]["number"]),
        (texts.say("trace.note.at"), f"{clinic(at):%Y-%m-%d %H:%M}"),
        (texts.say("trace.note.who"), who),
        (texts.say("trace.note.limits"), limits),
        (
            texts.say("trace.note.chain"),
            texts.say("trace.note.broken", count=len(broken)) if broken else texts.say("trace.note.whole"),
        ),
    ]
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    sheets = ((NOTES, ("项目", "内容"), notes), (TUBES, TUBE_HEADS, tubes), (EVENTS, EVENT_HEADS, events))
    try:
        _write(xlsxwriter.Workbook(str(path), options), sheets)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise UnavailableError("export.cannot_write", path=str(path)) from error


def _write(book: Any, sheets: Sequence[tuple[str, Sequence[str], Sequence[Sequence[Any]]]]) -> None:
    with book:
        bold, quoted = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
        for name, heads, rows in sheets:
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, heads, bold)
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(heads) - 1, 18)
            for line, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    write_cell(sheet, line, column, value, quoted)
