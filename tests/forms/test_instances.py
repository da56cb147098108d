"""Groups that repeat, questions below answers, and everything typed there: nothing is lost, nothing is mixed up."""

import pytest

from domain.kernel.errors import DomainError
from forms.nodes import Place
from forms.response import from_json, to_json
from forms.session import FormSession
from tests.forms.building import HL7, NOW, constraint, item, option, rule, session, when


def occurs(least=None, most=None):
    found = (("minOccurs", least), ("maxOccurs", most))
    return [
        {"url": f"{HL7}questionnaire-{name}", "valueInteger": count}
        for name, count in found
        if count is not None
    ]


def reopened(live):
    return FormSession.restore(live.form, from_json(to_json(live.draft(NOW))), clock=lambda: NOW)


DRUG = item(
    "drug", "group",
    item("name", "string", required=True),
    item("times"),
    item("each"),
    item("daily", readOnly=True, rules=[rule("calculatedExpression", "%times * %each")]),
    item("why", "string", enableWhen=[when("times", ">", answerInteger=3)]),
    repeats=True,
    rules=[
        rule("variable", "item.where(linkId='times').answer.value", "times"),
        rule("variable", "item.where(linkId='each').answer.value", "each"),
    ],
    extension=occurs(most=3),
)  # fmt: skip
DAILY = "%resource.item.where(linkId='drug').item.where(linkId='daily').answer.value"
LOW, HIGH = (f"item.where(linkId='{name}').answer.value" for name in ("low", "high"))
SUM = item(
    "sum", readOnly=True,
    rules=[rule("calculatedExpression", f"{DAILY}.sum()")],
)  # fmt: skip


def drugs():
    live = session(DRUG, SUM)
    for at, (name, times, each) in enumerate([("甲", 2, 1), ("乙", 4, 2)]):
        if at:
            live.add_instance("drug")
        live.set_answer("name", name, at=(at,))
        live.set_answer("times", times, at=(at,))
        live.set_answer("each", each, at=(at,))
    return live


def test_each_instance_has_its_own_answers_conditions_and_calculations():
    live = drugs()
    assert live.instances("drug") == 2
    assert [live.answers("daily", (at,)) for at in (0, 1)] == [(2,), (8,)]
    assert [live.is_enabled("why", (at,)) for at in (0, 1)] == [False, True]
    assert live.answers("sum") == (10,)
    changes = live.set_answer("times", 5, at=(0,))
    assert changes.touched == {Place("times", (0,)), Place("daily", (0,)), Place("why", (0,)), Place("sum")}
    assert live.answers("sum") == (13,)


def test_an_instance_that_goes_takes_its_answers_and_the_others_keep_theirs():
    live = drugs()
    live.add_instance("drug")
    live.set_answer("name", "丙", at=(2,))
    changes = live.remove_instance("drug", (0,))
    assert changes.rebuilt
    assert [live.answers("name", (at,)) for at in (0, 1)] == [("乙",), ("丙",)]
    assert live.answers("sum") == (8,)
    live.set_answer("each", 1, at=(0,))
    assert live.answers("sum") == (4,)
    live.remove_instance("drug", (1,))
    live.remove_instance("drug", (0,))
    assert (live.instances("drug"), live.answers("name", (0,)), live.answers("sum")) == (1, (), (0,))


def test_there_are_never_more_instances_than_allowed_and_every_one_is_asked_for():
    live = drugs()
    live.add_instance("drug")
    with pytest.raises(DomainError, match=r"form\.too_many"):
        live.add_instance("drug")
    assert live.missing_places() == (Place("name", (2,)),)
    assert live.missing() == ("name",)


def test_instances_are_written_and_read_back():
    live = drugs()
    live.add_instance("drug")
    again = reopened(live)
    assert again.draft(NOW) == live.draft(NOW)
    assert again.instances("drug") == 3
    assert [entry["linkId"] for entry in live.draft(NOW)["item"]] == ["drug", "drug", "drug", "sum"]


