"""What is wrong with a questionnaire is told at its item and field; nothing that cannot be filled in gets past."""

import time

import pytest

from domain.kernel.errors import DomainError
from forms.designing import properties as own
from forms.designing.checking import check, mistakes, readable
from forms.designing.reasons import problem_of
from forms.session import FormSession
from tests.designs.making import DIZZY, SCORING, choice, questionnaire, when


def told(resource, scoring=None, parts=None):
    found = mistakes({"title": "卷", "url": "urn:x", "version": "1", **resource}, scoring, parts)
    return [(one.what.code.rpartition(".")[2], one.path, one.field) for one in found]


def calculated(link_id, text, kind="decimal"):
    return own.put_expression({"linkId": link_id, "type": kind, "text": link_id}, own.CALCULATED, text)


def answer_of(link_id):
    return f"%resource.item.where(linkId='{link_id}').answer.value"


def test_what_is_right_has_no_mistakes_and_can_be_filled_in():
    assert told(DIZZY, SCORING) == []
    FormSession(readable({"title": "卷", "url": "urn:x", "version": "1", **DIZZY}))


A = choice("a", "甲", 0, 1)
B = choice("b", "乙", 0, 1)
CYCLE = questionnaire(calculated("n", answer_of("m")), calculated("m", answer_of("n")))


def options(*lines):
    return questionnaire(own.put_options(A, [own.OptionLine(*line) for line in lines]))


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (questionnaire(), ("empty", None, "")),
        (questionnaire(A, A), ("link_twice", (1,), "linkId")),
        (questionnaire({**A, "linkId": ""}), ("no_link", (0,), "linkId")),
        (questionnaire({**A, "text": " "}), ("no_text", (0,), "text")),
        (questionnaire({**A, "type": "slider"}), ("type", (0,), "type")),
        (questionnaire({"linkId": "g", "type": "group", "text": "组"}), ("empty_group", (0,), "text")),
        (questionnaire({**A, "answerOption": []}), ("no_options", (0,), "options")),
        (options(("x", "一"), ("x", "二")), ("option_twice", (0,), "options")),
        (options(("x", "")), ("option_text", (0,), "options")),
        (options(("x", "一", "多")), ("option_score", (0,), "options")),
        (questionnaire({**A, **when("nowhere", "a1")}), ("condition_unknown", (0,), "conditions")),
        (questionnaire({**A, **when("b", "a1")}, B), ("condition_later", (0,), "conditions")),
        (questionnaire({**A, **when("a", "a1")}), ("condition_itself", (0,), "conditions")),
        (questionnaire(A, {**B, **when("a", "a9")}), ("condition_answer", (1,), "conditions")),
        (questionnaire(calculated("n", "1 +")), ("ended", (0,), "calculated")),
        (questionnaire(calculated("n", answer_of("gone"))), ("expression_unknown", (0,), "calculated")),
        (questionnaire(own.put_checks(A, [own.Check("true", "")])), ("check_words", (0,), "checks")),
        (CYCLE, ("cycle", (0,), "conditions")),
        (questionnaire(calculated("n", "%nobody + 1")), ("engine", (0,), "")),
    ],
)  # fmt: skip
def test_each_mistake_is_told_where_it_is(resource, expected):
    assert expected in told(resource)
    with pytest.raises(DomainError, match=r"design\.has_mistakes"):
        check({"title": "卷", "url": "urn:x", "version": "1", **resource}, None, None)


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("item.where(", "ended", 12),
        ("1 + * 2", "unexpected", 5),
        ("a = “b”", "not_understood", 5),
        ("iteem().lenght()", "no_function", 1),
        ("'a'.substring()", "arguments", 1),
        ("% + 1", "no_name", 3),
        ("@2026-13-45", "no_date", 1),
        ("(" * 60 + "1" + ")" * 60, "too_large", 41),
        ("1+" * 3000 + "1", "too_large", 1),
    ],
)
def test_an_expression_is_told_with_its_place(text, code, at):
    what, place = problem_of(text)
    assert (what.code.rpartition(".")[2], what.facts["at"], place) == (code, at, at - 1)


@pytest.mark.parametrize(
    "text",
    [
        "repeat(repeat(repeat(descendants())))", "(1|2|3).repeat($this + 1)", "'a'.matches('(a+)+$')",
        "descendants().descendants().descendants()", "'x'.replace('', 'y'.replace('', 'z'))",
    ],
)  # fmt: skip
def test_a_hostile_expression_is_bounded_when_it_is_tried(text):
    """It may be admitted; then the test answers come back in bounded work, and the failure is told."""
    resource = {"title": "卷", "url": "urn:x", "version": "1", **questionnaire(A, calculated("n", text))}
    if mistakes(resource):
        return
    session = FormSession(readable(resource))
    session.set_answer("a", session.item("a").options[0].value)
    assert session.answers("n") == () or session.warnings() == []


def test_ten_thousand_items_are_told_by_their_number_at_once():
    resource = questionnaire(*(choice(f"q{n}", "题", 0, 1) for n in range(10_000)))
    began = time.process_time()
    [(code, path, _)] = told(resource)
    assert (code, path) == ("too_many", None)
    small = questionnaire(*(choice(f"q{n}", "题", 0, 1) for n in range(1_000)))
    spent, again = time.process_time() - began, time.process_time()
    assert told(small) == []
    assert spent < 3 * (time.process_time() - again) + 0.5


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"of": []}, "no_items"),
        ({"of": ["gone"]}, "unknown_item"),
        ({"of": ["several"]}, "several"),
        ({"of": ["plain"]}, "no_points"),
        ({"of": ["words"]}, "cannot_count"),
        ({"of": ["number"], "reversed": ["number"]}, "no_ends"),
        ({"of": ["sometimes"]}, "not_required"),
        ({"label": ""}, "no_label"),
        ({"id": "dizzy"}, "twice"),
        ({"bands": [{"at_least": 2, "text": "高"}]}, "band_begin"),
        ({"bands": [{"at_least": 0, "text": ""}]}, "band_text"),
        ({"bands": [{"at_least": 0, "text": "低"}, {"at_least": 0, "text": "高"}]}, "band_order"),
        ({"bands": [{"at_least": 0, "text": "低"}, {"at_least": 99, "text": "高"}]}, "band_beyond"),
        ({"of": ["number"], "bands": [{"at_least": 0, "text": "低"}]}, "no_span"),
    ],
)
def test_a_score_is_checked_against_its_items(change, expected):
    resource = questionnaire(
        *DIZZY["item"],
        choice("several", "多选", 0, 1, repeats=True),
        choice("plain", "无分", None, None),
        {"linkId": "words", "type": "string", "text": "字"},
        {"linkId": "number", "type": "integer", "text": "数"},
        choice("sometimes", "有时", 0, 1, **{**when("dizzy", "a2"), "required": False}),
    )
    rule = {"id": "total", "label": "总分", "of": ["dizzy"], **change}
    assert expected in [code for code, _, _ in told(resource, {"scores": [rule]})]


def test_a_composite_without_a_required_question_of_a_part_is_told():
    part = {"url": "urn:part", "version": "1", "title": "量表", "item": [choice("a", "必答题", 0, 1)]}
    parts = {"forms": [{"form": "part", "form_version": "1", "questionnaire": part}]}
    stands = {"url": "urn:aftercheck:stands-for", "valueString": "urn:part|1#a"}
    assert "part_unasked" in [code for code, _, _ in told(questionnaire(A), None, parts)]
    assert told(questionnaire({**A, "extension": [stands]}), None, parts) == []
