"""The values of a study's visits, a few hundred subjects at a time, in the stored form of each column.

One way to them: data sets, corrections, completeness and likeness all read here, so that they agree. A value that was
amended is not read, a correction for research is laid over what was recorded and remembered beside it.
"""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import Connection, Table

from domain.biobank.records import Specimen, SpecimenEvent
from domain.checkup.records import Observation, QuestionnaireResponse
from domain.followup.task_records import FollowTask
from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds
from domain.kernel.ids import Id
from domain.kernel.prepared import Among
from domain.research.choosing import Subject
from domain.research.records import DataCorrection, DataKind
from domain.scales.records import FormTask, ScaleResult
from domain.studies.subject_records import ExpectedSpecimen, SubjectVisit

COUNTS = ("F", "C")
"""Results that stand; what waits for a check or for an identity does not."""
AT_ONCE = 400
LAB, ITEM, SCALE, TUBE = "lab", "q", "scale", "tube"


@dataclasses.dataclass(slots=True)
class Result:
    """One result that stands: number, text, unit, flag and reference interval as they were judged."""

    item: str
    label: str
    number: float | None
    text: str
    unit: str
    flag: str
    interval: str
    at: int


@dataclasses.dataclass(slots=True)
class Response:
    """One filled-in form: answers by linkId as (kind of FHIR value, value)."""

    form: str
    version: str
    at: int
    answers: dict[str, list[tuple[str, Any]]]
    scales: list[tuple[str, str, str, float | None, str]]
    """Scale, its version, status, total, band."""


@dataclasses.dataclass(slots=True)
class VisitValues:
    """All of one visit. `tubes` are (name, expected, collected, cause); `laid_over` what corrections replaced."""

    subject: Subject
    id: Id
    plan_id: Id
    name: str
    target_on: date
    begun_at: int | None
    off_window: bool
    state: str
    results: dict[str, Result]
    responses: list[Response]
    tubes: list[tuple[str, int, int, str]]
    corrections: dict[str, tuple[str | None, str | None]]
    """By variable: what was recorded, and what research reads."""
    expectations: list[bytes]
    """Of `tubes`, the ids tubes name."""

    @property
    def begun_on(self) -> date | None:
        """Return the clinic's day on which it began."""
        return None if self.begun_at is None else clinic(from_microseconds(self.begun_at)).date()


