import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError
from forms.questionnaire import Coding, ItemType
from forms.questionnaire_reader import load_forms, parse_form
from resources import folder

HL7 = "http://hl7.org/fhir/StructureDefinition/"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"


def form(*items, **more):
    return {
        "resourceType": "Questionnaire",
        "url": "u",
        "version": "1",
        "title": "t",
        "item": list(items),
        **more,
    }


def item(link_id="a", kind="boolean", **more):
    return {"linkId": link_id, "type": kind, "text": link_id, **more}


REFUSALS = {
    "form.not_supported", "form.waits_for_itself", "form.no_such_question", "form.link_id_twice",
    "form.bad_expression",
}  # fmt: skip


def refused(resource):
    with pytest.raises(DomainError) as caught:
        parse_form(resource)
    assert caught.value.code in REFUSALS
    return caught.value


CODED = [{"valueCoding": {"code": "x"}}]
A_NUMBER = {"url": HL7 + "minValue", "valueInteger": 1}


def rule(name, text="true", **more):
    return {
        "url": SDC + f"sdc-questionnaire-{name}",
        "valueExpression": {"language": "text/fhirpath", "expression": text, **more},
    }


def constraint(**told):
    kinds = {"severity": "valueCode", "expression": "valueString", "human": "valueString", "key": "valueId"}
    parts = [{"url": name, kinds[name]: value} for name, value in told.items()]
    return {"url": HL7 + "questionnaire-constraint", "extension": parts}


