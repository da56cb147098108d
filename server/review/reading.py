"""The queue and one case, read at the centre: scoped and masked for who looks, from the same worklists."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.checkup.compared import ResultRow, in_reading_order, leads, result_row
from domain.checkup.image_identity import Shown
from domain.checkup.image_reading import shown_of
from domain.checkup.intake import Person
from domain.checkup.records import Attachment, AttachmentRemoval, CriticalValue, Report, Visit
from domain.checkup.report_content import (
    ReportFacts,
    disputes_of_visit,
    read_facts,
    report_content,
    standing,
)
from domain.checkup.workflow import critical_handling, report_review
from domain.interop.one_person import of_person
from domain.kernel.authority import Actor
from domain.kernel.canonical import content_digest
from domain.kernel.columns import Sensitivity
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.masking import masked
from domain.kernel.record import Record, column_info
from domain.kernel.worklists import Filter, Worklist, records, worklists
from domain.people.records import Patient, Sex
from server.api.worklist_query import key_of, next_text
from server.centre import Centre
from server.readings import shows_people

LISTS = ("report.chief_queue", "report.branch_queue")
URGENCIES = (2, 1, 0)
PER_PAGE = 50
MOST_EARLIER = 12


@dataclass(frozen=True, slots=True)
class Queued:
    """A row of the queue: what the worklist shows of it, by column."""

    report_id: Id
    values: dict[str, Any]
    state_label: str


def lists_of(actor: Actor) -> list[Worklist]:
    """Return the worklists of open reports that a person works on; ``permission.denied`` for none."""
    found = [worklists()[name] for name in LISTS if actor.may(worklists()[name].permission)]
    if not found:
        actor.check(worklists()[LISTS[0]].permission)
    return found


def queue(
    centre: Centre, actor: Actor, after: str = "", wanted: int = PER_PAGE
) -> tuple[list[Queued], str | None]:
    """Return the next rows, urgency after urgency and each by due time, and the key of the page behind them.

    Raises:
        DomainError: ``permission.denied``; ``worklist.bad_key``.
    """
    runs = [(listing, urgency) for listing in lists_of(actor) for urgency in URGENCIES]
    at, _, key = after.partition(".")
    run = int(at) if at.isdigit() and int(at) < len(runs) else 0
    rows: list[Queued] = []
    while run < len(runs) and len(rows) < wanted:
        listing, urgency = runs[run]
        page = centre.pages.page(
            listing, actor, filters=[Filter("urgency", "eq", urgency)], order="due_at",
            after=key_of(listing, "due_at", key), limit=wanted - len(rows),
        )  # fmt: skip
        if shows_people(listing, actor):
            centre.readings.note(actor, listing.name, len(page.rows), goes_on=bool(after))
        names = [c.name for c in listing.columns]
        for row in page.rows:
            values = dict(zip(names, row.values, strict=True))
            rows.append(Queued(row.id, values, report_review.label_of(values["state"])))
        key = next_text(page) or ""
        run += not key
    return rows, f"{run}.{key}" if run < len(runs) and rows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case as its page shows it; texts are masked already, `clear` tells whether nothing is."""

    report: Any
    visit: Any
    branch: str
    state_label: str
    name: str
    sex: str
    age: int | None
    patient_number: str
    patient_id: Id
    allergy: str
    disputes: tuple[Any, ...]
    conclusion: str
    advice: str
    clear: bool
    changed: tuple[ResultRow, ...]
    steady: tuple[ResultRow, ...]
    findings: tuple[Any, ...]
    criticals: tuple[Any, ...]
    steps: tuple[Any, ...]
    earlier: tuple[Any, ...]
    files: tuple[Any, ...]
    digest: str
    shown: Shown

    def file(self, attachment_id: Id) -> Any:
        """Return one of the files; ``attachment.unknown`` for none of this case."""
        found = next((f for f in self.files if f.id == attachment_id), None)
        if found is None or not self.clear:
            raise DomainError("attachment.unknown", value=str(attachment_id))
        return found


def read_case(centre: Centre, actor: Actor, report_id: Id) -> Case:
    """Return a case.

    Raises:
        DomainError: ``report.unknown``: there is none, or not within the actor's scope; ``permission.denied``.
    """
    if not actor.may("report.view"):
        lists_of(actor)
    with centre.store.read() as connection:
        facts = read_facts(connection, report_id)
        if facts is None or not actor.sees(facts.report.org_id):
            raise DomainError("report.unknown", value=str(report_id))
        return _Reader(centre, actor, connection, facts).case()


