"""Tables out of files people send: a workbook, or text between commas, semicolons or tabs, in any encoding. Pure.

What keeps the whole from being read is raised as an ordinary error; what a cell means is for whoever reads the table.
"""

import csv
import dataclasses
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

LARGEST, LARGEST_UNPACKED = 10_000_000, 200_000_000
HEADINGS_WITHIN = 15
"""Lines in which the headings are looked for: above them stand titles."""
UNREADABLE = (ValueError, KeyError, OSError, EOFError, csv.Error, zipfile.BadZipFile)
"""What `read_sheet` raises of a file that is none of these."""
SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+\d+")
"""What a spreadsheet makes of a long number that it took for one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sheet:
    """Cells as text, by line from 1; `merged`: cells (line, column from 0) that lie in a merged range of lines."""

    lines: Sequence[Sequence[str]]
    merged: frozenset[tuple[int, int]] = frozenset()


def read_sheet(content: bytes, ending: str, most_rows: int) -> Sheet:
    """Return the first table of an ``xlsx`` or ``csv`` file. Raises one of `UNREADABLE`."""
    return _workbook(content, most_rows) if ending == "xlsx" else Sheet(_separated(content))


def _workbook(content: bytes, most_rows: int) -> Sheet:
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > LARGEST_UNPACKED:
            raise ValueError("unpacks to far more than a table")
    book = load_workbook(io.BytesIO(content), data_only=True)
    sheet = book.worksheets[0]
    lines = [
        [_cell(value) for value in line]
        for line in sheet.iter_rows(max_row=most_rows + HEADINGS_WITHIN + 1, values_only=True)
    ]
    merged = {
        (row, column - 1)
        for found in sheet.merged_cells.ranges
        if found.max_row > found.min_row
        for row in range(found.min_row, found.max_row + 1)
        for column in range(found.min_col, found.max_col + 1)
    }
    book.close()
    return Sheet(lines, frozenset(merged))


def _cell(value: Any) -> str:
    """Return a cell as it is read: a date as a date, a whole number without its point."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _separated(content: bytes) -> list[list[str]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("gb18030")
    if "\x00" in text:
        raise ValueError("no text")
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    return [[cell.strip() for cell in line] for line in csv.reader(io.StringIO(text), delimiter=mark)]


def headings(
    lines: Sequence[Sequence[str]], words: Mapping[str, Sequence[str]]
) -> tuple[int, dict[str, int]]:
    """Return the index of the line that has most of some headings, and the column of each; none found is empty.

    Args:
        lines: Of the table.
        words: By name, the words (lower case, no spaces) a heading may be; what stands in brackets behind is passed
            over.
    """
    best: tuple[int, dict[str, int]] = (0, {})
    for at, line in enumerate(lines[:HEADINGS_WITHIN]):
        found: dict[str, int] = {}
        for column, cell in enumerate(line):
            plain = re.sub(r"[\s*（(].*$|\s", "", cell.lower())
            name = next((key for key, said in words.items() if plain in said), None)
            if name is not None:
                found.setdefault(name, column)
        if len(found) > len(best[1]):
            best = at, found
    return best


def seen_in(lines: Sequence[Sequence[str]], at: int) -> str:
    """Return the words of a line, to be told where its headings were not found."""
    return "、".join(cell for cell in (lines[at] if lines else ()) if cell)[:200] or "—"


def letter(column: int) -> str:
    """Return the name of a column as a sheet shows it, from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
