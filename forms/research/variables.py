"""The dictionary of a data set: every variable with its name, label, type, unit, codes, source and version."""

import dataclasses
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import aliased

from domain.catalog.lookup import Catalog
from domain.checkup.records import Observation, QuestionnaireResponse
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.research.reading import COUNTS, ITEM, LAB, SCALE, TUBE
from domain.research.records import DataKind
from domain.scales.records import FormTask, ScaleResult
from domain.studies.records import SpecimenRequirement
from domain.studies.subject_records import MissingCause, StudySubject, SubjectVisit
from forms.questionnaire import Coding, Item, ItemType, Questionnaire
from forms.shelf import take

Kind: TypeAlias = Literal["number", "code", "text", "date", "flag"]
Say: TypeAlias = Callable[[str], str]
_KINDS: dict[ItemType, Kind] = {
    ItemType.BOOLEAN: "flag", ItemType.INTEGER: "number", ItemType.DECIMAL: "number", ItemType.QUANTITY: "number",
    ItemType.CHOICE: "code", ItemType.OPEN_CHOICE: "code", ItemType.DATE: "date", ItemType.DATE_TIME: "date",
    ItemType.STRING: "text", ItemType.TEXT: "text",
}  # fmt: skip
"""Questions of other types (times of day, files, links) are in no data set."""


@dataclasses.dataclass(frozen=True, slots=True)
class Variable:
    """One column.

    Attributes:
        name: As in the files: ``lab.ITEM``, ``q.FORM.LINKID``, ``scale.SCALE.total``, ``tube.NAME.collected``.
        kind: ``number``, ``code`` (one of `codes`), ``text``, ``date`` (ISO), ``flag`` (0 or 1).
        unit: UCUM.
        codes: What each code stands for.
        source: Where it comes from, as people read it.
        version: Of the form, scale or catalogue.
        part: Kind of data it belongs to; empty for what tells who and when.
        free: Whether people wrote it themselves.
        required: Whether the form requires it.
    """

    name: str
    label: str
    kind: Kind
    unit: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    source: str = ""
    version: str = ""
    part: str = ""
    free: bool = False
    required: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Dictionary:
    """All variables in the order of the files; `unreadable` are forms whose definition is not here."""

    variables: tuple[Variable, ...]
    unreadable: tuple[str, ...]

    def names(self) -> dict[str, int]:
        """Return the place of each variable by its name."""
        return {variable.name: at for at, variable in enumerate(self.variables)}


def dictionary_of(
    connection: Connection, study: Any, plans: Collection[Id], kinds: Collection[DataKind], *, catalog: Catalog,
    folder: Path, say: Say, free_text: bool = False,
) -> Dictionary:  # fmt: skip
    """Return the variables of a study: those its visits have values for, and those its protocol asks for.

    Args:
        connection: The store.
        study: Row of the study.
        plans: Visits of the protocol that are wanted.
        kinds: Parts of the data that are wanted.
        catalog: Names and units of results.
        folder: Forms that ship.
        say: Sentences by code, for what codes stand for.
        free_text: Whether texts people wrote are variables too.
    """
    found: list[Variable] = []
    unreadable: list[str] = []
    if DataKind.RESULTS in kinds:
        found += _results(connection, study.id, catalog)
    if DataKind.QUESTIONNAIRES in kinds:
        forms = _forms(connection, study)
        for form, versions in forms.items():
            given = _questions(connection, folder, study.org_id, form, versions)
            if given is None:
                unreadable.append(form)
            else:
                found += [one for one in given if free_text or not one.free]
        found += _scales(connection, study.id, set(forms), say)
    if DataKind.SPECIMENS in kinds:
        found += _tubes(connection, plans, say)
    return Dictionary(tuple(found), tuple(unreadable))


def _results(connection: Connection, study_id: Id, catalog: Catalog) -> list[Variable]:
    o, v = Observation.__table__.c, SubjectVisit.__table__.c
    # Which there are, not how many: a small set is looked up for each result, where counting would sort them all.
    query = (
        select(o.item, o.label, o.ucum, o.value_number.is_not(None))
        .select_from(SubjectVisit.__table__)
        .join(Observation.__table__, o.visit_id == v.visit_id)
        .where(v.study_id == study_id, o.status.in_(COUNTS))
        .distinct()
    )
    by_item: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        by_item.setdefault(row[0], []).append(row)
    order = {item: at for at, item in enumerate(catalog.observations)}
    made = []
    for item in sorted(by_item, key=lambda one: (order.get(one, len(order)), one)):
        rows, known = by_item[item], catalog.observations.get(item)
        units = sorted({row[2] or "" for row in rows if row[3]})
        usual = known.ucum if known is not None and known.ucum in units else next(iter(units), "")
        others = "、".join(unit or "无单位" for unit in units if unit != usual)
        source = "检查结果" + (f"；单位为 {others} 的结果仅在结果明细表中" if others else "")
        made.append(
            Variable(
                f"{LAB}.{item}", known.name if known else min(str(row[1]) for row in rows),
                "number" if units else "code", usual or "", source=source, version=catalog.version,
                part=DataKind.RESULTS,
            )
        )  # fmt: skip
    return made


