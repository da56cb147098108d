"""Reading a case from the store: one steady view of it, scoped and masked for who looks. Never on the UI thread."""

import dataclasses
from typing import Any

from sqlalchemy import Connection, select

from client.stations.review.anchors import Anchor, moved, parse_anchor, plain_lines
from client.stations.review.answers import answer_rows
from client.stations.review.case import (
    UNWRITTEN,
    Case,
    CaseKey,
    CriticalRow,
    EarlierReport,
    StepRow,
    Version,
)
from client.stations.review.case_rows import read_rows
from client.stations.review.files import attachment_rows
from client.stations.review.proposals import proposals_for, rule_conditions
from domain.checkup.compared import ResultRow, in_reading_order, result_row
from domain.checkup.intake import Person
from domain.checkup.records import (
    Attachment,
    AttachmentRemoval,
    CriticalValue,
    QuestionnaireResponse,
    Report,
    ReportRevision,
    ReviewAction,
    Visit,
)
from domain.checkup.report_content import (
    ReportFacts,
    disputes_of_visit,
    read_facts,
    report_content,
    standing,
)
from domain.checkup.scheme import scheme_of
from domain.checkup.workflow import critical_handling, report_review
from domain.interop.one_person import of_person
from domain.kernel.authority import Actor
from domain.kernel.canonical import content_digest
from domain.kernel.columns import Sensitivity
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.masking import masked
from domain.kernel.record import Record, column_info
from domain.kernel.worklists import records
from domain.linting.case import Facts
from domain.linting.definitions import LINTING
from domain.linting.reading import facts_of
from domain.people.records import Patient, Sex, Staff
from domain.reviewing.records import ReviewTask
from domain.reviewing.workflow import OPEN

MOST_EARLIER = 12


def read_case(desk: Any, actor: Actor, key: CaseKey) -> Case:
    """Return a case.

    Raises:
        DomainError: ``report.unknown`` or ``visit.unknown``: not in the store, or not within the actor's scope.
    """
    with desk.store.read() as connection:
        facts = read_rows(connection, key)
        if facts is None or not actor.sees(facts.visit.org_id):
            raise DomainError(f"{key.kind}.unknown", value=str(key.id))
        return _Reader(desk, actor, connection, facts, key).case()


def digest_of(desk: Any, report_id: Id) -> str:
    """Return the digest of a report's content as it stands now; empty if there is no such report."""
    with desk.store.read() as connection:
        facts = read_facts(connection, report_id)
    return "" if facts is None else _digest(facts, desk)


def _digest(facts: ReportFacts, desk: Any) -> str:
    # The time of issue is no part of what was shown, so any fixed moment serves.
    return content_digest(
        report_content(facts, desk.dispatcher.content["catalog"], at=facts.visit.state_since)
    )


