"""Reading a list of people out of a spreadsheet or a csv file: pure, every mistake with its line and column.

What keeps the whole from being read (no such columns, no table) is refused; what is wrong in one line goes with that
line, so that the list that is checked is as long as the list that was given.
"""

import collections
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from domain.kernel.errors import DomainError
from domain.kernel.sheets import LARGEST, SCIENTIFIC, UNREADABLE, Sheet, headings, letter, read_sheet, seen_in
from domain.people.idnumber import normalise, read_id
from domain.people.records import Sex
from domain.people.roster_commands import MOST_ROWS, RosterLine

_HEADINGS = {
    "name": ("姓名", "员工姓名", "体检人姓名", "客户姓名", "name"),
    "id_number": ("身份证号", "身份证号码", "证件号码", "证件号", "身份证", "idnumber", "id"),
    "sex": ("性别", "sex", "gender"),
    "birth_date": ("出生日期", "出生年月日", "生日", "birthdate", "birthday"),
    "phone": ("手机号", "手机", "手机号码", "联系电话", "电话", "phone", "mobile"),
}
_LABELS = {
    "name": "姓名",
    "id_number": "证件号码",
    "sex": "性别",
    "birth_date": "出生日期",
    "phone": "手机号",
}
_SEXES = {"男": Sex.MALE, "女": Sex.FEMALE, "m": Sex.MALE, "f": Sex.FEMALE, "1": Sex.MALE, "2": Sex.FEMALE}
_DATE = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?$")


def read_roster(content: bytes, name: str) -> list[RosterLine]:
    """Return the lines of a list (xlsx, or csv in UTF-8 or GB18030) in their order; who stands twice is marked twice.

    Raises:
        DomainError: On ``file``: ``roster.too_large``, ``roster.kind``, ``roster.unreadable`` (no workbook, no text),
            ``roster.no_columns`` with the headings that are missing and those that were found, ``roster.empty``,
            ``roster.too_many``.
    """
    if len(content) > LARGEST:
        raise DomainError("roster.too_large", field="file", most=LARGEST // 1_000_000)
    ending = name.lower().rpartition(".")[2]
    if ending not in ("xlsx", "csv"):
        raise DomainError("roster.kind", field="file", name=name)
    try:
        table = read_sheet(content, ending, MOST_ROWS)
    except UNREADABLE as error:
        raise DomainError("roster.unreadable", field="file", name=name) from error
    at, columns = _headings(table.lines)
    lines = list(_people(table, at, columns))
    if not lines:
        raise DomainError("roster.empty", field="file")
    if len(lines) > MOST_ROWS:
        raise DomainError("roster.too_many", field="file", most=MOST_ROWS, count=len(lines))
    return _doubled(lines)


def _headings(lines: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """Return the index of the line of headings and the column of each."""
    best = headings(lines, _HEADINGS)
    missing = [_LABELS[name] for name in ("name",) if name not in best[1]]
    if "id_number" not in best[1] and not {"birth_date", "sex"} <= best[1].keys():
        missing.append("证件号码（或性别和出生日期）")
    if missing:
        seen = seen_in(lines, best[0])
        raise DomainError("roster.no_columns", field="file", missing="、".join(missing), seen=seen)
    return best


def _people(table: Sheet, at: int, columns: Mapping[str, int]) -> Iterator[RosterLine]:
    for number, line in enumerate(table.lines[at + 1 :], at + 2):
        said = {name: line[column] if column < len(line) else "" for name, column in columns.items()}
        if any(said.values()):
            yield _person(number, said, columns, table.merged)


def _person(
    row: int, said: Mapping[str, str], columns: Mapping[str, int], merged: frozenset[tuple[int, int]]
) -> RosterLine:
    remarks = []

    def wrong(name: str, what: str) -> None:
        remarks.append(f"第 {row} 行“{_LABELS[name]}”（{letter(columns[name])} 列）{what}")

    for name in columns:
        if (row, columns[name]) in merged:
            wrong(name, "是合并单元格，请拆分后每人单独填写")
    if not said["name"]:
        wrong("name", "没有填写")
    number = said.get("id_number") or None
    if number and SCIENTIFIC.fullmatch(number):
        wrong("id_number", "被表格改成了科学计数，请把该列设为文本后重新填写")
        number = None
    elif number and number.isdigit() and len(number) == 18 and number.endswith("000") and not _holds(number):
        wrong("id_number", "末三位可能被表格改成了 0，请把该列设为文本后重新填写")
    if number and len(number) > 40:
        wrong("id_number", "太长")
        number = None
    born = _date(said.get("birth_date", ""))
    if said.get("birth_date") and born is None:
        wrong("birth_date", f"“{said['birth_date'][:30]}”不是日期，请写成 1980-05-01")
    sex = _SEXES.get(said.get("sex", "").lower().removesuffix("性"), Sex.UNKNOWN)
    if said.get("sex") and sex is Sex.UNKNOWN:
        wrong("sex", f"“{said['sex'][:10]}”请写“男”或“女”")
    phone = re.sub(r"\D", "", said.get("phone", ""))[:20] or None
    return RosterLine(row, said["name"][:60] or "—", sex, born, number, phone, tuple(remarks))


def _holds(number: str) -> bool:
    try:
        read_id(number, today=date.max)
    except DomainError:
        return False
    return True


def _date(text: str) -> date | None:
    found = _DATE.match(text)
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def _doubled(lines: Sequence[RosterLine]) -> list[RosterLine]:
    """Return the lines, those of the same number (or, without, the same name and birth date) marked and told of."""
    rows: dict[tuple[str, ...], list[int]] = collections.defaultdict(list)
    for line in lines:
        rows[_key(line)].append(line.row)
    found = []
    for line in lines:
        others = [row for row in rows[_key(line)] if row != line.row]
        if others and _key(line)[0]:
            told = f"与第 {'、'.join(map(str, others[:5]))} 行是同一人"
            line = dataclasses.replace(line, doubled=True, remarks=(*line.remarks, told))
        found.append(line)
    return found


def _key(line: RosterLine) -> tuple[str, ...]:
    if line.id_number:
        return ("number", normalise(line.id_number))
    if line.birth_date is not None:
        return ("name", line.name, line.birth_date.isoformat())
    return ("",)
