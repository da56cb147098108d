"""Cases of rules that look at more than one record: series, what has not come, what is unlike the past."""

import uuid
from datetime import date, timedelta

from sqlalchemy import select

from domain.alerts.commands import HandleAlert, TakeAlert
from domain.alerts.engine_commands import OpenAlert
from domain.alerts.heart_commands import NoteHearts, Pulse
from domain.alerts.records import Severity
from domain.biobank.commands import CollectSpecimen, NoteLabelPrint, PlanSpecimen
from domain.biobank.duplicate_commands import ClearDuplicate, ReportDuplicate
from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.checkup.form_commands import AnswerForm, CorrectForm
from domain.checkup.records import QuestionnaireResponse, Report, Visit
from domain.checkup.report_commands import ReturnReport, SubmitReport
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.conversations.commands import CloseConversation, ReceiveMessage
from domain.conversations.hours_commands import SetAnswerHours
from domain.conversations.keeping import conversation_id
from domain.conversations.records import ConversationKind
from domain.kernel.authority import system_actor
from domain.kernel.unit_of_work import UnitOfWork
from domain.labels.queue_commands import VerifyLabel
from domain.messaging.records import Category, Channel, ChannelState, OutboxMessage
from domain.outgoing.commands import ExportList
from domain.people.records import Organization, OrganizationKind, Staff
from domain.people.staff_commands import SignIn
from domain.tracking.records import AbnormalTracking, TrackingGrade
from tests.readers.alert_cases import DAY, HOUR, Case, steps
from tests.scales.answering import least
from tests.scales.conftest import SCALES

MONTH = timedelta(days=30)


def series(item, unit, *values):
    """Values of one client, a month apart; the last of them now."""

    def run(world):
        visit_id = world.series_visit = getattr(world, "series_visit", None) or world.new_visit()
        for place, value in enumerate(values):
            if place:
                world.desk.clock.advance(MONTH)
            order = RecordMeasurement(visit_id=visit_id, values=[Measured(item=item, value=value, unit=unit)])
            world.desk.run(order, world.nurse)

    return run


def account(world, login="zhao", staff_id=None):
    """An account at the branch, with no password that anybody could guess."""
    now = world.desk.clock()
    with world.desk.store.write() as connection:
        work = UnitOfWork(connection, world.head, now=now, new_id=world.desk.ids)
        work.add(
            Staff(id=staff_id, login=login, name="赵工", role="nurse", password_hash="x", password_set_at=now)
        )
        work.commit_entry("test.account", txn_id=world.desk.ids())
        work.close()


def hearts(*, beats):
    """The watch over another workstation's engine writes what it saw."""

    def run(world):
        actor = system_actor(world.nurse.org_id, world.desk.ids())
        actor = world.heart = getattr(world, "heart", actor)
        world.desk.run(NoteHearts(pulses=[Pulse("engine", "前台一号", beats, world.desk.clock())]), actor)

    return run


def signs_in(*, last_hours):
    """Twenty mornings at one workstation, then once more `last_hours` after the last of them."""

    def run(world):
        account(world)
        actor = system_actor(world.nurse.org_id, world.nurse.device_id)
        for day in range(21):
            if day:
                world.desk.clock.advance(DAY if day < 20 else timedelta(hours=last_hours))
            world.desk.run(SignIn(login="zhao", verified=True), actor)

    return run


def exports(*counts):
    def run(world):
        account(world, staff_id=world.head.staff_id)
        for rows in counts:
            order = ExportList(listing="alert.trail", columns=["kind"], rows=rows)
            world.desk.run(order, world.head)

    return run


def answers(left_out):
    def run(world):
        given = dict(list(least(SCALES["gad7"]).items())[left_out:])
        order = AnswerForm(visit_id=world.new_visit(), form="gad7", form_version="1.0.0", answers=given)
        world.desk.run(order, world.nurse)

    return run


def corrects(world):
    order = CorrectForm(
        response_id=world.one(QuestionnaireResponse).id, answers=least(SCALES["gad7"]), reason="补填漏项"
    )
    world.desk.run(order, world.nurse)


def plans_tube(world):
    plan = PlanSpecimen(
        visit_id=world.new_visit(), type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR
    )
    world.number = world.desk.run(plan, world.nurse).receipt.number


def collects_tube(world):
    world.desk.run(CollectSpecimen(number=world.number), world.nurse)


def prints(result):
    def run(world):
        order = NoteLabelPrint(
            number=world.number, printer="标签机一", template="tube", content_sha256="0" * 64, result=result
        )
        world.desk.run(order, world.nurse)

    return run


def reads_back(world):
    world.desk.run(VerifyLabel(number=world.number), world.nurse)


