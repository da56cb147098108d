"""R3.3.4: results propose referrals to the department that fits, each is followed to its answer, and counted."""

import uuid
from datetime import date, timedelta

import pytest

import resources
from domain.conversations.records import Conversation, ConversationKind, ConversationMessage
from domain.followup.register_commands import EnterRegister
from domain.followup.register_records import RegisterMember
from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.worklists import Pages, worklists
from domain.messaging.records import Channel
from domain.people.records import Organization
from domain.referrals.commands import (
    BookReferral,
    CloseReferral,
    ConfirmReferral,
    DropReferral,
    NoteSeen,
    OpenReferral,
    RedirectReferral,
    ReferResult,
    RefuseReferral,
)
from domain.referrals.effects import EffectFollower
from domain.referrals.follower import ReferralFollower
from domain.referrals.indications import REFERRALS, Marked, indicated, load_indications, recommended
from domain.referrals.member_commands import ReferMember
from domain.referrals.records import Referral, ReferralEffect, ReferralOutcome, ReferralStep, ReferralTarget
from domain.referrals.target_commands import SetTarget
from domain.tracking.follower import TrackingFollower
from domain.tracking.progress_records import PositiveCourse
from domain.tracking.records import AbnormalTracking, TrackingGrade
from tests.conftest import BRANCH, OTHER_BRANCH
from tests.fixtures.followup_day import keep
from tests.followup.conftest import SYSTEM, WELL

RULES = load_indications(resources.folder("referrals"))
GRAVE = {"sbp": 190.0, "dbp": 122.0}


@pytest.fixture
def ward(care):
    """The branch with tracked findings, departments to send clients to, and the readers of both."""
    care.desk.content[REFERRALS] = RULES
    care.followers += [
        Follower(care.desk.store, TrackingFollower(care.desk, SYSTEM)),
        Follower(care.desk.store, ReferralFollower(care.desk, SYSTEM)),
        Follower(care.desk.store, EffectFollower(care.desk, SYSTEM)),
    ]
    keep(care.desk, SYSTEM, Organization(id=BRANCH, code="B01", name="滨江分院", kind="branch"))
    keep(care.desk, SYSTEM, Organization(id=OTHER_BRANCH, code="B02", name="城西分院", kind="branch"))
    for hospital, department, more in (
        ("省人民医院", "心血管内科", {"topics": "sbp、dbp", "green": True}),
        ("市一医院", "心内科", {"topics": "sbp、dbp", "rank": 10}),
        ("市一医院", "全科", {}),
        ("市一医院", "肿瘤科", {"topics": "afp、cea"}),
    ):
        care.run(SetTarget(hospital=hospital, department=department, **more), care.head)
    return care


def referral(ward):
    return ward.one(Referral)


def grave(ward):
    patient = ward.client(**WELL | GRAVE)
    return patient, ward.rows(AbnormalTracking)[0], referral(ward)


def refused(ward, order, who=None):
    with pytest.raises(DomainError) as error:
        ward.run(order, who)
    return error.value


def acts(ward):
    return [step.act for step in ward.rows(ReferralStep)]


@pytest.mark.parametrize(
    ("marked", "rule"),
    [
        (Marked("sbp", TrackingGrade.HIGH, None), "class_a"),
        (Marked("afp", TrackingGrade.IMPORTANT, None), "marker_b"),
        (Marked("ua", TrackingGrade.IMPORTANT, PositiveCourse.WAITING), None),
        (Marked("ua", TrackingGrade.IMPORTANT, PositiveCourse.BETTER), None),
        (Marked("ua", TrackingGrade.IMPORTANT, PositiveCourse.WORSE), "positive_worse"),
        (Marked("ua", TrackingGrade.GENERAL, None), None),
    ],
)
def test_what_is_an_indication_is_decided_by_the_rules(marked, rule):
    found = indicated(marked, RULES)
    assert (found.id if found else None) == rule


def test_rules_that_look_at_nothing_are_refused(tmp_path):
    (tmp_path / "indications.yaml").write_text(
        "version: 1\nindications:\n- {id: a, title: 甲, days: 7, status: UNVERIFIED, source: 本院}\n", "utf-8"
    )
    with pytest.raises(ContentError, match="looks at nothing"):
        load_indications(tmp_path)
    with pytest.raises(ContentError, match="missing"):
        load_indications(tmp_path / "nowhere")


def target(department, topics=(), *, green=False, site=None, rank=50, active=True):
    return ReferralTarget(
        hospital="医院", department=department, topics=list(topics), green=green, site_id=site, rank=rank,
        active=active,
    )  # fmt: skip


def test_the_department_that_fits_best_comes_first():
    there = [
        target("全科"), target("心内科", ["sbp"], rank=10), target("绿色通道心内科", ["sbp"], green=True),
        target("本院心内科", ["sbp"], site=BRANCH, rank=90), target("肿瘤科", ["afp"]),
        target("停用", ["sbp"], active=False),
    ]  # fmt: skip
    usual = [one.department for one in recommended(there, ["sbp"], urgent=False)]
    urgent = [one.department for one in recommended(there, ["sbp"], urgent=True)]
    assert usual == ["本院心内科", "心内科", "绿色通道心内科", "全科"]
    assert urgent[0] == "绿色通道心内科"


