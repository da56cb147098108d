"""Pages with their progress, the way to what is missing, and answers that come from a record."""

from datetime import date
from decimal import Decimal

import pytest

from domain.risk.factors import SYSTEM, Given
from forms.nodes import Place
from forms.pages import next_missing, page_groups, page_of, pages_of
from forms.prefill import FACTOR, Prefill, apply_prefills, prefill_from, unconfirmed
from forms.response import PREFILLED, from_json, to_json
from forms.session import FormSession
from tests.forms.building import HL7, NOW, form, item, option, rule, session, when


def control(code):
    coding = {"system": "http://hl7.org/fhir/questionnaire-item-control", "code": code}
    return [{"url": HL7 + "questionnaire-itemControl", "valueCodeableConcept": {"coding": [coding]}}]


def page(link_id, *items, code="page"):
    return item(link_id, "group", *items, extension=control(code) if code else [])


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([page("a", item("1")), page("b", item("2"))], ["a", "b"]),
        ([item("a", "group", item("1")), item("x"), item("y"), item("b", "group", item("2"))], ["a", "", "b"]),
        ([item("x"), item("y")], [""]),
        ([item("top", "group", page("a", item("1")), page("b", item("2")))], ["a", "b"]),
        ([page("t", item("a", "group", item("1")), item("b", "group", item("2")), code="tab-container")], ["a", "b"]),
        ([page("a", item("1")), item("b", "group", item("2"))], ["a", ""]),
    ],
)  # fmt: skip
def test_pages_come_from_marks_tabs_or_groups(items, expected):
    assert [link_id for link_id, _, _ in page_groups(form(*items))] == expected


def two_pages():
    return session(
        page("p1", item("a", required=True), item("b", readOnly=True, rules=[rule("calculatedExpression", "1")])),
        page("p2", item("c", required=True), item("d", extension=[{"url": HL7 + "maxValue", "valueInteger": 5}]),
             item("e", required=True, enableWhen=[when("a", ">", answerInteger=3)])),
        page("p3", item("f"), code=None) | {"enableWhen": [when("a", "exists", answerBoolean=True)]},
    )  # fmt: skip


def test_each_page_tells_how_far_it_is():
    live = two_pages()
    assert [(p.link_id, p.answered, p.total, p.missing, p.wrong) for p in pages_of(live)] == [
        ("p1", 0, 1, (Place("a"),), 0),
        ("p2", 0, 2, (Place("c"),), 0),
    ]
    live.set_answer("a", 4)
    live.set_answer("d", 9)
    assert [(p.link_id, p.answered, p.total, p.missing, p.wrong) for p in pages_of(live)] == [
        ("p1", 1, 1, (), 0),
        ("p2", 1, 3, (Place("c"), Place("e")), 1),
        ("", 0, 1, (), 0),
    ]
    assert page_of(live, Place("e")) == 1
    assert page_of(live, Place("nowhere")) is None


def test_guidance_goes_to_the_next_missing_answer_and_round():
    live = two_pages()
    live.set_answer("a", 4)
    assert next_missing(live) == Place("c")
    assert next_missing(live, Place("c")) == Place("e")
    assert next_missing(live, Place("e")) == Place("c")
    live.set_answer("c", 1)
    live.set_answer("e", 1)
    live.set_answer("d", 9)
    assert next_missing(live) == Place("d")
    live.set_answer("d", 5)
    assert next_missing(live) is None


# Prefill.
def factor(code):
    return {"code": [{"system": FACTOR, "code": code}]}


UNIT = [{"url": HL7 + "questionnaire-unit", "valueCoding": {"code": "cm", "display": "厘米"}}]
ASKED = (
    item("height", "decimal", extension=UNIT, **factor("height")),
    item("smoking", "choice", answerOption=[option("never"), option("current")], **factor("smoking")),
    item("dm", "boolean", **factor("dm_history")),
    item("cigs", **factor("cig_per_day")),
    item("when", "date", **factor("day")),
    item("auto", "string", readOnly=True, **factor("auto")),
)
DAY = date(2026, 10, 8)


def facts(**values):
    return {code: Given(code=code, value=value, source="体检", at=DAY) for code, value in values.items()}


def test_questions_are_prefilled_by_their_factor_with_source_and_date():
    live = session(*ASKED)
    known = facts(height=171.5, smoking="current", dm_history=0, cig_per_day=10.0, auto="系统")
    done = apply_prefills(live, prefill_from(live.form, known))
    assert {place.link_id for place in done.taken} == {"height", "smoking", "dm", "cigs", "auto"}
    assert (live.answers("height"), live.answers("dm"), live.answers("cigs")) == (
        (Decimal("171.5"),),
        (False,),
        (10,),
    )
    found = live.provenance("smoking")
    assert (found.source, found.at, found.confirmed) == ("体检", "2026-10-08", False)
    assert FACTOR == SYSTEM


def test_a_person_s_answer_is_never_overwritten_and_undoes_the_mark():
    live = session(*ASKED)
    live.set_answer("height", 180)
    done = apply_prefills(
        live, prefill_from(live.form, facts(height=171.5, smoking="current", cig_per_day=3))
    )
    assert done.left == (Place("height"),)
    assert live.answers("height") == (180,)
    live.set_answer("smoking", "never")
    assert live.provenance("smoking") is None
    live.confirm("cigs")
    assert live.provenance("cigs").confirmed
    assert unconfirmed(live) == []
    again = apply_prefills(live, [Prefill("cigs", 7, "随访", None)])
    assert again.taken == (Place("cigs"),)


def test_a_value_in_another_unit_or_of_another_kind_is_not_taken():
    live = session(*ASKED)
    inches = {"height": Given(code="height", value=67, unit="[in_i]", source="外院", at=DAY)}
    assert prefill_from(live.form, inches) == []
    done = apply_prefills(live, [Prefill("smoking", "sometimes", "x", DAY), Prefill("nowhere", 1, "x", DAY)])
    assert done.refused == ((Place("smoking"), "form.not_an_option"), (Place("nowhere"), "form.unknown_item"))
    assert live.answers("smoking") == ()


def test_where_an_answer_came_from_is_in_the_response_and_read_back():
    live = session(*ASKED)
    apply_prefills(live, prefill_from(live.form, facts(height=171.5, cig_per_day=3)))
    live.confirm("height")
    draft = live.draft(NOW)
    told = draft["item"][0]["answer"][0]["extension"][0]
    assert told["url"] == PREFILLED
    again = FormSession.restore(live.form, from_json(to_json(draft)))
    assert [place.link_id for place in unconfirmed(again)] == ["cigs"]
    assert (again.provenance("height").source, again.provenance("height").confirmed) == ("体检", True)
    again.set_answer("cigs", 3)
    entry = next(one for one in again.draft(NOW)["item"] if one["linkId"] == "cigs")
    assert "extension" not in entry["answer"][0]
