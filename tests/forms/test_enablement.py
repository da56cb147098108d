from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.enablement import holds
from forms.questionnaire import Coding, EnableWhen, Item, ItemType, Option, Questionnaire
from forms.session import FormSession

X, Y = Coding("x", "s"), Coding("y", "s")


@pytest.mark.parametrize(
    ("operator", "answer", "given_answers", "expected"),
    [
        ("exists", True, (), False),
        ("exists", True, (False,), True),
        ("exists", False, (), True),
        ("exists", False, (0,), False),
        ("=", X, (Y, X), True),
        ("=", X, (Y,), False),
        ("=", X, (), False),
        ("=", Coding("x"), (X,), True),
        ("=", Coding("x", "other"), (X,), False),
        ("=", X, ("x",), False),
        ("=", True, (True,), True),
        ("=", 1, (True,), False),
        ("=", Decimal("5.0"), (Decimal("5"),), True),
        ("!=", X, (Y,), True),
        ("!=", X, (Y, X), False),
        ("!=", X, (), True),
        (">", 5, (5,), False),
        (">", 5, (6,), True),
        (">=", 5, (5,), True),
        ("<", Decimal(8), (Decimal("7.9"),), True),
        ("<", Decimal(8), (Decimal(8),), False),
        ("<=", Decimal(8), (Decimal(8),), True),
        ("<", 8, (), False),
        (">", date(2026, 1, 1), (date(2026, 1, 2),), True),
        ("<=", date(2026, 1, 1), (date(2026, 1, 2),), False),
    ],
)
def test_each_operator_on_both_sides_of_its_limit(operator, answer, given_answers, expected):
    assert holds(EnableWhen("q", operator, answer), given_answers) is expected


def boolean(link_id, *conditions, every=True, items=()):
    return Item(link_id, ItemType.BOOLEAN, enable_when=conditions, enable_all=every, items=items)


def when(question, value=True):
    return EnableWhen(question, "=", value)


def form(*items):
    return Questionnaire("u", "1", "t", "active", items)


def evaluated(questionnaire, answers):
    """Which items are asked, worked out from nothing."""
    session = FormSession(questionnaire)
    for link_id, values in answers.items():
        session.set_answer(link_id, *values)
    return {item.link_id: session.is_enabled(item.link_id) for item in questionnaire.walk()}


def test_all_and_any():
    both = form(
        boolean("a"),
        boolean("b"),
        boolean("all", when("a"), when("b")),
        boolean("any", when("a"), when("b"), every=False),
    )
    one = evaluated(both, {"a": (True,)})
    assert (one["all"], one["any"]) == (False, True)
    two = evaluated(both, {"a": (True,), "b": (True,)})
    assert (two["all"], two["any"]) == (True, True)


def test_an_answer_below_a_disabled_question_does_not_count():
    chain = form(boolean("a"), boolean("b", when("a")), boolean("c", when("b")))
    assert evaluated(chain, {"a": (False,), "b": (True,)}) == {"a": True, "b": False, "c": False}


def test_children_follow_their_group_and_may_stand_before_the_question_they_ask():
    group = Item("g", ItemType.GROUP, enable_when=(when("late"),), items=(boolean("inside"),))
    questionnaire = form(group, boolean("late"))
    assert not evaluated(questionnaire, {})["inside"]
    assert evaluated(questionnaire, {"late": (True,)})["inside"]


def test_only_what_depends_on_the_answer_is_looked_at():
    items = [boolean("q"), boolean("near", when("q")), boolean("far", when("near"))]
    others = (boolean(f"other{n}", when("alone")) for n in range(50))
    session = FormSession(form(*items, *others, boolean("alone")))
    assert session.set_answer("q", True).enabled == {"near"}
    assert session.evaluated == 2
    assert session.set_answer("q", True).enabled == set()
    assert session.evaluated == 1


values = st.sampled_from([0, 1, 2, 3])
operators = st.sampled_from(["exists", "=", "!=", ">", "<", ">=", "<="])


@st.composite
def forms(draw):
    """Trees of integer questions whose conditions look at earlier ones, listed in any order."""
    count = draw(st.integers(2, 12))
    children = {index: [] for index in range(-1, count)}
    details = {}
    for index in range(count):
        children[draw(st.integers(-1, index - 1))].append(index)
        wanted = draw(st.lists(st.integers(0, index - 1), max_size=3)) if index else []
        conditions = []
        for question in wanted:
            operator = draw(operators)
            answer = draw(st.booleans()) if operator == "exists" else draw(values)
            conditions.append(EnableWhen(str(question), operator, answer))
        details[index] = (tuple(conditions), draw(st.booleans()))

    def build(index):
        conditions, every = details[index]
        below = tuple(build(child) for child in draw(st.permutations(children[index])))
        return Item(
            str(index),
            ItemType.INTEGER,
            enable_when=conditions,
            enable_all=every,
            items=below,
            repeats=not below,
        )

    return form(*(build(top) for top in draw(st.permutations(children[-1]))))


def plainly(questionnaire, answers):
    """Which items are asked, by the rule alone: no cells, no order, again from the item up each time."""
    items = {item.link_id: item for item in questionnaire.walk()}
    above = {child.link_id: item.link_id for item in questionnaire.walk() for child in item.items}

    def enabled(link_id):
        if link_id in above and not enabled(above[link_id]):
            return False
        item = items[link_id]
        results = [
            holds(condition, answers.get(condition.question, ()) if enabled(condition.question) else ())
            for condition in item.enable_when
        ]
        return not results or (all(results) if item.enable_all else any(results))

    return {link_id: enabled(link_id) for link_id in items}


@settings(deadline=None)
@given(forms(), st.lists(st.tuples(st.integers(0, 11), st.lists(values, max_size=2)), max_size=25))
def test_step_by_step_equals_evaluating_everything(questionnaire, steps):
    session = FormSession(questionnaire)
    answers = {}
    items = {item.link_id: item for item in questionnaire.walk()}
    for number, given_answers in steps:
        link_id = str(number)
        if link_id not in items:
            continue
        before = {each: session.is_enabled(each) for each in items}
        answers[link_id] = tuple(given_answers if items[link_id].repeats else given_answers[:1])
        changes = session.set_answer(link_id, *answers[link_id])
        after = {each: session.is_enabled(each) for each in items}
        assert after == plainly(questionnaire, answers)
        assert changes.enabled | changes.disabled == {
            each for each in items if after[each] is not before[each]
        }


def test_options_do_not_matter_to_the_graph():
    choice = Item("c", ItemType.CHOICE, options=(Option(X), Option(Y)))
    assert evaluated(form(choice, boolean("d", EnableWhen("c", "=", X))), {"c": (X,)})["d"]
