"""A draft of an older version goes on in the newer one, and nothing that was typed goes without a word."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.errors import DomainError
from forms.moving import move_draft
from forms.nodes import Place
from forms.prefill import Prefill, apply_prefills
from forms.session import FormSession
from forms.values import shown
from tests.forms.building import NOW, form, item, option, when

CODE = {"code": [{"system": "http://loinc.org", "code": "8302-2"}]}
OLD = form(
    item("name", "string"),
    item("height", "decimal", **CODE),
    item("smoke", "choice", answerOption=[option("yes"), option("no"), option("sometimes")]),
    item("cigs", "integer", enableWhen=[when("smoke", answerCoding={"system": "s", "code": "yes"})]),
    item("drug", "group", item("which", "string"), repeats=True),
    item("gone", "string"),
    item("whole", "decimal"),
    item("still", "string", required=True),
)  # fmt: skip
NEW = form(
    item("name", "string"),
    item("tall", "decimal", **CODE),
    item("smoke", "choice", answerOption=[option("yes"), option("no")]),
    item("cigs", "integer", enableWhen=[when("smoke", answerCoding={"system": "s", "code": "yes"})], text="每日支数"),
    item("drug", "group", item("which", "string"), item("dose", "string", required=True), repeats=True),
    item("whole", "integer"),
    item("still", "string", required=True),
    item("new", "boolean", required=True),
    version="2",
)  # fmt: skip


def filled(**answers):
    live = FormSession(OLD)
    for link_id, value in answers.items():
        live.set_answer(link_id, value)
    return live


def test_the_report_tells_what_became_of_every_answer():
    live = filled(name="林", height="171.5", smoke="sometimes", cigs=5, gone="说明", whole="3.0")
    live.set_answer("which", "甲")
    live.add_instance("drug")
    live.set_answer("which", "乙", at=(1,))
    draft = live.draft(NOW)
    report = move_draft(OLD, NEW, draft)
    assert [(one.place.link_id, one.place.at) for one in report.kept] == [
        ("name", ()),
        ("which", (0,)),
        ("which", (1,)),
    ]
    assert [(one.place.link_id, one.answer, one.reason) for one in report.dropped] == [
        ("smoke", "SOMETIMES", "form.not_an_option"),
        ("gone", "说明", "form.unknown_item"),
    ]
    assert [(one.place.link_id, one.what) for one in report.changed] == [
        ("tall", ("text",)), ("cigs", ("text",)), ("whole", ("type",)),
    ]  # fmt: skip
    assert [place for place, _ in report.new_required] == [
        Place("dose", (0,)),
        Place("dose", (1,)),
        Place("new"),
    ]
    moved = FormSession.restore(NEW, report.response)
    assert (moved.answers("tall"), moved.answers("whole")) == ((Decimal("171.5"),), (3,))
    assert moved.answers("cigs") == (5,)
    assert moved.answers("which", (1,)) == ("乙",)
    assert live.draft(NOW) == draft


def test_where_an_answer_came_from_moves_with_it_as_does_what_else_the_response_says():
    live = filled()
    apply_prefills(live, [Prefill("name", "林", "档案", None)])
    report = move_draft(OLD, NEW, {**live.draft(NOW), "subject": {"reference": "Patient/1"}})
    assert FormSession.restore(NEW, report.response).provenance("name").source == "档案"
    assert report.response["subject"] == {"reference": "Patient/1"}
    assert report.response["questionnaire"] == NEW.canonical


def test_a_draft_of_another_form_is_refused():
    with pytest.raises(DomainError, match=r"form\.other_version"):
        move_draft(NEW, OLD, filled(name="林").draft(NOW))


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text("ab", min_size=1, max_size=4),
            "height": st.decimals(1, 250, places=1),
            "smoke": st.sampled_from(["yes", "no", "sometimes"]),
            "cigs": st.integers(0, 60),
            "gone": st.text("cd", min_size=1, max_size=4),
            "whole": st.decimals(0, 9, places=1),
        },
    )
)
def test_no_answer_goes_without_a_word(answers):
    live = filled(**answers)
    report = move_draft(OLD, NEW, live.draft(NOW))
    moved = FormSession.restore(NEW, report.response)
    kept = {place.link_id: given_answers for place, given_answers in moved.given_answers()}
    dropped = {one.place.link_id: one.answer for one in report.dropped}
    for place, (answer,) in live.given_answers():
        target = "tall" if place.link_id == "height" else place.link_id
        assert kept.get(target) == (answer,) or dropped[place.link_id] == shown(answer)