def scans_another(world):
    """The label of a second tube is scanned where that of the first was expected."""
    plans_tube(world)
    first = world.number
    plans_tube(world)
    world.desk.run(VerifyLabel(number=world.number, expected=first), world.nurse)
    world.number = first


def second_tube(world):
    world.collect()
    world.desk.run(ReportDuplicate(number=world.number), world.technician)


def found_out(world):
    world.desk.run(ClearDuplicate(number=world.number, note="第二管已换码"), world.head)


def both(*parts):
    def run(world):
        for part in parts:
            part(world)

    return run


def becomes(kind, **values):
    """Values that it takes many steps, or another desk, to reach by commands."""

    def run(world):
        with world.desk.store.write() as connection:
            work = UnitOfWork(connection, world.head, now=world.desk.clock(), new_id=world.desk.ids)
            record = work.require(kind, connection.execute(select(kind.id)).scalar())
            for name, value in values.items():
                setattr(record, name, value)
            work.commit_entry("test.become", txn_id=world.desk.ids())
            work.close()

    return run


def reaches(kind, state):
    return becomes(kind, state=state)


def scored(points):
    """A report whose text was handed in and scored so many points."""
    return both(lambda world: world.write(), becomes(Report, quality=points))


def sent_back(times):
    def run(world):
        for step in ("write", "submit", "pass_first"):
            getattr(world, step)()
        for time in range(times):
            if time:
                world.report(SubmitReport, world.doctor)
            world.report(ReturnReport, world.chief, remark="请写明分级")

    return run


def waiting(count, *, taken):
    """So many alerts told to nurses; the nurse takes them all, or nobody does."""

    def run(world):
        account(world, "sun", world.nurse.staff_id)
        place(world)
        for number in range(count):
            own = uuid.UUID(int=0x5000 + number)
            order = OpenAlert(
                alert_id=own, rule="A-700", rule_version=1, name="x", org_id=world.nurse.org_id, subject="visit",
                subject_id=own, summary="x", facts={}, severity=Severity.GENERAL, receivers=["nurse"],
                opened_at=world.desk.clock(),
            )  # fmt: skip
            world.desk.run(order, system_actor(world.nurse.org_id, world.nurse.device_id))
            if taken:
                world.desk.run(TakeAlert(alert_id=own), world.nurse)

    return run


def place(world):
    """The organisation itself, which these stores do without."""
    with world.desk.store.write() as connection:
        work = UnitOfWork(connection, world.head, now=world.desk.clock(), new_id=world.desk.ids)
        own = world.nurse.org_id
        work.add(Organization(id=own, org_id=own, code="b1", name="城东分院", kind=OrganizationKind.BRANCH))
        work.commit_entry("test.place", txn_id=world.desk.ids())
        work.close()


def one_less(world):
    world.desk.run(HandleAlert(alert_id=uuid.UUID(int=0x5000), note="已处理"), world.nurse)


def keeps(kind, *, due=None, **base):
    """Return a function of values: a step that puts the one record of a kind into the store, or changes it so."""

    def having(**values):
        def run(world):
            with world.desk.store.write() as connection:
                work = UnitOfWork(connection, world.head, now=world.desk.clock(), new_id=world.desk.ids)
                found = connection.execute(select(kind.id)).scalar()
                if found is None:
                    times = {
                        n: world.desk.clock()
                        for n in TIMES & set(kind.__table__.columns.keys()) - base.keys()
                    }
                    if due is not None:
                        times["due_at"] = world.desk.clock() + due
                    work.add(kind(**{**times, **base, **values}))
                else:
                    for name, value in values.items():
                        setattr(work.require(kind, found), name, value)
                work.commit_entry("test.keep", txn_id=world.desk.ids())
                work.close()

        return run

    return having


TIMES = {"found_at", "queued_at", "expires_at", "send_at", "state_since", "paused_at", "checked_at"}
FOUND = {
    "patient_id": uuid.UUID(int=1), "observation_id": uuid.UUID(int=2), "grade": TrackingGrade.HIGH, "sentence": "x",
    "follow_on": date(2026, 12, 23),
}  # fmt: skip
untold = keeps(AbnormalTracking, due=DAY, **FOUND)
unfollowed = keeps(AbnormalTracking, due=30 * DAY, **FOUND)
ended = unfollowed(state="ended")
private = keeps(
    ChannelState,
    channel=Channel.OFFICIAL_ACCOUNT,
    account="oa",
    detail="invalid key",
    failures=3,
    day="2026-11-23",
)
channel = keeps(
    ChannelState, channel=Channel.SMS, account="a", detail="invalid key", failures=3, day="2026-11-23"
)
message = keeps(
    OutboxMessage, channel=Channel.SMS, category=Category.REMINDER, template="t", title="复查提醒", text="x",
    patient_id=uuid.UUID(int=1), state="sent",
)  # fmt: skip