class Reader:
    """Reads visits of subjects; `kinds` spares what is not wanted, `plans` are the protocol's visits wanted."""

    def __init__(
        self, connection: Connection, plans: Collection[Id], kinds: Collection[DataKind] = tuple(DataKind),
        since: date | None = None, until: date | None = None,
    ) -> None:  # fmt: skip
        self._connection, self._plans = connection, {plan.bytes for plan in plans}
        self._results = DataKind.RESULTS in kinds
        self._forms = DataKind.QUESTIONNAIRES in kinds
        self._tubes = DataKind.SPECIMENS in kinds
        self._since, self._until = since, until

    def chunks(self, subjects: Sequence[Subject], size: int = AT_ONCE) -> Iterator[list[VisitValues]]:
        """Yield the visits of some hundred subjects at a time, in the order of subjects and days."""
        for start in range(0, len(subjects), size):
            yield self.read(subjects[start : start + size])

    def read(self, subjects: Sequence[Subject]) -> list[VisitValues]:
        """Return the visits of these subjects."""
        by_id = {subject.id.bytes: subject for subject in subjects}
        visits: list[VisitValues] = []
        checkups: dict[bytes, VisitValues] = {}
        for row in _VISITS.rows(self._connection, by_id):
            if row[2] not in self._plans:
                continue
            visit = VisitValues(
                by_id[row[0]], Id(bytes=row[1]), Id(bytes=row[2]), row[3], date.fromisoformat(row[4]), row[6],
                bool(row[7]), row[8], {}, [], [], {}, [],
            )  # fmt: skip
            if not self._wanted(visit):
                continue
            visits.append(visit)
            if row[5] is not None:
                checkups[row[5]] = visit
        visits.sort(key=lambda one: (one.subject.number, one.target_on, one.id))
        if self._results:
            self._read_results(checkups)
        if self._forms:
            self._read_forms(visits, checkups)
        of = {visit.id.bytes: visit for visit in visits}
        if self._tubes:
            for own, expected_id, name, expected, collected, cause in _EXPECTED.rows(self._connection, of):
                of[own].tubes.append((name, expected, collected, cause or ""))
                of[own].expectations.append(expected_id)
        for own, variable, original, corrected, withdrawn, _at, _id in sorted(
            _CORRECTIONS.rows(self._connection, of), key=lambda row: (row[5], row[6])
        ):
            if withdrawn:
                of[own].corrections.pop(variable, None)
            else:
                of[own].corrections[variable] = (original, corrected)
        return visits

    def _wanted(self, visit: VisitValues) -> bool:
        if self._since is None and self._until is None:
            return True
        day = visit.begun_on
        return day is not None and (self._since or day) <= day <= (self._until or day)

    def _read_results(self, checkups: Mapping[bytes, VisitValues]) -> None:
        found = list(_RESULTS.rows(self._connection, checkups))
        amended = {row[9] for row in found if row[9] is not None}
        order: dict[tuple[bytes, str], tuple[int, bytes]] = {}
        for visit, own, item, label, number, text, unit, flag, interval, _amends, status, at in found:
            key = (visit, item)
            if own in amended or status not in COUNTS or order.get(key, (-1, b"")) >= (at, own):
                continue
            order[key] = (at, own)
            checkups[visit].results[item] = Result(
                item, label, number, text, unit or "", flag or "", interval or "", at
            )

    def _read_forms(self, visits: Sequence[VisitValues], checkups: Mapping[bytes, VisitValues]) -> None:
        patients = {visit.subject.patient_id.bytes for visit in visits}
        purposes = {
            (visit.subject.patient_id.bytes, f"{visit.subject.number} {visit.name}"): visit
            for visit in visits
        }
        tasks = {
            own: purposes[patient, purpose]
            for patient, own, purpose in _TASKS.rows(self._connection, patients)
            if (patient, purpose) in purposes
        }
        rows = list(_RESPONSES.rows(self._connection, patients))
        task_of = {row[1]: row[3] for row in rows}
        gone = {row[8] for row in rows if row[8] is not None} | {row[9] for row in rows if row[9] is not None}
        kept: dict[bytes, Response] = {}
        of_form: dict[tuple[Id, str], tuple[int, bytes]] = {}
        for _patient, own, visit_id, task_id, form, version, answers, at, _amends, whole in rows:
            visit = tasks.get(task_id) or tasks.get(task_of.get(whole)) or checkups.get(visit_id)
            if visit is None or own in gone or of_form.get((visit.id, form), (-1, b"")) >= (at, own):
                continue
            of_form[visit.id, form] = (at, own)
            response = kept[own] = Response(form, version, at, typed_answers(answers), [])
            visit.responses = [one for one in visit.responses if one.form != form] + [response]
        scored = list(_SCALES.rows(self._connection, patients))
        past = {row[7] for row in scored if row[7] is not None}
        for _patient, own, response_id, scale, version, status, total, _amends, band in scored:
            if response_id in kept and own not in past:
                kept[response_id].scales.append((scale, version, status, total, band or ""))


class _Code(msgspec.Struct, gc=False):
    code: str | None = None
    display: str | None = None


class _Amount(msgspec.Struct, gc=False):
    value: float | None = None


class _Answer(msgspec.Struct):
    """One answer of a FHIR response, as far as data sets have it: decoded by type, which is five times faster."""

    valueCoding: _Code | None = None  # noqa: N815 -- FHIR's names
    valueInteger: int | None = None  # noqa: N815
    valueDecimal: float | None = None  # noqa: N815
    valueBoolean: bool | None = None  # noqa: N815
    valueQuantity: _Amount | None = None  # noqa: N815
    valueDate: str | None = None  # noqa: N815
    valueDateTime: str | None = None  # noqa: N815
    valueString: str | None = None  # noqa: N815
    item: "list[_Item]" = []


