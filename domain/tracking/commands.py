"""What is done about an abnormal result: told, tried in vain, followed up, refused, referred."""

from datetime import date, datetime, time, timedelta

from domain.checkup.intake import finding_sentence
from domain.checkup.records import Finding, Observation
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.tracking.private_side import note_for_conversations
from domain.tracking.records import AbnormalTracking, TellingWay, TrackingGrade, TrackingOutcome, TrackingStep
from domain.tracking.workflow import FOLLOW_DAYS, NOTICE, tracking_life

HANDLE = "tracking.handle"
GRADES = {"A": TrackingGrade.HIGH, "B": TrackingGrade.IMPORTANT}
LEAST_SAID = 2
FURTHEST = timedelta(days=731)


@command("tracking.follow_findings", "追踪异常结果", permission=None, place="internal")
class TrackFindings:
    """Begin to track findings, and stop where a result was corrected; of the reader of the log alone."""

    finding_ids: list[Id] = ask("异常发现", kind=Kind.HIDDEN)
    amended_ids: list[Id] = ask("已更正结果", kind=Kind.HIDDEN)


@handles(TrackFindings)
def track_findings(order: TrackFindings, work: UnitOfWork) -> int:
    """Return how many trackings were begun or stopped; what is tracked already stays as it is."""
    changed = 0
    for finding_id in order.finding_ids:
        finding = work.get(Finding, finding_id)
        if finding is None or work.get(AbnormalTracking, tracking_id(finding_id)) is not None:
            continue
        grade = GRADES.get(finding.important_class, TrackingGrade.GENERAL)
        _begin(
            work, tracking_id(finding_id), finding.org_id, finding.patient_id, finding.observation_id, grade,
            finding.sentence, finding.found_at, visit_id=finding.visit_id, finding_id=finding.id,
        )  # fmt: skip
        changed += 1
    for observation_id in order.amended_ids:
        tracking = work.get(AbnormalTracking, tracking_id(stable_id("finding", observation_id)))
        if tracking is not None and tracking_life.allows(tracking.state, "withdraw"):
            work.move(tracking_life, tracking, "withdraw")
            tracking.due_at = None
            _step(work, tracking, "withdrawn")
            changed += 1
    return changed


def tracking_id(finding_id: Id) -> Id:
    """Return the id of the tracking of a finding, the same wherever it is begun."""
    return stable_id("tracking", finding_id)


@command("tracking.add", "纳入追踪", permission=HANDLE)
class TrackResult:
    """Track a result that has no class of its own."""

    observation_id: Id = ask("结果", kind=Kind.HIDDEN)
    reason: str = ask("纳入原因", kind=Kind.NOTE)


@handles(TrackResult)
def track_result(order: TrackResult, work: UnitOfWork) -> Id:
    """Return the id of the tracking.

    Raises:
        DomainError: ``tracking.exists`` if the result is tracked already; ``tracking.no_client`` for a result whose
            person is not known yet.
    """
    result = work.require(Observation, order.observation_id, "observation_id")
    if work.find(AbnormalTracking, observation_id=result.id) is not None:
        raise DomainError("tracking.exists", field="observation_id", label=result.label)
    if result.patient_id is None:
        raise DomainError("tracking.no_client", field="observation_id", label=result.label)
    said = finding_sentence(result.label, result.value_text, result.ucum, result.range_text)
    made = _begin(
        work, stable_id("tracking", result.id), result.org_id, result.patient_id, result.id,
        TrackingGrade.GENERAL, said, work.now, visit_id=result.visit_id, note=order.reason,
    )  # fmt: skip
    return made.id


@command("tracking.tell", "登记通知", permission=HANDLE)
class TellClient:
    """The client has been told and knows; when to follow up is said at once."""

    tracking_id: Id = ask("异常结果追踪", kind=Kind.HIDDEN)
    way: TellingWay = ask("通知方式", kind=Kind.CHOICE)
    known_by: str = ask("知晓确认（客户复述、回执或签收）", kind=Kind.NOTE, max_length=1000)
    follow_on: date | None = ask("应随访日期", kind=Kind.DATE, default=None)


@handles(TellClient)
def tell_client(order: TellClient, work: UnitOfWork) -> date:
    """Return the day of the follow-up; without one given it is that of the grade.

    Raises:
        DomainError: ``tracking.not_proven`` (``known_by``): what shows that the client knows is missing;
            ``tracking.day_past`` or ``tracking.day_far`` (``follow_on``); ``abnormal_tracking.wrong_state``.
    """
    tracking = work.require(AbnormalTracking, order.tracking_id, "tracking_id")
    if len(order.known_by.strip()) < LEAST_SAID:
        raise DomainError("tracking.not_proven", field="known_by")
    day = _day(order.follow_on, work) or clinic(work.now).date() + timedelta(days=FOLLOW_DAYS[tracking.grade])
    work.move(tracking_life, tracking, "tell")
    tracking.told_at, tracking.told_way, tracking.known_by = work.now, order.way, order.known_by.strip()
    tracking.follow_on, tracking.due_at = day, _end_of(day)
    _step(work, tracking, "told", order.way, order.known_by.strip())
    return day


@command("tracking.not_reached", "登记未联系上", permission=HANDLE)
class NotReached:
    """Somebody tried in vain; the clock goes on."""

    tracking_id: Id = ask("异常结果追踪", kind=Kind.HIDDEN)
    way: TellingWay = ask("联系方式", kind=Kind.CHOICE)
    note: str = ask("情况", kind=Kind.NOTE)