def test_a_grave_result_proposes_the_department_that_fits_and_one_key_opens_it(ward):
    _, tracking, found = grave(ward)
    assert (found.state, found.indication) == ("proposed", "class_a")
    assert set(found.causes) == {t.id.hex for t in ward.rows(AbnormalTracking)}, "two results, one visit"
    assert tracking.id.hex in found.causes
    assert (found.hospital, found.department) == ("省人民医院", "心血管内科")
    assert found.urgent
    assert found.unverified
    assert "190" in str(found.packet["results"])
    number = ward.run(ConfirmReferral(referral_id=found.id))
    opened = referral(ward)
    assert (opened.state, opened.number) == ("open", number)
    assert (opened.due_at - opened.opened_at) == timedelta(hours=48)


def test_what_is_read_again_proposes_nothing_twice(ward):
    grave(ward)
    again = type("Again", (ReferralFollower,), {"name": "again"})
    Follower(ward.desk.store, again(ward.desk, SYSTEM)).catch_up()
    assert len(ward.rows(Referral)) == 1


def test_what_is_not_needed_is_dropped_with_a_reason_and_stays_so(ward):
    _, tracking, found = grave(ward)
    assert refused(ward, DropReferral(referral_id=found.id, why=" ")).field == "why"
    ward.run(DropReferral(referral_id=found.id, why="复测血压正常"))
    ward.settle()
    assert (referral(ward).state, referral(ward).ended_why) == ("dropped", "复测血压正常")
    assert ward.one(AbnormalTracking, AbnormalTracking.__table__.c.id == tracking.id).due_at is not None


def test_a_referral_goes_from_booking_to_its_answer_and_ends_the_tracking(ward, clock):
    _, tracking, found = grave(ward)
    ward.run(ReferResult(tracking_id=tracking.id))
    at = clock() + timedelta(days=1)
    ward.run(BookReferral(referral_id=found.id, booked_for=at, booking_no="GH-1001"))
    booked = referral(ward)
    assert (booked.state, booked.booking_no) == ("booked", "GH-1001")
    assert booked.due_at > at
    ward.run(NoteSeen(referral_id=found.id))
    assert refused(ward, CloseReferral(
        referral_id=found.id, outcome=ReferralOutcome.DIAGNOSED, feedback=" "
    )).code == "referral.no_feedback"  # fmt: skip
    ward.run(CloseReferral(
        referral_id=found.id, outcome=ReferralOutcome.DIAGNOSED, feedback="原发性高血压 3 级，已用药",
        next_step="两周后复诊，回专病队列管理",
    ))  # fmt: skip
    over = referral(ward)
    assert (over.state, over.outcome, over.due_at) == ("closed", ReferralOutcome.DIAGNOSED, None)
    assert acts(ward) == ["proposed", "opened", "booked", "seen", "closed"]
    ended = ward.one(AbnormalTracking, AbnormalTracking.__table__.c.id == tracking.id)
    assert (ended.state, "原发性高血压 3 级" in ended.note) == ("referred", True)


def test_a_result_is_referred_once_at_a_time(ward):
    _, tracking, _ = grave(ward)
    number = ward.run(ReferResult(tracking_id=tracking.id))
    error = refused(ward, ReferResult(tracking_id=tracking.id))
    assert (error.code, error.facts["number"]) == ("referral.open_already", number)


def test_a_client_who_gives_up_is_still_tracked(ward):
    _, tracking, found = grave(ward)
    ward.run(ConfirmReferral(referral_id=found.id))
    ward.run(RefuseReferral(referral_id=found.id, why="客户自行就医，已告知风险"))
    assert referral(ward).state == "refused"
    assert ward.one(AbnormalTracking, AbnormalTracking.__table__.c.id == tracking.id).due_at is not None


def test_it_may_go_elsewhere_and_the_time_to_book_begins_anew(ward, clock):
    _, _, found = grave(ward)
    ward.run(ConfirmReferral(referral_id=found.id))
    ward.run(BookReferral(referral_id=found.id, booked_for=clock() + timedelta(days=2)))
    same = RedirectReferral(referral_id=found.id, target="省人民医院 心血管内科", why="换一家")
    assert refused(ward, same).code == "referral.same_target"
    ward.run(RedirectReferral(referral_id=found.id, target="市一医院心内科", why="离家近"))
    gone = referral(ward)
    assert (gone.state, gone.hospital, gone.booked_for) == ("open", "市一医院", None)


