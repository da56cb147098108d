"""One questionnaire for a list of clients: who got it, who did not and why, who is sent a link; what came back."""

import hashlib
from datetime import date, timedelta

import pytest

import resources
from domain.checkup.form_commands import GiveUpForm, IssueForm, WithdrawForm
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.readers import Follower
from domain.links.giving_commands import GiveOutForms, RemindForm, RemindForms
from domain.links.message_commands import OfferMessage
from domain.links.records import PersonLink
from domain.messaging.commands import PauseClient, SetPreference
from domain.messaging.records import Category, OutboxMessage
from domain.messaging.templates import TEMPLATES, load_templates
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.scales.gap_commands import NoteGaps
from domain.scales.records import FormGap, FormReturn, FormTask
from domain.scales.returns import CountReturns, ReturnFollower
from tests.fixtures.studies import add_studies
from tests.scales.answering import reaching
from tests.scales.conftest import SCALES
from tests.scales.handing_in import hand_in, rows

DAY = timedelta(days=1)


@pytest.fixture
def branch(branch):
    branch.content[TEMPLATES] = load_templates(resources.folder("messages"))
    return branch


@pytest.fixture
def system(nurse):
    return system_actor(nurse.org_id, nurse.device_id)


def people(branch, nurse, number, phone=True):
    found = []
    for n in range(number):
        order = RegisterPatient(
            name=f"周{n}", sex=Sex.FEMALE, birth_date=date(1980, 1, 1) + n * DAY, another_person=True,
            phone=f"138000000{n:02}" if phone else None,
        )  # fmt: skip
        found.append(branch.run(order, nurse).receipt.patient_id)
    return found


def give(branch, actor, patients, **more):
    order = GiveOutForms(patient_ids=patients, form="gad7", form_version="1.0.0", **more)
    return branch.run(order, actor).receipt


def codes(receipt):
    return {one.patient_id: (one.code, one.given) for one in receipt.left_out}


def test_each_is_given_the_questionnaire_with_its_day_and_study(branch, nurse):
    patients, due = people(branch, nurse, 3), branch.clock() + 3 * DAY
    add_studies(branch, nurse, "MB1")
    done = give(branch, nurse, [*patients, patients[0]], due_at=due, study=" mb1", purpose="基线")
    assert (done.issued, done.queued, done.left_out) == (3, 0, [])
    tasks = rows(branch, FormTask)
    assert {(t.patient_id, t.due_at, t.study, t.purpose) for t in tasks} == {
        (p, due, "MB1", "基线") for p in patients
    }
    assert rows(branch, OutboxMessage) == []


def test_a_study_that_is_none_or_not_ones_own_is_refused(branch, nurse, as_role):
    patients = people(branch, nurse, 1)
    add_studies(branch, nurse, "MB1")
    for actor, study, said in (
        (nurse, "MB2", "study.no_such_study"), (as_role("health_manager"), "MB1", "study.not_member")
    ):  # fmt: skip
        with pytest.raises(DomainError) as caught:
            give(branch, actor, patients, study=study)
        assert (caught.value.code, caught.value.field) == (said, "study")
    assert rows(branch, FormTask) == []


def test_who_has_it_already_is_left_out_and_told(branch, nurse):
    patients = people(branch, nurse, 2)
    give(branch, nurse, patients[:1])
    unknown = Id(int=7)
    done = give(branch, nurse, [*patients, unknown], send=True)
    assert (done.issued, done.queued) == (1, 1)
    assert codes(done) == {
        patients[0]: ("form.waits_already", False),
        unknown: ("form.client_gone", False),
    }
    assert len(rows(branch, FormTask)) == 2


def test_who_cannot_or_does_not_want_to_be_reached_still_has_the_questionnaire(branch, nurse):
    silent = people(branch, nurse, 1, phone=False)[0]
    wary, paused, fine = people(branch, nurse, 3)
    branch.run(SetPreference(patient_id=wary, opted_out=[Category.REMINDER]), nurse)
    branch.run(PauseClient(patient_id=paused, reason="住院"), nurse)
    done = give(branch, nurse, [silent, wary, paused, fine], send=True)
    assert (done.issued, done.queued) == (4, 1)
    assert codes(done) == {
        silent: ("form.unreachable", True),
        wary: ("form.no_reminders", True),
        paused: ("form.client_paused", True),
    }
    [message] = rows(branch, OutboxMessage)
    assert (message.patient_id, message.about) == (fine, "form_task")
    assert "{link}" in message.text