def test_more_instances_than_the_form_allows_are_kept_and_told():
    live = drugs()
    draft = live.draft(NOW)
    draft["item"] = [draft["item"][0]] * 5
    again = FormSession.restore(live.form, draft)
    assert again.instances("drug") == 5
    assert ("drug", "form.too_many") in [(p.link_id, p.code) for p in again.problems()]


@pytest.mark.parametrize("link_id", ["name", "sum"])
def test_what_does_not_repeat_has_no_more_instances(link_id):
    with pytest.raises(DomainError, match=r"form\.not_repeating"):
        drugs().add_instance(link_id)


def test_a_place_that_is_not_there_is_refused():
    live = drugs()
    for at in ((7,), (-1,)):
        with pytest.raises(DomainError, match=r"form\.unknown_item"):
            live.set_answer("name", "丁", at=at)
        with pytest.raises(DomainError, match=r"form\.unknown_item"):
            live.remove_instance("drug", at)


def test_groups_repeat_within_groups():
    inner = item("i", "group", item("x"), repeats=True)
    live = session(item("o", "group", inner, repeats=True, extension=occurs(least=2)))
    live.add_instance("i", (1,))
    live.set_answer("x", 5, at=(1, 1))
    assert (live.instances("i", (0,)), live.instances("i", (1,))) == (1, 2)
    assert [place for place in live.places() if place.link_id == "x"] == [
        Place("x", (0, 0)), Place("x", (1, 0)), Place("x", (1, 1)),
    ]  # fmt: skip
    assert reopened(live).answers("x", (1, 1)) == (5,)


ILLNESS = item(
    "ill", "choice", item("since", "string"), item("treated", "boolean"),
    repeats=True, answerOption=[option("a"), option("b"), option("c")],
)  # fmt: skip


def test_questions_below_an_answer_follow_their_answer():
    live = session(ILLNESS)
    live.set_answer("ill", "a", "b")
    live.set_answer("since", "2001", at=(0,))
    live.set_answer("since", "2002", at=(1,))
    live.set_answer("ill", "b", "c")
    assert [live.answers("since", (at,)) for at in (0, 1)] == [("2002",), ()]
    live.set_answer("ill", "a", "b")
    assert [live.answers("since", (at,)) for at in (0, 1)] == [("2001",), ("2002",)]
    answers = live.draft(NOW)["item"][0]["answer"]
    assert [one["item"][0]["answer"][0]["valueString"] for one in answers] == ["2001", "2002"]
    assert reopened(live).answers("since", (1,)) == ("2002",)


def test_what_was_typed_before_its_answer_belongs_to_the_first():
    live = session(ILLNESS)
    live.set_answer("since", "1999")
    assert reopened(live).answers("since") == ("1999",)
    live.set_answer("ill", "c")
    assert live.answers("since", (0,)) == ("1999",)


def test_a_condition_looks_at_the_nearest_question_of_that_name():
    group = item(
        "g", "group", item("q", "boolean"),
        item("s", "group", item("deep", "string", enableWhen=[when("q", answerBoolean=True)])), repeats=True,
    )  # fmt: skip
    any_of = item("any", "string", enableWhen=[when("q", answerBoolean=True)])
    live = session(group, any_of)
    live.add_instance("g")
    assert live.set_answer("q", True, at=(1,)).enabled == {"deep", "any"}
    assert [live.is_enabled("deep", (at,)) for at in (0, 1)] == [False, True]
    live.remove_instance("g", (1,))
    assert not live.is_enabled("any")


def test_a_rule_of_a_group_is_judged_in_each_instance():
    group = item(
        "g", "group", item("low"), item("high"), repeats=True,
        rules=[constraint(f"{LOW} <= {HIGH}", "低不能大于高")],
    )  # fmt: skip
    live = session(group)
    live.add_instance("g")
    live.set_answer("low", 9, at=(1,))
    live.set_answer("high", 3, at=(1,))
    assert [(p.link_id, p.at, p.facts["text"]) for p in live.problems()] == [("g", (1,), "低不能大于高")]
