"""Which part of a study leaves: who, which visits, what kinds of data; and who of them may be used for it now."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.consent.records import ConsentUse
from domain.consent.uses import consents_allow
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import Query, scoped
from domain.people.records import Organization, Patient
from domain.research.records import DataKind, DateRule
from domain.studies.records import ProtocolVisit, Study, StudyArm
from domain.studies.subject_records import StudySubject


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What of a study is wanted; an empty list is all of it.

    Attributes:
        kinds: Parts of the data.
        arms: Codes of arms.
        sites: Codes of organisations.
        sexes: GB/T 2261.1.
        states: Of subjects.
        visits: Codes of the protocol's visits.
        since: First day a visit began, in clinic time.
        until: Last such day.
        dates: How days leave.
        free_text: Texts people wrote, which may name somebody; only with who they are.
    """

    kinds: tuple[DataKind, ...] = tuple(DataKind)
    arms: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    sexes: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    visits: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    dates: DateRule = DateRule.SHIFTED
    free_text: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as the record keeps it."""
        made: dict[str, Any] = msgspec.to_builtins(self)
        return made


def read_choice(raw: Mapping[str, Any]) -> Choice:
    """Return a choice from plain data.

    Raises:
        DomainError: ``research.choice`` with what is wrong; ``research.days`` if it ends before it begins.
    """
    try:
        choice = msgspec.convert(dict(raw), Choice)
    except msgspec.ValidationError as error:
        raise DomainError("research.choice", field="choice", detail=str(error)[:120]) from error
    if choice.since and choice.until and choice.until < choice.since:
        raise DomainError("research.days", field="until")
    if not choice.kinds:
        raise DomainError("research.no_kind", field="choice")
    return choice


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """Somebody whose data may be used; `born` is kept from leaving by whoever writes rows."""

    id: Id
    number: str
    patient_id: Id
    site: str
    arm: str
    sex: str
    born: date | None
    state: str
    enrolled_on: date
    client_number: str
    name: str

    def cell(self, today: date) -> tuple[str, ...]:
        """Return what an outsider may know: site, arm, sex, age in tens."""
        age = None if self.born is None else (today.year - self.born.year) // 10 * 10
        return (
            self.site,
            self.arm,
            {"1": "男", "2": "女"}.get(self.sex, ""),
            "" if age is None else f"{age} 余岁",
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Chosen:
    """Who is in, in order of their numbers, and how many are not, by the code of why."""

    subjects: tuple[Subject, ...]
    left_out: dict[str, int]
    plans: dict[Id, tuple[str, str]]
    """Code and name of the protocol's visits that are wanted."""


def choose(
    connection: Connection, actor: Actor, study: Id, choice: Choice, use: ConsentUse, at: datetime
) -> Chosen:
    """Return whose data may be used for `use` at that moment, of those that are wanted and that `actor` may see."""
    s, p, o, a = (kind.__table__.c for kind in (StudySubject, Patient, Organization, StudyArm))
    query = scoped(_people(), StudySubject, actor).where(s.study_id == study)
    for wanted, known in (
        (choice.arms, a.code), (choice.sites, o.code), (choice.sexes, p.sex), (choice.states, s.state)
    ):  # fmt: skip
        if wanted:
            query = query.where(known.in_(wanted))
    rows = connection.execute(query.order_by(s.number)).all()
    may = consents_allow(connection, [row.id for row in rows], use, at)
    left_out = Counter(may[row.id].code for row in rows if not may[row.id].allowed)
    subjects = tuple(_subject(row) for row in rows if may[row.id].allowed)
    return Chosen(subjects, dict(sorted(left_out.items())), _plans(connection, study, choice))


def _people() -> Query:
    s, p, o, a = (kind.__table__.c for kind in (StudySubject, Patient, Organization, StudyArm))
    return (
        select(
            s.id, s.number, s.patient_id, o.code.label("site"), a.code.label("arm"), p.sex, p.birth_date, s.state,
            s.enrolled_at, p.number.label("client_number"), p.name,
        )
        .select_from(StudySubject.__table__)
        .join(Patient.__table__, p.id == s.patient_id)
        .outerjoin(Organization.__table__, o.id == s.org_id)
        .outerjoin(StudyArm.__table__, a.id == s.arm_id)
    )  # fmt: skip


def subject_of(connection: Connection, subject_id: Id) -> Subject:
    """Return one subject, whatever they agreed to; ``study_subject.unknown``."""
    row = connection.execute(_people().where(StudySubject.__table__.c.id == subject_id)).first()
    if row is None:
        raise DomainError("study_subject.unknown", field="subject_id")
    return _subject(row)


def subjects_of(connection: Connection, study: Id) -> tuple[Subject, ...]:
    """Return every subject of a study in order of their numbers, whatever they agreed to; for counting alone."""
    s = StudySubject.__table__.c
    query = _people().where(s.study_id == study, s.state != "withdrawn").order_by(s.number)
    return tuple(_subject(row) for row in connection.execute(query))


def _subject(row: Any) -> Subject:
    return Subject(
        row.id, row.number, row.patient_id, row.site or "", row.arm or "", str(row.sex), row.birth_date, row.state,
        clinic(row.enrolled_at).date(), row.client_number, row.name,
    )  # fmt: skip


def _plans(connection: Connection, study: Id, choice: Choice) -> dict[Id, tuple[str, str]]:
    v = ProtocolVisit.__table__.c
    query = select(v.id, v.code, v.name).where(v.study_id == study).order_by(v.day, v.code)
    found = {row.id: (row.code, row.name) for row in connection.execute(query)}
    return {own: one for own, one in found.items() if not choice.visits or one[0] in choice.visits}


def told(choice: Choice, names: Sequence[tuple[str, Sequence[str]]] = ()) -> str:
    """Return a choice as people read it; `names` are the labels and what of each was chosen."""
    parts = [f"{label}：{'、'.join(values)}" for label, values in names if values]
    if choice.since or choice.until:
        parts.append(f"访视日期：{choice.since or '…'} 至 {choice.until or '…'}")
    return "；".join(parts) or "全部"


def study_of(connection: Connection, study: Id) -> Any:
    """Return the row of a study. Raises ``study.unknown``."""
    found = connection.execute(select(Study.__table__).where(Study.__table__.c.id == study)).first()
    if found is None:
        raise DomainError("study.unknown", field="study_id")
    return found
