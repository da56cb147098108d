"""The memory of a logger as a file: a line a reading, a column a probe. Understood wholly or refused by its line."""

import csv
import io
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from domain.kernel.errors import DomainError

CLINIC = ZoneInfo("Asia/Shanghai")
MOST_BYTES = 20_000_000
_NUMBER = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,4})?", re.ASCII)
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
_TIME_NAMES = {"time", "datetime", "timestamp", "date time", "时间", "日期时间", "记录时间"}
FAULTS = {"open", "err", "error", "---", "断线", "故障"}


def read_log(data: bytes) -> list[tuple[str, datetime, float | None]]:
    """Return probe, time (UTC) and value of every reading; None where the logger wrote that its probe is at fault.

    The first line names the columns: the time, then the codes of probes. Times without a zone are clinic time. Empty
    cells are no readings.

    Raises:
        DomainError: On ``file``: ``environment.file_too_big``, ``.file_text``, ``.file_head`` (no time or no probe),
            ``.file_line`` with line and text.
    """
    if len(data) > MOST_BYTES:
        raise DomainError("environment.file_too_big", field="file", limit=MOST_BYTES)
    rows = csv.reader(io.StringIO(_text(data)), delimiter=";" if _semicolons(data) else ",")
    head = [name.strip() for name in next(rows, [])]
    if len(head) < 2 or head[0].lower() not in _TIME_NAMES or not all(head) or len(set(head)) < len(head):
        raise DomainError("environment.file_head", field="file")
    found: list[tuple[str, datetime, float | None]] = []
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(head):
            raise DomainError("environment.file_line", field="file", line=number, text=",".join(row)[:60])
        at = _time(row[0], number)
        for code, cell in zip(head[1:], row[1:], strict=True):
            text = cell.strip()
            if text:
                found.append((code, at, _value(text, number)))
    return found


def _value(text: str, line: int) -> float | None:
    if text.lower() in FAULTS:
        return None
    if not _NUMBER.fullmatch(text):
        raise DomainError("environment.file_line", field="file", line=line, text=text[:60])
    return float(text)


def _time(text: str, line: int) -> datetime:
    plain = text.strip()
    for form in _TIMES:
        try:
            return datetime.strptime(plain, form).replace(tzinfo=CLINIC).astimezone(UTC)
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(plain)
    except ValueError as error:
        raise DomainError("environment.file_line", field="file", line=line, text=plain[:60]) from error
    return found.replace(tzinfo=found.tzinfo or CLINIC).astimezone(UTC)


def _semicolons(data: bytes) -> bool:
    first = data.split(b"\n", 1)[0]
    return first.count(b";") > first.count(b",")


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise DomainError("environment.file_text", field="file")