def _forms(connection: Connection, study: Any) -> dict[str, list[str]]:
    """Return the versions of each form that was filled in at visits of a study, the newest last."""
    r, t, v = (kind.__table__.c for kind in (QuestionnaireResponse, FormTask, SubjectVisit))
    whole = aliased(QuestionnaireResponse.__table__, name="whole")
    ours = t.purpose.startswith(f"{study.code}-", autoescape=True)
    at = func.max(r.authored_at)
    queries = (
        select(r.form, r.form_version, at).join(FormTask.__table__, t.id == r.task_id).where(ours),
        select(r.form, r.form_version, at)
        .select_from(QuestionnaireResponse.__table__)
        .join(whole, whole.c.id == r.part_of)
        .join(FormTask.__table__, t.id == whole.c.task_id)
        .where(ours),
        select(r.form, r.form_version, at)
        .select_from(SubjectVisit.__table__)
        .join(QuestionnaireResponse.__table__, r.visit_id == v.visit_id)
        .where(v.study_id == study.id),
    )
    found: dict[str, dict[str, int]] = {}
    for query in queries:
        for form, version, last in connection.execute(query.group_by(r.form, r.form_version)):
            known = found.setdefault(form, {})
            known[version] = max(known.get(version, last), last)
    return {form: sorted(found[form], key=lambda one: found[form][one]) for form in sorted(found)}


def _questions(
    connection: Connection, folder: Path, org_id: Id, form: str, versions: Sequence[str]
) -> list[Variable] | None:
    """Return a form's questions over all its versions that can be read; None where none can."""
    read: list[Questionnaire] = []
    for version in (*versions, ""):
        try:
            read.append(take(connection, folder, form, [org_id], version).form)
        except DomainError:  # that exact version is here no more
            continue
    made: dict[str, Variable] = {}
    for one in read:
        for item in one.walk():
            kind = _KINDS.get(item.type)
            if kind is not None:
                made[item.link_id] = _question(one, form, item, kind, versions)
    return list(made.values()) if read else None


def _question(form: Questionnaire, name: str, item: Item, kind: Kind, versions: Sequence[str]) -> Variable:
    codes = tuple(
        (option.value.code, option.value.display)
        if isinstance(option.value, Coding)
        else (str(option.value), option.label)
        for option in item.options
    )
    if kind == "text" and item.options:
        kind = "code"
    return Variable(
        f"{ITEM}.{name}.{item.link_id}", item.text or item.link_id, kind, item.unit.code if item.unit else "", codes,
        f"问卷：{form.title or name}", "、".join(versions) or form.version, DataKind.QUESTIONNAIRES,
        free=kind == "text", required=item.required,
    )  # fmt: skip


def _scales(connection: Connection, study_id: Id, forms: Collection[str], say: Say) -> list[Variable]:
    c, s, r = (kind.__table__.c for kind in (ScaleResult, StudySubject, QuestionnaireResponse))
    query = (
        select(c.scale, func.max(c.scale_version))
        .select_from(StudySubject.__table__)
        .join(ScaleResult.__table__, c.patient_id == s.patient_id)
        .join(QuestionnaireResponse.__table__, r.id == c.response_id)
        .where(s.study_id == study_id, r.form.in_(sorted(forms)))
        .group_by(c.scale)
        .order_by(c.scale)
    )
    made = []
    for scale, version in connection.execute(query):
        title = say(f"word.scale.{scale}")
        title = scale if title.startswith("word.") else title
        made.append(
            Variable(f"{SCALE}.{scale}.total", f"{title} 总分", "number", source="量表计分", version=version,
                     part=DataKind.QUESTIONNAIRES)
        )  # fmt: skip
        made.append(
            Variable(f"{SCALE}.{scale}.band", f"{title} 分段", "code", source="量表计分", version=version,
                     part=DataKind.QUESTIONNAIRES)
        )  # fmt: skip
    return made


def _tubes(connection: Connection, plans: Collection[Id], say: Say) -> list[Variable]:
    r = SpecimenRequirement.__table__.c
    query = select(r.name).where(r.plan_id.in_(list(plans))).distinct().order_by(r.name)
    causes = tuple((cause.value, say(f"choice.missing_cause.{cause.value}")) for cause in MissingCause)
    made = []
    for name in connection.execute(query).scalars():
        part = DataKind.SPECIMENS
        made += [
            Variable(
                f"{TUBE}.{name}.expected", f"{name} 应留管数", "number", "1", source="标本留取", part=part
            ),
            Variable(
                f"{TUBE}.{name}.collected", f"{name} 实留管数", "number", "1", source="标本留取", part=part
            ),
            Variable(f"{TUBE}.{name}.cause", f"{name} 未留原因", "code", "", causes, "标本留取", part=part),
        ]
    return made
