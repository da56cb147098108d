"""Reports that come to head office are given out, taken, given back, handed over and done, with every reason kept."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.checkup.report_commands import PassSecondReview, ReturnReport, SubmitReport
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.worklists import worklists
from domain.reviewing.assigning import Expert, choose
from domain.reviewing.commands import AcceptReview, AssignWaitingReviews, DeclineReview, HandOverReview
from domain.reviewing.roster_commands import BeAway, SetReviewer

EXPERTS = ("chief", "deputy", "third")
IDS = st.uuids()
PEOPLE = st.lists(
    st.builds(
        Expert, IDS, st.sampled_from(EXPERTS), st.frozensets(st.sampled_from("abc")), st.integers(0, 50),
        st.integers(0, 5), st.integers(1, 40), st.booleans(), st.integers(0, 90),
    ),
    max_size=6, unique_by=lambda e: e.staff_id,
)  # fmt: skip


@given(PEOPLE, st.frozensets(st.sampled_from("abc")), st.booleans())
def test_whoever_is_chosen_is_there_fits_best_and_has_least(people, topics, urgent):
    found = choose(people, topics, urgent=urgent)
    able = [p for p in people if p.on_duty and (urgent or p.open_tasks < p.limit)]
    assert (found is None) == (not able)
    if found is None:
        return
    best = next(p for p in people if p.staff_id == found.staff_id)
    assert best in able
    for other in able:
        mine, theirs = len(best.specialties & topics), len(other.specialties & topics)
        if urgent:
            assert best.urgent_open <= other.urgent_open
        else:
            assert mine >= theirs
            assert mine > theirs or best.open_tasks <= other.open_tasks
    assert choose(list(reversed(people)), topics, urgent=urgent) == found, (
        "the order of the list decides nothing"
    )


def refused(region, order, login):
    with pytest.raises(DomainError) as found:
        region.run(order, login)
    return found.value


def test_reports_are_given_out_evenly_with_the_reason_and_everybody_s_load(region):
    reports = [region.arrive(name=f"王{n}") for n in range(6)]
    tasks = [region.task(r) for r in reports]
    assert {t.state for t in tasks} == {"assigned"}
    assert Counter(t.owner_id for t in tasks) == {region.actors[e].staff_id: 2 for e in EXPERTS}
    assert {t.assigned_why for t in tasks} == {"least_load"}
    event = region.rows("event", task_id=tasks[-1].id, act="assigned")[0]
    assert sorted(c["open"] for c in event.facts["candidates"]) == [1, 2, 2]
    assert [(e.open_tasks, e.given) for e in region.rows("expert")] == [(2, 2)] * 3
    before = len(region.rows("event"))
    region.follower.reader.act([])
    region.follow()
    assert len(region.rows("event")) == before, "read again, nothing happens twice"


def test_a_specialist_gets_what_is_theirs_and_an_urgent_one_who_has_no_urgent_one(region):
    group = region.catalog.groups[region.catalog.observation("fpg").group]
    region.run(SetReviewer(login="third", specialties=group), "chief")
    sugar = region.task(region.arrive(now={"fpg": 6.9}))
    assert group in sugar.topics
    assert (region.login_of(sugar.owner_id), sugar.assigned_why) == ("third", "specialty")
    urgent = [region.task(region.arrive(name=f"急{n}", now={"k": 6.8})) for n in range(3)]
    assert {t.assigned_why for t in urgent} == {"urgent"}
    assert {region.login_of(t.owner_id) for t in urgent} == set(EXPERTS)
    assert {t.due_at - t.state_since for t in urgent} == {timedelta(minutes=30)}


def test_it_is_taken_in_time_and_done_by_passing_the_report(region):
    report = region.arrive()
    task = region.task(report)
    owner = region.login_of(task.owner_id)
    other = next(e for e in EXPERTS if e != owner)
    assert refused(region, AcceptReview(task_id=task.id), other).code == "review.not_yours"
    region.run(AcceptReview(task_id=task.id), owner)
    taken = region.task(report)
    assert (taken.state, taken.due_at - taken.accepted_at) == ("accepted", timedelta(hours=24))
    region.run(PassSecondReview(report_id=report), owner)
    region.follow()
    done = region.task(report)
    assert (done.state, done.owner_id) == ("done", task.owner_id)
    final = region.task(report, "final_review")
    assert final.state == "assigned"
    assert final.owner_id != task.owner_id, "the final review is another person's"


def test_passing_what_was_given_to_another_is_done_by_who_passed_it(region):
    report = region.arrive()
    owner = region.login_of(region.task(report).owner_id)
    other = next(e for e in EXPERTS if e != owner)
    region.run(PassSecondReview(report_id=report), other)
    region.follow()
    task = region.task(report)
    assert (task.state, region.login_of(task.owner_id), task.assigned_why) == ("done", other, "took")
    loads = {e.name: (e.open_tasks, e.done) for e in region.rows("expert")}
    assert loads[region.actors[other].name][1] == 1
    assert sum(done for _open, done in loads.values()) == 1


def test_a_returned_report_comes_back_as_a_task_of_its_new_text(region):
    report = region.arrive()
    owner = region.login_of(region.task(report).owner_id)
    region.run(ReturnReport(report_id=report, remark="请写明数值", anchor="conclusion:0-4"), owner)
    region.follow()
    assert region.task(report).state == "done"
    region.run(SubmitReport(report_id=report, reason="已核对"), "doctor")
    region.follow()
    tasks = sorted(region.rows("task", report_id=report), key=lambda t: t.revision)
    assert [t.revision for t in tasks] == [1, 2]
    assert tasks[-1].state == "assigned"


def test_declined_with_a_reason_it_goes_to_the_next_and_never_back(region):
    report = region.arrive()
    had = []
    for _ in EXPERTS:
        task = region.task(report)
        had.append(region.login_of(task.owner_id))
        region.run(DeclineReview(task_id=task.id, reason="与本人专科不符"), had[-1])
        region.follow()
    assert sorted(had) == sorted(EXPERTS)
    left = region.task(report)
    assert (left.state, left.owner_id) == ("waiting", None)
    assert [e.note for e in region.rows("event", act="declined")] == ["与本人专科不符"] * 3
    assert {e.given_back for e in region.rows("expert")} == {1}
    assert refused(region, DeclineReview(task_id=left.id, reason="再次"), "chief").code == "review.not_yours"


def test_handed_over_by_name_with_the_reason(region):
    report = region.arrive()
    task = region.task(report)
    owner = region.login_of(task.owner_id)
    to = next(e for e in EXPERTS if e != owner)
    order = HandOverReview(task_id=task.id, login=to, reason="门诊冲突")
    assert refused(region, HandOverReview(task_id=task.id, login="nurse", reason="x"), owner).field == "login"
    assert region.run(order, owner) == region.actors[to].name
    now = region.task(report)
    assert (region.login_of(now.owner_id), now.assigned_why, now.state) == (to, "asked", "assigned")
    region.run(PassSecondReview(report_id=report), to)
    region.follow()
    final = region.task(report, "final_review")
    back = HandOverReview(task_id=final.id, login=to, reason="转交")
    assert refused(region, back, region.login_of(final.owner_id)).code == "review.same_hands"


def test_who_is_away_gets_nothing_and_what_they_had_not_taken_goes_on(region):
    reports = [region.arrive(name=f"王{n}") for n in range(3)]
    away = region.login_of(region.task(reports[0]).owner_id)
    today = clinic(region.clock()).date()
    assert refused(region, BeAway(away_from=today, away_until=date(2020, 1, 1)), away).field == "away_until"
    region.run(BeAway(away_from=today, away_until=today + timedelta(days=3)), away)
    region.follow()
    owners = {region.login_of(region.task(r).owner_id) for r in reports}
    assert away not in owners
    assert region.login_of(region.task(region.arrive(name="赵六")).owner_id) != away
    order = HandOverReview(task_id=region.task(reports[0]).id, login=away, reason="x")
    assert refused(region, order, "chief" if away != "chief" else "deputy").code == "review.off_duty"


def test_beyond_the_limit_it_waits_until_somebody_has_room(region):
    for login in EXPERTS:
        region.run(SetReviewer(login=login, task_limit=1), "chief")
    reports = [region.arrive(name=f"王{n}") for n in range(4)]
    assert [region.task(r).state for r in reports] == ["assigned"] * 3 + ["waiting"]
    urgent = region.task(region.arrive(name="急", now={"k": 6.8}))
    assert urgent.state == "assigned", "the limit holds no urgent one up"
    region.run(SetReviewer(login="deputy", task_limit=9), "chief")
    region.follow()
    assert region.login_of(region.task(reports[-1]).owner_id) == "deputy"
    assert region.run(AssignWaitingReviews(), "chief") == 0


def test_what_is_set_of_an_expert_is_checked(region):
    for order, code in (
        (SetReviewer(login="nobody"), "review.no_expert"),
        (SetReviewer(login="nurse"), "review.no_expert"),
        (SetReviewer(login="third", specialties="不存在的分组"), "review.no_specialty"),
        (SetReviewer(login="third", weekdays="189"), "review.weekdays"),
    ):
        assert refused(region, order, "chief").code == code
    day = clinic(region.clock()).date().isoweekday() % 7 + 1
    region.run(SetReviewer(login="third", weekdays=str(day)), "chief")
    assert all(
        region.login_of(region.task(region.arrive(name=f"王{n}")).owner_id) != "third" for n in range(3)
    )


def test_everybody_sees_how_far_it_is_and_what_each_has(region):
    report = region.arrive()
    owner = region.login_of(region.task(report).owner_id)
    pages, branch = region.desk.pages, region.actors["doctor"]

    def shown(name):
        listing = worklists()[name]
        names = [c.name for c in listing.columns]
        return [dict(zip(names, r.values, strict=True)) for r in pages.page(listing, branch).rows]

    [way] = shown("report.progress")
    assert (way["state"], way["branch"]) == ("second_review", "滨江分院")
    [task] = shown("review.tasks")
    assert (task["owner_name"], task["assigned_why"]) == (region.actors[owner].name, "least_load")
    region.run(PassSecondReview(report_id=report), owner)
    region.follow()
    assert shown("report.progress")[0]["state"] == "final_review"
    assert [d["owner_name"] for d in shown("review.done")] == [region.actors[owner].name]
    assert {s["act"] for s in shown("review.steps")} == {"made", "assigned", "done"}


def test_a_signature_that_is_taken_back_makes_a_task_again(region):
    report = region.report(region.years(), "final_review")
    region.follow()
    first = region.task(report, "final_review")
    region.move(report, "signed")
    region.follow()
    assert region.task(report, "final_review").state == "cancelled", "nobody is on record with an act there"
    region.move(report, "final_review")
    region.follow()
    tasks = region.rows("task", report_id=report, level="final_review")
    assert {t.state for t in tasks} == {"cancelled", "assigned"}
    assert first.id in {t.id for t in tasks}
