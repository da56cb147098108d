"""What the desk shows of one visit, read in one go off the UI thread: person, values, tubes, what is answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from client.label_jobs import PUT_ON_PAPER
from domain.biobank.records import LabelPrint, PrimaryContainer, Specimen, SpecimenType
from domain.catalog.content import Catalog
from domain.checkup.omission_records import Omission
from domain.checkup.records import CriticalValue, Finding, Observation, QuestionnaireResponse, Visit
from domain.kernel.authority import Actor
from domain.kernel.disputes import Dispute, disputes_of
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.kernel.worklists import NamedRow, records
from domain.people.identity_records import IdentityCheck
from domain.people.records import Patient, Sex
from domain.people.workflow import identity_checking
from domain.process.standing import ItemLine, items_of

PRESSURE = ("sbp", "dbp", "pulse")
BODY = ("height", "weight", "bmi")
VITALS = (*PRESSURE, *BODY)
FORM = "pre_visit"
ABNORMAL = frozenset({"H", "L", "HH", "LL", "A", "AA"})


@dataclass(frozen=True, slots=True)
class Value:
    """One result of today with the one before it; `flag` is of HL7 table 0078."""

    item: str
    label: str
    text: str
    unit: str
    flag: str
    range_text: str
    at: datetime
    last_text: str = ""
    last_number: float | None = None
    last_at: datetime | None = None
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A class A finding, a critical value, or a doubt about who it is: must be seen at once.

    `conditions` are what has to be confirmed.
    """

    level: str
    sentence: str
    conditions: tuple[str, ...] = ()
    open_critical: bool = False


@dataclass(frozen=True, slots=True)
class Tube:
    """A tube of the visit; `printed` counts labels put on paper, `last_result` is what came of the last."""

    specimen_id: Id
    number: str
    type: SpecimenType
    container: PrimaryContainer
    state: str
    printed: int = 0
    last_result: str = ""
    disputes: tuple[Dispute, ...] = ()


@dataclass(frozen=True, slots=True)
class Encounter:
    """A visit as it stands in the store."""

    visit_id: Id
    number: str
    state: str
    day: date
    package: str
    patient_id: Id
    patient_number: str
    name: str
    sex: Sex
    birth_date: date | None
    id_number: str
    answered: bool
    values: tuple[Value, ...]
    last_values: dict[str, Value]
    tubes: tuple[Tube, ...]
    alarms: tuple[Alarm, ...]
    omitted: dict[str, str]
    """What was refused or postponed on record, by item; the value is which of the two."""
    items: tuple[ItemLine, ...] = ()
    """What the package and the client's own wishes ask for."""

    def value(self, item: str) -> Value | None:
        return next((v for v in self.values if v.item == item), None)

    def has(self, *items: str) -> bool:
        """Tell whether all these were measured today."""
        return {v.item for v in self.values} >= set(items)

    def settled(self, *items: str) -> bool:
        """Tell whether each of these was measured, refused or postponed."""
        return all(item in self.omitted or self.has(item) for item in items)


def read_encounter(store: Store, actor: Actor, catalog: Catalog, visit_id: Id) -> Encounter | None:
    """Return the visit within the reader's scope, None if there is none; values only for who may see results."""
    with store.read() as connection:
        found = records(connection, actor, Visit, Visit.id == visit_id, limit=1)
        if not found:
            return None
        visit = found[0]
        patient = records(connection, actor, Patient, Patient.id == visit.patient_id, limit=1)[0]
        clinical = actor.may("checkup.view")
        values, last = _values(connection, actor, visit, catalog) if clinical else ((), {})
        alarms = _alarms(connection, actor, visit_id, catalog) if clinical else ()
        answered = records(
            connection, actor, QuestionnaireResponse, QuestionnaireResponse.visit_id == visit_id,
            QuestionnaireResponse.form == FORM, limit=1,
        )  # fmt: skip
        tubes = tuple(_tubes(connection, actor, visit_id))
        omitted = {
            o.item: str(o.kind) for o in records(connection, actor, Omission, Omission.visit_id == visit_id)
        }
        items = tuple(items_of(connection, visit_id))
    return Encounter(
        visit_id, visit.number, visit.state, visit.visit_date, visit.package or "", patient.id, patient.number,
        patient.name, patient.sex, patient.birth_date, str(patient.id_number or ""), bool(answered), values, last,
        tubes, alarms, omitted, items,
    )  # fmt: skip


