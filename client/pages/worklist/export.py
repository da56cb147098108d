"""A whole worklist as an Excel file: every row the reader may see, as masked as on the screen.

Rows are written as they are read and never gathered, so a million of them need no more memory than one page. All
cells are text or numbers, never formulas: what begins like a formula is marked as text, so that it stays text
when the sheet is saved under another format.
"""

import contextlib
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from client.background import Job
from client.outgoing import handed_out
from client.pages.worklist.reading import Reading
from client.station import Context
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from domain.kernel.worklists import Filter, ListColumn, Worklist
from domain.outgoing.commands import MOST_TEXT, ExportList
from domain.outgoing.records import OutgoingResult
from domain.outgoing.request_commands import AskExport
from forms.cells_out import write_cell

PERMISSION = "document.export"
SHEET_ROWS = 1_000_000
_TELL_EVERY = 500


def export_work(
    context: Context,
    listing: Worklist,
    columns: tuple[ListColumn, ...],
    filters: tuple[Filter, ...],
    order: str,
    path: Path,
    purpose: str | None = None,
    shown: str = "",
) -> Callable[[Job], Path | None]:
    """Return the work of a job that writes `path` and answers with it (None if it was cancelled).

    Who exports what, how many rows, by which filter (`shown`, as people read it) and for what is on record before the
    first row is written; so is the end.

    Raises, when run:
        DomainError: ``permission.denied`` without the permission to export; ``export.purpose_missing``.
        UnavailableError: ``export.cannot_write`` with the path.
    """

    def work(job: Job) -> Path | None:
        total = 0
        if context.actor.may(PERMISSION):  # without it the command below refuses, and that is on record
            total = context.desk.pages.count(listing, context.actor, filters=filters, limit=SHEET_ROWS)
        told = {"rows": 0}
        mark: dict[str, Any] = {}
        asked = ExportList(
            listing=listing.name, columns=[c.name for c in columns], rows=total, purpose=purpose,
            filters=shown[:MOST_TEXT] or None,
        )  # fmt: skip

        def send() -> Path | None:
            draft = path.with_suffix(".part")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                go_on = partial(_go_on, job, total, told)
                watermark = watermark_of(context, mark["id"])
                done = _write(context, listing, columns, filters, order, draft, go_on, watermark)
                if done:
                    draft.replace(path)
                return path if done else None
            except OSError as error:
                raise UnavailableError("export.cannot_write", path=str(path)) from error
            finally:
                with contextlib.suppress(OSError):
                    draft.unlink(missing_ok=True)

        def ended(written: Path | None) -> tuple[OutgoingResult, int]:
            return (OutgoingResult.CANCELLED if written is None else OutgoingResult.DONE), told["rows"]

        try:
            return handed_out(
                context, asked, send, ended=ended, on_record=lambda noted: mark.update(id=noted)
            )
        except DomainError as error:
            if error.code == "export.needs_approval":
                _ask(context, asked)
            raise

    return work


def _go_on(job: Job, total: int, told: dict[str, int], done: int) -> bool:
    told["rows"] = done
    job.tell(done, total)
    return not job.cancelled


def _write(
    context: Context,
    listing: Worklist,
    columns: tuple[ListColumn, ...],
    filters: tuple[Filter, ...],
    order: str,
    path: Path,
    go_on: Callable[[int], bool],
    watermark: str,
) -> bool:
    import xlsxwriter

    options = {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False,
               "strings_to_urls": False, "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet(listing.label[:31])
        book.set_properties({"comments": watermark, "keywords": watermark})
        sheet.set_header("&C&10" + watermark.replace("&", "&&"))
        sheet.set_footer("&L&8" + watermark.replace("&", "&&") + "&R&8&P / &N")
        sheet.repeat_rows(0)
        head = book.add_format({"bold": True, "bottom": 1})
        quoted = book.add_format({"quote_prefix": True})
        positions = {c.name: i for i, c in enumerate(listing.columns)}
        for at, column in enumerate(columns):
            sheet.write_string(0, at, column.label, head)
            sheet.set_column(at, at, max(12, min(40, 2 * len(column.label) + 4)))
        if listing.subjects:
            sheet.write_string(0, len(columns), context.say("worklist.disputes"), head)
            sheet.set_column(len(columns), len(columns), 24)
        sheet.freeze_panes(1, 0)
        line = 0
        for rows in Reading(context.desk.pages, listing, context.actor, filters, order, _TELL_EVERY).parts():
            for row in rows[: SHEET_ROWS - line]:
                line += 1
                if row.disputes:
                    write_cell(sheet, line, len(columns), context.formatter.disputes(row.disputes), quoted)
                for at, column in enumerate(columns):
                    write_cell(
                        sheet,
                        line,
                        at,
                        _plain(context, listing, column, row.values[positions[column.name]]),
                        quoted,
                    )
            if not go_on(line):
                return False
            if line >= SHEET_ROWS:
                break
        sheet.write_string(line + 2, 0, watermark, book.add_format({"font_color": "#9a9a9a", "italic": True}))
    return True


def watermark_of(context: Context, outgoing_id: Id) -> str:
    """Return who took it out, when, and the number of its record: for every page and the file's properties."""
    at = f"{clinic(context.desk.clock()):%Y-%m-%d %H:%M}"
    return context.say("export.watermark", who=context.actor.name, at=at, number=str(outgoing_id))


def _ask(context: Context, refused: ExportList) -> None:
    """Put the request that an export needs; who exports reads that it waits for somebody else."""
    order = AskExport(
        listing=refused.listing, columns=refused.columns, rows=refused.rows, filters=refused.filters,
        purpose=refused.purpose or "",
    )  # fmt: skip
    request = context.desk.dispatcher.run(order, context.actor).receipt
    raise DomainError("export.asked", rows=request.rows, needed=request.needed)


def _plain(context: Context, listing: Worklist, column: ListColumn, value: Any) -> Any:
    named = column.info is not None and column.info.means is not None
    if named or isinstance(value, bool) or not isinstance(value, int | float):
        if isinstance(value, datetime):
            return f"{clinic(value):%Y-%m-%d %H:%M:%S}"
        if isinstance(value, date):
            return value.isoformat()
        return context.formatter.value(value, column.entity, column.source or column.name)
    return value
