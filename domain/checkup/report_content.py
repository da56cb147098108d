"""Everything a report says, from the store: the data of the screen, of the print and of the signature."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.biobank.records import Specimen
from domain.catalog.content import Catalog
from domain.catalog.units import shown_unit
from domain.checkup.intake import GENDER, Person
from domain.checkup.records import Finding, Observation, Report, ResultStatus, ReviewAction, ReviewStep, Visit
from domain.checkup.workflow import HEAD_OFFICE
from domain.delivery.records import ReportDelivery
from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.columns import Mask, Sensitivity
from domain.kernel.disputes import NONE, Dispute, disputes_of
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.masking import mask_text
from domain.people.records import Organization, Patient, Sex
from domain.version import NAME, VERSION

LEVELS = dict.fromkeys(HEAD_OFFICE, "head_office") | {
    "first_review": "branch",
    "final_review": "final",
    "issued": "final",
}
MOST_TRENDS = 3


@dataclasses.dataclass(frozen=True, slots=True)
class ReportFacts:
    """A report's rows as they stand: report, visit, patient, organisation and what hangs on them."""

    report: Any
    visit: Any
    patient: Any
    organization: Any
    head_office: Any
    observations: list[Any]
    earlier: dict[str, list[Any]]
    findings: list[Any]
    steps: list[Any]
    disputes: tuple[Dispute, ...] = ()
    amends: dict[str, Any] | None = None


def read_facts(connection: Connection, report_id: Id) -> ReportFacts | None:
    """Return the rows behind a report, None if there is no such report in the store."""
    report = _one(connection, Report, report_id)
    if report is None:
        return None
    visit = _one(connection, Visit, report.visit_id)
    patient = _one(connection, Patient, report.patient_id)
    organization = _one(connection, Organization, report.org_id)
    above = _one(connection, Organization, organization.parent_id) if organization else None
    observation, finding, step = Observation.__table__, Finding.__table__, ReviewStep.__table__
    mine = connection.execute(
        select(observation).where(observation.c.visit_id == report.visit_id).order_by(observation.c.id)
    ).all()
    before = connection.execute(
        select(observation)
        .where(
            of_person(connection, observation.c.patient_id, report.patient_id),
            observation.c.visit_id != report.visit_id,
        )
        .order_by(observation.c.effective_at)
    ).all()
    earlier: dict[str, list[Any]] = defaultdict(list)
    for row in before:
        earlier[row.item].append(row)
    findings = connection.execute(
        select(finding)
        .where(finding.c.visit_id == report.visit_id)
        .order_by(finding.c.important_class, finding.c.id)
    ).all()
    steps = connection.execute(
        select(step).where(step.c.report_id == report_id).order_by(step.c.acted_at, step.c.id)
    ).all()
    disputes = disputes_of_visit(connection, Sensitivity.SENSITIVE, report.patient_id, report.visit_id)
    edition = ReportDelivery.__table__
    withdrawn = connection.execute(
        select(edition.c.edition, edition.c.issued_at, edition.c.withdrawn_why)
        .where(edition.c.report_id == report_id, edition.c.withdrawn_at.is_not(None))
        .order_by(edition.c.edition.desc())
        .limit(1)
    ).first()
    return ReportFacts(
        report,
        visit,
        patient,
        organization,
        above,
        list(mine),
        earlier,
        list(findings),
        list(steps),
        disputes,
        None
        if withdrawn is None
        else {
            "edition": withdrawn.edition,
            "date": clinic(withdrawn.issued_at).date().isoformat(),
            "reason": withdrawn.withdrawn_why,
        },
    )


def disputes_of_visit(
    connection: Connection, clearance: Sensitivity, patient_id: Id, visit_id: Id
) -> tuple[Dispute, ...]:
    """Return what is in dispute of a client's safety fields and of the identity of this visit's tubes."""
    tube = Specimen.__table__
    tubes = dict(
        connection.execute(
            select(tube.c.id, tube.c.number).where(tube.c.visit_id == visit_id).order_by(tube.c.number)
        ).all()
    )
    told = list(disputes_of(connection, clearance, "patient", [patient_id]).get(patient_id, ()))
    for tube_id, disputes in disputes_of(connection, clearance, "specimen", list(tubes)).items():
        told += [dataclasses.replace(d, label=f"{d.label} {tubes[tube_id]}") for d in disputes]
    return tuple(told)


