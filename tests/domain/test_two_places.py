"""A form on the phone and at the desk: one counts, the other is told, nothing is lost."""
# ruff: noqa: F811  (fixtures of another module)

import hashlib

import pytest

from domain.checkup.form_commands import AnswerForm, KeepOneResponse
from domain.checkup.records import QuestionnaireResponse
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.links.commands import FinishLink, HandOverForm, SaveLinkDraft
from domain.links.records import PersonLink
from domain.scales.records import FormTask, ScaleResult
from tests.conftest import BRANCH, DEVICE
from tests.scales.answering import reaching
from tests.scales.conftest import SCALES, branch, patient  # noqa: F401
from tests.scales.handing_in import refused, response, rows

PHONE = system_actor(BRANCH, DEVICE, "客户本人")


def answered(points):
    return response("phq9", reaching(SCALES["phq9"], points))


@pytest.fixture
def link(branch, nurse, patient):
    token = hashlib.sha256(b"one").hexdigest()
    return branch.run(
        HandOverForm(patient_id=patient, form="phq9", form_version="1.0.0", token_sha256=token), nurse
    ).receipt


def at_desk(branch, nurse, patient, points, **more):
    order = AnswerForm(
        patient_id=patient, form="phq9", form_version="1.0.0", answers=answered(points), **more
    )
    return branch.run(order, nurse).receipt


def of_link(branch, link):
    return next(row for row in rows(branch, PersonLink) if row.id == link)


def test_the_desk_was_first_the_phone_is_told_and_keeps_what_it_has(branch, nurse, patient, link):
    branch.run(SaveLinkDraft(link_id=link, draft={"item": [{"linkId": "mood"}]}), PHONE)
    done = at_desk(branch, nurse, patient, 9)
    found = of_link(branch, link)
    assert (found.settled_by, found.draft) == (done.response_id, {"item": [{"linkId": "mood"}]})
    assert refused(branch, FinishLink(link_id=link, answers=answered(3)), PHONE).code == "link.settled"
    assert refused(branch, SaveLinkDraft(link_id=link, draft={}), PHONE).code == "link.settled"
    [kept] = rows(branch, QuestionnaireResponse)
    [task] = rows(branch, FormTask)
    assert (kept.task_id, task.state) == (task.id, "handed_in"), "the desk answered what was given out"


def test_the_phone_was_first_the_desk_is_told_which_may_be_corrected(branch, nurse, patient, link, clock):
    done = branch.run(FinishLink(link_id=link, answers=answered(3)), PHONE).receipt
    [task] = rows(branch, FormTask)
    for more in ({}, {"task_id": task.id}):
        with pytest.raises(DomainError) as error:
            at_desk(branch, nurse, patient, 9, **more)
        assert error.value.code == "form.in_already"
        assert error.value.facts["response_id"] == str(done.response_id)
    assert len(rows(branch, QuestionnaireResponse)) == 1


def test_the_next_filling_in_is_another_one(branch, nurse, patient, link, clock):
    from datetime import timedelta

    branch.run(FinishLink(link_id=link, answers=answered(3)), PHONE)
    clock.advance(timedelta(days=2))
    at_desk(branch, nurse, patient, 9)
    assert len(rows(branch, QuestionnaireResponse)) == 2


def both(branch, nurse, patient, link):
    """What a branch that was out of reach and the centre have between them: one questionnaire, two responses."""
    desk = at_desk(branch, nurse, patient, 9).response_id
    [task] = rows(branch, FormTask)
    with branch.store.write() as connection:
        table = FormTask.__table__
        connection.execute(table.update().values(state="issued"))
        linked = PersonLink.__table__
        connection.execute(linked.update().values(revoked_at=None, settled_by=None))
    phone = branch.run(FinishLink(link_id=link, answers=answered(20)), PHONE).receipt.response_id
    return desk, phone, task


def test_two_responses_wait_in_a_list_until_one_is_said_to_count(branch, nurse, patient, link, as_role):
    from domain.kernel.worklists import Pages, worklists

    desk, phone, _ = both(branch, nurse, patient, link)
    listed = worklists()["form.twice"]
    pages = Pages(branch.store)
    shown = {row.id for row in pages.page(listed, nurse).rows}
    assert shown == {desk, phone}
    assert branch.run(KeepOneResponse(response_id=phone, reason="客户确认手机填写为准"), nurse).receipt == 1
    assert list(pages.page(listed, nurse).rows) == []
    assert len(rows(branch, QuestionnaireResponse)) == 3, "nothing is taken away"
    standing = [
        r for r in rows(branch, ScaleResult) if r.id not in {x.amends for x in rows(branch, ScaleResult)}
    ]
    assert {row.total for row in standing} == {20}
    order = KeepOneResponse(response_id=phone, reason="再来一次")
    assert refused(branch, order, nurse).code == "form.only_one"
