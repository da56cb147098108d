"""Several instruments as one questionnaire: asked once, handed in once, scored and corrected for each."""

import msgspec
import pytest
from sqlalchemy import select

import resources
from domain.checkup.form_commands import AnswerForm, CorrectForm
from domain.checkup.records import QuestionnaireResponse
from domain.designs.records import FormDesign, Origin
from domain.kernel.errors import DomainError
from domain.scales.records import ScaleResult
from forms.designing.composing import composed
from forms.handing_in import parts_of, plain
from forms.questionnaire_reader import load_form
from forms.session import FormSession
from forms.shelf import take
from tests.designs.making import make, publish

FORMS = resources.folder("forms")


def rows(group, kind):
    with group.desk.store.read() as connection:
        return connection.execute(select(kind.__table__).order_by(kind.id)).all()


@pytest.fixture
def both(group):
    """PHQ-9 and GAD-7 published as one to branch A; returns the form as it is taken there."""
    forms = {name: load_form(FORMS / f"{name}.json") for name in ("phq9", "gad7")}
    found = composed(forms, "心理综合问卷")
    design = make(
        group.desk,
        group.admin,
        found.resource,
        None,
        "心理综合问卷",
        origin=Origin.COMPOSITE,
        parts=found.parts,
    )
    publish(group.desk, group.admin, design, group.a)
    [row] = rows(group, FormDesign)
    with group.desk.store.read() as connection:
        return take(connection, FORMS, row.form, {group.a}), row.form


def answered(group, both, at):
    """Answer every question with the option at a place."""
    session = FormSession(both.form, clock=group.desk.clock)
    for item in both.form.walk():
        if item.options and session.is_enabled(item.link_id):
            session.set_answer(item.link_id, item.options[min(at, len(item.options) - 1)].value)
    response = session.response(group.desk.clock())
    return plain(response), parts_of(both.form, both.parts, response)


def test_one_questionnaire_is_scored_for_each_instrument(group, both):
    taken, form = both
    assert set(taken.parts) == {"phq9", "gad7"}
    answers, parts = answered(group, taken, 3)
    order = AnswerForm(
        patient_id=group.patient(group.a), form=form, form_version="1.0.0", answers=answers, parts=parts
    )
    done = group.desk.run(order, group.actor("nurse", group.a)).receipt
    results = {row.scale: row for row in rows(group, ScaleResult)}
    assert {name: row.total for name, row in results.items()} == {"phq9": 27, "gad7": 21}
    assert results["phq9"].safety, "what must not wait is seen in a composite too"
    assert len(done.results) == 2
    whole, *split = sorted(rows(group, QuestionnaireResponse), key=lambda row: row.part_of is not None)
    assert whole.id == done.response_id
    assert {(row.form, row.form_version, row.part_of) for row in split} == {
        ("phq9", "1.0.0", whole.id), ("gad7", "1.0.0", whole.id),
    }  # fmt: skip


def test_a_correction_corrects_each_instrument_and_none_can_be_forgotten(group, both):
    taken, form = both
    nurse = group.actor("nurse", group.a)
    answers, parts = answered(group, taken, 3)
    order = AnswerForm(
        patient_id=group.patient(group.a), form=form, form_version="1.0.0", answers=answers, parts=parts
    )
    first = group.desk.run(order, nurse).receipt.response_id
    answers, parts = answered(group, taken, 1)
    with pytest.raises(DomainError, match=r"form\.correct_parts"):
        group.desk.run(CorrectForm(response_id=first, answers=answers, reason="录错"), nurse)
    group.desk.run(CorrectForm(response_id=first, answers=answers, reason="录错", parts=parts), nurse)
    latest = [row for row in rows(group, ScaleResult) if row.amends is not None]
    assert {row.scale: row.total for row in latest} == {"phq9": 9, "gad7": 7}
    assert len({row.amends for row in latest}) == 2


@pytest.mark.parametrize(
    "part",
    [{}, {"form": "", "form_version": "1", "answers": {}}, {"form": 1, "form_version": "1", "answers": []}],
)
def test_parts_that_are_none_are_refused(group, both, part):
    taken, form = both
    answers, _ = answered(group, taken, 0)
    order = AnswerForm(
        patient_id=group.patient(group.a), form=form, form_version="1.0.0", answers=answers, parts=[part]
    )
    with pytest.raises(DomainError, match=r"form\.bad_part"):
        group.desk.run(order, group.actor("nurse", group.a))
    assert rows(group, QuestionnaireResponse) == []


def test_what_two_instruments_ask_is_asked_once_and_said():
    forms = {name: load_form(FORMS / f"{name}.json") for name in ("ascvd", "cdc_chronic")}
    found = composed(forms, "综合")
    assert found.saved > 3
    assert len(found.shared) >= found.saved
    assert all(len(titles) > 1 for _, titles in found.shared)
    assert msgspec.json.encode(found.resource)
