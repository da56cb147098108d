from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.errors import DomainError
from forms.questionnaire import Coding, EnableWhen, Item, ItemType, Option, Questionnaire, Unit
from forms.response import from_json, to_json
from forms.session import FormSession, Progress

NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
YES, NO, NONE = Coding("yes", "s", "是"), Coding("no", "s", "否"), Coding("none", "s", "以上都没有")


def form(*items, version="1"):
    return Questionnaire("https://example.org/q", version, "测试问卷", "active", items)


SAMPLE = form(
    Item(
        "g",
        ItemType.GROUP,
        "一般情况",
        items=(
            Item(
                "weight",
                ItemType.DECIMAL,
                "体重",
                required=True,
                min_value=Decimal(20),
                max_value=Decimal(300),
                max_decimal_places=1,
                unit=Unit("kg", "千克"),
            ),
            Item(
                "cough",
                ItemType.CHOICE,
                "咳嗽",
                required=True,
                options=(Option(NO, Decimal(0)), Option(YES, Decimal(2))),
            ),
            Item(
                "days",
                ItemType.INTEGER,
                "咳嗽天数",
                required=True,
                enable_when=(EnableWhen("cough", "=", YES),),
            ),
        ),
    ),
    Item(
        "ill",
        ItemType.CHOICE,
        "疾病",
        repeats=True,
        options=(Option(YES, Decimal(1)), Option(NO, Decimal(3)), Option(NONE, exclusive=True)),
    ),
    Item("since", ItemType.DATE, "起病", min_value=date(2000, 1, 1)),
    Item("note", ItemType.STRING, "备注", min_length=2, max_length=5),
    Item("other", ItemType.OPEN_CHOICE, "过敏", repeats=True, options=(Option(YES),)),
    Item("auto", ItemType.BOOLEAN, "系统项", read_only=True),
    Item("secret", ItemType.STRING, "隐藏项", required=True, hidden=True),
    Item("parent", ItemType.BOOLEAN, "有家族史", items=(Item("who", ItemType.STRING, "谁"),)),
)


@pytest.fixture
def session():
    return FormSession(SAMPLE)


def codes(session):
    return [(problem.link_id, problem.code) for problem in session.problems()]


def test_required_items_are_asked_for_only_while_they_are_enabled(session):
    assert session.missing() == ("weight", "cough")
    changes = session.set_answer("cough", "yes")
    assert changes.enabled == {"days"}
    assert session.missing() == ("weight", "days")
    assert session.set_answer("cough", NO).disabled == {"days"}
    assert session.missing() == ("weight",)


def test_progress_counts_the_questions_asked_now(session):
    assert session.progress() == Progress(0, 8)
    session.set_answer("cough", YES)
    assert session.progress() == Progress(1, 9)
    session.set_answer("cough")
    assert session.progress() == Progress(0, 8)


@pytest.mark.parametrize(
    ("link_id", "values", "expected"),
    [
        ("weight", ["19.9"], "form.too_small"),
        ("weight", ["20"], None),
        ("weight", ["300"], None),
        ("weight", ["300.1"], "form.too_large"),
        ("weight", ["70.25"], "form.too_many_decimals"),
        ("since", ["1999-12-31"], "form.too_small"),
        ("since", [date(2000, 1, 1)], None),
        ("note", ["一"], "form.too_short"),
        ("note", ["一二三四五六"], "form.too_long"),
        ("ill", ["yes", "none"], "form.exclusive_option"),
        ("ill", ["yes", "no"], None),
        ("other", ["海鲜", YES], None),
    ],
)
def test_limits_are_checked_on_both_sides_and_the_value_is_kept(session, link_id, values, expected):
    session.set_answer(link_id, *values)
    found = [code for where, code in codes(session) if where == link_id]
    assert found == ([expected] if expected else [])
    assert len(session.answers(link_id)) == len(values)


@pytest.mark.parametrize(
    ("link_id", "values", "code"),
    [
        ("weight", ["abc"], "form.wrong_kind.decimal"),
        ("weight", ["NaN"], "form.wrong_kind.decimal"),
        ("weight", [Decimal("Infinity")], "form.wrong_kind.decimal"),
        ("weight", [70.5], "form.wrong_kind.decimal"),
        ("weight", [True], "form.wrong_kind.decimal"),
        ("weight", ["1", "2"], "form.single_answer"),
        ("days", ["3.5"], "form.wrong_kind.integer"),
        ("days", ["9" * 5000], "form.wrong_kind.integer"),
        ("days", [2**31], "form.wrong_kind.integer"),
        ("since", ["2026-02-30"], "form.wrong_kind.date"),
        ("since", [NOW], "form.wrong_kind.date"),
        ("cough", ["maybe"], "form.not_an_option"),
        ("cough", [Coding("yes", "elsewhere")], "form.not_an_option"),
        ("auto", [True], "form.read_only"),
        ("g", ["x"], "form.not_a_question"),
        ("nowhere", ["x"], "form.unknown_item"),
    ],
)
def test_a_wrong_kind_is_refused_and_nothing_changes(session, link_id, values, code):
    before = session.draft(NOW)
    with pytest.raises(DomainError) as caught:
        session.set_answer(link_id, *values)
    assert (caught.value.code, caught.value.field) == (code, link_id)
    assert session.draft(NOW) == before