def _one(connection: Connection, kind: Any, record_id: Id | None) -> Any:
    if record_id is None:
        return None
    table = kind.__table__
    return connection.execute(select(table).where(table.c.id == record_id)).one_or_none()


WAITING = frozenset({ResultStatus.PENDING_CHECK, ResultStatus.IDENTITY})
"""A result in one of these waits for a person and counts nowhere."""


def standing(observations: Iterable[Any]) -> list[Any]:
    """Return the results that count: not amended by a later one, not waiting for a person."""
    rows = list(observations)
    amended = {r.amends for r in rows if r.amends is not None}
    return [r for r in rows if r.id not in amended and r.status not in WAITING]


def report_content(facts: ReportFacts, catalog: Catalog, *, at: datetime) -> dict[str, Any]:
    """Return the document's data without its signature block, in canonical form (no floats).

    Args:
        facts: The rows behind the report.
        catalog: For groups, ranges and the evidence of rules.
        at: Time of issue that the page shows.

    Raises:
        DomainError: ``report.no_organisation``, this store has not received whose report it is.
    """
    if facts.organization is None:  # a workstation that worked before its first exchange
        raise DomainError("report.no_organisation", number=facts.report.number)
    report, patient, visit = facts.report, facts.patient, facts.visit
    person = Person(patient.id, patient.sex, patient.birth_date)
    results = standing(facts.observations)
    organization = facts.organization
    content = {
        "organisation": {
            "name": facts.head_office.name if facts.head_office else organization.name,
            "branch": organization.name,
        },
        "report": {
            "number": report.number,
            "issued_at": _iso(at),
            "status": "amended" if facts.amends else "issued",
            "amends": facts.amends,
        },
        "client": {
            "name": patient.name,
            "sex": GENDER.get(Sex(patient.sex), "unknown"),
            "age": person.age_on(visit.visit_date) or 0,
            "id_number": patient.id_number,
            "phone": mask_text(Mask.PHONE, patient.phone) if patient.phone else None,
            "address": patient.address,
        },
        "visit": {"number": visit.number, "date": visit.visit_date.isoformat(), "package": visit.package},
        "disputes": [
            {
                "field": d.column,
                "label": d.label,
                "values": [{"text": str(v or NONE)} for v in d.value.values],
            }
            for d in facts.disputes
        ]
        or None,
        "findings": [_finding(f, catalog) for f in facts.findings if _counts(f, results)],
        "conclusions": _sentences(report.conclusion, report.advice),
        "groups": _groups(results, facts.earlier, catalog),
        "trends": _trends(results, facts.earlier, catalog, person, visit.visit_date),
        "software": {"name": NAME, "version": VERSION},
        "reviews": [
            _review(s)
            for s in lasting(facts.steps)
            if s.action in {ReviewAction.PASS, ReviewAction.RETURN, ReviewAction.SIGN}
        ],
    }
    found: dict[str, Any] = _without_gaps(content)
    return found


def lasting(steps: Sequence[Any]) -> list[Any]:
    """Return the acts of a review without signatures that were taken back."""
    kept: list[Any] = []
    for step in steps:
        if step.action == ReviewAction.WITHDRAW:
            kept = [s for s in kept if s.action != ReviewAction.SIGN]
        else:
            kept.append(step)
    return kept


def _without_gaps(value: Any) -> Any:
    """Return content without keys that have no value: what is not known is not said."""
    if isinstance(value, dict):
        return {k: _without_gaps(v) for k, v in value.items() if v is not None}
    return [_without_gaps(v) for v in value] if isinstance(value, list) else value


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def _counts(finding: Any, results: list[Any]) -> bool:
    return any(r.id == finding.observation_id for r in results)