class _Item(msgspec.Struct):
    linkId: str = ""  # noqa: N815
    answer: list[_Answer] = []
    item: "list[_Item]" = []


class _Given(msgspec.Struct):
    item: list[_Item] = []


_decoder = msgspec.json.Decoder(_Given)
_PLAIN = ("Integer", "Decimal", "Boolean", "Date", "DateTime", "String")


def typed_answers(response: str | bytes) -> dict[str, list[tuple[str, Any]]]:
    """Return the answers of a FHIR QuestionnaireResponse (JSON) by linkId, each with the type of its value.

    What is no such response has no answers.
    """
    try:
        given = _decoder.decode(response)
    except msgspec.ValidationError:
        return {}
    found: dict[str, list[tuple[str, Any]]] = {}
    _collect(given.item, found)
    return found


def _collect(items: list[_Item], found: dict[str, list[tuple[str, Any]]]) -> None:
    for entry in items:
        if entry.answer:
            values = found.setdefault(entry.linkId, [])
            for answer in entry.answer:
                coding = answer.valueCoding
                values.append(
                    ("Coding", coding.code or coding.display) if coding is not None else _plain(answer)
                )
                if answer.item:
                    _collect(answer.item, found)
        if entry.item:
            _collect(entry.item, found)


def _plain(answer: _Answer) -> tuple[str, Any]:
    if answer.valueQuantity is not None:
        return "Quantity", answer.valueQuantity.value
    for kind in _PLAIN:
        value = getattr(answer, f"value{kind}")
        if value is not None:
            return kind, value
    return "", None


@dataclasses.dataclass(frozen=True)
class _Lazy:
    """A statement that is made when it is first run: the tables must all be declared by then."""

    record: type[Any]
    columns: tuple[str, ...]

    @cached_property
    def _among(self) -> Among:
        table: Table = self.record.__table__
        columns = [table.columns[name] for name in self.columns]
        return Among(columns, columns[0])

    def rows(self, connection: Connection, wanted: Collection[bytes]) -> Iterator[tuple[Any, ...]]:
        return self._among.rows(connection, wanted)


_VISITS = _Lazy(
    SubjectVisit,
    ("subject_id", "id", "plan_id", "name", "target_on", "visit_id", "begun_at", "off_window", "state"),
)
_RESULTS = _Lazy(
    Observation,
    (
        "visit_id", "id", "item", "label", "value_number", "value_text", "ucum", "flag", "range_text", "amends",
        "status", "effective_at",
    ),
)  # fmt: skip
_TASKS = _Lazy(FormTask, ("patient_id", "id", "purpose"))
_RESPONSES = _Lazy(
    QuestionnaireResponse,
    (
        "patient_id", "id", "visit_id", "task_id", "form", "form_version", "answers", "authored_at",
        "amends", "part_of"
    ),
)  # fmt: skip
_SCALES = _Lazy(
    ScaleResult,
    ("patient_id", "id", "response_id", "scale", "scale_version", "status", "total", "amends", "band"),
)
_EXPECTED = _Lazy(ExpectedSpecimen, ("subject_visit_id", "id", "name", "expected", "collected", "cause"))
_CORRECTIONS = _Lazy(
    DataCorrection,
    ("subject_visit_id", "variable", "original", "corrected", "withdrawn", "corrected_at", "id"),
)
TUBES = _Lazy(
    Specimen,
    (
        "subject_id", "id", "number", "parent_id", "expected_id", "type", "container", "state", "sprec", "initial_ul",
        "remaining_ul", "thaws", "frozen_at", "slot",
    ),
)  # fmt: skip
EVENTS = _Lazy(SpecimenEvent, ("specimen_id", "kind", "occurred_at"))
FOLLOW_UP = _Lazy(
    FollowTask,
    (
        "patient_id", "id", "number", "way", "form", "planned_at", "executed_at", "outcome", "attempts", "state",
        "created_at", "closed_at", "result",
    ),
)  # fmt: skip
"""Contacts of follow-up by client; which of them belong to the study is for the caller to say."""
