"""Values that research reads in place of recorded ones, must-haves of visits, reasons why something will not come."""

from typing import Any

from domain.catalog.lookup import Catalog
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.research.choosing import subject_of
from domain.research.completeness import gaps_of
from domain.research.export_commands import of_member
from domain.research.reading import ITEM, LAB, SCALE, TUBE, Reader, VisitValues
from domain.research.records import DataCorrection, DataExemption, DataNeed
from domain.studies.records import ProtocolVisit
from domain.studies.subject_records import SubjectVisit

CORRECT = "study.correct"


@command("study.correct_value", "更正科研数据", permission=CORRECT)
class CorrectValue:
    """Let research read another value than what was recorded; the record of care stays as it is."""

    subject_visit_id: Id = ask("研究访视", kind=Kind.HIDDEN)
    variable: str = ask("变量（如 lab.fasting_glucose，见数据字典）", max_length=200)
    corrected: str | None = ask("更正值（留空表示作为缺失）", default=None, max_length=4000)
    reason: str = ask("更正原因", kind=Kind.NOTE)


@handles(CorrectValue)
def correct_value(order: CorrectValue, work: UnitOfWork) -> Id:
    """Return the correction.

    Raises:
        DomainError: ``subject_visit.unknown``, ``study.not_member``; ``research.no_such_value`` (``variable``) where
            that visit has no such value; ``research.not_a_number`` (``corrected``); ``research.nothing_changed``.
    """
    visit, values = _values(work, order.subject_visit_id)
    recorded = recorded_value(values, order.variable)
    if recorded is None:
        raise DomainError("research.no_such_value", field="variable", value=order.variable, visit=visit.name)
    original, numeric = recorded
    if numeric and order.corrected is not None:
        _number(order.corrected)
    standing = values.corrections.get(order.variable, (None, original))[1]
    if _same(standing, order.corrected, numeric=numeric):
        raise DomainError("research.nothing_changed", field="corrected")
    return _keep(work, visit, values, order.variable, original, order.corrected, order.reason).id


@command("study.withdraw_correction", "撤回科研数据更正", permission=CORRECT)
class WithdrawCorrection:
    """Give the recorded value back to research."""

    data_correction_id: Id = ask("科研数据更正", kind=Kind.HIDDEN)
    reason: str = ask("撤回原因", kind=Kind.NOTE)


@handles(WithdrawCorrection)
def withdraw_correction(order: WithdrawCorrection, work: UnitOfWork) -> Id:
    """Return the withdrawal; ``research.not_corrected`` where the value is the recorded one already."""
    known = work.require(DataCorrection, order.data_correction_id, "data_correction_id")
    visit, values = _values(work, known.subject_visit_id)
    if known.variable not in values.corrections:
        raise DomainError("research.not_corrected", field="data_correction_id", variable=known.variable)
    return _keep(work, visit, values, known.variable, known.original, None, order.reason, withdrawn=True).id


@command("study.require_result", "设为必备变量", permission="study.design")
class RequireResult:
    """Name a result that a visit of the protocol must bring, and by when."""

    plan_id: Id = ask("方案访视", kind=Kind.HIDDEN)
    item: str = ask("检查项目名称或代码", max_length=60)
    within_days: int = ask("结果时限", kind=Kind.NUMBER, low=0, high=365, default=7, unit="d")


@handles(RequireResult)
def require_result(order: RequireResult, work: UnitOfWork) -> Id:
    """Return it; of a result that is a must-have already the time is changed. Raises ``study.criterion_item``."""
    plan = work.require(ProtocolVisit, order.plan_id, "plan_id")
    of_member(work, plan.study_id)
    catalog: Catalog = work.content["catalog"]
    item = catalog.observations.get(order.item) or catalog.find(order.item)
    if item is None:
        raise DomainError("study.criterion_item", field="item", item=order.item)
    known = work.find(DataNeed, plan_id=plan.id, variable=f"{LAB}.{item.key}")
    if known is None:
        known = work.add(
            DataNeed(
                org_id=plan.org_id, study_id=plan.study_id, plan_id=plan.id, variable=f"{LAB}.{item.key}",
                label=item.name, within_days=order.within_days,
            )
        )  # fmt: skip
    else:
        known.within_days, known.retired_at = order.within_days, None
    return known.id


@command("study.release_result", "取消必备变量", permission="study.design")
class ReleaseResult:
    """A result is a must-have no more."""

    data_need_id: Id = ask("必备变量", kind=Kind.HIDDEN)