def _rule(rule: str, unverified: bool, catalog: Catalog) -> dict[str, str]:
    return {"id": rule, "version": catalog.version, "status": "UNVERIFIED" if unverified else "V"}


def _finding(row: Any, catalog: Catalog) -> dict[str, Any]:
    name, _, rest = row.sentence.partition(" ")
    advice = "请立即就医。" if row.important_class == "A" else "请到专科进一步检查。"
    return {
        "class": row.important_class,
        "item": name,
        "finding": rest,
        "advice": advice,
        "rule": _rule(row.rule, row.unverified, catalog),
    }


def _sentences(conclusion: str, advice: str) -> list[dict[str, Any]]:
    """Pair the lines of the conclusion with the lines of the advice; what is left over stands alone."""
    said = [line.strip() for line in conclusion.splitlines() if line.strip()]
    advised = [line.strip() for line in advice.splitlines() if line.strip()]
    found: list[dict[str, Any]] = [
        {"text": text, "advice": advised[i] if i < len(advised) else None} for i, text in enumerate(said)
    ]
    found += [{"text": "健康建议", "advice": text} for text in advised[len(said) :]]
    return found


def _groups(results: list[Any], earlier: dict[str, list[Any]], catalog: Catalog) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in results:
        definition = catalog.observations.get(row.item)
        groups[definition.group if definition else "other"].append(_item(row, earlier.get(row.item), catalog))
    return [
        {"label": label, "items": groups[name]} for name, label in catalog.groups.items() if name in groups
    ]


def _item(row: Any, earlier: list[Any] | None, catalog: Catalog) -> dict[str, Any]:
    last = earlier[-1] if earlier else None
    return {
        "name": row.label,
        "value": row.value_text,
        "unit": shown_unit(row.ucum) or None,
        "range": row.range_text or None,
        "flag": "A"
        if row.flag == "AA"
        else row.flag
        if row.flag in {"N", "H", "L", "HH", "LL", "A"}
        else None,
        "previous": {"value": last.value_text, "date": clinic(last.effective_at).date().isoformat()}
        if last
        else None,
        "rule": _rule(catalog.version, True, catalog) if row.unverified else None,
    }


def _trends(
    results: list[Any], earlier: dict[str, list[Any]], catalog: Catalog, person: Person, day: date
) -> list[dict[str, Any]]:
    """Return the courses worth drawing: abnormal ones first, then the longest; at least two points each."""
    numeric = [r for r in results if r.value_number is not None and earlier.get(r.item)]
    numeric.sort(key=lambda r: (r.flag in {None, "N"}, -len(earlier[r.item]), r.item))
    return [_trend(row, earlier[row.item], catalog, person, day) for row in numeric[:MOST_TRENDS]]


def _trend(row: Any, before: list[Any], catalog: Catalog, person: Person, day: date) -> dict[str, Any]:
    definition = catalog.observations.get(row.item)
    points = [
        {"date": clinic(r.effective_at).date().isoformat(), "value": r.value_text}
        for r in before
        if r.value_number is not None
    ]
    points.append({"date": day.isoformat(), "value": row.value_text})
    return {
        "title": definition.name if definition else row.label,
        "unit": shown_unit(row.ucum) or "1",
        "points": points,
        **_band(definition, person, day),
    }


def _band(definition: Any, person: Person, day: date) -> dict[str, str]:
    from domain.checkup.judge import fitting_ranges

    ranges = fitting_ranges(definition, GENDER.get(person.sex), person.age_on(day)) if definition else ()
    if len(ranges) != 1:
        return {}
    low, high = _first(ranges[0].low, ranges[0].above), _first(ranges[0].high, ranges[0].below)
    return {k: str(v) for k, v in (("low", low), ("high", high)) if v is not None}


def _review(step: Any) -> dict[str, Any]:
    return {
        "level": LEVELS.get(step.level, "branch"),
        "reviewer": step.staff_name,
        "title": step.staff_title,
        "decision": "returned" if step.action == ReviewAction.RETURN else "passed",
        "at": _iso(step.acted_at),
        "remark": step.remark,
    }


def _first(*values: float | None) -> float | None:
    return next((v for v in values if v is not None), None)