@handles(NotReached)
def not_reached(order: NotReached, work: UnitOfWork) -> int:
    """Return how often it was tried.

    Raises:
        DomainError: ``tracking.ended`` where there is nothing to reach anybody for.
    """
    tracking = _open(work, order.tracking_id)
    tracking.tries += 1
    _step(work, tracking, "not_reached", order.way, order.note)
    return tracking.tries


@command("tracking.follow_up", "登记随访结果", permission=HANDLE)
class FollowUp:
    """What a follow-up found; with another day it goes on, else it is the end."""

    tracking_id: Id = ask("异常结果追踪", kind=Kind.HIDDEN)
    outcome: TrackingOutcome = ask("随访结果", kind=Kind.CHOICE)
    note: str = ask("随访记录", kind=Kind.NOTE)
    again_on: date | None = ask("再次随访日期", kind=Kind.DATE, default=None)


@handles(FollowUp)
def follow_up(order: FollowUp, work: UnitOfWork) -> None:
    """Keep what was found.

    Raises:
        DomainError: ``tracking.not_told`` before the client was told; ``tracking.again_missing`` (``again_on``) for a
            client who was not reached or got worse: that is no end; ``tracking.day_past``, ``tracking.day_far``.
    """
    tracking = _open(work, order.tracking_id)
    if tracking.state != "follow":
        raise DomainError("tracking.not_told", field="tracking_id")
    again = _day(order.again_on, work, "again_on")
    if again is None and order.outcome in (TrackingOutcome.NOT_REACHED, TrackingOutcome.WORSE):
        raise DomainError("tracking.again_missing", field="again_on")
    if order.outcome is TrackingOutcome.NOT_REACHED:
        tracking.tries += 1
    else:
        tracking.followed_at, tracking.outcome = work.now, order.outcome
    tracking.note = order.note
    if again is None:
        work.move(tracking_life, tracking, "end")
        tracking.due_at = None
    else:
        tracking.follow_on, tracking.due_at = again, _end_of(again)
    _step(work, tracking, "followed", note=order.note)


@command("tracking.refuse", "登记客户拒绝", permission=HANDLE)
class RefuseTracking:
    """The client does not want to hear more of it."""

    tracking_id: Id = ask("异常结果追踪", kind=Kind.HIDDEN)
    note: str = ask("拒绝情况与风险告知", kind=Kind.NOTE)


@handles(RefuseTracking)
def refuse(order: RefuseTracking, work: UnitOfWork) -> None:
    """End it with what was said. Raises ``abnormal_tracking.wrong_state``."""
    _end(work, order.tracking_id, "refuse", "refused", order.note)


@command("tracking.refer", "登记转诊", permission=HANDLE)
class ReferTracking:
    """The client was sent on."""

    tracking_id: Id = ask("异常结果追踪", kind=Kind.HIDDEN)
    note: str = ask("转往机构与科室", kind=Kind.NOTE)


@handles(ReferTracking)
def refer(order: ReferTracking, work: UnitOfWork) -> None:
    """End it with where to. Raises ``abnormal_tracking.wrong_state``."""
    _end(work, order.tracking_id, "refer", "referred", order.note)


def _begin(
    work: UnitOfWork, made_id: Id, org_id: Id, patient_id: Id, observation_id: Id, grade: TrackingGrade,
    sentence: str, found_at: datetime, *, visit_id: Id | None = None, finding_id: Id | None = None,
    note: str | None = None,
) -> AbnormalTracking:  # fmt: skip
    made = AbnormalTracking(
        id=made_id, org_id=org_id, patient_id=patient_id, visit_id=visit_id, finding_id=finding_id,
        observation_id=observation_id, grade=grade, sentence=sentence, found_at=found_at, tries=0,
    )  # fmt: skip
    tracking_life.enter(made, NOTICE[grade], found_at)
    work.add(made)
    _step(work, made, "begun", note=note)
    return made


def _open(work: UnitOfWork, wanted: Id) -> AbnormalTracking:
    tracking = work.require(AbnormalTracking, wanted, "tracking_id")
    if not tracking_life.allows(tracking.state, "refuse"):
        raise DomainError(
            "tracking.ended", field="tracking_id", state=tracking_life.states[tracking.state].label
        )
    return tracking


def _end(work: UnitOfWork, wanted: Id, move: str, kind: str, note: str) -> None:
    tracking = work.require(AbnormalTracking, wanted, "tracking_id")
    work.move(tracking_life, tracking, move)
    tracking.note, tracking.due_at = note, None
    _step(work, tracking, kind, note=note)


def _day(day: date | None, work: UnitOfWork, field: str = "follow_on") -> date | None:
    today = clinic(work.now).date()
    if day is not None and day < today:
        raise DomainError("tracking.day_past", field=field, day=day.isoformat())
    if day is not None and day > today + FURTHEST:
        raise DomainError("tracking.day_far", field=field, day=day.isoformat())
    return day


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), CLINIC_TIME)


def _step(
    work: UnitOfWork,
    tracking: AbnormalTracking,
    kind: str,
    way: TellingWay | None = None,
    note: str | None = None,
) -> None:
    work.add(
        TrackingStep(
            org_id=tracking.org_id, tracking_id=tracking.id, patient_id=tracking.patient_id, kind=kind, at=work.now,
            staff_id=work.actor.staff_id, staff_name=work.actor.name, way=way, note=note,
        )
    )  # fmt: skip
    note_for_conversations(work, tracking, kind, way)