def _values(
    connection: Connection, actor: Actor, visit: NamedRow, catalog: Catalog
) -> tuple[tuple[Value, ...], dict[str, Value]]:
    """Return today's values (vitals first, then what is abnormal) and the last ones of earlier visits."""
    today = _latest(records(connection, actor, Observation, Observation.visit_id == visit.id))
    shown = [today[item] for item in VITALS if item in today]
    shown += [row for item, row in today.items() if item not in VITALS and row.flag in ABNORMAL]
    items = {*VITALS, *(row.item for row in shown)}
    before = records(
        connection, actor, Observation, Observation.patient_id == visit.patient_id, Observation.item.in_(items),
        Observation.visit_id != visit.id,
    )  # fmt: skip
    last = {item: _value(row, None, catalog) for item, row in _latest(before).items()}
    return tuple(_value(row, last.get(row.item), catalog) for row in shown), last


def _latest(rows: Iterable[NamedRow]) -> dict[str, Any]:
    found: dict[str, NamedRow] = {}
    for row in sorted(rows, key=lambda r: (r.effective_at, r.id)):
        found[row.item] = row
    return found


def _value(row: NamedRow, last: Value | None, catalog: Catalog) -> Value:
    known = catalog.observations.get(row.item)
    return Value(
        row.item, known.name if known else row.label, row.value_text, row.ucum or "", row.flag or "",
        row.range_text or "", row.effective_at, last.text if last else "", last.number if last else None,
        last.at if last else None, row.value_number,
    )  # fmt: skip


def _alarms(connection: Connection, actor: Actor, visit_id: Id, catalog: Catalog) -> tuple[Alarm, ...]:
    found = []
    for row in records(connection, actor, CriticalValue, CriticalValue.visit_id == visit_id):
        sentence = f"{row.label} {row.value_text}"
        found.append(Alarm("critical", sentence, open_critical=row.state != "handled"))
    for row in records(
        connection, actor, Finding, Finding.visit_id == visit_id, Finding.important_class == "A"
    ):
        rules = [catalog.rules[name] for name in row.rule.split("、") if name in catalog.rules]
        conditions = tuple(dict.fromkeys(name for rule in rules for name in rule.conditions))
        found.append(Alarm("A", row.sentence.replace("mm[Hg]", "mmHg"), conditions))
    waiting = (IdentityCheck.visit_id == visit_id, IdentityCheck.state == identity_checking.first)
    found += [Alarm("identity", row.reason) for row in records(connection, actor, IdentityCheck, *waiting)]
    return tuple(found)


def _tubes(connection: Connection, actor: Actor, visit_id: Id) -> Iterable[Tube]:
    tubes = records(connection, actor, Specimen, Specimen.visit_id == visit_id, Specimen.parent_id.is_(None))
    ids = [tube.id for tube in tubes]
    prints = records(connection, actor, LabelPrint, LabelPrint.specimen_id.in_(ids)) if ids else []
    prints.sort(key=lambda p: (p.printed_at, p.id))
    disputes = disputes_of(connection, actor.clearance, "specimen", ids)
    for tube in sorted(tubes, key=lambda t: t.number):
        own = [p.result for p in prints if p.specimen_id == tube.id]
        on_paper = sum(result in PUT_ON_PAPER for result in own)
        yield Tube(
            tube.id, tube.number, tube.type, tube.container, tube.state, on_paper, own[-1] if own else "",
            disputes.get(tube.id, ()),
        )  # fmt: skip