def test_nothing_is_half_done_by_a_bad_order(branch, nurse, as_role):
    patients = people(branch, nurse, 1)
    with pytest.raises(DomainError, match=r"form\.due_past"):
        give(branch, nurse, patients, due_at=branch.clock())
    with pytest.raises(DomainError, match=r"form\.too_many_clients"):
        give(branch, nurse, [Id(int=n) for n in range(1, 202)])
    with pytest.raises(DomainError, match=r"permission\.denied"):
        give(branch, as_role("receptionist"), patients)
    assert rows(branch, FormTask) == []


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_link_of_the_message_opens_the_questionnaire_and_a_reminder_goes_on_in_it(branch, nurse, system):
    [patient] = people(branch, nurse, 1)
    give(branch, nurse, [patient], send=True)
    [task], [first] = rows(branch, FormTask), rows(branch, OutboxMessage)
    link = branch.run(OfferMessage(message_id=first.id, token_sha256=digest("a")), system).receipt
    again = branch.run(OfferMessage(message_id=first.id, token_sha256=digest("a")), system).receipt
    assert link == again
    with branch.store.write() as connection:
        draft = {"resourceType": "QuestionnaireResponse", "item": []}
        table = PersonLink.__table__
        connection.execute(table.update().values(draft=draft, saved_at=branch.clock(), uploads=2))
    branch.run(RemindForm(task_id=task.id), nurse)
    second = rows(branch, OutboxMessage)[-1]
    branch.run(OfferMessage(message_id=second.id, token_sha256=digest("b")), system)
    old, new = sorted(rows(branch, PersonLink), key=lambda one: one.revoked_at is None)
    assert (old.revoked_at is not None, new.revoked_at) == (True, None)
    assert (new.purpose, new.task_id, new.form, new.form_version) == ("form", task.id, "gad7", "1.0.0")
    assert (new.draft, new.uploads) == (draft, 2)


def test_what_is_over_is_not_reminded_of_and_its_message_is_taken_back(branch, nurse):
    patients = people(branch, nurse, 3)
    give(branch, nurse, patients, send=True)
    tasks = {task.patient_id: task.id for task in rows(branch, FormTask)}
    hand_in(branch, nurse, patients[0], "gad7", reaching(SCALES["gad7"], 2), task_id=tasks[patients[0]])
    branch.run(WithdrawForm(task_id=tasks[patients[1]], reason="不再需要"), nurse)
    branch.run(GiveUpForm(task_id=tasks[patients[2]], reason="联系不上"), nurse)
    assert {(m.state, m.reason) for m in rows(branch, OutboxMessage)} == {("cancelled", "form_over")}
    done = branch.run(RemindForms(form_task_ids=[*tasks.values()], act="remind"), nurse).receipt
    assert done.done == 0
    assert {code for _, code in done.refused} == {"form.over"}


# What came back


def followed(branch, system):
    follower = ReturnFollower(branch, system)
    Follower(branch.store, follower).catch_up()
    follower.tick()
    return {(r.form, r.study): r for r in rows(branch, FormReturn)}


def test_the_rate_is_of_those_that_should_be_back(branch, nurse, system, clock):
    patients, due = people(branch, nurse, 6), branch.clock() + DAY
    add_studies(branch, nurse, "JIA")
    give(branch, nurse, patients[:5], study="JIA", due_at=due)
    give(branch, nurse, patients[5:], due_at=due)
    tasks = {task.patient_id: task.id for task in rows(branch, FormTask)}
    for patient in patients[:2]:
        hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 2), task_id=tasks[patient])
    branch.run(GiveUpForm(task_id=tasks[patients[2]], reason="联系不上"), nurse)
    branch.run(WithdrawForm(task_id=tasks[patients[3]], reason="不再需要"), nurse)
    row = followed(branch, system)["gad7", "JIA"]
    assert (row.issued, row.expected, row.handed_in, row.waiting, row.withdrawn) == (4, 3, 2, 1, 1)
    assert row.rate == pytest.approx(66.7)
    clock.advance(DAY)
    row = followed(branch, system)["gad7", "JIA"]
    assert (row.expected, row.overdue, row.waiting, row.rate) == (4, 1, 0, 50.0)
    assert followed(branch, system)["gad7", ""].issued == 1


def test_what_did_not_change_writes_nothing_and_four_are_too_few_to_be_low(branch, nurse, system, clock):
    give(branch, nurse, people(branch, nurse, 4), due_at=branch.clock() + DAY)
    clock.advance(2 * DAY)
    row = followed(branch, system)["gad7", ""]
    assert (row.rate, row.expected, row.low_since) == (0.0, 4, None)
    group = (nurse.org_id, "gad7", "", row.month)
    assert branch.run(CountReturns(groups=[group]), system).receipt == 0


# What is missing


def test_gaps_begin_and_end_with_the_form(branch, nurse):
    [patient] = people(branch, nurse, 1)

    def note(gaps):
        order = NoteGaps(patient_id=patient, form="gad7", form_version="1.0.0", gaps=gaps, source="nurse")
        return branch.run(order, nurse).receipt

    assert note(0) is False
    assert rows(branch, FormGap) == []
    assert [note(3), note(3), note(1)] == [True, False, True]
    [row] = rows(branch, FormGap)
    assert (row.gaps, row.since is not None) == (1, True)
    hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 2))
    assert [one.gaps for one in rows(branch, FormGap)] == [0]


def test_withdrawing_ends_the_gaps(branch, nurse):
    [patient] = people(branch, nurse, 1)
    task = branch.run(IssueForm(patient_id=patient, form="gad7", form_version="1.0.0"), nurse).receipt
    order = NoteGaps(
        patient_id=patient, task_id=task, form="gad7", form_version="1.0.0", gaps=2, source="kiosk"
    )
    branch.run(order, nurse)
    branch.run(WithdrawForm(task_id=task, reason="不再需要"), nurse)
    assert [one.gaps for one in rows(branch, FormGap)] == [0]