def digest_of(centre: Centre, facts: ReportFacts) -> str:
    """Return the digest of a report's content as it stands; the time of issue is no part of what was shown."""
    content = report_content(facts, centre.dispatcher.content["catalog"], at=facts.visit.state_since)
    return content_digest(content)


class _Reader:
    def __init__(self, centre: Centre, actor: Actor, connection: Connection, facts: ReportFacts) -> None:
        self.centre, self.actor, self.connection, self.facts = centre, actor, connection, facts
        self.clear = actor.clearance >= Sensitivity.SENSITIVE
        patient = facts.patient
        self.person = Person(patient.id, Sex(patient.sex), patient.birth_date)

    def case(self) -> Case:
        report, visit, patient = self.facts.report, self.facts.visit, self.facts.patient
        results = self._results()
        born = self._seen(patient, Patient, "birth_date")
        return Case(
            report=report, visit=visit, state_label=report_review.label_of(report.state),
            branch=self.facts.organization.name if self.facts.organization else "",
            name=self._seen(patient, Patient, "name"), sex=str(patient.sex),
            age=None if "*" in born else self.person.age_on(visit.visit_date),
            patient_number=patient.number, patient_id=patient.id,
            allergy=self._seen(patient, Patient, "allergy"),
            disputes=disputes_of_visit(self.connection, self.actor.clearance, patient.id, visit.id),
            conclusion=self._seen(report, Report, "conclusion"), advice=self._seen(report, Report, "advice"),
            clear=self.clear, changed=tuple(r for r in results if leads(r)),
            steady=tuple(r for r in results if not leads(r)),
            findings=tuple(self.facts.findings) if self.clear else (), criticals=self._criticals(),
            steps=tuple(self.facts.steps), earlier=self._earlier(), files=self._files(),
            digest=digest_of(self.centre, self.facts), shown=shown_of(self.connection, patient, visit),
        )  # fmt: skip

    def _results(self) -> tuple[ResultRow, ...]:
        if not self.clear:
            return ()
        catalog = self.centre.dispatcher.content["catalog"]
        found = []
        for row in standing(self.facts.observations):
            before = [
                b for b in standing(self.facts.earlier.get(row.item, [])) if b.effective_at < row.effective_at
            ]
            found.append(result_row(row, before, catalog, self.person))
        return in_reading_order(found, catalog)

    def _criticals(self) -> tuple[Any, ...]:
        found = self._records(
            CriticalValue,
            CriticalValue.patient_id == self.facts.patient.id,
            CriticalValue.visit_id == self.facts.visit.id,
        )
        return tuple((row, critical_handling.label_of(row.state)) for row in found)

    def _earlier(self) -> tuple[Any, ...]:
        report, visit = Report.__table__, Visit.__table__
        rows = self.connection.execute(
            select(report, visit.c.visit_date)
            .join(visit, visit.c.id == report.c.visit_id)
            .where(
                of_person(self.connection, report.c.patient_id, self.facts.patient.id),
                visit.c.visit_date < self.facts.visit.visit_date,
            )
            .order_by(visit.c.visit_date.desc())
            .limit(MOST_EARLIER)
        ).all()
        return tuple(
            (r.visit_date, r.number, self._seen(r, Report, "conclusion"), self._seen(r, Report, "advice"))
            for r in rows
            if self.actor.sees(r.org_id)
        )

    def _files(self) -> tuple[Any, ...]:
        owners = [self.facts.visit.id, self.facts.report.id]
        rows = self._records(Attachment, Attachment.subject_id.in_(owners))
        removals = self._records(AttachmentRemoval, AttachmentRemoval.attachment_id.in_([r.id for r in rows]))
        gone = {r.attachment_id for r in removals}
        return tuple(sorted((r for r in rows if r.id not in gone), key=lambda r: (r.added_at, str(r.name))))

    def _records(self, kind: type[Record], *where: Any) -> list[Any]:
        return records(self.connection, self.actor, kind, *where)

    def _seen(self, row: Any, kind: type[Record], name: str) -> str:
        value = getattr(row, name)
        if value is None:
            return ""
        return str(masked(column_info(kind.__table__.c[name]), value, self.actor.clearance))


class Place(msgspec.Struct, frozen=True):
    """A sentence a remark may be about: its anchor and its words."""

    anchor: str
    words: str


def places(case: Case) -> list[Place]:
    """Return the sentences of a report that a remark may name, by the anchors the desk uses."""
    found = []
    for field, text in (("conclusion", case.conclusion), ("advice", case.advice)):
        start = 0
        for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            words = line.strip()
            if words:
                at = start + line.index(words[0])
                found.append(Place(f"{field}:{at}-{at + len(words)}", words))
            start += len(line) + 1
    return found
