"""Expressions and answers made at random, and what fhirpathpy makes of them.

Where the library differs from FHIRPath N1 the generator keeps away, so that every difference left is a finding:

* ``{} = 1`` and ``1 = {}`` are false there, empty in N1 (6.1.1): compared sides always have a value;
* of collections only the first members are compared: compared sides are single;
* ``round`` takes halves to the even digit: rounded numbers have no half;
* ``mod`` and ``div`` of negative numbers round down: operands are not negative;
* arguments look at ``$this`` of the last ``where`` even behind it: arguments are absolute;
* a union of literals with values of the response keeps repeats: unions are of one kind;
* ``and`` of an empty side and false is right, ``{} and {}`` is false: sides of logic have a value.
"""

from decimal import Decimal

from hypothesis import strategies as st

LINKS = ("a", "b", "c", "g", "h")
QUESTIONS = ("a", "b", "c")


@st.composite
def responses(draw):
    """A response with numbers, texts, truth values and codings, some of them in a group."""

    def answers(kind):
        made = {
            "valueInteger": st.integers(0, 9),
            "valueDecimal": st.sampled_from([0.5, 1.25, 2.0, 7.75]),
            "valueString": st.sampled_from(["", "x", "Ab", "数据"]),
            "valueBoolean": st.booleans(),
            "valueCoding": st.sampled_from(
                [{"system": "s", "code": code, "display": code.upper()} for code in "pq"]
            ),
        }[kind]
        return st.lists(made.map(lambda value: {kind: value}), min_size=1, max_size=3)

    def question(link):
        kind = {"a": "valueInteger", "b": "valueString", "c": "valueCoding"}[link]
        return {"linkId": link, "answer": draw(answers(kind))}

    top = [question(link) for link in draw(st.sets(st.sampled_from(QUESTIONS)))]
    below = [question(link) for link in draw(st.sets(st.sampled_from(QUESTIONS), min_size=1))]
    group = {"linkId": "g", "item": [*below, {"linkId": "h", "item": [question("a")]}]}
    return {"resourceType": "QuestionnaireResponse", "item": [*top, group]}


link = st.sampled_from(LINKS)
number = st.integers(0, 20).map(str) | st.sampled_from(["0.5", "2.25", "10.1"])
text = st.sampled_from(["'x'", "'Ab'", "'数据'", "'a,b'"])
items = st.one_of(
    link.map(lambda name: f"%resource.item.where(linkId='{name}')"),
    link.map(lambda name: f"%resource.item.where(linkId='g').item.where(linkId='{name}')"),
    link.map(lambda name: f"%resource.descendants().where(linkId='{name}')"),
    link.map(lambda name: f"%resource.repeat(item).where(linkId='{name}')"),
    st.just("%resource.item"),
    st.just("%resource.repeat(item)"),
)
collections = st.one_of(
    items.map(lambda of: f"{of}.answer.value"),
    items.map(lambda of: f"{of}.linkId"),
    items.map(lambda of: f"{of}.answer.value.code"),
    st.tuples(number, number, number).map(lambda of: f"({' | '.join(of)})"),
    st.tuples(text, text).map(lambda of: f"({' | '.join(of)})"),
)


def _numbers(below):
    return st.one_of(
        number,
        st.tuples(below, st.sampled_from("+-*/"), below).map(lambda of: f"({of[0]} {of[1]} {of[2]})"),
        st.tuples(number, st.sampled_from(["div", "mod"]), number).map(lambda of: f"({' '.join(of)})"),
        collections.map(lambda of: f"{of}.count()"),
        text.map(lambda of: f"{of}.length()"),
        number.map(lambda of: f"{of}.{'floor' if '.' in of else 'abs'}()"),
        st.tuples(bools, below, below).map(lambda of: f"iif({of[0]}, {of[1]}, {of[2]})"),
    )


bools = st.deferred(lambda: st.recursive(_plain_bools, _joined_bools, max_leaves=4))
numbers = st.recursive(number, _numbers, max_leaves=4)
_plain_bools = st.one_of(
    st.sampled_from(["true", "false"]),
    st.tuples(number, st.sampled_from(["<", ">", "<=", ">=", "=", "!="]), number).map(" ".join),
    st.tuples(text, st.sampled_from(["=", "!=", "<", "~"]), text).map(" ".join),
    collections.map(lambda of: f"{of}.exists()"),
    collections.map(lambda of: f"{of}.empty()"),
    st.tuples(text, collections).map(lambda of: f"({of[0]} in {of[1]})"),
    link.map(lambda name: f"%resource.descendants().exists(linkId = '{name}')"),
    st.tuples(text, st.sampled_from(["startsWith", "endsWith", "contains"]), text).map(
        lambda of: f"{of[0]}.{of[1]}({of[2]})"
    ),
)


def _joined_bools(below):
    return st.one_of(
        st.tuples(below, st.sampled_from(["and", "or", "xor", "implies"]), below).map(
            lambda of: f"({' '.join(of)})"
        ),
        below.map(lambda of: f"({of}).not()"),
    )


_filtered = st.one_of(
    st.tuples(items, bools).map(lambda of: f"{of[0]}.where({of[1]}).linkId"),
    items.map(lambda of: f"{of}.where(answer.exists()).linkId"),
    items.map(lambda of: f"{of}.where(item.exists()).linkId"),
    items.map(lambda of: f"{of}.select(answer.count())"),
    st.tuples(items, text).map(lambda of: f"{of[0]}.select(linkId & {of[1]})"),
    st.tuples(items, items).map(lambda of: f"({of[0]}.linkId | {of[1]}.linkId)"),
    st.tuples(collections, st.sampled_from(["first()", "last()", "tail()", "distinct()", "count()"])).map(
        ".".join
    ),
    st.tuples(collections, st.integers(0, 3)).map(lambda of: f"{of[0]}.skip({of[1]})"),
    st.tuples(collections, st.integers(1, 3)).map(lambda of: f"{of[0]}.take({of[1]})"),
    st.tuples(collections, st.integers(0, 3)).map(lambda of: f"{of[0]}[{of[1]}]"),
)
expressions = numbers | bools | collections | _filtered


def normal(values):
    """Return a result in a form both sides share: numbers to ten digits, codings as JSON."""
    found = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            found.append(value)
        else:
            found.append(float(f"{Decimal(str(value)):.10g}"))
    return found
