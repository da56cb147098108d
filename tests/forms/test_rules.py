"""What follows from the answers: calculations, conditions, variables, constraints, options, beginnings."""

from datetime import date
from decimal import Decimal

import pytest

from domain.kernel.errors import DomainError
from forms.nodes import Place
from forms.questionnaire import Coding
from forms.session import FormSession
from tests.forms.building import HL7, NOW, constraint, form, item, option, rule, session

WEIGHT, HEIGHT = (f"%resource.item.where(linkId='{name}').answer.value" for name in ("w", "h"))
BMI = item(
    "bmi",
    "decimal",
    readOnly=True,
    rules=[rule("calculatedExpression", f"({WEIGHT} / ({HEIGHT} / 100).power(2)).round(1)")],
)
TOTAL = "%resource.item.where(linkId='total').answer.value"
UNEQUAL = "item.where(linkId='a').answer.value != item.where(linkId='b').answer.value"
BODY = (item("w", "decimal"), item("h", "decimal"), BMI)


def test_a_calculation_follows_its_answers_and_touches_nothing_else():
    others = [
        item(f"x{n}", rules=[rule("calculatedExpression", f"{n} + {n}")], readOnly=True) for n in range(30)
    ]
    live = session(*BODY, *others)
    assert live.answers("bmi") == ()
    live.set_answer("w", "70")
    changes = live.set_answer("h", "175")
    assert live.answers("bmi") == (Decimal("22.9"),)
    assert changes.touched == {Place("h"), Place("bmi")}
    assert live.evaluated == 1
    assert live.answers("x3") == (6,)
    live.set_answer("h")
    assert live.answers("bmi") == ()


def test_a_person_may_overrule_a_calculation_that_is_not_read_only():
    twice = item(
        "t", rules=[rule("calculatedExpression", "%resource.item.where(linkId='a').answer.value * 2")]
    )
    live = session(item("a"), twice)
    live.set_answer("a", 4)
    assert (live.answers("t"), live.is_calculated("t")) == ((8,), True)
    live.set_answer("t", 9)
    live.set_answer("a", 5)
    assert (live.answers("t"), live.is_calculated("t")) == ((9,), False)
    again = FormSession.restore(live.form, live.draft(NOW))
    assert (again.answers("t"), again.is_calculated("t")) == ((9,), False)
    assert again.set_answer("t").touched == {Place("t")} | {Place("t")}
    assert again.answers("t") == (10,)


def test_a_stored_calculation_is_worked_out_again():
    live = session(*BODY)
    live.set_answer("w", 70)
    live.set_answer("h", 175)
    draft = live.draft(NOW)
    draft["item"][2]["answer"][0]["valueDecimal"] = Decimal(99)
    assert FormSession.restore(live.form, draft).answers("bmi") == (Decimal("22.9"),)


def test_a_chain_of_calculations_is_not_a_recursion():
    def plus_one(n):
        source = f"%resource.item.where(linkId='{n - 1}').answer.value + 1"
        return item(str(n), readOnly=True, rules=[rule("calculatedExpression", source)])

    live = session(item("0"), *(plus_one(n) for n in reversed(range(1, 400))))
    live.set_answer("0", 1)
    assert live.answers("399") == (400,)
    assert live.evaluated == 399


def test_what_comes_out_the_same_goes_no_further():
    adult = item(
        "adult",
        "boolean",
        readOnly=True,
        rules=[rule("calculatedExpression", "%resource.item.where(linkId='age').answer.value >= 18")],
    )
    shown = item(
        "s",
        "string",
        rules=[rule("enableWhenExpression", "%resource.item.where(linkId='adult').answer.value")],
    )
    live = session(item("age"), adult, shown)
    assert live.set_answer("age", 40).enabled == {"s"}
    changes = live.set_answer("age", 41)
    assert (changes.enabled, live.evaluated) == (set(), 1)
    assert live.set_answer("age", 7).disabled == {"s"}


