"""Checking a list of people, asking a service outside about them, and settling what a light left open."""

import dataclasses
from datetime import date

from sqlalchemy import select

from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.comparing import Light, Verdict, judge, worse
from domain.people.duties import begin_duty, note_verdict
from domain.people.identity import Identity
from domain.people.idnumber import normalise
from domain.people.records import Patient, Sex
from domain.people.roster_records import (
    DutySource,
    IdentityBatch,
    IdentityDuty,
    IdentityEntry,
    OutsideAnswer,
)
from domain.people.workflow import identity_duty_life

CHECK = "people.check_list"
OUTSIDE = "people.outside"
MOST_ROWS = 5000
MOST_AT_ONCE = 200
"""Lines in one transaction; a longer list is checked in parts."""
MOST_TRIES = 5
"""Times a service is asked before its silence is the answer."""


@dataclasses.dataclass(frozen=True, slots=True)
class RosterLine:
    """One line as it was read; `remarks` are what the reader found wrong with it, each with its column."""

    row: int
    name: str
    sex: Sex = Sex.UNKNOWN
    birth_date: date | None = None
    id_number: str | None = None
    phone: str | None = None
    remarks: tuple[str, ...] = ()
    doubled: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class LinesChecked:
    """How many lines of a list have been checked, and the lights of this part."""

    checked: int
    green: int
    yellow: int
    red: int


@command("people.begin_list", "导入名单核查身份", permission=CHECK)
class BeginRoster:
    """A list was read and is to be checked; its lines follow in parts."""

    name: str = ask("名单", max_length=120)
    file_name: str = ask("文件名", kind=Kind.HIDDEN, max_length=255)
    sha256: str = ask("文件摘要", kind=Kind.HIDDEN, max_length=64)
    rows: int = ask("行数", kind=Kind.HIDDEN, low=1, high=MOST_ROWS)
    outside: bool = ask("向外部系统核验", default=False)


@handles(BeginRoster)
def begin_roster(order: BeginRoster, work: UnitOfWork) -> Id:
    """Return the list's id."""
    batch = IdentityBatch(
        name=order.name.strip(), file_name=order.file_name, sha256=order.sha256, rows=order.rows,
        outside=order.outside, imported_at=work.now, staff_id=work.actor.staff_id, staff_name=work.actor.name,
    )  # fmt: skip
    return work.add(batch).id


@command("people.check_lines", "核查名单", permission=CHECK)
class CheckRosterLines:
    """A part of a list."""

    batch_id: Id = ask("名单", kind=Kind.HIDDEN)
    lines: list[RosterLine] = ask("名单行", kind=Kind.HIDDEN)


@handles(CheckRosterLines)
def check_lines(order: CheckRosterLines, work: UnitOfWork) -> LinesChecked:
    """Compare each line with itself, with the client it is of, and with the rest of its list; each is kept.

    Raises:
        DomainError: ``roster.too_many_lines`` (``lines``).
    """
    if len(order.lines) > MOST_AT_ONCE:
        raise DomainError("roster.too_many_lines", field="lines", most=MOST_AT_ONCE)
    batch = work.require(IdentityBatch, order.batch_id, "batch_id")
    before = batch.green, batch.yellow, batch.red
    for line in order.lines:
        _check(work, batch, line)
    batch.checked += len(order.lines)
    counts = (batch.green - before[0], batch.yellow - before[1], batch.red - before[2])
    return LinesChecked(batch.checked, *counts)


def _check(work: UnitOfWork, batch: IdentityBatch, line: RosterLine) -> None:
    today = clinic(work.now).date()
    said = Identity(name=line.name, sex=line.sex, birth_date=line.birth_date, id_number=line.id_number)
    patient = _known(work, line)
    known = said if patient is None else _identity(patient)
    verdict = judge(said, known, today)
    reasons = [
        *verdict.reasons,
        *(["doubled_line"] if line.doubled else []),
        *(["bad_cell"] if len(line.remarks) > line.doubled else []),
    ]
    light = Light.RED if line.doubled or line.remarks else verdict.light
    verdict = Verdict(
        light, tuple(reasons), verdict.compared if patient else (*verdict.compared, "own_facts")
    )
    asks = batch.outside and line.id_number and verdict.light is not Light.RED
    entry = IdentityEntry(
        org_id=batch.org_id, batch_id=batch.id, row=line.row, said_name=line.name, said_sex=line.sex,
        said_birth_date=line.birth_date, said_id_number=line.id_number and normalise(line.id_number),
        said_phone=line.phone, compared_with=None if patient is None else patient.id, light=verdict.light,
        reasons=list(verdict.reasons), compared=list(verdict.compared), remarks="；".join(line.remarks) or None,
        outside=OutsideAnswer.WAITING if asks else OutsideAnswer.NOT_ASKED, checked_at=work.now,
    )  # fmt: skip
    work.add(entry)
    _count(batch, None, verdict.light)
    if verdict.light is not Light.GREEN or asks:
        begin_duty(
            work, DutySource.LISTED, line.name, batch.org_id, entry_id=entry.id, verdict=verdict,
            patient_id=None if patient is None else patient.id,
        )  # fmt: skip