class _Reader:
    """Turns the rows of one case into what is shown."""

    def __init__(
        self, desk: Any, actor: Actor, connection: Connection, facts: ReportFacts, key: CaseKey
    ) -> None:
        self.desk, self.actor, self.connection, self.facts, self.key = desk, actor, connection, facts, key
        self.catalog = desk.dispatcher.content["catalog"]
        self.clear = actor.clearance >= Sensitivity.SENSITIVE
        patient = facts.patient
        self.person = Person(patient.id, Sex(patient.sex), patient.birth_date)

    def case(self) -> Case:
        report, visit, patient = self.facts.report, self.facts.visit, self.facts.patient
        results = self._results()
        steps = self._steps()
        content = report_content(self.facts, self.catalog, at=visit.state_since)
        return Case(
            key=self.key if report.id is None else CaseKey("report", report.id),
            report_id=report.id,
            visit_id=visit.id,
            patient_id=patient.id,
            number=report.number,
            state=report.state,
            state_label=self._state_label(report.state),
            urgency=report.urgency,
            due_at=report.due_at,
            revision=report.revision,
            returns=report.returns,
            own_work=report.author_id is not None and report.author_id == self.actor.staff_id,
            name=self._seen(patient, Patient, "name"),
            sex=str(patient.sex),
            age=self.person.age_on(visit.visit_date)
            if self._seen(patient, Patient, "birth_date") != "***"
            else None,
            patient_number=patient.number,
            allergy=self._seen(patient, Patient, "allergy"),
            disputes=disputes_of_visit(self.connection, self.actor.clearance, patient.id, visit.id),
            visit_number=visit.number,
            visit_day=visit.visit_date,
            package=visit.package or "",
            branch=self.facts.organization.name if self.facts.organization else "",
            conclusion=plain_lines(self._seen(report, Report, "conclusion")),
            advice=plain_lines(self._seen(report, Report, "advice")),
            digest=content_digest(content) if report.id is not None else "",
            document_sha256=report.document_sha256 or "",
            issued_at=report.issued_at,
            clear=self.clear,
            results=results,
            proposals=self._proposals(content["findings"], results) if self.clear else (),
            criticals=self._criticals(),
            steps=steps,
            earlier=self._earlier(),
            attachments=self._attachments(),
            answers=self._answers(),
            remark=self._standing_remark(report, steps),
            versions=self._versions() if self.clear else (),
            task=self._task(report),
            facts=self._facts() if self.clear else None,
            levels=scheme_of(self.connection, visit.org_id).levels,
        )

    def _facts(self) -> Facts:
        facts, rules = self.facts, self.desk.dispatcher.content[LINTING]
        return facts_of(self.connection, facts.patient, facts.visit, self.catalog, rules, facts.observations)

    def _results(self) -> tuple[ResultRow, ...]:
        mine = standing(self.facts.observations)
        started = {r.item: r.effective_at for r in mine}
        rows = []
        for row in mine:
            before = [
                b
                for b in standing(self.facts.earlier.get(row.item, []))
                if b.effective_at < started[row.item]
            ]
            rows.append(result_row(row, before, self.catalog, self.person))
        if not self.clear:
            rows = [_hidden(r) for r in rows]
        return in_reading_order(rows, self.catalog)

    def _proposals(self, findings: list[dict[str, Any]], rows: tuple[ResultRow, ...]) -> Any:
        conditions = [rule_conditions((f.get("rule") or {}).get("id", ""), self.catalog) for f in findings]
        also = self.desk.dispatcher.content[LINTING].also
        return proposals_for(findings, conditions, rows, self.catalog, self.desk.texts.say, also)

    def _criticals(self) -> tuple[CriticalRow, ...]:
        found = self._records(
            CriticalValue,
            CriticalValue.patient_id == self.facts.patient.id,  # this column has an index, the visit has none
            CriticalValue.visit_id == self.facts.visit.id,
        )
        return tuple(
            CriticalRow(
                c.id, c.label, c.value_text, c.level, c.state, critical_handling.label_of(c.state), c.due_at,
                c.read_back or "", c.outcome or "", bool(c.unverified),
            )
            for c in sorted(found, key=lambda c: (c.level, c.label))
        )  # fmt: skip

    def _steps(self) -> tuple[StepRow, ...]:
        if self.facts.report.id is None:
            return ()
        texts = self._revisions()
        found = []
        for step in self.facts.steps:
            anchor = parse_anchor(step.anchor)
            written = texts.get(step.revision, {})
            text = written.get(anchor.field, "") if anchor else ""
            quoted = text[anchor.start : anchor.end] if anchor and self.clear else ""
            found.append(
                StepRow(
                    self._state_label(step.level), str(step.action), step.staff_name, step.staff_title or "",
                    step.acted_at, step.revision, step.remark or "", anchor, quoted,
                )
            )  # fmt: skip
        return tuple(found)

    def _standing_remark(self, report: Any, steps: tuple[StepRow, ...]) -> StepRow | None:
        """Return the remark a returned report came back with, its place moved along with changes made since."""
        last = next((s for s in reversed(steps) if s.action == ReviewAction.RETURN), None)
        if report.state != "returned" or last is None or last.anchor is None:
            return last if report.state == "returned" else None
        then = self._revisions().get(last.revision, {}).get(last.anchor.field, "")
        now = plain_lines(report.conclusion if last.anchor.field == "conclusion" else report.advice)
        return dataclasses.replace(
            last, anchor=moved(last.anchor, then, now) if then else _within(last.anchor, now)
        )

    def _revisions(self) -> dict[int, dict[str, str]]:
        table = ReportRevision.__table__
        rows = self.connection.execute(select(table).where(table.c.report_id == self.facts.report.id)).all()
        return {
            r.revision: {"conclusion": plain_lines(r.conclusion), "advice": plain_lines(r.advice)}
            for r in rows
        }

    def _versions(self) -> tuple[Version, ...]:
        table, staff = ReportRevision.__table__, Staff.__table__
        query = (
            select(table, staff.c.name)
            .outerjoin(staff, staff.c.id == table.c.author_id)
            .where(table.c.report_id == self.facts.report.id)
            .order_by(table.c.revision)
        )
        return tuple(
            Version(r.revision, r.written_at, r.name or "", plain_lines(r.conclusion), plain_lines(r.advice))
            for r in self.connection.execute(query).all()
        )

    def _task(self, report: Any) -> str:
        task = ReviewTask.__table__.c
        here = (task.report_id == report.id, task.level == report.state, task.state.in_(OPEN))
        return str(self.connection.execute(select(task.owner_name).where(*here).limit(1)).scalar() or "")

    def _earlier(self) -> tuple[EarlierReport, ...]:
        report, visit = Report.__table__, Visit.__table__
        query = (
            select(report, visit.c.visit_date)
            .join(visit, visit.c.id == report.c.visit_id)
            .where(
                of_person(self.connection, report.c.patient_id, self.facts.patient.id),
                visit.c.visit_date < self.facts.visit.visit_date,
            )
            .order_by(visit.c.visit_date.desc())
            .limit(MOST_EARLIER)
        )
        return tuple(
            EarlierReport(
                r.visit_date, r.number, self._state_label(r.state),
                self._seen(r, Report, "conclusion"), self._seen(r, Report, "advice"),
            )
            for r in self.connection.execute(query).all()
            if self.actor.sees(r.org_id)
        )  # fmt: skip

    def _attachments(self) -> Any:
        owners = [i for i in (self.facts.visit.id, self.facts.report.id) if i is not None]
        rows = self._records(Attachment, Attachment.subject_id.in_(owners))
        ids = [row.id for row in rows]
        gone = {
            r.attachment_id
            for r in self._records(AttachmentRemoval, AttachmentRemoval.attachment_id.in_(ids))
        }
        rows = [row for row in rows if row.id not in gone]
        return attachment_rows(self.connection, sorted(rows, key=lambda r: r.added_at), self.desk.blobs)

    def _answers(self) -> Any:
        rows = self._records(QuestionnaireResponse, QuestionnaireResponse.visit_id == self.facts.visit.id)
        if not self.clear:
            return ()
        return answer_rows(sorted(rows, key=lambda r: r.authored_at), self.desk.texts.say)

    def _records(self, kind: type[Record], *where: Any) -> list[Any]:
        return records(self.connection, self.actor, kind, *where)

    def _seen(self, row: Any, kind: type[Record], name: str) -> str:
        value = getattr(row, name)
        if value is None:
            return ""
        return str(masked(column_info(kind.__table__.c[name]), value, self.actor.clearance))

    def _state_label(self, state: str) -> str:
        return (
            self.desk.texts.say("review.state.unwritten")
            if state == UNWRITTEN
            else report_review.label_of(state)
        )


def _within(anchor: Anchor, text: str) -> Anchor | None:
    return anchor if anchor.end <= len(text) else None


def _hidden(row: ResultRow) -> ResultRow:
    """Return a result as somebody without clearance sees it: that there is one, not what it is."""
    return ResultRow(row.item, row.label, row.group, "***", "", "", "")
