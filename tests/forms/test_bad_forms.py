"""Forms and drafts that mean harm, or are out of date: told in words, bounded, and nothing that was typed is lost."""

import time
from dataclasses import replace

import pytest

from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from forms.response import from_json, to_json
from forms.session import FormSession
from resources import folder
from tests.forms.building import HL7, NOW, form, item, rule, session

TEXTS = Texts.load(folder("texts/zh"))


def doubling(count):
    """Variables of which each holds the one before twice."""
    first = rule("variable", "'a'.combine('b')", "v0")
    return [first, *(rule("variable", f"%v{n}.combine(%v{n})", f"v{n + 1}") for n in range(count))]


@pytest.mark.parametrize(
    "text",
    [
        "%v40.count()",
        "%resource.descendants().select(%resource.descendants().select(%resource.descendants())).count()",
        "('a').repeat($this & 'a').count()",
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a|aa|aaa)+$')",
    ],
)
def test_a_hostile_calculation_is_stopped_and_the_form_goes_on(text):
    many = [item(f"q{n}", "string") for n in range(60)]
    hostile = item("bad", "string", readOnly=True, rules=[*doubling(40), rule("calculatedExpression", text)])
    live = session(*many, hostile)
    for n in range(60):
        live.set_answer(f"q{n}", "x")
    began = time.process_time()
    live.set_answer("q1", "y")
    assert time.process_time() - began < 20  # without bounds it would be hours
    assert live.answers("bad") == ()
    assert [one.code for one in live.warnings()] == ["form.expression_failed"]
    for _ in range(20):
        live.set_answer("q2", "z")
    struck = live._tree.find("bad", ()).struck
    assert max(struck.values()) <= 3  # it is not tried again with every answer
    again = FormSession.restore(live.form, from_json(to_json(live.draft(NOW))))
    assert again.answers("q1") == ("y",)


def test_a_chain_of_variables_is_bounded():
    chain = [rule("variable", "1", "v0"), *(rule("variable", f"%v{n} + 1", f"v{n + 1}") for n in range(2000))]
    live = session(item("end", readOnly=True, rules=[*chain, rule("calculatedExpression", "%v2000")]))
    assert live.answers("end") in ((), (2001,))
    assert live.answers("end") or live.warnings()


def test_a_form_of_many_levels_or_many_items_is_no_trouble():
    wide = session(*(item(str(n), "boolean") for n in range(5000)))
    wide.set_answer("4999", True)
    assert wide.progress().answered == 1


def test_too_many_instances_at_the_beginning_are_not_made():
    group = item("g", "group", item("x"), repeats=True, extension=[
        {"url": HL7 + "questionnaire-minOccurs", "valueInteger": 1_000_000},
    ])  # fmt: skip
    assert session(group).instances("g") == 100


def test_a_retired_version_can_be_opened_and_told_but_not_handed_in():
    live = session(item("a"))
    live.set_answer("a", 7)
    retired = replace(live.form, status="retired")
    again = FormSession.restore(retired, live.draft(NOW))
    assert again.answers("a") == (7,)
    with pytest.raises(DomainError) as caught:
        again.response(NOW)
    problem = caught.value.facts["problems"][0]
    assert problem.code == "form.retired"
    assert "已停用" in TEXTS.say(problem.code, **problem.facts)


def test_a_response_of_another_version_is_told_by_both_versions():
    live = session(item("a"))
    live.set_answer("a", 7)
    with pytest.raises(DomainError) as caught:
        FormSession.restore(form(item("a"), version="2"), live.draft(NOW))
    assert caught.value.facts["given"].endswith("|1")
    assert caught.value.facts["wanted"].endswith("|2")


def test_every_refusal_of_a_form_is_a_sentence_with_its_place():
    with pytest.raises(DomainError) as caught:
        form(item("a", rules=[rule("calculatedExpression", "%no")]))
    assert "item(a).calculatedExpression" in TEXTS.say(caught.value.code, **caught.value.facts)
