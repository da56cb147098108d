"""Reading what a sender says it sent out of a workbook or a csv file. Pure; every mistake with its line and column.

A line is never left out and never mended: what cannot be a tube of ours stays on the list with its reason.
"""

import collections
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence

from domain.biobank.numbers import parse_specimen_number
from domain.kernel.errors import DomainError
from domain.kernel.sheets import LARGEST, SCIENTIFIC, UNREADABLE, Sheet, headings, letter, read_sheet, seen_in

MOST_LINES = 2000
_HEADINGS = {
    "number": ("标本编号", "标本条码", "条码", "条码号", "样本编号", "样本条码", "管号", "编号", "barcode",
               "specimen", "sampleid"),
    "type": ("标本类型", "样本类型", "类型", "标本", "type", "sampletype"),
}  # fmt: skip
_LABELS = {"number": "标本编号", "type": "标本类型"}


@dataclasses.dataclass(frozen=True, slots=True)
class ListLine:
    """One line as it was read; with `remarks` it is no tube that can be expected."""

    row: int
    number: str
    type: str
    remarks: tuple[str, ...] = ()


def read_list(content: bytes, name: str) -> list[ListLine]:
    """Return the lines of a list (xlsx, or csv in UTF-8, UTF-16 or GB18030) in their order.

    Raises:
        DomainError: On ``file``: ``receiving.too_large``, ``receiving.kind``, ``receiving.unreadable``,
            ``receiving.no_columns`` (with the headings that were found), ``receiving.empty`` or
            ``receiving.too_many``.
    """
    if len(content) > LARGEST:
        raise DomainError("receiving.too_large", field="file", most=LARGEST // 1_000_000)
    ending = name.lower().rpartition(".")[2]
    if ending not in ("xlsx", "csv"):
        raise DomainError("receiving.kind", field="file", name=name)
    try:
        sheet = read_sheet(content, ending, MOST_LINES)
    except UNREADABLE as error:
        raise DomainError("receiving.unreadable", field="file", name=name) from error
    at, columns = headings(sheet.lines, _HEADINGS)
    if "number" not in columns:
        raise DomainError("receiving.no_columns", field="file", seen=seen_in(sheet.lines, at))
    lines = list(_lines(sheet, at, columns))
    if not any(line.number for line in lines):
        raise DomainError("receiving.empty", field="file")
    if len(lines) > MOST_LINES:
        raise DomainError("receiving.too_many", field="file", most=MOST_LINES, count=len(lines))
    return _doubled(lines)


def _lines(sheet: Sheet, at: int, columns: Mapping[str, int]) -> Iterator[ListLine]:
    below = [(row, line) for row, line in enumerate(sheet.lines[at + 1 :], at + 2)]
    last = max((row for row, line in below if any(line)), default=0)
    for row, line in below:
        if row > last:
            return
        said = {name: line[column] if column < len(line) else "" for name, column in columns.items()}
        yield _line(row, said, columns, sheet.merged)


def _line(
    row: int, said: Mapping[str, str], columns: Mapping[str, int], merged: frozenset[tuple[int, int]]
) -> ListLine:
    remarks = []

    def wrong(name: str, what: str) -> None:
        remarks.append(f"第 {row} 行“{_LABELS[name]}”（{letter(columns[name])} 列）{what}")

    for name in columns:
        if (row, columns[name]) in merged:
            wrong(name, "是合并单元格，请拆分后每管单独填写")
    number = said["number"]
    if not number:
        wrong("number", "没有填写，请与发送方核对该管")
    elif SCIENTIFIC.fullmatch(number):
        wrong("number", "被表格改成了科学计数，请把该列设为文本后重新填写")
    else:
        try:
            number = parse_specimen_number(number)
        except DomainError:
            short = re.fullmatch(r"\d{1,11}", number) is not None
            wrong(
                "number",
                f"“{number[:40]}”不是本系统的编号"
                + ("，开头的 0 可能被表格去掉" if short else "，请与实物核对"),
            )
    return ListLine(row, number[:80], said.get("type", "")[:40], tuple(remarks))


def _doubled(lines: Sequence[ListLine]) -> list[ListLine]:
    rows: dict[str, list[int]] = collections.defaultdict(list)
    for line in lines:
        rows[line.number].append(line.row)
    found = []
    for line in lines:
        others = [row for row in rows[line.number] if row != line.row] if line.number else []
        if others:
            told = f"第 {line.row} 行与第 {'、'.join(map(str, others[:5]))} 行编号相同，请与实物核对"
            line = dataclasses.replace(line, remarks=(*line.remarks, told))
        found.append(line)
    return found
