"""Data of a study leaves: looked at first, on record before the first byte, its end after.

Consent is asked for each subject at that moment; who they are leaves only with a request somebody else approved.
"""

import dataclasses
import os
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from domain.consent.records import ConsentUse
from domain.kernel.clock import clinic
from domain.kernel.columns import Sensitivity
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.outgoing.commands import EndOutgoing, end_outgoing, note
from domain.outgoing.records import Destination, OutgoingKind, OutgoingResult
from domain.research.choosing import Choice, Chosen, choose, read_choice, study_of
from domain.research.privacy import SmallCells, small_cells
from domain.research.quality_records import SimilarPair, StudyData, VisitData
from domain.research.records import (
    DataKind,
    DateRule,
    ExportFormat,
    IdentifiedRequest,
    PseudonymKey,
    RequestState,
    StudyExport,
    StudyExportEnd,
)
from domain.studies.records import Study, StudyMember
from domain.studies.subject_records import OVERSEE, SubjectVisit
from domain.version import VERSION

EXPORT, IDENTIFY = "study.export", "study.identify"
USES = (ConsentUse.DATA, ConsentUse.SHARE)
VALID_DAYS = 30


@dataclasses.dataclass(frozen=True, slots=True)
class ExportPreview:
    """What would leave: who is in it, who is not and why, small groups, and what is doubtful of the data."""

    subjects: int
    left_out: dict[str, int]
    visits: int
    cells: SmallCells
    rate: float | None
    missing: int
    lacking_visits: int
    alike: int


@command("study.preview_export", "预览科研数据导出", permission=EXPORT)
class PreviewStudyExport:
    """Look at what an export would hold; nothing leaves and nothing is kept."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)
    choice: dict[str, Any] = ask("导出条件", kind=Kind.HIDDEN, default={})
    use: ConsentUse = ask("用途", kind=Kind.CHOICE, default=ConsentUse.DATA)


@handles(PreviewStudyExport)
def preview_export(order: PreviewStudyExport, work: UnitOfWork) -> ExportPreview:
    """Return it.

    Raises:
        DomainError: ``study.unknown``, ``study.not_member``, ``research.use``, and what `read_choice` refuses.
    """
    study = of_member(work, order.study_id)
    choice = read_choice(order.choice)
    chosen = _choose(work, study, choice, order.use)
    d, p = VisitData.__table__.c, SimilarPair.__table__.c
    missing = select(func.coalesce(func.sum(d.missing), 0), func.count()).where(
        d.study_id == study.id, d.missing > 0
    )
    alike = select(func.count()).where(p.study_id == study.id, p.standing == "open")
    lacking, visits = work.connection.execute(missing).one()
    rate = work.find(StudyData, study_id=study.id)
    return ExportPreview(
        len(chosen.subjects), chosen.left_out, _visits(work, study.id, chosen, choice), _cells(work, chosen),
        None if rate is None else rate.rate, int(lacking), visits, work.connection.execute(alike).scalar_one(),
    )  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class ExportBegun:
    """The record of an export and the number its files bear."""

    export_id: Id
    number: str


@command("study.export_data", "导出科研数据", permission=EXPORT)
class ExportStudyData:
    """Let a study's data go out as files; run before the first of them is written."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)
    choice: dict[str, Any] = ask("导出条件", kind=Kind.HIDDEN, default={})
    told: str = ask("条件说明", kind=Kind.HIDDEN, default="", max_length=1000)
    formats: list[str] = ask("文件格式", kind=Kind.HIDDEN, default=["xlsx"])
    use: ConsentUse = ask("用途", kind=Kind.CHOICE, default=ConsentUse.DATA)
    purpose: str = ask("导出目的", kind=Kind.NOTE, max_length=1000)
    identified: bool = ask("含身份信息", kind=Kind.CHOICE, default=False)