def _known(work: UnitOfWork, line: RosterLine) -> Patient | None:
    """Return the client a line is of: by number, else by name and birth date if only one is called so."""
    if line.id_number:
        found = work.find(Patient, id_number=normalise(line.id_number))
        if found is not None:
            return found
    if line.birth_date is None:
        return None
    query = select(Patient).where(Patient.name == line.name, Patient.birth_date == line.birth_date)
    alike = list(work.list(query.limit(2)))
    return alike[0] if len(alike) == 1 else None


def _identity(patient: Patient) -> Identity:
    return Identity(
        name=patient.name, sex=patient.sex, birth_date=patient.birth_date, id_number=patient.id_number
    )


def _count(batch: IdentityBatch, before: Light | None, now: Light) -> None:
    for light, step in ((before, -1), (now, 1)):
        if light is Light.GREEN:
            batch.green += step
        elif light is Light.YELLOW:
            batch.yellow += step
        elif light is Light.RED:
            batch.red += step


@command("people.note_outside", "登记外部核验结果", permission=OUTSIDE, place="internal")
class NoteOutsideAnswer:
    """What a service outside said about a line; of the centre's housekeeping alone."""

    entry_id: Id = ask("名单明细", kind=Kind.HIDDEN)
    answer: OutsideAnswer = ask("外部核验结果", kind=Kind.HIDDEN)


@handles(NoteOutsideAnswer)
def note_outside(order: NoteOutsideAnswer, work: UnitOfWork) -> OutsideAnswer:
    """Judge the line anew and return how it stands; silence is kept as the answer after `MOST_TRIES`.

    An answer that did not come proves nothing either way: the light stays as it was.
    """
    entry = work.require(IdentityEntry, order.entry_id, "entry_id")
    if entry.outside is not OutsideAnswer.WAITING:
        return OutsideAnswer(entry.outside)
    entry.tries += 1
    if order.answer is OutsideAnswer.SILENT and entry.tries < MOST_TRIES:
        return OutsideAnswer.WAITING
    entry.outside = order.answer
    found = {
        OutsideAnswer.DIFFERS: (Light.RED, "outside_other"), OutsideAnswer.UNKNOWN: (Light.YELLOW, "outside_unknown"),
        OutsideAnswer.SILENT: (Light.GREEN, "outside_silent"),
    }.get(order.answer)  # fmt: skip
    before = Light(entry.light)
    if found is not None:
        entry.light = worse(before, found[0])
        entry.reasons = [*entry.reasons, found[1]]
    if order.answer is not OutsideAnswer.SILENT:
        entry.compared = [*entry.compared, "outside"]
    batch = work.require(IdentityBatch, entry.batch_id, "entry_id")
    _count(batch, before, Light(entry.light))
    note_verdict(
        work, Verdict(Light(entry.light), tuple(entry.reasons), tuple(entry.compared)), entry_id=entry.id
    )
    return order.answer


@command("people.settle_duty", "确认身份已核查", permission=CHECK)
class SettleIdentityDuty:
    """A person looked at the document; what the light left open is settled with the basis."""

    duty_id: Id = ask("待核查身份", kind=Kind.HIDDEN)
    basis: str = ask("核查依据", kind=Kind.NOTE)


@handles(SettleIdentityDuty)
def settle_duty(order: SettleIdentityDuty, work: UnitOfWork) -> None:
    """End the duty. Raises ``identity_duty.wrong_state``; ``identity_duty.by_check`` where results wait for it."""
    duty = work.require(IdentityDuty, order.duty_id, "duty_id")
    if duty.state == identity_duty_life.first and duty.check_id is not None:
        raise DomainError("identity_duty.by_check", field="duty_id")
    duty.basis = order.basis
    work.move(identity_duty_life, duty, "check")
