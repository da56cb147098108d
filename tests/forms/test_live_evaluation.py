"""What a live form works out equals what the whole response gives, evaluated afresh by an independent engine."""

import fhirpathpy
from fhirpathpy.models import models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.kernel.errors import DomainError
from forms.cells import Cell, Graph, Source
from forms.expressions.elements import plain
from forms.questionnaire import Expression
from forms.response import from_json, to_json
from forms.session import FormSession
from tests.forms.building import NOW, form, item, option, rule, when
from tests.forms_expressions.differential import expressions, normal

# The link ids of the generated expressions: a, b, c at the top, and again below g and h under longer ids.
LIVE = form(
    item("a", "integer", repeats=True),
    item("b", "string", enableWhen=[when("a", ">", answerInteger=3)]),
    item("c", "choice", answerOption=[option("p", 1), option("q", 2)], repeats=True),
    item(
        "g", "group",
        item("h", "group", item("h.a"), item("h.b", "string"), enableWhen=[when("c", answerCoding={"code": "p"})]),
        item("g.d", "decimal"),
    ),
)  # fmt: skip
ANSWERS = {
    "a": st.lists(st.integers(0, 9), max_size=2),
    "b": st.lists(st.sampled_from(["x", "Ab"]), max_size=1),
    "c": st.lists(st.sampled_from(["p", "q"]), max_size=2, unique=True),
    "h.a": st.lists(st.integers(0, 9), max_size=1),
    "h.b": st.lists(st.sampled_from(["x", "数据"]), max_size=1),
    "g.d": st.lists(st.decimals(0, 9, places=2), max_size=1),
}
steps = st.lists(
    st.sampled_from(sorted(ANSWERS)).flatmap(lambda link: st.tuples(st.just(link), ANSWERS[link])), max_size=8
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(expressions, steps)
def test_the_live_form_is_the_response_it_would_be(text, answers):
    live = FormSession(LIVE)
    for link_id, values in answers:
        live.set_answer(link_id, *values)
    response = from_json(to_json(live.response(NOW)))
    evaluation, root = live._evaluation, live._tree.root
    found = normal(plain(value) for value in evaluation.evaluate(root, Expression(text), "test"))
    if "test" in root.faults:
        return
    assert found == normal(fhirpathpy.evaluate(response, text, {"resource": response}, models["r4"])), text


# Forms whose calculations stand on each other, conditions and instances.
def read(link_id):
    return f"%resource.descendants().where(linkId='{link_id}').answer.value"


BOTH = f"iif({read('x')}.exists(), {read('x')}, 0) + {read('double')}"
RULED = form(
    item("n", "integer"),
    item("on", "boolean"),
    item("x", "integer", enableWhen=[when("on", answerBoolean=True)]),
    item("double", readOnly=True, rules=[rule("calculatedExpression", f"{read('n')} * 2")]),
    item("both", readOnly=True, rules=[rule("calculatedExpression", BOTH)]),
    item("late", "string", rules=[rule("enableWhenExpression", f"{read('both')} > 10")]),
    item(
        "row", "group", item("v"), item("w", readOnly=True, rules=[rule("calculatedExpression", "%v + 1")]),
        repeats=True, rules=[rule("variable", "item.where(linkId='v').answer.value", "v")],
    ),
    item("sum", readOnly=True, rules=[rule("calculatedExpression", f"{read('w')}.sum()")]),
    item("many", readOnly=True, rules=[rule("calculatedExpression", "%resource.repeat(item).answer.count()")]),
    item("pick", "choice", item("below", "string"), answerOption=[option("p", 1), option("q", 2)], repeats=True),
)  # fmt: skip
WATCHED = ("double", "both", "sum", "many")
moves = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from(["n", "x"]), st.lists(st.integers(-3, 9), max_size=1)),
        st.tuples(st.just("set"), st.just("on"), st.lists(st.booleans(), max_size=1)),
        st.tuples(
            st.just("set"), st.just("late"), st.lists(st.text("ab", min_size=1, max_size=3), max_size=1)
        ),
        st.tuples(st.just("set"), st.just("pick"), st.lists(st.sampled_from("pq"), max_size=2, unique=True)),
        st.tuples(st.just("row"), st.integers(0, 3), st.lists(st.integers(0, 9), max_size=1)),
        st.tuples(
            st.just("below"), st.integers(0, 2), st.lists(st.text("xy", min_size=1, max_size=3), max_size=1)
        ),
        st.just(("add", 0, [])),
        st.tuples(st.just("remove"), st.integers(0, 3), st.just([])),
    ),
    max_size=20,
)


def play(live, move):
    kind, where, values = move
    match kind:
        case "set":
            return live.set_answer(where, *values)
        case "row":
            return live.set_answer("v", *values, at=(where,))
        case "below":
            return live.set_answer("below", *values, at=(where,))
        case "add":
            return live.add_instance("row")
    return live.remove_instance("row", (where,))


def state(live):
    """All that a page would show."""
    places = list(live.places())
    answers = {place: live.answers(*place) for place in places}
    return places, answers, live.problems(), live.warnings(), live.score(), live.progress()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moves)
def test_step_by_step_equals_working_out_everything(played):
    live = FormSession(RULED, clock=lambda: NOW)
    before = state(live)
    for move in played:
        try:
            changes = play(live, move)
        except DomainError:
            assert state(live) == before
            continue
        after = state(live)
        afresh = FormSession.restore(RULED, from_json(to_json(live.draft(NOW))), clock=lambda: NOW)
        assert state(afresh) == after
        if not changes.rebuilt:
            moved = set(before[0]) ^ set(after[0])
            moved |= {
                place for place in before[0] if place in after[1] and before[1][place] != after[1][place]
            }
            assert moved <= set(changes.touched) | descendants(live, changes.touched)
        before = after


def descendants(live, touched):
    """Items below a touched place; a page draws them with it."""
    below = {child.link_id for place in touched for child in live.item(place.link_id).walk()}
    return {place for place in live.places() if place.link_id in below}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moves)
def test_an_answer_is_never_lost(played):
    """Whatever is typed is there until it is typed over, its instance is removed, or its parent's answer goes."""
    live = FormSession(RULED, clock=lambda: NOW)
    typed = {}
    for move in played:
        try:
            play(live, move)
        except DomainError:
            continue
        kind, where, values = move
        if kind == "set":
            typed[where] = tuple(values)
        written = to_json(live.draft(NOW)).decode()
        for link_id, given_values in typed.items():
            assert len(live.answers(link_id)) == len(given_values)
            if given_values:
                assert f'"linkId":"{link_id}"' in written


def test_cells_that_chase_each_other_come_to_rest():
    graph = Graph()
    start = Source(graph, 0)
    cells = []
    cells.append(Cell(graph, lambda: start.get() + (cells[1].get() or 0) + 1, 1))
    cells.append(Cell(graph, lambda: (cells[0].get() or 0) + 1, 2))
    graph.settle()
    start.set(1)
    graph.settle()
    assert graph.computed < 500