@handles(ExportStudyData)
def export_data(order: ExportStudyData, work: UnitOfWork) -> ExportBegun:
    """Return the record; consent is judged now, and again nowhere.

    Raises:
        DomainError: ``study.unknown``, ``study.not_member``; ``research.nobody`` (nobody's data may be used);
            ``research.formats``; ``research.miabis_specimens`` for a bundle of specimens without specimens;
            ``research.not_approved`` for who they are without an approved request of one's own;
            ``research.exact_days`` (days as they are) and ``research.free_text`` without it; ``research.clearance``.
    """
    study = of_member(work, order.study_id)
    choice = read_choice(order.choice)
    formats = [one for one in ExportFormat if one.value in order.formats]
    if not formats or len(formats) != len(set(order.formats)):
        raise DomainError("research.formats", field="formats")
    request = _approved(work, study) if order.identified else None
    if not order.identified and choice.dates is DateRule.EXACT:
        raise DomainError("research.exact_days", field="choice")
    if not order.identified and choice.free_text:
        raise DomainError("research.free_text", field="choice")
    if ExportFormat.MIABIS in formats and DataKind.SPECIMENS not in choice.kinds:
        raise DomainError("research.miabis_specimens", field="formats")
    chosen = _choose(work, study, choice, order.use)
    if not chosen.subjects:
        raise DomainError("research.nobody", field="choice", left_out=sum(chosen.left_out.values()))
    cells, visits = _cells(work, chosen), _visits(work, study.id, chosen, choice)
    # On record as every other list that leaves: what watches over exports sees it there, by its rows.
    noted = note(
        work, OutgoingKind.LIST, f"科研数据 {study.code}", visits, Destination.FILE, purpose=order.purpose,
        filters=(order.told or "全部")[:1000], columns="含身份信息" if order.identified else "去标识",
    )  # fmt: skip
    made = work.add(
        StudyExport(
            org_id=study.org_id, study_id=study.id, outgoing_id=noted.id, use=order.use, identified=order.identified,
            request_id=None if request is None else request.id, choice=choice.as_json(), told=order.told or "全部",
            formats=[one.value for one in formats], subjects=len(chosen.subjects), left_out=chosen.left_out,
            visits=visits, least_cell=cells.least, small_cells=cells.cells, in_small_cells=cells.people,
            purpose=order.purpose, program=VERSION, staff_id=work.actor.staff_id, staff_name=work.actor.name,
            started_at=work.now,
        )
    )  # fmt: skip
    _keep_secret(work, study)
    return ExportBegun(made.id, export_number(study.code, made.id))


@command("study.end_export", "科研数据导出结果", permission=EXPORT)
class EndStudyExport:
    """Say what became of an export of one's own."""

    export_id: Id = ask("科研数据导出", kind=Kind.HIDDEN)
    result: OutgoingResult = ask("结果", kind=Kind.CHOICE)
    tables: dict[str, Any] = ask("各表行数与摘要", kind=Kind.HIDDEN, default={})
    corrected: int = ask("含更正值", kind=Kind.HIDDEN, default=0, low=0)
    rows: int = ask("实际行数", kind=Kind.HIDDEN, default=0, low=0)
    detail: str | None = ask("说明", default=None)


@handles(EndStudyExport)
def end_export(order: EndStudyExport, work: UnitOfWork) -> Id:
    """Keep the end; ``outgoing.not_yours`` for what somebody else let go."""
    export = work.require(StudyExport, order.export_id, "export_id")
    end_outgoing(
        EndOutgoing(
            outgoing_id=export.outgoing_id, result=order.result, count=order.rows, detail=order.detail
        ),
        work,
    )
    return work.add(
        StudyExportEnd(
            org_id=export.org_id, export_id=export.id, study_id=export.study_id, result=order.result,
            tables=order.tables, corrected=order.corrected, ended_at=work.now,
        )
    ).id  # fmt: skip