@pytest.mark.parametrize(
    ("items", "element"),
    [
        ([item(kind="question")], "item[0].type"),
        ([item(kind="group", item=[item(kind="nosuch")])], "item[0].item[0].type"),
        ([item(), item()], "item[1].linkId"),
        ([item(link_id="")], "item[0].linkId"),
        (
            [item(enableWhen=[{"question": "zz", "operator": "exists", "answerBoolean": True}])],
            "item[0].enableWhen[0].question",
        ),
        (
            [item("a"), item("b", enableWhen=[{"question": "a", "operator": "~", "answerBoolean": True}])],
            "item[1].enableWhen[0].operator",
        ),
        (
            [item("a"), item("b", enableWhen=[{"question": "a", "operator": ">", "answerBoolean": True}])],
            "item[1].enableWhen[0].operator",
        ),
        (
            [item("a"), item("b", enableWhen=[{"question": "a", "operator": "=", "answerInteger": 1}])],
            "item[1].enableWhen[0].answer[x]",
        ),
        (
            [item("a"), item("b", enableWhen=[{"question": "a", "operator": "exists", "answerString": "x"}])],
            "item[1].enableWhen[0].answer[x]",
        ),
        (
            [
                item("a"),
                item("b", enableWhen=[{"question": "a", "operator": "=", "answerBoolean": True}] * 2),
            ],
            "item[1].enableBehavior",
        ),
        ([item("a", enableWhen=[{"question": "a", "operator": "=", "answerBoolean": True}])], "enableWhen"),
        ([item(kind="string", answerOption=CODED)], "item[0].answerOption[0].value[x]"),
        ([item(kind="boolean", answerOption=CODED)], "item[0].answerOption"),
        ([item(kind="string", answerValueSet="http://elsewhere")], "item[0].answerValueSet"),
        ([item(kind="choice", answerValueSet="#nothing")], "item[0].answerValueSet"),
        ([item(kind="choice", answerOption=CODED, answerValueSet="http://v")], "item[0].answerValueSet"),
        ([item(kind="display", item=[item("b")])], "item[0].type"),
        (
            [item(kind="integer", extension=[{"url": HL7 + "minValue", "valueDate": "2020-01-01"}])],
            "item[0].extension(minValue)",
        ),
        ([item(kind="date", extension=[A_NUMBER])], "item[0].extension(minValue)"),
        (
            [item(extension=[{"url": SDC + "sdc-questionnaire-calculatedExpression"}])],
            None,  # an extension without a value says nothing
        ),
        (
            [item(extension=[rule("calculatedExpression", "1 +")])],
            "item[0].extension(sdc-questionnaire-calculatedExpression)",
        ),
        (
            [item(extension=[rule("calculatedExpression", "x", language="text/cql")])],
            "item[0].extension(sdc-questionnaire-calculatedExpression)",
        ),
        (
            [item(extension=[rule("enableWhenExpression", "a.memberOf('http://v')")])],
            "item[0].extension(sdc-questionnaire-enableWhenExpression)",
        ),
        (
            [
                item(
                    extension=[rule("calculatedExpression", "%resource.item.where(linkId='zz').answer.value")]
                )
            ],
            "item(a).calculatedExpression",
        ),
        ([item(extension=[rule("calculatedExpression", "%nothing")])], "item(a).calculatedExpression"),
        (
            [item(extension=[rule("calculatedExpression", "%resource.item.where(linkId='a').answer.value")])],
            "enableWhen",
        ),
        (
            [item(extension=[rule("subQuestionnaire")])],
            "item[0].extension(sdc-questionnaire-subQuestionnaire)",
        ),
        (
            [item(extension=[rule("answerOptionsToggleExpression")])],
            "item[0].extension(sdc-questionnaire-answerOptionsToggleExpression)",
        ),
        (
            [item(extension=[{"url": HL7 + "variable", "valueExpression": {"expression": "1"}}])],
            "item[0].extension(variable)",
        ),
        (
            [item(extension=[constraint(severity="fatal", expression="true")])],
            "item[0].extension(questionnaire-constraint)",
        ),
        (
            [item(kind="string", extension=[{"url": HL7 + "regex", "valueString": "("}])],
            "item[0].extension(regex)",
        ),
        (
            [item(kind="string", extension=[{"url": HL7 + "regex", "valueString": "((a{900}){900}){900}"}])],
            "item[0].extension(regex)",
        ),
        (
            [
                item(
                    kind="string",
                    extension=[
                        {"url": HL7 + "questionnaire-minOccurs", "valueInteger": 3},
                        {"url": HL7 + "questionnaire-maxOccurs", "valueInteger": 2},
                    ],
                )
            ],
            "item[0].extension(questionnaire-minOccurs)",
        ),
        ([item(modifierExtension=[{"url": "x"}])], "item[0].modifierExtension"),
        ([item(initial=[{"valueString": "x"}])], "item[0].initial[0]"),
        ([item(kind="string", maxLength="10")], "item[0].maxLength"),
        ([item(answerConstraint="optionsOnly")], "item[0].answerConstraint"),
        ([item(initialBoolean=True)], "item[0].initialBoolean"),
        ([item(required="yes")], "item[0].required"),
        (["text"], "item"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(items, element):
    if element is None:
        assert parse_form(form(*items)).items[0].calculated is None
        return
    error = refused(form(*items))
    assert error.field is not None
    assert error.field.lstrip(".") == element


@pytest.mark.parametrize(
    ("items", "element"),
    [
        ([item(kind="choice")], "item[0].answerOption"),
        ([item(requird=True)], "item[0].requird"),
        ([{"type": "boolean"}], "item[0].linkId"),
        ([item(required="true")], "item[0].required"),
        ([item(kind="display", required=True)], "item[0].type"),
        (
            [
                item(
                    extension=[
                        {
                            "url": HL7 + "variable",
                            "valueExpression": {"name": "v", "expression": "item.where(linkId='zz')"},
                        }
                    ]
                )
            ],
            "item(a).variable(v)",
        ),
    ],
)
def test_what_other_programs_get_away_with_is_refused_in_our_own(items, element):
    assert parse_form(form(*items)).items
    with pytest.raises(DomainError) as caught:
        parse_form(form(*items), strict=True)
    assert caught.value.field == element


def test_a_cycle_names_everybody_in_it():
    def after(link_id, variable):
        read = {"name": variable, "expression": f"%resource.item.where(linkId='{link_id}').answer.value"}
        return [
            {"url": HL7 + "variable", "valueExpression": read},
            rule("calculatedExpression", f"%{variable} + 1"),
        ]

    error = refused(
        form(
            item("one", "integer", extension=after("two", "v")),
            item("two", "integer", extension=after("one", "w")),
        )
    )
    told = error.facts["problems"][0]
    assert all(name in told for name in ("one", "two", "%v", "%w"))


def test_a_choice_whose_answers_are_elsewhere_is_open_and_says_so():
    elsewhere, here = parse_form(
        form(item("a", "choice", answerValueSet="http://elsewhere"), item("b", "choice", answerOption=CODED))
    ).items
    assert (elsewhere.options_elsewhere, elsewhere.value_set) == (True, "http://elsewhere")
    assert not here.options_elsewhere


def test_all_mistakes_are_told_at_once():
    error = refused(form(item("a", "nosuch"), item("b", "neither"), item("c", repeats="no")))
    assert error.facts["count"] == 3


def test_questions_that_wait_for_each_other_are_refused():
    def after(question):
        return {"enableWhen": [{"question": question, "operator": "exists", "answerBoolean": True}]}

    assert "a" in str(refused(form(item("a", **after("b")), item("b", **after("a")))).facts["problems"])


def test_a_group_cannot_wait_for_a_question_inside_it():
    condition = [{"question": "b", "operator": "exists", "answerBoolean": True}]
    refused(form(item("g", "group", enableWhen=condition, item=[item("b")])))


def test_nesting_without_end_is_refused():
    deep = item("0", "group")
    for depth in range(1, 60):
        deep = item(str(depth), "group", item=[deep])
    refused(form(deep))


def test_scores_bounds_units_and_contained_value_sets_are_read():
    ordinal = [{"url": HL7 + "ordinalValue", "valueDecimal": Decimal("1.5")}]
    value_set = {
        "resourceType": "ValueSet",
        "id": "v",
        "compose": {"include": [{"system": "s", "concept": [{"code": "p", "display": "甲"}, {"code": "q"}]}]},
    }
    weight = item(
        "w",
        "decimal",
        extension=[
            {"url": HL7 + "minValue", "valueInteger": 20},
            {"url": HL7 + "maxValue", "valueDecimal": Decimal("300.5")},
            {"url": HL7 + "questionnaire-unit", "valueCoding": {"code": "kg", "display": "千克"}},
        ],
    )
    parsed = parse_form(
        form(
            weight,
            item("v", "choice", answerValueSet="#v"),
            item("o", "choice", answerOption=[{"valueCoding": {"code": "x", "extension": ordinal}}]),
            contained=[value_set],
        )
    )
    w, v, o = parsed.items
    assert (w.type, w.min_value, w.max_value, w.unit.code) == (ItemType.DECIMAL, 20, Decimal("300.5"), "kg")
    assert [option.value for option in v.options] == [Coding("p", "s", "甲"), Coding("q", "s")]
    assert v.options[0].label == "甲"
    assert o.options[0].score == Decimal("1.5")
    assert parsed.canonical == "u|1"


def test_shipped_forms_load():
    forms = load_forms(folder("forms"))
    assert "pre_visit" in forms


def test_a_folder_tells_every_broken_file(tmp_path):
    (tmp_path / "a.json").write_text("{", "utf-8")
    (tmp_path / "b.json").write_text(json.dumps(form(item(kind="nosuch"))), "utf-8")
    (tmp_path / "c.json").write_text(json.dumps({**form(item()), "version": ""}), "utf-8")
    with pytest.raises(ContentError) as caught:
        load_forms(tmp_path)
    assert [problem[:6] for problem in caught.value.problems] == ["a.json", "b.json", "c.json"]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.text(max_size=3), below, max_size=2),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.data())
def test_a_damaged_form_is_refused_or_read_never_a_crash(data):
    resource = json.loads((folder("forms") / "pre_visit.json").read_text("utf-8"))
    place = resource
    for _ in range(data.draw(st.integers(1, 6))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(junk)
        break
    with suppress(DomainError):
        assert parse_form(resource).canonical
