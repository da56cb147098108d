"""The review scheme of a site: roles and times by level, numbered, refused where a level would be left alone."""

from datetime import timedelta

import pytest

from domain.checkup.report_commands import (
    PassFirstReview,
    PassFurtherReview,
    PassSecondReview,
    ReturnReport,
    SubmitReport,
)
from domain.checkup.scheme import people_for, scheme_of
from domain.checkup.scheme_commands import RestoreReviewScheme, SetReviewScheme
from domain.checkup.scheme_records import ReviewScheme
from domain.kernel.errors import DomainError

HOUR = timedelta(hours=1)


def refused(region, order, login):
    with pytest.raises(DomainError) as found:
        region.run(order, login)
    return found.value


def in_force(region):
    with region.store.read() as connection:
        return scheme_of(connection, region.branch)


def left(region, report):
    row = region.state_of(report)
    return row.due_at - row.state_since


def test_times_of_a_site_count_for_what_comes_and_urgent_ones_have_their_own(region):
    before = region.report(region.years(name="前"), "second_review")
    assert (left(region, before), in_force(region).number) == (24 * HOUR, 0)
    assert region.run(SetReviewScheme(second_hours=6, reason="试行"), "chief") == 1
    assert (
        region.run(SetReviewScheme(second_hours=4, urgent_hours=1, site="滨江分院", reason="分院"), "chief")
        == 1
    )
    plain = region.report(region.years(name="后"), "second_review")
    urgent = region.report(region.years(name="急", now={"k": 6.8}), "second_review")
    assert (left(region, plain), left(region, urgent)) == (4 * HOUR, HOUR)
    assert left(region, before) == 24 * HOUR, "what is on its way keeps its time"
    region.follow()
    with region.store.read() as connection:
        assert scheme_of(connection, region.other).hours["second_review"] == 6


def test_only_the_roles_of_the_scheme_act_at_a_level(region):
    region.run(SetReviewScheme(first_roles="科室主任", reason="初审由主任完成"), "chief")
    report = region.report(region.years(), "first_review")
    found = refused(region, PassFirstReview(report_id=report), "colleague")
    assert (found.code, found.facts["roles"]) == ("report.level_role", "科室主任")
    region.run(PassFirstReview(report_id=report), "head")
    assert region.state_of(report).state == "second_review"


def test_a_scheme_without_people_for_a_level_never_counts(region):
    found = refused(region, SetReviewScheme(first_roles="科室主任", site="城西分院", reason="x"), "chief")
    assert (found.code, found.facts["site"]) == ("scheme.dead_end", "城西分院")
    assert refused(region, SetReviewScheme(second_roles="护士", reason="x"), "chief").field == "second_roles"
    assert refused(region, SetReviewScheme(site="不存在", reason="x"), "chief").field == "site"
    assert in_force(region).number == 0


def test_an_earlier_version_is_restored_under_a_number_of_its_own(region):
    region.run(SetReviewScheme(second_hours=6, reason="一"), "chief")
    region.run(SetReviewScheme(second_hours=12, reason="二"), "chief")
    with region.store.read() as connection:
        table = ReviewScheme.__table__
        first = connection.execute(table.select().where(table.c.number == 1)).one()
    assert region.run(RestoreReviewScheme(scheme_id=first.id, reason="恢复"), "chief") == 3
    assert (in_force(region).number, in_force(region).hours["second_review"]) == (3, 6)


def test_each_level_needs_somebody_of_its_own():
    assert (
        people_for({"drafting": [1, 2], "first_review": [1, 2], "second_review": [3, 4], "final_review": [3]})
        == []
    )
    assert people_for({"drafting": [1], "first_review": [1]}) == ["first_review"]
    assert people_for({"a": [1, 2], "b": [1], "c": [2]}) == ["c"]
    assert people_for({"a": []}) == ["a"]


def test_levels_keep_their_order_and_their_persons_whatever_the_scheme(region):
    region.run(SetReviewScheme(reason="默认"), "chief")
    report = region.report(region.years(), "second_review")
    region.run(PassSecondReview(report_id=report), "deputy")
    assert refused(region, PassSecondReview(report_id=report), "third").code == "report.wrong_state"
    region.run(ReturnReport(report_id=report, remark="请补充"), "third")
    assert region.state_of(report).state == "returned"


def states(region, report, *orders):
    """What a report comes to by some orders, one after the other."""
    found = []
    for order, login, more in orders:
        region.run(order(report_id=report, **more), login)
        found.append(region.state_of(report).state)
    return found


def test_a_site_has_the_levels_its_scheme_says(region):
    four = "分院初审、总院复审、总院三审、终审"
    region.run(SetReviewScheme(levels=four, third_hours=3, site="滨江分院", reason="疑难加审"), "chief")
    report = region.report(region.years(), "second_review")
    region.run(PassSecondReview(report_id=report), "deputy")
    assert (region.state_of(report).state, left(region, report)) == ("third_review", 3 * HOUR)
    region.follow()
    task = region.task(report, "third_review")
    assert region.login_of(task.owner_id) in {"chief", "third"}, "who passed the second level is not asked"
    assert refused(region, PassFurtherReview(report_id=report), "deputy").code == "report.same_hands"
    assert states(region, report, (PassFurtherReview, "third", {})) == ["final_review"]
    region.follow()
    assert region.login_of(region.task(report, "final_review").owner_id) == "chief", "the only one left"


def test_a_level_that_was_taken_away_is_passed_once_more_and_then_missing(region):
    report = region.report(region.years(), "second_review")
    region.run(SetReviewScheme(levels="分院初审、终审", reason="两级"), "chief")
    assert states(region, report, (PassSecondReview, "deputy", {})) == ["final_review"]
    other = region.report(region.years(name="后"), "first_review")
    assert states(region, other, (PassFirstReview, "colleague", {})) == ["final_review"]
    back = {"remark": "请写明数值"}
    way = ((ReturnReport, "chief", back), (SubmitReport, "doctor", {"reason": "已核对"}))
    assert states(region, other, *way) == ["returned", "final_review"]


def test_the_branchs_own_reviewer_returns_a_report_and_reads_it_again(region):
    report = region.report(region.years(), "first_review")
    way = (
        (ReturnReport, "colleague", {"remark": "左右写反"}),
        (SubmitReport, "doctor", {"reason": "已核对"}),
    )
    assert states(region, report, *way) == ["returned", "first_review"], "no text passes the branch unread"
    assert states(region, report, (PassFirstReview, "colleague", {})) == ["second_review"]
    again = (
        (ReturnReport, "deputy", {"remark": "请补充"}),
        (SubmitReport, "doctor", {"reason": "已核对"}),
    )
    assert states(region, report, *again) == ["returned", "second_review"]
    assert (
        refused(region, ReturnReport(report_id=report, remark="x"), "colleague").code == "permission.denied"
    )


@pytest.mark.parametrize(
    "levels",
    ["终审", "分院初审、总院复审", "总院复审、分院初审、终审", "初审、终审", "分院初审、分院初审、终审", ""],
)
def test_levels_that_lead_nowhere_are_refused(region, levels):
    found = refused(region, SetReviewScheme(levels=levels, reason="x"), "chief")
    assert (found.code, found.field) == ("scheme.bad_levels", "levels")