HALF_AN_HOUR = HOUR / 2


def hears(kind):
    """A client asks something; nobody answers."""

    def run(world):
        order = ReceiveMessage(
            channel=Channel.OFFICIAL_ACCOUNT, account="oa", peer="oZhou", key="m1", org_id=world.nurse.org_id,
            text="您好", at=world.desk.clock(), kind=kind,
        )  # fmt: skip
        world.desk.run(order, system_actor(world.nurse.org_id, world.nurse.device_id))

    return run


def sets_hours(**days):
    """The place answers in these spans only."""

    def run(world):
        given = dict.fromkeys(("monday", "tuesday"), "08:00-12:00 13:30-17:30") | days
        world.desk.run(SetAnswerHours(reason="作息", **given), world.head)

    return run


def closes_conversation(world):
    here = conversation_id(Channel.OFFICIAL_ACCOUNT, "oa", "oZhou")
    order = CloseConversation(conversation_id=here, note="已电话答复")
    world.desk.run(order, system_actor(world.nurse.org_id, world.nurse.device_id))


def unanswered(rule, kind, other):
    """Half an hour without an answer; a conversation of the other kind is another rule's."""
    return Case(
        rule,
        hears(kind),
        closes_conversation,
        HALF_AN_HOUR,
        both(hears(other), closes_conversation),
        of_a_client=False,
    )


LEFT = reaches(Visit, "finished")
MORE = [
    Case("A-008", series("sbp", "mm[Hg]", 180, 216), None, harmless=series("sbp", "mm[Hg]", 180, 215)),
    Case(
        "A-026",
        series("fpg", "mmol/L", 6.2, 6.6, 7.0, 7.4),
        series("fpg", "mmol/L", 6.5),
        harmless=series("fpg", "mmol/L", 6.2, 6.3, 6.4, 6.5),
    ),
    Case("A-055", signs_in(last_hours=18), None, harmless=signs_in(last_hours=25), of_a_client=False),
    Case("A-063", answers(left_out=1), corrects, harmless=answers(left_out=0)),
    Case("A-068", steps("message"), steps("verify"), DAY, steps("message", "verify")),
    Case("A-069", plans_tube, collects_tube, DAY, both(plans_tube, collects_tube)),
    Case(
        "A-072",
        both(plans_tube, prints("failed"), prints("confirmed")),
        reads_back,
        harmless=both(plans_tube, prints("confirmed"), reads_back),
        of_a_client=False,
    ),
    Case("A-960", second_tube, found_out, harmless=lambda w: w.collect(), of_a_client=False),
    Case("A-091", lambda w: w.new_visit(), LEFT, 8 * HOUR, both(lambda w: w.new_visit(), LEFT)),
    Case(
        "A-099",
        lambda w: w.systems_say(40.0, 42.2),
        steps("settle_difference"),
        harmless=lambda w: w.systems_say(40.0, 42.0),
    ),
    Case("A-098", scored(79), becomes(Report, quality=80), harmless=scored(80)),
    Case("A-980", sent_back(2), reaches(Report, "issued"), harmless=sent_back(1)),
    Case("A-120", exports(501), None, harmless=exports(500), of_a_client=False),
    Case("A-027", message(unread_stage=2), message(unread_stage=0), harmless=message(unread_stage=1)),
    unanswered("A-031", ConversationKind.SERVICE, ConversationKind.CONSULTATION),
    unanswered("A-045", ConversationKind.CONSULTATION, ConversationKind.SERVICE),
    Case("A-059", channel(trouble=1), channel(trouble=0), harmless=channel(trouble=0), of_a_client=False),
    Case("A-060", channel(trouble=2), channel(trouble=0), harmless=channel(trouble=1), of_a_client=False),
    Case("A-144", private(trouble=2), private(trouble=0), harmless=private(trouble=1), of_a_client=False),
    Case("A-143", hearts(beats=False), hearts(beats=True), harmless=hearts(beats=True), of_a_client=False),
    Case("A-061", channel(dead=1), channel(dead=0), harmless=channel(dead=0), of_a_client=False),
    Case("A-111", untold(state="urgent_notice"), ended, DAY, both(untold(state="urgent_notice"), ended)),
    Case("A-112", unfollowed(state="follow"), ended, 30 * DAY, both(unfollowed(state="follow"), ended)),
    Case("A-123", waiting(21, taken=True), one_less, harmless=waiting(20, taken=True), of_a_client=False),
    Case("A-912", waiting(21, taken=False), one_less, harmless=waiting(20, taken=False), of_a_client=False),
    Case("A-913", exports(*[10] * 20, 51), None, harmless=exports(*[10] * 20, 50), of_a_client=False),
]