def test_the_total_counts_scores_and_never_itself():
    total = item(
        "total",
        "decimal",
        readOnly=True,
        rules=[rule("calculatedExpression", "%resource.repeat(item).answer.weight().sum()")],
    )
    level = item(
        "level", "string", readOnly=True,
        rules=[rule("calculatedExpression", f"iif({TOTAL} > 3, '高', '低')")],
    )  # fmt: skip
    group = item(
        "g",
        "group",
        *(item(f"q{n}", "choice", answerOption=[option("a", 0), option("b", 2)]) for n in range(3)),
    )
    live = session(group, total, level)
    assert live.answers("total") == (0,)
    live.set_answer("q0", "b")
    live.set_answer("q1", "b")
    assert (live.answers("total"), live.answers("level"), live.score()) == ((4,), ("高",), 4)


def test_variables_have_a_scope_and_may_stand_on_each_other():
    inner = item(
        "in", readOnly=True,
        rules=[rule("variable", "%a + 1", "b"), rule("calculatedExpression", "%b * 10")],
    )  # fmt: skip
    extension = [rule("variable", "item.where(linkId='n').answer.value", "a")]
    live = session(item("n"), item("g", "group", inner), extension=extension)
    live.set_answer("n", 4)
    assert live.answers("in") == (50,)


def test_records_handed_in_are_seen_and_prefill():
    launch = {
        "url": "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-launchContext",
        "extension": [{"url": "name", "valueCoding": {"code": "patient"}}],
    }
    born = item("born", "date", rules=[rule("initialExpression", "%patient.birthDate")])
    age = item(
        "age",
        rules=[
            rule(
                "initialExpression",
                "today().toString().substring(0,4).toInteger() - %patient.birthDate.substring(0,4).toInteger()",
            )
        ],
    )
    live = session(
        born,
        age,
        extension=[launch],
        contexts={"patient": {"resourceType": "Patient", "birthDate": "1979-03-12"}},
    )
    assert live.answers("born") == (date(1979, 3, 12),)
    assert live.answers("age") == (47,)
    assert session(born, age, extension=[launch]).answers("age") == ()


def test_constraints_are_hard_or_soft_and_say_what_they_want():
    systolic = item(
        "s",
        rules=[
            constraint(
                "%resource.item.where(linkId='d').answer.value < %context.answer.value", "收缩压应高于舒张压"
            )
        ],
    )
    pulse = item("p", rules=[constraint("answer.value < 120", "脉搏偏快，请复核", "warning")])
    live = session(systolic, item("d"), pulse)
    assert live.problems() == []
    live.set_answer("s", 80)
    live.set_answer("d", 90)
    live.set_answer("p", 130)
    assert [(p.link_id, p.code, p.facts["text"]) for p in live.problems()] == [
        ("s", "form.constraint", "收缩压应高于舒张压")
    ]
    assert [(p.link_id, p.facts["text"]) for p in live.warnings()] == [("p", "脉搏偏快，请复核")]
    with pytest.raises(DomainError, match=r"form\.incomplete"):
        live.response(NOW)
    live.set_answer("s", 120)
    assert live.response(NOW)["status"] == "completed"


def test_options_may_be_worked_out():
    named = item("n", "string", repeats=True)
    pick = item(
        "p", "choice", rules=[rule("answerExpression", "%resource.item.where(linkId='n').answer.value")]
    )
    live = session(named, pick)
    live.set_answer("n", "父亲", "母亲")
    assert [one.label for one in live.options("p")] == ["父亲", "母亲"]
    live.set_answer("p", "母亲")
    with pytest.raises(DomainError, match=r"form\.not_an_option"):
        live.set_answer("p", "舅舅")
    live.set_answer("n", "父亲")
    assert [(p.link_id, p.code) for p in live.problems()] == [("p", "form.not_an_option")]
    assert FormSession.restore(live.form, live.draft(NOW)).answers("p") == ("母亲",)


def test_an_expression_that_fails_is_told_and_harms_nothing():
    broken = item(
        "b",
        readOnly=True,
        rules=[rule("calculatedExpression", "%resource.item.where(linkId='a').answer.value + 'x'")],
    )
    live = session(item("a"), broken)
    live.set_answer("a", 1)
    assert live.answers("b") == ()
    assert [(w.link_id, w.code) for w in live.warnings()] == [("b", "form.expression_failed")]
    assert live.response(NOW)


