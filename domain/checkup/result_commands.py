"""Keeping results: from the checkup system's messages, from devices at the desk, and typed by hand."""

import dataclasses
from datetime import date, datetime

from sqlalchemy import select

from domain.checkup.arrivals import Service, arrived, visit_by
from domain.checkup.differing import Known, compare
from domain.checkup.identity_holding import (
    Holder,
    doubt_about,
    hold_apart,
    new_patient,
    patient_of,
    person_of,
)
from domain.checkup.intake import Person, ResultLine, line_for, take_in
from domain.checkup.limits import catalog_for
from domain.checkup.records import Observation, ResultSource, Visit
from domain.checkup.result_keeping import keep
from domain.checkup.workflow import visit_life
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.identity import Identity
from domain.people.records import Patient


@dataclasses.dataclass(frozen=True, slots=True)
class Received:
    """What was kept of a message."""

    patient_id: Id | None
    visit_id: Id | None
    stored: int
    repeated: int
    pending_check: int


@command("checkup.receive_results", "接收检查结果", permission="interface.receive", place="internal")
class ReceiveResults:
    """Results of one visit from the checkup system; the interface acts for the branch named in the message."""

    message_id: str = ask("消息号", max_length=200)
    org_id: Id = ask("机构", kind=Kind.HIDDEN)
    patient: Identity = ask("客户", kind=Kind.HIDDEN)
    visit_number: str = ask("体检号", max_length=40)
    visit_date: date | None = ask("体检日期", kind=Kind.HIDDEN, default=None)
    lines: list[ResultLine] = ask("结果", kind=Kind.HIDDEN)
    system: str | None = ask("来源系统", kind=Kind.HIDDEN, default=None, max_length=200)
    services: list[Service] = ask("检查项目", kind=Kind.HIDDEN, default=[])


@handles(ReceiveResults)
def receive_results(order: ReceiveResults, work: UnitOfWork) -> Received:
    """Keep what is new, judged; a name, sex or birth date that contradicts the visit parks the results.

    The same message again changes nothing. A corrected result is a new observation that amends the old one; what
    another system says of the same sampling corrects nothing: it stands beside and is compared. What is doubtful
    about the person is kept as an identity check, and the results wait with it: under the client where only a detail
    is wrong, under nobody where they may be another person's.
    """
    visit = visit_by(work, order.visit_number)
    said = order.patient
    patient = work.get(Patient, visit.patient_id) if visit else patient_of(said, order.org_id, work)
    doubt = doubt_about(said, patient, work, "体检号" if visit else "证件号码")
    if doubt is not None and doubt.other_person:
        held = hold_apart(order, Holder(order, doubt, patient, visit.id if visit else None, work), work)
        return Received(None, None, held, 0, held)
    if patient is None:
        patient = new_patient(said, order.org_id, doubt, work)
    if visit is None:
        visit = _new_visit(order, patient, work)
        known = Known([])
    else:
        rows = work.list(select(Observation).where(Observation.visit_id == visit.id).order_by(Observation.id))
        known = Known(rows)
    person = person_of(patient, doubt)
    holder = Holder(order, doubt, patient, visit.id, work) if doubt else None
    catalog = catalog_for(work, visit.org_id)
    stored: list[Observation] = []
    repeated = 0
    for line in order.lines:
        earlier = known.of(line.item or line.code, order.system)
        if (
            earlier is not None
            and earlier.value_text == line.text
            and earlier.effective_at == (line.at or earlier.effective_at)
        ):
            repeated += 1
            continue
        judged = take_in(
            line,
            person,
            catalog,
            visit_id=visit.id,
            source=ResultSource.INTERFACE,
            now=work.now,
            org_id=visit.org_id,
        )
        judged.observation.system = order.system
        observation = keep(work, judged, visit.org_id, amends=earlier)
        compare(work, observation, earlier, known.elsewhere(observation))
        if holder is not None:
            holder.hold(observation)
        stored.append(observation)
    arrived(work, order, visit, stored)
    pending = sum(1 for line in order.lines if doubt or line.item is None or line.reason)
    return Received(patient.id, visit.id, len(stored), repeated, pending)


def _new_visit(order: ReceiveResults, patient: Patient, work: UnitOfWork) -> Visit:
    visit = Visit(
        org_id=order.org_id,
        number=order.visit_number,
        patient_id=patient.id,
        visit_date=order.visit_date or clinic(work.now).date(),
    )
    work.start(visit_life, visit)
    return work.add(visit)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measured value with its unit as the device or the nurse gave it."""

    item: str
    value: float
    unit: str


@command("checkup.measure", "录入测量值", permission="checkup.measure")
class RecordMeasurement:
    """A set of values taken at the desk, confirmed together: a blood pressure, or weight and height."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)
    values: list[Measured] = ask("测量值", kind=Kind.HIDDEN)
    device: str | None = ask("设备", default=None, max_length=120)
    raw: bytes | None = ask("原始数据", kind=Kind.HIDDEN, default=None)
    measured_at: datetime | None = ask("测量时间", kind=Kind.HIDDEN, default=None)


@handles(RecordMeasurement)
def record_measurement(order: RecordMeasurement, work: UnitOfWork) -> list[Id]:
    """Return the ids of the observations, in the order given; all of them are kept or none.

    Raises:
        DomainError: ``checkup.value_implausible`` with the item as field (a pressure of 400, a negative weight);
            ``checkup.pressure_reversed`` when systolic is not above diastolic.
    """
    if not order.values:
        raise DomainError("input.missing", field="values", label="测量值")
    visit = work.require(Visit, order.visit_id, "visit_id")
    patient = work.require(Patient, visit.patient_id)
    catalog = catalog_for(work, visit.org_id)
    numbers = {v.item: v.value for v in order.values}
    if "sbp" in numbers and "dbp" in numbers and numbers["sbp"] <= numbers["dbp"]:
        raise DomainError("checkup.pressure_reversed", field="sbp", sbp=numbers["sbp"], dbp=numbers["dbp"])
    if work.now < (order.measured_at or work.now):
        raise DomainError("checkup.measured_in_future", field="measured_at")
    person = Person(patient.id, patient.sex, patient.birth_date)
    source = ResultSource.DEVICE if order.device else ResultSource.MANUAL
    kept = []
    for value in order.values:
        line = line_for(
            catalog, value.item, value.value, value.unit, field=value.item, device=order.device, raw=order.raw,
            at=order.measured_at,
        )  # fmt: skip
        judged = take_in(line, person, catalog, visit_id=visit.id, source=source, now=work.now)
        kept.append(keep(work, judged, visit.org_id).id)
    return kept
