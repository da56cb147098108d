"""The causes of the alerts of the platform, of reports that change or lack a right, and of disease registers."""

import uuid
from datetime import date, timedelta

from domain.checkup.entitlement_records import ReviewDoubt, ReviewLack
from domain.delivery.change_commands import NoteReportChange
from domain.delivery.records import ReportDelivery
from domain.exchange.platform_commands import NotePlatform, Probe
from domain.followup.register_records import RegisterMember
from domain.kernel.authority import system_actor
from domain.referrals.records import Referral, ReferralStep
from tests.readers.alert_cases import Case
from tests.readers.alert_cases_more import TIMES, keeps
from tests.readers.delivery_cases import not_read


def probe(*well):
    """What the watch of the platform saw, one look after the other."""

    def run(world):
        system = system_actor(world.chief.org_id, world.chief.device_id)
        for one in well:
            order = NotePlatform(probes=[Probe("outbox", one, "40 min", "≤ 15 min")])
            world.desk.run(order, system)

    return run


def differs(*places):
    """What the signed file of a report says otherwise than what is kept."""

    def run(world):
        not_read(state="received")(world)
        order = NoteReportChange(
            delivery_id=world.one(ReportDelivery).id,
            places=list(places),
            differs="0" * 64 if places else "1" * 64,
        )
        world.desk.run(order, system_actor(world.chief.org_id, world.chief.device_id))

    return run


TIMES.update({"acted_at", "found_at"})
passed = keeps(
    ReviewDoubt, due=timedelta(hours=4), step_id=uuid.UUID(int=1), report_id=uuid.UUID(int=2),
    patient_id=uuid.UUID(int=3), number="R10100000001", level="first_review", lack=ReviewLack.RIGHT,
    staff_id=uuid.UUID(int=4), staff_name="孙医生",
)  # fmt: skip

candidate = keeps(
    RegisterMember, due=timedelta(hours=24), patient_id=uuid.UUID(int=3), register="hypertension",
    register_name="高血压专病队列", why={"reasons": []}, because="标签 高血压",
)  # fmt: skip
TIMES.update({"since", "opened_at", "planned_at"})
SENT_ON = {
    "patient_id": uuid.UUID(int=3), "number": "Z10100000001", "reason": "x", "opened_name": "周护士",
    "planned_on": date(2026, 12, 23), "urgent": False, "unverified": False, "packet": {}, "causes": [],
}  # fmt: skip
unbooked = keeps(Referral, due=timedelta(hours=48), **SENT_ON)
unseen = keeps(Referral, due=timedelta(hours=24), **SENT_ON)
unanswered = keeps(Referral, **SENT_ON)


def answered(world):
    """Word came back of the one referral there is."""
    unanswered(state="closed")(world)
    keeps(
        ReferralStep, referral_id=world.one(Referral).id, patient_id=uuid.UUID(int=3), act="closed",
        staff_name="周护士", at=world.desk.clock(),
    )()(world)  # fmt: skip


REGION_CASES = [
    Case(
        "A-108",
        candidate(state="candidate"),
        candidate(state="excluded"),
        timedelta(hours=24),
        candidate(state="enrolled"),
    ),
    Case(
        "A-115",
        unbooked(state="open"),
        unbooked(state="booked"),
        timedelta(hours=48),
        unbooked(state="booked"),
    ),
    Case("A-993", unseen(state="booked"), unseen(state="seen"), timedelta(hours=24), unseen(state="seen")),
    Case("A-116", unanswered(state="open"), answered, timedelta(days=7), unanswered(state="closed")),
    Case(
        "A-126",
        probe(True, False),
        probe(True),
        timedelta(minutes=5),
        probe(True, False, True),
        of_a_client=False,
    ),
    Case("A-994", passed(state="open"), passed(state="confirmed"), harmless=passed(state="confirmed")),
    Case("A-995", differs("空腹血糖"), differs(), harmless=differs()),
]
