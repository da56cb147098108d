import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError, KnownError
from forms.questionnaire import Coding, ItemType
from forms.questionnaire_reader import load_form, load_forms, parse_form
from resources import folder

CORPUS = Path(__file__).parents[3] / "shared" / "data" / "fhir-questionnaires"
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


def refused(resource):
    with pytest.raises(DomainError) as caught:
        parse_form(resource)
    assert caught.value.code == "form.not_supported"
    return caught.value


CODED = [{"valueCoding": {"code": "x"}}]


@pytest.mark.parametrize(
    ("items", "element"),
    [
        ([item(kind="quantity")], "item[0].type"),
        ([item(kind="group", item=[item(kind="coding")])], "item[0].item[0].type"),
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
        ([item(kind="choice")], "item[0].answerOption"),
        ([item(kind="string", answerOption=CODED)], "item[0].answerOption"),
        ([item(kind="choice", answerValueSet="http://elsewhere")], "item[0].answerValueSet"),
        ([item(kind="choice", answerOption=CODED, answerValueSet="#v")], "item[0].answerValueSet"),
        ([item(kind="group", repeats=True)], "item[0].repeats"),
        ([item(kind="display", required=True)], "item[0].type"),
        ([item(kind="string", repeats=True, item=[item("b")])], "item[0].item"),
        (
            [item(kind="integer", extension=[{"url": HL7 + "minValue", "valueDate": "2020-01-01"}])],
            "item[0].extension(minValue)",
        ),
        (
            [item(extension=[{"url": SDC + "sdc-questionnaire-calculatedExpression"}])],
            "item[0].extension(sdc-questionnaire-calculatedExpression)",
        ),
        ([item(modifierExtension=[{"url": "x"}])], "item[0].modifierExtension"),
        ([item(initial=[{"valueString": "x"}])], "item[0].initial[0]"),
        ([item(kind="string", maxLength="10")], "item[0].maxLength"),
        ([item(answerConstraint="optionsOnly")], "item[0].answerConstraint"),
        ([item(required="yes")], "item[0].required"),
        (["text"], "item"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(items, element):
    error = refused(form(*items))
    assert error.field is not None
    assert error.field.lstrip(".") == element


def test_all_mistakes_are_told_at_once():
    error = refused(form(item("a", "time"), item("b", "quantity"), item("c", repeats="no")))
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
    (tmp_path / "b.json").write_text(json.dumps(form(item(kind="url"))), "utf-8")
    (tmp_path / "c.json").write_text(json.dumps({**form(item()), "version": ""}), "utf-8")
    with pytest.raises(ContentError) as caught:
        load_forms(tmp_path)
    assert [problem[:6] for problem in caught.value.problems] == ["a.json", "b.json", "c.json"]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.text(max_size=3), below, max_size=2),
    max_leaves=4,
)


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


@pytest.mark.skipif(not CORPUS.is_dir(), reason="corpus of foreign questionnaires is not on this machine")
def test_every_foreign_questionnaire_loads_or_is_refused_by_element():
    files = [path for path in sorted(CORPUS.rglob("*.json")) if path.name != "manifest.json"]
    refusals = {path: error for path in files if (error := refusal_of(path)) is not None}
    assert len(files) > 200
    assert len(files) - len(refusals) >= 80
    for path, error in refusals.items():
        assert error.field, path.name
        assert all(": " in problem for problem in error.facts["problems"]), path.name


def refusal_of(path):
    try:
        load_form(path)
    except KnownError as error:
        return error
    return None
