"""A right that was withdrawn while a reviewer's workstation had no line: what they passed is held at the centre."""

import uuid

import pytest

from domain.checkup.entitlement_records import ReviewDoubt, ReviewLack
from domain.checkup.records import Report, ReviewAction, ReviewStep
from domain.checkup.report_commands import SubmitReport
from domain.delivery.commands import HandReportOver, NoteReportReceived
from domain.delivery.records import ReportDelivery
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.people.staff_commands import SetStaffActive
from domain.reviewing.entitlement_commands import ConfirmReview, RedoReview
from domain.reviewing.merged_reviews import MergedReviews
from domain.rights.records import RightsChange, RightsEffect
from tests.conftest import BRANCH
from tests.delivery.conftest import SYSTEM, Signed
from tests.fixtures.followup_day import keep

CENTRE = system_actor(BRANCH, uuid.UUID(int=0xC0))


@pytest.fixture
def case(desk, clock, authority):
    """The workstation's store, read as the centre reads it: whatever was done came from another device."""
    made = Signed(desk, clock, authority)
    made.merged = Follower(desk.store, MergedReviews(desk, CENTRE))
    made.merged.catch_up()
    return made


def withdraw(case, login, permission):
    """Head office takes a right away; the workstation does not know."""
    staff = case.who[login]
    keep(
        case.desk, SYSTEM,
        RightsChange(
            org_id=BRANCH, staff_id=staff.staff_id, staff_name=staff.name, permission=permission, covers="审核",
            effect=RightsEffect.WITHDRAW, reason="调岗", given_by=case.who["head"].staff_id, given_name="高主任",
            state="in_force", state_since=case.clock(),
        ),
    )  # fmt: skip


def doubts(case):
    case.merged.catch_up()
    return case.rows(ReviewDoubt)


def state(case):
    return case.rows(Report)[0].state


def refused(case, order, who):
    with pytest.raises(DomainError) as found:
        case.run(order, who)
    return found.value.code


def hand_over(case):
    [delivery] = case.rows(ReportDelivery, state="received")
    return HandReportOver(delivery_id=delivery.id, proof="核对身份证原件", receipt="签收单 1")


def signed_without_right(case):
    withdraw(case, "chief", "report.final_review")
    case.sign()
    [delivery] = case.rows(ReportDelivery)
    case.run(NoteReportReceived(delivery_id=delivery.id, sha256=delivery.sha256, by="前台一"), "system")
    [found] = doubts(case)
    return found


def test_what_was_passed_by_right_is_never_in_doubt(case):
    case.sign()
    assert doubts(case) == []


def test_a_signature_without_right_keeps_the_report_from_the_client_until_confirmed(case):
    found = signed_without_right(case)
    assert (found.lack, found.level, found.staff_name) == (ReviewLack.RIGHT, "final_review", "李主任")
    assert refused(case, hand_over(case), "nurse") == "report.without_right"
    confirm = ConfirmReview(doubt_id=found.id, reason="已复核全部结果")
    assert refused(case, ConfirmReview(doubt_id=found.id, reason=" "), "expert") == "review_doubt.no_why"
    assert refused(case, confirm, "chief") == "review_doubt.own_work"
    assert refused(case, confirm, "nurse") == "permission.denied"
    case.run(confirm, "expert")
    case.run(hand_over(case), "nurse")
    assert [(d.state, d.decided_name) for d in doubts(case)] == [("confirmed", "郑专家")]


def test_a_signature_judged_void_takes_the_report_back(case):
    found = signed_without_right(case)
    case.run(RedoReview(doubt_id=found.id, reason="终审须重做"), "expert")
    assert state(case) == "returned"
    assert [d.state for d in case.rows(ReportDelivery)] == ["withdrawn"]
    assert refused(case, RedoReview(doubt_id=found.id, reason="再来"), "expert") == "review_doubt.wrong_state"


def test_the_signatures_of_an_account_that_was_switched_off_are_in_doubt(case):
    case.run(SetStaffActive(staff_id=case.who["chief"].staff_id, active=False), "system")
    case.sign()
    assert [d.lack for d in doubts(case)] == [ReviewLack.ACCOUNT]


def test_an_earlier_level_without_right_keeps_the_report_from_being_signed_and_is_read_again_there(case):
    withdraw(case, "head", "report.first_review")
    # The first review of the fixture arrives only now: its entries are read anew, as from a workstation just online.
    again = Follower(case.desk.store, type("Late", (MergedReviews,), {"name": "late"})(case.desk, CENTRE))
    again.catch_up()
    [found] = case.rows(ReviewDoubt)
    assert (found.level, state(case)) == ("first_review", "final_review")
    with pytest.raises(DomainError) as error:
        case.sign()
    assert error.value.code == "report.without_right"
    case.run(RedoReview(doubt_id=found.id, reason="初审须重做"), "chief")
    returned = [s for s in case.rows(ReviewStep) if s.action == ReviewAction.RETURN]
    assert (state(case), [s.level for s in returned]) == ("returned", ["first_review"])
    case.run(SubmitReport(report_id=case.report, reason="已核对"), "physician")
    assert state(case) == "first_review"


def test_reading_the_same_acts_twice_finds_one_doubt(case):
    found = signed_without_right(case)
    case.run(ConfirmReview(doubt_id=found.id, reason="已复核"), "expert")
    again = Follower(case.desk.store, type("Late", (MergedReviews,), {"name": "late"})(case.desk, CENTRE))
    again.catch_up()
    assert [d.state for d in case.rows(ReviewDoubt)] == ["confirmed"]


def test_acts_of_the_centre_itself_were_checked_as_they_were_done(case):
    withdraw(case, "chief", "report.final_review")
    case.sign()
    own = Follower(case.desk.store, type("Own", (MergedReviews,), {"name": "own"})(case.desk, SYSTEM))
    own.catch_up()
    assert case.rows(ReviewDoubt) == []
