"""A data set as files: CSV (UTF-8 with BOM), Parquet, a workbook; rows are written as they come, never gathered.

Whatever the format, each table has one digest: SHA-256 over its rows as CSV without the BOM. The same rows give the
same CSV and Parquet bytes; a workbook holds the time it was made, so there the digest tells.

Parquet is written by arro3 (one wheel of 9 MB against 45 for pyarrow), workbooks by rust_xlsxwriter: 6 million cells
take 5 s and no memory to speak of, where xlsxwriter takes 40. Both ask for rows, so each runs in a thread of its own
behind a short queue.
"""

import csv
import hashlib
import io
import json
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.research.records import ExportFormat
from forms.research.tables import Row, Table
from forms.research.variables import Variable

SHEET_ROWS = 1_048_575
"""Rows of a sheet below its head; a table with more stands in the other files only, which the workbook says."""
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What begins like this a spreadsheet takes for a formula: what people wrote is quoted in CSV."""
AT_ONCE = 2000
NOTES, DICTIONARY = "说明", "数据字典"
KINDS = {"number": "数值", "code": "编码", "text": "文本", "date": "日期", "flag": "0/1"}


class Stopped(Exception):  # noqa: N818 -- no error: the person asked for it
    """The export was cancelled; what was written so far is taken away by whoever holds the folder."""


class _Pipe:
    """Hands batches to a consumer that asks for them, in a thread of its own."""

    def __init__(self, consume: Callable[[Iterator[list[Row]]], None], name: str) -> None:
        self._queue: queue.Queue[list[Row] | BaseException | None] = queue.Queue(maxsize=2)
        self._failed: BaseException | None = None
        self._consume = consume
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, batch: list[Row] | BaseException | None) -> None:
        """Hand a batch over; None ends it, an exception breaks it off. Raises what the consumer failed with."""
        while True:
            if self._failed is not None:
                raise self._failed
            try:
                self._queue.put(batch, timeout=0.2)
            except queue.Full:
                continue
            return

    def close(self, error: BaseException | None = None) -> None:
        """End it and wait; without `error`, raise what the consumer failed with."""
        if self._thread.is_alive() and self._failed is None:
            try:
                self.put(error)
            except BaseException:
                if error is None:
                    raise
        self._thread.join()
        if error is None and self._failed is not None:
            raise self._failed

    def batches(self) -> Iterator[list[Row]]:
        """Yield what was handed over."""
        while True:
            got = self._queue.get()
            if got is None:
                return
            if isinstance(got, BaseException):
                raise got
            yield got

    def _run(self) -> None:
        try:
            self._consume(self.batches())
        except BaseException as error:  # noqa: BLE001 -- told to the thread that hands over
            self._failed = error


class TableWriter:
    """Writes one table into every format that is wanted; use as a context.

    Attributes:
        rows: Written so far.
    """

    def __init__(
        self, table: Table, folder: Path, formats: Iterable[ExportFormat], facts: Mapping[str, str],
        sheet: Callable[[list[Row]], None] | None = None,
    ) -> None:  # fmt: skip
        self.table, self.rows = table, 0
        self._digest = hashlib.sha256()
        wanted = set(formats)
        self._sheet = sheet
        self._file: Any = None
        self._pipe: _Pipe | None = None
        if ExportFormat.CSV in wanted:
            self._file = (folder / f"{table.name}.csv").open("wb")
            self._file.write(b"\xef\xbb\xbf")
        if ExportFormat.PARQUET in wanted:
            path = folder / f"{table.name}.parquet"
            self._pipe = _Pipe(
                lambda batches: write_parquet(path, table.columns, batches, facts), f"parquet-{table.name}"
            )
        self._text = io.StringIO()
        self._csv = csv.writer(self._text, lineterminator="\n")
        self._written = [at for at, column in enumerate(table.columns) if column.free]
        self._waiting: list[Row] = []
        self._lines([[column.name for column in table.columns]])

    def add(self, rows: list[Row]) -> None:
        """Write some rows."""
        self.rows += len(rows)
        self._waiting += rows
        if len(self._waiting) >= AT_ONCE:
            self._flush()

    def close(self, error: BaseException | None = None) -> str:
        """End the files and return the digest of the rows, as hexadecimal digits."""
        try:
            if error is None:
                self._flush()
        finally:
            if self._file is not None:
                self._file.close()
            if self._pipe is not None:
                self._pipe.close(error)
        return self._digest.hexdigest()

    def _flush(self) -> None:
        rows, self._waiting = self._waiting, []
        if not rows:
            return
        self._lines(rows)
        if self._pipe is not None:
            self._pipe.put(rows)
        if self._sheet is not None:
            self._sheet(rows)

    def _lines(self, rows: Sequence[Row]) -> None:
        if self._written:
            rows = [self._quoted(row) for row in rows]
        self._csv.writerows(rows)
        done = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        self._digest.update(done)
        if self._file is not None:
            self._file.write(done)

    def _quoted(self, row: Row) -> Row:
        row = list(row)
        for at in self._written:
            if isinstance(row[at], str) and row[at].startswith(RISKY):
                row[at] = f"'{row[at]}"
        return row


def write_parquet(
    path: Path, columns: Sequence[Variable], batches: Iterable[list[Row]], facts: Mapping[str, str]
) -> None:
    """Write batches of rows; numbers are doubles, flags whole numbers, the rest is text; empty is null."""
    import arro3.core as arrow
    from arro3.io import write_parquet as write

    kinds = {"number": arrow.DataType.float64(), "flag": arrow.DataType.int8()}
    types = [kinds.get(column.kind, arrow.DataType.utf8()) for column in columns]
    fields = [
        arrow.Field(column.name, kind, nullable=True) for column, kind in zip(columns, types, strict=True)
    ]
    schema = arrow.Schema(fields)

    def made() -> Iterator[Any]:
        for rows in batches:
            by_column = zip(*rows, strict=True)
            arrays = [
                _array(arrow, column, kind, list(values))
                for column, kind, values in zip(columns, types, by_column, strict=True)
            ]
            yield arrow.RecordBatch.from_arrays(arrays, schema=schema)

    # One key alone, and no schema of Arrow: the library keeps several in an order that changes from run to run.
    told = {"facts": dict(facts), "columns": [_described(column) for column in columns]}
    write(
        arrow.RecordBatchReader.from_batches(schema, made()), str(path), compression="zstd(3)",
        key_value_metadata={"aftercheck": json.dumps(told, ensure_ascii=False, sort_keys=True)},
        created_by="aftercheck", max_row_group_size=64_000, skip_arrow_metadata=True,
    )  # fmt: skip


def _array(arrow: Any, column: Variable, kind: Any, values: list[Any]) -> Any:
    """Return a column of a batch; its values mostly are of their type already, which is a fifth of the time."""
    try:
        return arrow.Array(values, type=kind)
    except (TypeError, ValueError):
        made: type = float if column.kind == "number" else int if column.kind == "flag" else str
        return arrow.Array([None if value is None else made(value) for value in values], type=kind)


def _described(column: Variable) -> dict[str, str]:
    facts = {
        "name": column.name, "label": column.label, "unit": column.unit, "source": column.source,
        "version": column.version,
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value}


class Workbook:
    """One workbook: notes and dictionary, the table of visits as its rows come, then the short tables, which wait.

    Take what `sheet` gives for each table before its rows come.
    """

    def __init__(
        self,
        path: Path,
        notes: Sequence[tuple[str, str]],
        dictionary: Sequence[Variable],
        tables: Sequence[Table],
    ) -> None:
        self._first = tables[0]
        self._later: dict[str, list[Row]] = {table.name: [] for table in tables[1:] if table.in_sheet}
        later = [table for table in tables[1:] if table.in_sheet]

        def consume(batches: Iterator[list[Row]]) -> None:
            import rustpy_xlsxwriter

            rows = (row for batch in batches for row in batch)
            sheets: list[tuple[str, Any]] = [
                (NOTES, iter([{"项目": name, "内容": value} for name, value in notes])),
                (DICTIONARY, described(dictionary)),
                (self._first.title, _records(self._first, rows)),
                *((table.title, self._waiting(table)) for table in later),
            ]
            # Rows of a sheet are asked for when its turn has come: those that wait are all there by then.
            rustpy_xlsxwriter.write_worksheets(
                sheets,
                str(path),
                bold_headers=True,
                freeze_panes={self._first.title: {"row": 1, "col": 1}, DICTIONARY: {"row": 1, "col": 1}},
            )

        self._pipe = _Pipe(consume, "workbook")

    def sheet(self, table: Table) -> Callable[[list[Row]], None] | None:
        """Return what takes the rows of a table, None if no sheet holds it."""
        if table.name == self._first.name:
            return self._pipe.put
        kept = self._later.get(table.name)
        return None if kept is None else kept.extend

    def close(self, error: BaseException | None = None) -> None:
        """End the first sheet, write the others, and close the file."""
        self._pipe.close(error)

    def _waiting(self, table: Table) -> Iterator[dict[str, Any]]:
        yield from _records(table, iter(self._later[table.name]))


def described(dictionary: Sequence[Variable]) -> Iterator[dict[str, Any]]:
    """Yield the lines of the dictionary."""
    for one in dictionary:
        yield {
            "变量": one.name, "名称": one.label, "类型": KINDS[one.kind], "单位": one.unit or None,
            "编码": "；".join(f"{code}={said}" for code, said in one.codes) or None, "来源": one.source or "研究登记",
            "版本": one.version or None, "必填": "是" if one.required else None,
        }  # fmt: skip


def _records(table: Table, rows: Iterator[Row]) -> Iterator[dict[str, Any]]:
    names = [column.name for column in table.columns]
    first = next(rows, None)
    yield dict.fromkeys(names) if first is None else dict(zip(names, first, strict=True))
    for row in _bounded(rows):
        yield dict(zip(names, row, strict=True))


def _bounded(rows: Iterator[Row]) -> Iterator[Row]:
    for at, row in enumerate(rows):
        if at >= SHEET_ROWS - 1:
            continue  # taken all the same: whoever hands over must not wait for ever
        yield row