def test_a_pattern_an_entry_format_and_a_pattern_without_end():
    pattern = [
        {"url": HL7 + "regex", "valueString": "[0-9]{6}"},
        {"url": HL7 + "entryFormat", "valueString": "6 位邮编"},
    ]
    hostile = [{"url": HL7 + "regex", "valueString": "(a|aa|aaa)+b"}]
    live = session(item("zip", "string", extension=pattern), item("x", "string", extension=hostile))
    live.set_answer("zip", "31000")
    assert [(p.code, p.facts["expected"]) for p in live.problems()] == [("form.wrong_pattern", "6 位邮编")]
    live.set_answer("zip", "310000")
    live.set_answer("x", "a" * 60)
    assert [p.link_id for p in live.problems()] == ["x"]


def test_the_whole_form_may_have_rules_of_its_own():
    told = {
        "url": HL7 + "targetConstraint",
        "extension": [
            {"url": "key", "valueId": "t"}, {"url": "severity", "valueCode": "error"},
            {"url": "human", "valueString": "甲乙不能相同"},
            {"url": "expression", "valueExpression": {"language": "text/fhirpath", "expression": UNEQUAL}},
        ],
    }  # fmt: skip
    live = session(item("a"), item("b"), extension=[told])
    live.set_answer("a", 1)
    live.set_answer("b", 1)
    assert [p.facts["text"] for p in live.problems()] == ["甲乙不能相同"]


def test_a_signature_is_asked_for_and_void_after_another_answer():
    wanted = {"url": HL7 + "questionnaire-signatureRequired", "valueCodeableConcept": {"text": "本人"}}
    live = session(item("a"), extension=[wanted])
    assert [p.code for p in live.problems()] == ["form.unsigned"]
    live.sign({"who": {"display": "林静姝"}, "when": "2026-11-29T10:00:00+08:00"})
    assert live.problems() == []
    again = FormSession.restore(live.form, live.draft(NOW))
    assert again.problems() == []
    again.set_answer("a", 3)
    assert [p.code for p in again.problems()] == ["form.unsigned"]


def test_a_coding_takes_part_in_conditions_with_its_code():
    hidden = item(
        "more",
        "string",
        rules=[rule("enableWhenExpression", "%resource.item.where(linkId='c').answer.value.code = 'b'")],
    )
    live = session(item("c", "choice", answerOption=[option("a"), option("b")]), hidden)
    assert live.set_answer("c", "b").enabled == {"more"}
    assert live.answers("c") == (Coding("b", "s", "B"),)


def test_a_form_can_be_made_from_its_own_parts():
    assert form(item("a")).canonical == "https://example.org/q|1"


def test_questions_below_a_question_are_found_through_its_answer_only():
    parent = item("q", "boolean", item("below"))
    through = [
        ("item", "%resource.item.where(linkId='q').item.where(linkId='below').answer.value", ()),
        ("answer", "%resource.item.where(linkId='q').answer.item.where(linkId='below').answer.value", (5,)),
        ("repeat", "%resource.repeat(item).where(linkId='below').answer.value", ()),
        ("all", "%resource.descendants().where(linkId='below').answer.value", (5,)),
    ]
    rules = [
        item(name, readOnly=True, rules=[rule("calculatedExpression", text)]) for name, text, _ in through
    ]
    live = session(parent, *rules)
    live.set_answer("q", True)
    live.set_answer("below", 5)
    assert [live.answers(name) for name, _, _ in through] == [expected for _, _, expected in through]


def test_a_calculation_that_was_stored_goes_on_following_its_answers():
    twice = item(
        "t", rules=[rule("calculatedExpression", "%resource.item.where(linkId='a').answer.value * 2")]
    )
    live = session(item("a"), twice)
    live.set_answer("a", 4)
    again = FormSession.restore(live.form, live.draft(NOW))
    assert again.is_calculated("t")
    again.set_answer("a", 6)
    assert again.answers("t") == (12,)