@handles(ReleaseResult)
def release_result(order: ReleaseResult, work: UnitOfWork) -> None:
    """Retire it."""
    known = work.require(DataNeed, order.data_need_id, "data_need_id")
    of_member(work, known.study_id)
    known.retired_at = work.now


@command("study.exempt_missing", "登记缺失原因", permission=CORRECT)
class ExemptMissing:
    """Say why what a visit lacks will not come; one must-have, or all that is missing of it."""

    subject_visit_id: Id = ask("研究访视", kind=Kind.HIDDEN)
    variable: str | None = ask("变量（留空表示该访视的全部缺失项）", default=None, max_length=200)
    reason: str = ask("缺失原因", kind=Kind.NOTE)


@handles(ExemptMissing)
def exempt_missing(order: ExemptMissing, work: UnitOfWork) -> int:
    """Return how many must-haves were exempted; ``research.nothing_missing`` where nothing is."""
    visit = work.require(SubjectVisit, order.subject_visit_id, "subject_visit_id")
    of_member(work, visit.study_id)
    lacking = gaps_of(work.connection, work.now, [visit.id])[visit.id].lacking
    names = [name for name, _label in lacking if order.variable in (None, name)]
    if not names:
        raise DomainError("research.nothing_missing", field="variable", visit=visit.name)
    for name in names:
        work.add(
            DataExemption(
                org_id=visit.org_id, study_id=visit.study_id, subject_visit_id=visit.id, patient_id=visit.patient_id,
                variable=name, reason=order.reason, staff_id=work.actor.staff_id, staff_name=work.actor.name,
                noted_at=work.now,
            )
        )  # fmt: skip
    return len(names)


def recorded_value(values: VisitValues, variable: str) -> tuple[str | None, bool] | None:
    """Return what was recorded of a variable at a visit and whether it is a number; None where there is nothing."""
    part, _, name = variable.partition(".")
    if part == LAB and name in values.results:
        result = values.results[name]
        return (
            _plain(result.number) if result.number is not None else result.text
        ), result.number is not None
    if part == ITEM:
        return _answer(values, name)
    if part == SCALE:
        return _scale(values, name)
    if part == TUBE:
        tube, _, what = name.rpartition(".")
        found = next((one for one in values.tubes if one[0] == tube), None)
        if found is not None and what in ("expected", "collected"):
            return str(found[1] if what == "expected" else found[2]), True
    return None


def _answer(values: VisitValues, name: str) -> tuple[str | None, bool] | None:
    form, _, link_id = name.partition(".")
    response = next((one for one in values.responses if one.form == form), None)
    given = [] if response is None else response.answers.get(link_id, [])
    if not given:
        return None
    numeric = given[0][0] in ("Integer", "Decimal", "Quantity")
    return ";".join(_plain(value) for _kind, value in given), numeric


def _scale(values: VisitValues, name: str) -> tuple[str | None, bool] | None:
    scale, _, what = name.rpartition(".")
    for response in values.responses:
        for own, _version, _status, total, band in response.scales:
            if own == scale and what == "total" and total is not None:
                return _plain(total), True
            if own == scale and what == "band" and band:
                return band, False
    return None


def _values(work: UnitOfWork, visit_id: Id) -> tuple[SubjectVisit, VisitValues]:
    visit = work.require(SubjectVisit, visit_id, "subject_visit_id")
    of_member(work, visit.study_id)
    subject = subject_of(work.connection, visit.subject_id)
    read = Reader(work.connection, [visit.plan_id]).read([subject])
    return visit, next(one for one in read if one.id == visit.id)


def _keep(
    work: UnitOfWork, visit: SubjectVisit, values: VisitValues, variable: str, original: Any, corrected: str | None,
    reason: str, *, withdrawn: bool = False,
) -> DataCorrection:  # fmt: skip
    return work.add(
        DataCorrection(
            org_id=visit.org_id, study_id=visit.study_id, subject_id=visit.subject_id, subject_visit_id=visit.id,
            patient_id=visit.patient_id, number=values.subject.number, visit=visit.name, variable=variable,
            original=original, corrected=corrected, withdrawn=withdrawn, reason=reason, staff_id=work.actor.staff_id,
            staff_name=work.actor.name, corrected_at=work.now,
        )
    )  # fmt: skip


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise DomainError("research.not_a_number", field="corrected", value=text[:40]) from error
    if value != value or value in (float("inf"), float("-inf")):
        raise DomainError("research.not_a_number", field="corrected", value=text[:40])
    return value


def _same(standing: str | None, given: str | None, *, numeric: bool) -> bool:
    if standing is None or given is None or not numeric:
        return standing == given
    try:
        return float(standing) == _number(given)
    except ValueError:
        return False


def _plain(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
