from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.enablement import Enablement, holds
from forms.questionnaire import Coding, EnableWhen, Item, ItemType, Option, Questionnaire

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


def test_all_and_any():
    both = form(
        boolean("a"),
        boolean("b"),
        boolean("all", when("a"), when("b")),
        boolean("any", when("a"), when("b"), every=False),
    )
    one = Enablement(both).evaluate({"a": (True,)})
    assert (one["all"], one["any"]) == (False, True)
    two = Enablement(both).evaluate({"a": (True,), "b": (True,)})
    assert (two["all"], two["any"]) == (True, True)


def test_an_answer_below_a_disabled_question_does_not_count():
    chain = form(boolean("a"), boolean("b", when("a")), boolean("c", when("b")))
    assert Enablement(chain).evaluate({"a": (False,), "b": (True,)}) == {"a": True, "b": False, "c": False}


def test_children_follow_their_group_and_may_stand_before_the_question_they_ask():
    group = Item("g", ItemType.GROUP, enable_when=(when("late"),), items=(boolean("inside"),))
    enablement = Enablement(form(group, boolean("late")))
    assert not enablement.evaluate({})["inside"]
    assert enablement.evaluate({"late": (True,)})["inside"]


def test_only_what_depends_on_the_answer_is_looked_at():
    items = [boolean("q"), boolean("near", when("q")), boolean("far", when("near"))]
    enablement = Enablement(
        form(*items, *(boolean(f"other{n}", when("alone")) for n in range(50)), boolean("alone"))
    )
    answers = {}
    state = enablement.evaluate(answers)
    answers["q"] = (True,)
    turned, seen = enablement.update(state, answers, "q")
    assert turned == {"near"}
    assert seen == {"near", "far"}
    answers["q"] = (True,)
    assert enablement.update(state, answers, "q") == (set(), {"near"})


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
        return Item(str(index), ItemType.INTEGER, enable_when=conditions, enable_all=every, items=below)

    return form(*(build(top) for top in draw(st.permutations(children[-1]))))


@given(forms(), st.lists(st.tuples(st.integers(0, 11), st.lists(values, max_size=2)), max_size=25))
def test_step_by_step_equals_evaluating_everything(questionnaire, steps):
    enablement = Enablement(questionnaire)
    answers = {}
    state = enablement.evaluate(answers)
    for number, given_answers in steps:
        link_id = str(number)
        if link_id not in state:
            continue
        before = dict(state)
        answers[link_id] = tuple(given_answers)
        turned, _ = enablement.update(state, answers, link_id)
        assert state == Enablement(questionnaire).evaluate(answers)
        assert turned == {key for key in state if state[key] is not before[key]}


def test_options_do_not_matter_to_the_graph():
    choice = Item("c", ItemType.CHOICE, options=(Option(X), Option(Y)))
    assert Enablement(form(choice, boolean("d", EnableWhen("c", "=", X)))).evaluate({"c": (X,)})["d"]
