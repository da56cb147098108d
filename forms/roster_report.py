"""The report of a list whose identities were checked: as PDF, and as a workbook with every line.

Both say of people what the reader may see: names and numbers are masked below the clearance for them.
"""

import dataclasses
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import records
from domain.kernel.texts import Texts
from domain.people.comparing import Light
from domain.people.records import Patient
from domain.people.roster_commands import MOST_ROWS
from domain.people.roster_records import IdentityBatch, IdentityDuty, IdentityEntry
from domain.version import VERSION
from forms.assessing import organisation_names
from forms.cells_out import write_cell
from forms.documents import Document, render_pdf

_FIRST = (Light.RED, Light.YELLOW, Light.GREEN)
HEADINGS = (
    "行",
    "姓名",
    "性别",
    "出生日期",
    "证件号码",
    "结果",
    "原因",
    "比对内容",
    "外部核验",
    "档案号",
    "核查时间",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """A list with its lines, red first; `open_` is how many people are still to be checked."""

    batch: Any
    lines: tuple[Any, ...]
    clients: dict[Id, str]
    open_: int


def checked_list(dispatcher: Dispatcher, actor: Actor, batch_id: Id) -> Checked:
    """Return a list that was checked, within the reader's scope and masked for them.

    Raises:
        DomainError: ``permission.denied``, ``identity_batch.unknown``.
    """
    actor.check("people.view")
    entry, duty = IdentityEntry.__table__.c, IdentityDuty.__table__.c
    with dispatcher.store.read() as connection:
        found = records(connection, actor, IdentityBatch, IdentityBatch.__table__.c.id == batch_id, limit=1)
        if not found:
            raise DomainError("identity_batch.unknown", field="batch_id", value=str(batch_id))
        lines = records(connection, actor, IdentityEntry, entry.batch_id == batch_id, limit=MOST_ROWS)
        known = [line.compared_with for line in lines if line.compared_with is not None]
        clients: dict[Id, str] = {}
        for start in range(0, len(known), 500):
            some = select(Patient.id, Patient.number).where(Patient.id.in_(known[start : start + 500]))
            clients |= {row.id: row.number for row in connection.execute(some)}
        waits = select(func.count()).where(
            duty.entry_id.in_(select(entry.id).where(entry.batch_id == batch_id)), duty.state == "waiting"
        )
        still = connection.execute(waits).scalar_one()
    lines = sorted(lines, key=lambda line: (_FIRST.index(Light(line.light)), line.row))
    return Checked(found[0], tuple(lines), clients, still)


def why(line: Any, texts: Texts) -> str:
    """Return why a line is not green, in words: first what is to be mended in the list."""
    words = [texts.say(f"word.identity_reason.{code}") for code in line.reasons or ()]
    return "；".join([*([line.remarks] if line.remarks else []), *words])


def roster_pdf(dispatcher: Dispatcher, actor: Actor, document: Document, batch_id: Id) -> bytes:
    """Return the report as PDF. Raises as `checked_list`."""
    texts: Texts = dispatcher.content["texts"]
    found = checked_list(dispatcher, actor, batch_id)
    batch = found.batch
    with dispatcher.store.read() as connection:
        names = organisation_names(connection, batch.org_id)
    counts = {name: getattr(batch, name) for name in ("rows", "checked", "green", "yellow", "red")}
    data = {
        "organisation": {"name": names[-1], "branch": names[0]},
        "report": {"made_at": dispatcher.clock().isoformat()},
        "batch": {
            "name": batch.name, "file": batch.file_name, "sha256": batch.sha256,
            "imported_at": batch.imported_at.isoformat(), "who": batch.staff_name,
        },
        "counts": counts | {"open": found.open_},
        "lines": [
            {
                "row": line.row, "name": line.said_name or "", "number": line.said_id_number or "",
                "light": Light(line.light).value, "word": texts.say(f"choice.light.{line.light}"),
                "why": why(line, texts), "outside": texts.say(f"choice.outside_answer.{line.outside}"),
                "client": found.clients.get(line.compared_with, ""),
            }
            for line in found.lines
        ],
        "software": {"name": texts.say("app.name"), "version": VERSION},
    }  # fmt: skip
    return render_pdf(document, data)


def write_roster_xlsx(dispatcher: Dispatcher, actor: Actor, batch_id: Id, path: Path) -> int:
    """Write every line into a workbook; returns how many. Raises as `checked_list`."""
    import xlsxwriter

    texts: Texts = dispatcher.content["texts"]
    found = checked_list(dispatcher, actor, batch_id)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("身份核查")
        bold, quoted = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
        sheet.write_row(0, 0, HEADINGS, bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(1, len(HEADINGS) - 1, 18)
        for at, line in enumerate(found.lines, 1):
            cells = (
                line.row, line.said_name, texts.say(f"choice.sex.{line.said_sex}"),
                line.said_birth_date.isoformat() if hasattr(line.said_birth_date, "isoformat") else "",
                line.said_id_number or "", texts.say(f"choice.light.{line.light}"), why(line, texts),
                "、".join(texts.say(f"word.identity_compared.{one}") for one in line.compared or ()),
                texts.say(f"choice.outside_answer.{line.outside}"), found.clients.get(line.compared_with, ""),
                line.checked_at.isoformat(timespec="seconds"),
            )  # fmt: skip
            for column, value in enumerate(cells):
                write_cell(sheet, at, column, value, quoted)
    return len(found.lines)