@pytest.mark.parametrize(
    ("over", "code", "field"),
    [
        ({"target": "没有的医院"}, "referral.no_target", "target"),
        ({"reason": " "}, "referral.no_reason", "reason"),
        ({"planned_on": date(2020, 1, 1)}, "referral.day_past", "planned_on"),
        ({"planned_on": date(2099, 1, 1)}, "referral.day_far", "planned_on"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_nothing_is_kept(ward, over, code, field):
    patient = ward.client(**WELL)
    given = {"patient_id": patient, "reason": "乳腺结节待排", "target": "市一医院 全科"} | over
    error = refused(ward, OpenReferral(**given))
    assert (error.code, error.field) == (code, field)
    assert ward.rows(Referral) == []


def test_an_appointment_in_the_past_is_refused(ward, clock):
    _, _, found = grave(ward)
    ward.run(ConfirmReferral(referral_id=found.id))
    late = BookReferral(referral_id=found.id, booked_for=clock() - timedelta(days=2))
    assert refused(ward, late).code == "referral.time_past"
    assert referral(ward).state == "open"


def test_without_departments_it_is_said_who_keeps_them(care):
    care.desk.content[REFERRALS] = RULES
    order = OpenReferral(patient_id=care.client(), reason="待查", target="任何医院")
    assert refused(care, order).code == "referral.no_targets"


def test_departments_are_kept_by_who_may(ward):
    assert refused(ward, SetTarget(hospital="某院", department="某科")).code == "permission.denied"
    assert refused(ward, SetTarget(hospital=" ", department="某科"), ward.head).field == "hospital"
    assert refused(ward, SetTarget(hospital="某院", department="某科", site="Z9"), ward.head).field == "site"
    ward.run(SetTarget(hospital="市一医院", department="全科", active=False), ward.head)
    kept = [one for one in ward.rows(ReferralTarget) if one.department == "全科"]
    assert [one.active for one in kept] == [False]


def test_figures_follow_what_becomes_of_referrals(ward, clock):
    _, _, found = grave(ward)
    ward.settle()
    assert ward.rows(ReferralEffect) == []
    ward.run(ConfirmReferral(referral_id=found.id))
    clock.advance(timedelta(days=1))
    ward.run(BookReferral(referral_id=found.id, booked_for=clock() + timedelta(days=1)))
    clock.advance(timedelta(days=1))
    ward.run(NoteSeen(referral_id=found.id))
    clock.advance(timedelta(days=2))
    ward.run(CloseReferral(referral_id=found.id, outcome=ReferralOutcome.TREATED, feedback="已调整用药"))
    ward.settle()
    row = ward.one(ReferralEffect)
    assert (row.hospital, row.total, row.booked, row.booked_in_time, row.seen, row.answered) == (
        "省人民医院", 1, 1, 1, 1, 1,
    )  # fmt: skip
    assert (row.answered_rate, row.confirmed_rate, row.days_to_visit, row.days_to_answer) == (100, 100, 2, 4)


def test_the_lists_show_what_is_proposed_and_what_is_under_way(ward):
    _, _, found = grave(ward)
    pages = Pages(ward.desk.store)
    assert len(pages.page(worklists()["referral.proposed"], ward.manager).rows) == 1
    ward.run(ConfirmReferral(referral_id=found.id))
    assert pages.page(worklists()["referral.proposed"], ward.manager).rows == ()
    assert len(pages.page(worklists()["referral.open"], ward.manager).rows) == 1


def test_whoever_writes_with_the_client_sees_how_far_it_is_and_never_why(ward):
    patient, _, found = grave(ward)
    keep(
        ward.desk, SYSTEM,
        Conversation(
            channel=Channel.WECOM_CLIENT, account="main", kind=ConversationKind.SERVICE, org_id=BRANCH,
            address_id=uuid.uuid4(), patient_id=patient, owner_id=ward.manager.staff_id, labels=[], handed_on=0,
            last_at=ward.desk.clock(), last_text="好的", state="answered", state_since=ward.desk.clock(),
        ),
    )  # fmt: skip
    ward.run(ConfirmReferral(referral_id=found.id))
    notes = [m.text for m in ward.rows(ConversationMessage)]
    assert len(notes) == 1
    assert "待预约" in notes[0]
    assert "190" not in notes[0]


def test_what_a_row_offers_gets_the_right_record_and_no_reason_of_another_kind(ward):
    """The lists fill in what a row knows: never one record for another, never the cause as the reason to stop."""
    from client.pages.worklist.row_commands import offered, prefilled

    patient, _, found = grave(ward)
    ward.run(ConfirmReferral(referral_id=found.id))
    ward.run(EnterRegister(patient_id=patient, register="hypertension", reason="外院确诊"))
    pages = Pages(ward.desk.store)
    for name, wanted in (("referral.open", "referral_id"), ("register.members", "member_id")):
        listing = worklists()[name]
        [row] = pages.page(listing, ward.head).rows
        values = dict(zip([c.name for c in listing.columns], row.values, strict=True))
        for command in offered(listing, ward.head):
            given = prefilled(listing, command, row.id, values)
            assert given[wanted] == row.id, command.name
            assert not {"reason", "why", "note", "patient_id"} & given.keys(), command.name
    [member] = ward.rows(RegisterMember)
    order = ReferMember(member_id=member.id, why="血压持续不达标", target="市一医院 全科")
    number = ward.run(order)
    assert number in {row.number for row in ward.rows(Referral) if row.patient_id == patient}
