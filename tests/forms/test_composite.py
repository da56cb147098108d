"""Several instruments as one form: nothing is asked twice, and each gets the response it would have got."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import resources
from domain.kernel.errors import DomainError
from forms.composite import compose, split
from forms.expressions.relinking import relinked
from forms.expressions.syntax import parse
from forms.expressions.writing import text_of
from forms.nodes import Place
from forms.prefill import FACTOR
from forms.questionnaire_reader import load_forms, parse_form
from forms.questionnaire_writer import write_form
from forms.response import from_json, to_json
from forms.session import FormSession
from tests.forms.building import NOW, form, item, option, rule, when
from tests.forms_expressions.differential import expressions


def factor(code):
    return {"code": [{"system": FACTOR, "code": code}]}


def read(link_id):
    return f"%resource.item.where(linkId='{link_id}').answer.value"


YES_NO = [option("y", 1), option("n", 0)]
LEVEL = f"iif({read('sum')} > 1, '高', '低')"
ONE = form(
    item("age", required=True, **factor("age")),
    item("smoke", "choice", answerOption=YES_NO, **factor("smoking")),
    item("cigs", enableWhen=[when("smoke", answerCoding={"code": "y"})], **factor("cigs")),
    item("sum", readOnly=True, rules=[rule("calculatedExpression", "%resource.repeat(item).answer.weight().sum()")]),
    item("level", "string", readOnly=True, rules=[rule("calculatedExpression", LEVEL)]),
    url="https://example.org/one",
)  # fmt: skip
TWO = form(
    item("g", "group", item("smoking", "choice", answerOption=YES_NO, required=True, **factor("smoking"))),
    item("years", **factor("age")),
    item("older", "boolean", readOnly=True, rules=[rule("calculatedExpression", f"{read('years')} > 40")]),
    item("ask", "string", enableWhen=[when("smoking", answerCoding={"code": "y"})]),
    item("also", "string", rules=[rule("enableWhenExpression", f"{read('older')} = true")]),
    item("pack", enableWhen=[when("smoking", answerCoding={"code": "y"})], **factor("cigs")),
    item("more", "choice", answerOption=[*YES_NO, option("u", 5)], **factor("smoking")),
    url="https://example.org/two",
)  # fmt: skip


def test_what_both_ask_is_asked_once():
    composite = compose([ONE, TWO])
    assert [one.link_id for one in composite.walk() if one.type.is_question] == [
        "1/age", "1/smoke", "1/cigs", "2/older", "2/ask", "2/also", "2/pack", "2/more",
    ]  # fmt: skip
    smoke = next(one for one in composite.walk() if one.link_id == "1/smoke")
    assert smoke.stands_for == (f"{ONE.canonical}#smoke", f"{TWO.canonical}#smoking")
    assert smoke.required
    assert parse_form(from_json(to_json(write_form(composite)))) == composite


def test_conditions_and_calculations_follow_their_questions():
    live = FormSession(compose([ONE, TWO]), clock=lambda: NOW)
    assert live.set_answer("1/smoke", "y").enabled == {"1/cigs", "2/ask", "2/pack"}
    assert live.set_answer("1/age", 50).enabled == {"2/also"}
    assert live.answers("2/older") == (True,)


def test_each_instrument_gets_its_own_response():
    composite = compose([ONE, TWO])
    live = FormSession(composite, clock=lambda: NOW)
    live.set_answer("1/smoke", "y")
    live.set_answer("1/age", 50)
    live.set_answer("2/also", "说明")
    response = {**live.response(NOW), "subject": {"reference": "Patient/1"}}
    one, two = split(response, composite, [ONE, TWO])
    assert (one["questionnaire"], two["questionnaire"]) == (ONE.canonical, TWO.canonical)
    assert one["status"] == two["status"] == "completed"
    assert one["subject"] == two["subject"] == {"reference": "Patient/1"}
    first, second = FormSession.restore(ONE, one), FormSession.restore(TWO, two)
    assert (first.answers("sum"), first.answers("level")) == ((1,), ("低",))
    assert second.answers("smoking")[0].code == "y"
    assert (second.answers("years"), second.answers("also")) == ((50,), ("说明",))


def test_an_unfinished_composite_splits_into_drafts():
    composite = compose([ONE, TWO])
    live = FormSession(composite)
    live.set_answer("1/age", 30)
    assert [one["status"] for one in split(live.draft(NOW), composite, [ONE, TWO])] == ["in-progress"] * 2


def test_a_condition_that_waits_for_a_total_cannot_be_composed():
    total = item(
        "t",
        readOnly=True,
        rules=[rule("calculatedExpression", "%resource.repeat(item).answer.weight().sum()")],
    )
    by_when = form(total, item("x", "string", enableWhen=[when("t", ">", answerInteger=3)]))
    by_rule = form(total, item("x", "string", rules=[rule("enableWhenExpression", f"{read('t')} > 3")]))
    for waiting in (by_when, by_rule):
        with pytest.raises(DomainError) as caught:
            compose([ONE, waiting])
        assert (caught.value.code, caught.value.field) == ("form.cannot_compose", "x")


answers = st.fixed_dictionaries(
    {},
    optional={
        "1/age": st.integers(0, 90),
        "1/smoke": st.sampled_from(["y", "n"]),
        "1/cigs": st.integers(0, 60),
        "2/ask": st.text("ab", min_size=1, max_size=3),
        "2/also": st.text("ab", min_size=1, max_size=3),
        "2/pack": st.integers(0, 60),
        "2/more": st.sampled_from(["y", "n", "u"]),
    },
)
COMPOSITE = compose([ONE, TWO])
ALONE = {
    "1/age": (("age",), ("years",)), "1/smoke": (("smoke",), ("smoking",)), "1/cigs": (("cigs",), ()),
    "2/ask": ((), ("ask",)), "2/also": ((), ("also",)), "2/pack": ((), ("pack",)), "2/more": ((), ("more",)),
}  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers)
def test_a_part_is_what_its_instrument_alone_would_be(given_answers):
    live = FormSession(COMPOSITE, clock=lambda: NOW)
    alone = FormSession(ONE, clock=lambda: NOW), FormSession(TWO, clock=lambda: NOW)
    for link_id, value in given_answers.items():
        live.set_answer(link_id, value)
        for session, links in zip(alone, ALONE[link_id], strict=True):
            for one in links:
                session.set_answer(one, value)
    for part, session in zip(split(live.draft(NOW), COMPOSITE, [ONE, TWO]), alone, strict=True):
        again = FormSession.restore(session.form, part, clock=lambda: NOW)
        assert again.draft(NOW) == session.draft(NOW)
        assert again.problems() == session.problems()


@settings(deadline=None)
@given(expressions)
def test_an_expression_written_out_reads_as_itself(text):
    assert parse(text_of(parse(text))) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "1 year",
        "5 'mg'",
        "@2026-11",
        "@T10:00",
        "a.`b-c`.d[0]",
        "-(1)",
        "x is Quantity",
        "{}",
        "'a\\'\\n中'",
        "%`a-b`",
    ],
)
def test_every_kind_of_expression_is_written(text):
    assert parse(text_of(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "%resource.item.where(linkId='a').answer.value",
            "%resource.descendants().where((linkId = '1/a')).answer.value",
        ),
        (
            "item.where(linkId='a').item.where(linkId='b')",
            "item.where((linkId = '1/a')).item.where((linkId = '1/b'))",
        ),
        ("item.where(linkId='far')", "%resource.descendants().where((linkId = '2/far'))"),
        ("%resource.repeat(item).answer", None),
        ("'a' & %v", "('a' & %v)"),
    ],
)
def test_link_ids_are_replaced_where_they_are_looked_up(text, expected):
    assert relinked(text, {"a": "1/a", "b": "1/b", "far": "2/far"}, {"far"}) == expected


def test_the_shipped_instruments_compose_and_split():
    forms = list(load_forms(resources.folder("forms")).values())
    possible = []
    for one in forms:
        try:
            compose([one])
        except DomainError as error:
            assert error.code == "form.cannot_compose"  # noqa: PT017 -- some wait for their totals, which is told
        else:
            possible.append(one)
    composite = parse_form(from_json(to_json(write_form(compose(possible)))))
    asked = sum(one.type.is_question for one in composite.walk())
    assert asked < sum(one.type.is_question for form_ in possible for one in form_.walk())
    live = FormSession(composite, clock=lambda: NOW)
    assert [part["questionnaire"] for part in split(live.draft(NOW), composite, possible)] == [
        one.canonical for one in possible
    ]
    assert all(isinstance(place, Place) for place in live.places())
