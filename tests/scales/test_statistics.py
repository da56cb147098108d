"""How many questionnaires came back, and what scales came to: within one's scope, no person to be recognised."""

from datetime import date, timedelta

import pytest

from domain.checkup.form_commands import CorrectForm, GiveUpForm, IssueForm, WithdrawForm
from domain.kernel.errors import DomainError
from domain.people.records import Sex
from domain.scales.statistics_commands import CountForms
from tests.scales.answering import reaching
from tests.scales.conftest import SCALES
from tests.scales.handing_in import hand_in, person, response


def count(branch, actor, **more):
    today = branch.clock().date()
    order = CountForms(since=today - timedelta(days=7), until=today + timedelta(days=7), **more)
    return branch.run(order, actor).receipt


def some_people(branch, nurse, number):
    return [
        person(branch, nurse, f"王{n}", Sex.FEMALE if n % 2 else Sex.MALE, date(1950 + n, 3, 1))
        for n in range(number)
    ]


def test_what_was_given_out_came_back_or_did_not(branch, nurse, clock):
    people = some_people(branch, nurse, 6)
    due = branch.clock() + timedelta(days=1)
    tasks = [
        branch.run(IssueForm(patient_id=p, form="gad7", form_version="1.0.0", due_at=due), nurse).receipt
        for p in people
    ]
    for patient, task in zip(people[:3], tasks[:3], strict=True):
        hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 2), task_id=task)
    branch.run(GiveUpForm(task_id=tasks[3], reason="联系不上"), nurse)
    branch.run(WithdrawForm(task_id=tasks[4], reason="不再需要"), nurse)
    clock.advance(timedelta(days=2))
    [row] = count(branch, nurse).returned
    assert (row.form, row.issued, row.handed_in, row.lost, row.overdue) == ("gad7", 6, 3, 1, 1)
    assert row.rate == pytest.approx(0.6)
    assert count(branch, nurse, form="phq9").returned == []


def test_scales_are_spread_by_band_sex_and_age_and_each_person_counts_once(branch, nurse, clock):
    first, second, third = some_people(branch, nurse, 3)
    wrong = hand_in(branch, nurse, first, "gad7", reaching(SCALES["gad7"], 20)).response_id
    fixed = response("gad7", reaching(SCALES["gad7"], 2))
    branch.run(CorrectForm(response_id=wrong, answers=fixed, reason="看错一行"), nurse)
    hand_in(branch, nurse, second, "gad7", reaching(SCALES["gad7"], 12))
    clock.advance(timedelta(days=1))
    hand_in(branch, nurse, second, "gad7", reaching(SCALES["gad7"], 1))
    hand_in(branch, nurse, third, "gad7", {"worry": "most"})
    found = {(one.band, one.sex, one.ages): one.people for one in count(branch, nurse).spread}
    assert found == {("none", "male", "75+"): 1, ("none", "female", "75+"): 1}


def test_a_few_people_are_not_told_to_who_may_not_know_them(branch, nurse, as_role):
    people = some_people(branch, nurse, 12)
    for patient in people:
        hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 2))
    hand_in(branch, nurse, person(branch, nurse, "赵小", Sex.MALE, date(1990, 1, 1)), "gad7",
            reaching(SCALES["gad7"], 20))  # fmt: skip
    manager = as_role("health_manager")
    shown = {(one.band, one.sex, one.ages): one.people for one in count(branch, manager).spread}
    assert shown["severe", "male", "18–44"] is None
    assert count(branch, nurse).spread[-1].people is not None
    assert sum(people or 0 for people in shown.values()) >= 5


def test_another_organisation_sees_nothing_of_it(branch, nurse, as_role):
    import uuid

    patient = some_people(branch, nurse, 1)[0]
    hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 2))
    branch.run(IssueForm(patient_id=patient, form="psqi", form_version="1.0.0"), nurse)
    there = count(branch, as_role("nurse", org_id=uuid.uuid4()))
    assert (there.returned, there.spread) == ([], [])


def test_a_time_that_ends_before_it_begins_is_refused(branch, nurse):
    order = CountForms(since=date(2026, 2, 1), until=date(2026, 1, 1))
    with pytest.raises(DomainError, match=r"form\.period"):
        branch.run(order, nurse)
