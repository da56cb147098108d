"""Questions of an institution's own stand for factors: their answers count as others do, or it is told why not."""

from functools import partial

import pytest

import resources
from domain.catalog.content import load_catalog
from domain.checkup.form_commands import AnswerForm, CorrectForm
from domain.designs.publishing import CHECKER
from domain.designs.records import FormDesign
from domain.kernel.errors import DomainError
from domain.people.records import Patient
from domain.risk.content import RISK, load_risk
from domain.risk.gathering import gather
from domain.scales.history import LINKS, history_of
from forms.designing import properties as own
from forms.designing.checking import check, mistakes, readable
from forms.designing.factors import asking, choosable
from forms.shelf import take
from tests.designs.making import choice, make, publish, questionnaire

FORMS = resources.folder("forms")
MODELS = load_risk(resources.folder("risk"), load_catalog(resources.folder("catalog")), FORMS)
BOOK = MODELS.book
BLANK = {"linkId": "q1", "type": "string", "text": ""}


def asked(code, link_id, **more):
    return asking({**BLANK, "linkId": link_id, **more}, BOOK.definitions[code])


@pytest.fixture
def assessed(group):
    group.desk.content |= {RISK: MODELS, LINKS: MODELS.links, CHECKER: partial(check, book=BOOK)}
    return group


def hand_in(group, patient, org, form, answers, version="1.0.0"):
    with group.desk.store.read() as connection:
        url = take(connection, FORMS, form, {org}, version).form.url
    response = {
        "resourceType": "QuestionnaireResponse", "questionnaire": f"{url}|{version}",
        "item": [{"linkId": link, "answer": [{kind: value}]} for link, kind, value in answers],
    }  # fmt: skip
    order = AnswerForm(patient_id=patient, form=form, form_version=version, answers=response)
    return group.desk.run(order, group.actor("nurse", org)).receipt.response_id


def known(group, patient):
    """Return what risk models and rules see of answers; the two must say the same."""
    desk = group.desk
    with desk.store.read() as connection:
        row = connection.execute(Patient.__table__.select().where(Patient.id == patient)).one()._asdict()
        person = Patient(**{name: value for name, value in row.items() if name not in ("ver", "extra")})
        history = history_of(connection, patient, desk.content, desk.clock())
        factors = gather(connection, person, MODELS, desk.clock())
    values = BOOK.know(factors, desk.clock().date())
    given = {one.code: values.values.get(one.code) for one in factors.given if one.source.startswith("form:")}
    assert {code: type(value)(history[code]) for code, value in given.items() if value is not None} == {
        code: value for code, value in given.items() if value is not None
    }
    return given


def test_answers_to_ones_own_questions_count_in_their_unit_and_give_way_to_a_correction(assessed):
    sugar = own.put_unit(
        {**BLANK, "linkId": "sugar", "type": "decimal", "text": "空腹血糖"}, "mg/dL", "mg/dL"
    )
    sheet = questionnaire(
        asked("smoking", "smoke"), asked("htn_history", "pressure"), own.put_factor(sugar, "fpg")
    )
    form = published(assessed, sheet)
    patient = assessed.patient(assessed.a)
    first = hand_in(
        assessed, patient, assessed.a, form,
        [("smoke", "valueCoding", {"code": "current"}), ("pressure", "valueBoolean", True),
         ("sugar", "valueDecimal", 126)],
    )  # fmt: skip
    found = known(assessed, patient)
    assert (found["smoking"], found["htn_history"]) == ("current", 1)
    assert found["fpg"] == pytest.approx(6.99, abs=0.02), "126 mg/dL is 7.0 mmol/L, not 126"
    fixed = {"item": [{"linkId": "smoke", "answer": [{"valueCoding": {"code": "never"}}]}]}
    nurse = assessed.actor("nurse", assessed.a)
    assessed.desk.run(CorrectForm(response_id=first, answers=fixed, reason="误填"), nurse)
    assert known(assessed, patient) == {"smoking": "never"}


def test_each_version_says_itself_what_its_questions_stand_for(assessed):
    form = published(assessed, questionnaire(asked("drinking", "q1")))
    patient = assessed.patient(assessed.b)
    hand_in(assessed, patient, assessed.b, form, [("q1", "valueBoolean", True)])
    assert known(assessed, patient) == {"drinking": 1}
    plain = own.put_factor(asked("drinking", "q1"), "")
    other = published(assessed, questionnaire(plain), title="另一份")
    stranger = assessed.patient(assessed.a)
    hand_in(assessed, stranger, assessed.a, other, [("q1", "valueBoolean", True)])
    assert known(assessed, stranger) == {}, "what stands for nothing counts as nothing"


def published(group, sheet, title="生活问卷"):
    design = make(group.desk, group.admin, sheet, None, title=title)
    publish(group.desk, group.admin, design)
    with group.desk.store.read() as connection:
        return connection.execute(FormDesign.__table__.select().where(FormDesign.id == design)).one().form


@pytest.mark.parametrize(("code", "label"), choosable(BOOK))
def test_every_factor_on_offer_makes_a_question_without_mistakes(code, label):
    sheet = {"title": "卷", "url": "urn:x", "version": "1", **questionnaire(asked(code, "q1"))}
    assert mistakes(sheet, None, None, BOOK) == []
    readable(sheet)
    assert sheet["item"][0]["text"] == label


def test_what_fits_keeps_its_words_answers_and_unit():
    mine = {**choice("q1", "您吸烟吗", 0, 1), "type": "choice"}
    made = asking(own.put_options(mine, [own.OptionLine("never", "不吸"), own.OptionLine("current", "吸")]),
                  BOOK.definitions["smoking"])  # fmt: skip
    assert (made["text"], [line.text for line in own.options(made)]) == ("您吸烟吗", ["不吸", "吸"])
    inches = own.put_unit({**BLANK, "type": "integer", "text": "腰围"}, "[in_i]", "英寸")
    assert own.unit(asking(inches, BOOK.definitions["waist"])) == ("[in_i]", "英寸")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (own.put_factor({**BLANK, "text": "甲"}, "nonsense"), ("factor_unknown", "factor")),
        (own.put_factor({**BLANK, "text": "甲"}, "drinking"), ("factor_yes_no", "type")),
        (own.put_factor({**BLANK, "text": "甲"}, "smoking"), ("factor_choice", "type")),
        (own.put_factor({**BLANK, "text": "甲"}, "waist"), ("factor_number", "type")),
        (own.put_factor(choice("q1", "甲", 0, 1), "smoking"), ("factor_option", "options")),
        (
            own.put_factor({**BLANK, "type": "boolean", "text": "甲", "repeats": True}, "drinking"),
            ("factor_repeats", "repeats"),
        ),
        (
            own.put_factor(own.put_unit({**BLANK, "type": "decimal", "text": "甲"}, "kg", "kg"), "waist"),
            ("factor_unit", "unit"),
        ),
    ],
)
def test_what_could_never_count_is_told_at_its_field_and_not_published(assessed, item, expected):
    sheet = {"title": "卷", "url": "urn:x", "version": "1", **questionnaire(item)}
    found = [(one.what.code.rpartition(".")[2], one.field) for one in mistakes(sheet, None, None, BOOK)]
    assert expected in found
    say = assessed.desk.content["texts"].say
    assert all("{" not in say(one.what.code, **one.what.facts) for one in mistakes(sheet, None, None, BOOK))
    with pytest.raises(DomainError, match=r"design\.has_mistakes"):
        published(assessed, questionnaire(item))