@command("study.request_identified", "申请导出身份信息", permission=EXPORT)
class RequestIdentified:
    """Ask that data may leave with who the subjects are; a second person decides."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)
    reason: str = ask("用途与理由", kind=Kind.NOTE)
    approval: str = ask("伦理或管理部门批准文号", max_length=120)


@handles(RequestIdentified)
def request_identified(order: RequestIdentified, work: UnitOfWork) -> Id:
    """Return the request."""
    study = of_member(work, order.study_id)
    return work.add(
        IdentifiedRequest(
            org_id=study.org_id, study_id=study.id, reason=order.reason, approval=order.approval,
            asked_by=work.actor.staff_id, asked_name=work.actor.name, asked_at=work.now, state=RequestState.WAITING,
        )
    ).id  # fmt: skip


@command("study.decide_identified", "审批身份信息导出", permission=IDENTIFY)
class DecideIdentified:
    """Approve or refuse a request of somebody else."""

    identified_request_id: Id = ask("可识别数据申请", kind=Kind.HIDDEN)
    approve: bool = ask("同意", kind=Kind.CHOICE)
    valid_days: int = ask("有效天数", kind=Kind.NUMBER, low=1, high=365, default=VALID_DAYS, unit="d")
    remark: str | None = ask("审批意见", default=None, max_length=1000)


@handles(DecideIdentified)
def decide_identified(order: DecideIdentified, work: UnitOfWork) -> None:
    """Decide it.

    Raises:
        DomainError: ``identified_request.unknown``; ``research.decided`` already; ``research.own_request``;
            ``research.remark_missing`` for a refusal that says nothing.
    """
    request = work.require(IdentifiedRequest, order.identified_request_id, "identified_request_id")
    if request.state != RequestState.WAITING:
        raise DomainError("research.decided", field="identified_request_id")
    if request.asked_by == work.actor.staff_id:
        raise DomainError("research.own_request", field="identified_request_id")
    if not order.approve and not (order.remark or "").strip():
        raise DomainError("research.remark_missing", field="remark")
    request.state = RequestState.APPROVED if order.approve else RequestState.REFUSED
    request.decided_by, request.decided_name = work.actor.staff_id, work.actor.name
    request.decided_at, request.remark = work.now, order.remark
    request.valid_until = _today(work) + timedelta(days=order.valid_days) if order.approve else None


def of_member(work: UnitOfWork, study_id: Id) -> Any:
    """Return a study's row for one of its people.

    Raises:
        DomainError: ``study.unknown``; ``study.not_member``.
    """
    study = study_of(work.connection, study_id)
    member = select(StudyMember).where(
        StudyMember.study_id == study_id,
        StudyMember.staff_id == work.actor.staff_id,
        StudyMember.left_at.is_(None),
    )
    if work.actor.staff_id is not None and not work.actor.may(OVERSEE) and not work.list(member):
        raise DomainError("study.not_member", field="study_id", name=study.name)
    return study


def _choose(work: UnitOfWork, study: Any, choice: Choice, use: ConsentUse) -> Chosen:
    if use not in USES:
        raise DomainError("research.use", field="use")
    return choose(work.connection, work.actor, study.id, choice, use, work.now)


def _cells(work: UnitOfWork, chosen: Chosen) -> SmallCells:
    return small_cells(subject.cell(_today(work)) for subject in chosen.subjects)


def _visits(work: UnitOfWork, study_id: Id, chosen: Chosen, choice: Choice) -> int:
    """Return how many visits those subjects have of those wanted; days are looked at when they are read."""
    v = SubjectVisit.__table__.c
    inside = {subject.id for subject in chosen.subjects}
    query = select(v.subject_id, func.count()).where(
        v.study_id == study_id, v.plan_id.in_(list(chosen.plans))
    )
    return sum(count for own, count in work.connection.execute(query.group_by(v.subject_id)) if own in inside)


def _approved(work: UnitOfWork, study: Study) -> IdentifiedRequest:
    if work.actor.clearance < Sensitivity.SENSITIVE:
        raise DomainError("research.clearance", field="identified")
    query = select(IdentifiedRequest).where(
        IdentifiedRequest.study_id == study.id,
        IdentifiedRequest.asked_by == work.actor.staff_id,
        IdentifiedRequest.state == RequestState.APPROVED,
        IdentifiedRequest.valid_until >= _today(work),
    )
    found = work.list(query.order_by(IdentifiedRequest.id.desc()))
    if not found:
        raise DomainError("research.not_approved", field="identified")
    return found[0]


def export_number(code: str, export_id: Id) -> str:
    """Return the number that every file of an export bears."""
    return f"{code}-{export_id.hex[-12:].upper()}"


def _keep_secret(work: UnitOfWork, study: Study) -> None:
    """Make the study's secret at its first export; it leaves the store for no receipt."""
    own = stable_id("pseudonym_key", study.id)
    if work.get(PseudonymKey, own) is None:
        work.add(
            PseudonymKey(
                id=own, org_id=study.org_id, study_id=study.id, secret=os.urandom(32), made_at=work.now
            )
        )


def _today(work: UnitOfWork) -> date:
    return clinic(work.now).date()