def test_the_score_counts_enabled_choices_once_each(session):
    assert session.score() == 0
    session.set_answer("cough", YES)
    session.set_answer("ill", "yes", "no")
    assert session.score() == Decimal(6)
    assert FormSession(form(Item("a", ItemType.BOOLEAN))).score() is None


def test_an_unfinished_form_gives_no_response(session):
    with pytest.raises(DomainError) as caught:
        session.response(NOW)
    assert (caught.value.code, caught.value.field) == ("form.incomplete", "weight")


def test_the_response_names_the_exact_version_and_holds_enabled_answers_only(session):
    session.set_answer("cough", YES)
    session.set_answer("days", 3)
    session.set_answer("weight", "70.50".rstrip("0"))
    session.set_answer("cough", NO)
    session.set_answer("who", "父亲")
    response = session.response(NOW)
    assert response["questionnaire"] == "https://example.org/q|1"
    assert response["status"] == "completed"
    assert response["authored"] == "2026-11-23T01:02:03+00:00"
    group = response["item"][0]
    assert [entry["linkId"] for entry in group["item"]] == ["weight", "cough"]
    assert group["item"][1]["answer"] == [{"valueCoding": {"system": "s", "code": "no", "display": "否"}}]
    parent = next(entry for entry in response["item"] if entry["linkId"] == "parent")
    assert parent["answer"] == [
        {"item": [{"linkId": "who", "text": "谁", "answer": [{"valueString": "父亲"}]}]}
    ]


def test_digits_survive_the_json(session):
    session.set_answer("weight", "70.0")
    text = to_json(session.draft(NOW))
    assert b'"valueDecimal":70.0' in text
    assert (
        FormSession.restore(SAMPLE, from_json(text)).answers("weight")[0].as_tuple()
        == Decimal("70.0").as_tuple()
    )


def test_a_draft_keeps_what_was_typed_below_a_disabled_item(session):
    session.set_answer("cough", YES)
    session.set_answer("days", 12)
    session.set_answer("cough", NO)
    restored = FormSession.restore(SAMPLE, session.draft(NOW))
    assert not restored.is_enabled("days")
    assert restored.set_answer("cough", YES).enabled == {"days"}
    assert restored.answers("days") == (12,)


def test_a_draft_of_another_version_is_refused(session):
    other = form(*SAMPLE.items, version="2")
    with pytest.raises(DomainError, match=r"form\.other_version"):
        FormSession.restore(other, session.draft(NOW))


@pytest.mark.parametrize(
    "items",
    [
        "x",
        [1],
        [{"linkId": "zz"}],
        [{"linkId": "weight", "answer": [{"valueString": "70"}]}],
        [{"linkId": "g", "answer": [{"valueString": "70"}]}],
        [{"linkId": "weight", "answer": [{"valueDecimal": 1}, {"valueDecimal": 2}]}],
    ],
)
def test_a_spoilt_draft_is_refused(items):
    with pytest.raises(DomainError):
        FormSession.restore(SAMPLE, {"questionnaire": SAMPLE.canonical, "item": items})


def test_text_that_is_no_json_is_refused():
    with pytest.raises(DomainError, match=r"form\.draft_unreadable"):
        from_json(b"{")


def test_initial_values_are_there_from_the_start():
    first = form(
        Item("a", ItemType.INTEGER, initial=(4,)),
        Item("b", ItemType.CHOICE, options=(Option(NO), Option(YES, initial=True))),
        Item("c", ItemType.BOOLEAN, enable_when=(EnableWhen("b", "=", YES),)),
    )
    session = FormSession(first)
    assert (session.answers("a"), session.answers("b")) == ((4,), (YES,))
    assert session.is_enabled("c")


def test_a_required_group_wants_at_least_one_answer():
    group = Item("g", ItemType.GROUP, "组", required=True, items=(Item("a", ItemType.BOOLEAN),))
    session = FormSession(form(group))
    assert session.missing() == ("g",)
    session.set_answer("a", False)
    assert session.missing() == ()


answers = st.fixed_dictionaries(
    {},
    optional={
        "weight": st.decimals(-500, 500, places=1).map(lambda value: (value,)),
        "cough": st.sampled_from([(YES,), (NO,)]),
        "days": st.integers(-5, 400).map(lambda value: (value,)),
        "ill": st.lists(st.sampled_from([YES, NO, NONE]), max_size=3, unique=True).map(tuple),
        "since": st.dates().map(lambda value: (value,)),
        "note": st.text(max_size=9).map(lambda value: (value,)),
        "other": st.lists(st.text(max_size=5), max_size=3).map(tuple),
        "parent": st.booleans().map(lambda value: (value,)),
        "who": st.text(max_size=5).map(lambda value: (value,)),
    },
)


@settings(deadline=None)
@given(answers)
def test_a_restored_draft_is_the_same_session(given_answers):
    session = FormSession(SAMPLE)
    for link_id, values in given_answers.items():
        session.set_answer(link_id, *values)
    restored = FormSession.restore(SAMPLE, from_json(to_json(session.draft(NOW))))
    assert restored.draft(NOW) == session.draft(NOW)
    assert codes(restored) == codes(session)
    assert (restored.progress(), restored.score()) == (session.progress(), session.score())
