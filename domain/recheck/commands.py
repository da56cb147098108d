"""Proposing rechecks from results, taking them up, booking them, and how they end."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from domain.checkup.intake import finding_sentence
from domain.checkup.records import Observation, ResultStatus
from domain.checkup.visit_commands import OpenVisit, VisitOpened, open_visit
from domain.followup.plan_records import Way
from domain.followup.task_commands import AddTask, add_task
from domain.followup.task_records import FollowTask
from domain.interop.one_person import of_person
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.recheck.records import RecheckAdvice
from domain.recheck.rules import RECHECK, RecheckRule, RecheckRules
from domain.recheck.workflow import recheck_life

HANDLE = "recheck.handle"
COUNTS = (ResultStatus.FINAL, ResultStatus.CORRECTED)
REMINDED_BEFORE = timedelta(days=3)
LEAST_SAID = 2
FURTHEST = timedelta(days=731)


@command("recheck.follow_results", "按结果提出再检建议", permission=None, place="internal")
class ProposeRechecks:
    """Results that arrived: what they ask for is proposed, what they answer is done."""

    observation_ids: list[Id] = ask("结果", kind=Kind.HIDDEN)


@handles(ProposeRechecks)
def propose(order: ProposeRechecks, work: UnitOfWork) -> int:
    """Return how many rechecks were proposed or ended; a result seen twice changes nothing."""
    rules: RecheckRules = work.content[RECHECK]
    changed = 0
    for observation_id in order.observation_ids:
        result = work.get(Observation, observation_id)
        if result is None or result.patient_id is None or result.status not in COUNTS:
            continue
        changed += _withdrawn(work, result) + _answered(work, result)
        if result.visit_id is None:
            continue
        rule = rules.rule_for(result.item, result.value_number, result.flag)
        if rule is not None:
            changed += _proposed(work, result, rule, rules.sources[rule.source])
    return changed


def _proposed(work: UnitOfWork, result: Observation, rule: RecheckRule, source: str) -> int:
    """Begin a recheck; two rules of one visit that ask for the same items are one, due by the earlier day."""
    made_id = stable_id("recheck", result.visit_id, "+".join(sorted(rule.items)))
    day = clinic(result.effective_at).date()
    first, last = (day + timedelta(days=days) for days in rule.days)
    said = finding_sentence(result.label, result.value_text, result.ucum, result.range_text)
    there = work.get(RecheckAdvice, made_id)
    if there is not None:
        if not recheck_life.allows(there.state, "finish") or last >= there.due_on:
            return 0
        there.due_on, there.from_on, there.rule, there.because = last, first, rule.id, said
        if there.state == "waiting":
            there.due_at = end_of(last)
        return 1
    made = RecheckAdvice(
        id=made_id, org_id=result.org_id, patient_id=result.patient_id, visit_id=result.visit_id,
        observation_id=result.id, rule=rule.id, item=rule.item, items=list(rule.items), title=rule.title,
        because=said, unverified=rule.status != "V", source=source, from_on=first, due_on=last,
        proposed_at=work.now,
    )  # fmt: skip
    work.start(recheck_life, made)
    made.due_at = end_of(last)
    work.add(made)
    return 1


def _answered(work: UnitOfWork, result: Observation) -> int:
    """End what waits for a result of this item and is of an earlier day."""
    day = clinic(result.effective_at).date()
    ended = 0
    for advice in _open_of(work, result.patient_id):
        if advice.item != result.item or advice.visit_id == result.visit_id:
            continue
        first = work.get(Observation, advice.observation_id)
        if first is not None and clinic(first.effective_at).date() >= day:
            continue
        said = finding_sentence(result.label, result.value_text, result.ucum, result.range_text)
        _end(work, advice, "finish", f"{day.isoformat()} {said}")
        ended += 1
    return ended


def _withdrawn(work: UnitOfWork, result: Observation) -> int:
    """End what stands on a result that this one takes the place of; it is proposed anew if it still asks for it."""
    if result.amends is None:
        return 0
    ended = 0
    for advice in _open_of(work, result.patient_id):
        if advice.observation_id != result.amends:
            continue
        rules: RecheckRules = work.content[RECHECK]
        if rules.rule_for(result.item, result.value_number, result.flag) is None:
            _end(work, advice, "withdraw", result.reason or "")
        else:
            advice.observation_id = result.id
        ended += 1
    return ended


def _open_of(work: UnitOfWork, patient_id: Id | None) -> list[RecheckAdvice]:
    if patient_id is None:
        return []
    wanted = select(RecheckAdvice).where(
        of_person(work.connection, RecheckAdvice.patient_id, patient_id),
        RecheckAdvice.state.in_(("waiting", "booked")),
    )
    return list(work.list(wanted))


def _end(work: UnitOfWork, advice: RecheckAdvice, move: str, outcome: str) -> None:
    work.move(recheck_life, advice, move)
    advice.outcome, advice.due_at = outcome.strip() or None, None


def end_of(day: date) -> datetime:
    """Return the moment a day of the clinic is over."""
    return datetime.combine(day + timedelta(days=1), time(), CLINIC_TIME)


@command("recheck.accept", "纳入随访", permission=HANDLE)
class AcceptRecheck:
    """Make it a follow-up task, which has an owner."""

    advice_id: Id = ask("再检建议", kind=Kind.HIDDEN)


@handles(AcceptRecheck)
def accept(order: AcceptRecheck, work: UnitOfWork) -> Id:
    """Return the id of the task, three days before the last day; a second time it is the same task.

    Raises:
        DomainError: ``recheck.ended`` for one that is over.
    """
    advice = _open(work, order.advice_id)
    if advice.task_id is not None:
        return advice.task_id
    at = datetime.combine(advice.due_on, time(9), CLINIC_TIME) - REMINDED_BEFORE
    if at <= work.now:
        at = datetime.combine(clinic(work.now).date() + timedelta(days=1), time(9), CLINIC_TIME)
    said = f"{advice.because}\n建议 {advice.from_on.isoformat()} 至 {advice.due_on.isoformat()} 再检"
    task_id: Id = add_task(
        AddTask(
            patient_id=advice.patient_id,
            title=f"再检：{advice.title}",
            way=Way.PHONE,
            planned_at=at,
            content=said,
        ),
        work,
    )
    advice.task_id = task_id
    task = work.require(FollowTask, task_id)
    advice.owner_name = task.owner_name
    return task_id


@command("recheck.book", "预约再检", permission=HANDLE)
class BookRecheck:
    """Register a checkup for the recheck: the desk finds client, package and items on that day."""

    advice_id: Id = ask("再检建议", kind=Kind.HIDDEN)
    day: date | None = ask("日期（不填为建议的最迟一天）", kind=Kind.DATE, default=None)
    package: str | None = ask("套餐（不填为再检项目）", default=None)


@handles(BookRecheck)
def book(order: BookRecheck, work: UnitOfWork) -> str:
    """Return the number of the checkup; another booking takes the place of the first.

    Raises:
        DomainError: ``recheck.ended``; ``recheck.day_past`` or ``recheck.day_far`` (``day``).
    """
    advice = _open(work, order.advice_id)
    today = clinic(work.now).date()
    day = order.day or max(advice.due_on, today)
    if day < today:
        raise DomainError("recheck.day_past", field="day", day=day.isoformat())
    if day > today + FURTHEST:
        raise DomainError("recheck.day_far", field="day", day=day.isoformat())
    package = (order.package or "").strip() or advice.title
    visit: VisitOpened = open_visit(
        OpenVisit(patient_id=advice.patient_id, visit_date=day, package=package), work
    )
    work.move(recheck_life, advice, "book")
    advice.booked_on, advice.booked_visit_id, advice.due_at = day, visit.visit_id, end_of(day)
    return visit.number


@command("recheck.refuse", "登记拒绝再检", permission=HANDLE)
class RefuseRecheck:
    """The client does not want it."""

    advice_id: Id = ask("再检建议", kind=Kind.HIDDEN)
    reason: str = ask("拒检原因与风险告知", kind=Kind.NOTE, max_length=1000)


@handles(RefuseRecheck)
def refuse_recheck(order: RefuseRecheck, work: UnitOfWork) -> None:
    """End it with the reason. Raises ``recheck.ended``; ``recheck.no_reason`` (``reason``)."""
    advice = _open(work, order.advice_id)
    if len(order.reason.strip()) < LEAST_SAID:
        raise DomainError("recheck.no_reason", field="reason")
    _end(work, advice, "refuse", order.reason)


@command("recheck.done_elsewhere", "登记外院再检结果", permission=HANDLE)
class DoneElsewhere:
    """It was checked again somewhere else: what was found."""

    advice_id: Id = ask("再检建议", kind=Kind.HIDDEN)
    result: str = ask("再检机构与结果", kind=Kind.NOTE, max_length=1000)


@handles(DoneElsewhere)
def done_elsewhere(order: DoneElsewhere, work: UnitOfWork) -> None:
    """End it with the result. Raises ``recheck.ended``; ``recheck.no_result`` (``result``)."""
    advice = _open(work, order.advice_id)
    if len(order.result.strip()) < LEAST_SAID:
        raise DomainError("recheck.no_result", field="result")
    _end(work, advice, "finish", order.result)


def _open(work: UnitOfWork, advice_id: Id) -> RecheckAdvice:
    advice = work.require(RecheckAdvice, advice_id, "advice_id")
    if not recheck_life.allows(advice.state, "finish"):
        raise DomainError("recheck.ended", field="advice_id", state=recheck_life.label_of(advice.state))
    return advice
