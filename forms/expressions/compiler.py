"""From the tree of an expression to closures: what a form evaluates again and again is prepared once.

A step is ``step(run, focus) -> collection``. Lookups of the kind ``item.where(linkId='x')`` become one look into the
index of the live form, so an expression touches, and depends on, only the items it names.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from forms.expressions.arithmetic import combine, single
from forms.expressions.compare import distinct, equal, equivalent, is_number, order, same_value
from forms.expressions.elements import Collection, Element, child, json_value, system_type
from forms.expressions.functions import FUNCTIONS
from forms.expressions.iteration import WITH_EXPRESSIONS, where
from forms.expressions.reads import link_ids, linked_source
from forms.expressions.registry import Clock
from forms.expressions.runtime import LARGEST_COLLECTION, Host, Run, Step, truth
from forms.expressions.syntax import (
    Binary,
    Call,
    ExpressionError,
    Index,
    LimitExceededError,
    Literal,
    Member,
    Node,
    Special,
    Unary,
    Variable,
    parse,
)

_NAVIGATION = frozenset({"item", "answer"})
_LOGIC = ("and", "or", "xor", "implies")


class Unsupported(ExpressionError):  # noqa: N818 -- it is no fault of the expression
    """A function that only the library knows."""


@lru_cache(maxsize=2000)
def compiled(text: str) -> Step:
    """Return an expression as one step.

    Raises:
        Unsupported: It needs a function that is not ours; `forms.expressions.library` may know it.
        ExpressionError: It cannot be read.
    """
    return _compile(parse(text), onward=False)


def evaluate(step: Step, host: Host, context: Collection, clock: Clock) -> Collection:
    """Run a step at its context.

    Raises:
        ExpressionError: It is not defined on what it met, or would take too long or too much memory.
    """
    try:
        return step(Run(host, clock, context), context)
    except RecursionError as error:
        raise ExpressionError("nested too deeply") from error


def _compile(node: Node, *, onward: bool) -> Step:
    """Compile; `onward` tells that only ``item`` or ``answer`` of the result is looked at."""
    match node:
        case Literal(value=value):
            constant: Collection = [] if value is None else [value]
            return lambda run, focus: constant
        case Special(name=name):
            return _special(name)
        case Variable(name=name):
            return lambda run, focus: run.host.variable(name)
        case Member(source=source, name=name):
            return _member(source, name)
        case Index(source=source, at=at):
            return _index(_compile(source, onward=onward), _compile(at, onward=False))
        case Unary(operator=sign, operand=operand):
            return _signed(sign, _compile(operand, onward=False))
        case Binary(operator=name, left=left, right=right):
            return _binary(name, left, right)
        case Call():
            return _call(node, onward)


def _special(name: str) -> Step:
    if name == "index":
        return lambda run, focus: run.index
    if name == "total":
        return lambda run, focus: run.total
    return lambda run, focus: run.this


def _from(source: Node | None, *, onward: bool) -> Step:
    return (lambda run, focus: focus) if source is None else _compile(source, onward=onward)


def _member(source: Node | None, name: str) -> Step:
    before = _from(source, onward=name in _NAVIGATION)

    def step(run: Run, focus: Collection) -> Collection:
        given = before(run, focus)
        if len(given) == 1:
            found = child(given[0], name)
        else:
            found = [entry for value in given for entry in child(value, name)]
        run.spend(1 + len(found))
        return found

    return step


def _index(source: Step, at: Step) -> Step:
    def step(run: Run, focus: Collection) -> Collection:
        given, wanted = source(run, focus), at(run, run.this)
        if not wanted:
            return []
        place = single(wanted, "an index")
        if not isinstance(place, int) or isinstance(place, bool):
            raise ExpressionError("an index needs a whole number")
        return given[place : place + 1] if place >= 0 else []

    return step


def _signed(sign: str, operand: Step) -> Step:
    def step(run: Run, focus: Collection) -> Collection:
        given = operand(run, focus)
        if not given:
            return []
        value = single(given, sign)
        if not is_number(value):
            raise ExpressionError(f"{sign} needs a number")
        return [-value if sign == "-" else value]

    return step


# Operators.
def _binary(name: str, left: Node, right: Node) -> Step:
    if name in ("is", "as"):
        return _typed(
            name, _compile(left, onward=False), str(right.value) if isinstance(right, Literal) else ""
        )
    one, other = _compile(left, onward=False), _compile(right, onward=False)
    if name in _LOGIC:
        return _logic(name, one, other)
    work = _OPERATORS.get(name) or (lambda a, b: combine(name, a, b))

    def step(run: Run, focus: Collection) -> Collection:
        run.spend(1)
        a, b = one(run, focus), other(run, focus)
        run.spend(len(a) + len(b))
        return work(a, b)

    return step


def _told(value: bool | None) -> Collection:
    return [] if value is None else [value]


def _ordered(name: str) -> Callable[[Collection, Collection], Collection]:
    wanted = {"<": (-1,), ">": (1,), "<=": (-1, 0), ">=": (0, 1)}[name]

    def compare(a: Collection, b: Collection) -> Collection:
        found = order(a, b)
        return [] if found is None else [found in wanted]

    return compare


def _holds(values: Collection, value: Collection) -> Collection:
    if not value:
        return []
    wanted = single(value, "in and contains")
    return [any(same_value(other, wanted) is True for other in values)]


def _unequal(a: Collection, b: Collection) -> Collection:
    found = equal(a, b)
    return [] if found is None else [not found]


_OPERATORS: dict[str, Callable[[Collection, Collection], Collection]] = {
    "=": lambda a, b: _told(equal(a, b)),
    "!=": _unequal,
    "~": lambda a, b: [equivalent(a, b)],
    "!~": lambda a, b: [not equivalent(a, b)],
    "|": lambda a, b: distinct(a + b),
    "in": lambda a, b: _holds(b, a),
    "contains": _holds,
    **{name: _ordered(name) for name in ("<", ">", "<=", ">=")},
}


def _logic(name: str, one: Step, other: Step) -> Step:
    def step(run: Run, focus: Collection) -> Collection:
        run.spend(1)
        a = truth(one(run, focus))
        # What decides alone spares the other side, as long as nothing there could be wrong with it.
        b = truth(other(run, focus))
        match name:
            case "and":
                return [False] if a is False or b is False else _told(None if None in (a, b) else True)
            case "or":
                return [True] if a or b else _told(None if None in (a, b) else False)
            case "xor":
                return [] if a is None or b is None else [a is not b]
        if a is False or b is True:
            return [True]
        return [] if a is None or b is None else [b]

    return step


_TYPE_NAMES = {"code": "String", "id": "String", "uri": "String", "url": "String", "markdown": "String"} | {
    "positiveInt": "Integer", "unsignedInt": "Integer"}  # fmt: skip


def _typed(name: str, source: Step, wanted: str) -> Step:
    short = wanted.rpartition(".")[2]
    kind = _TYPE_NAMES.get(short) or short[:1].upper() + short[1:]

    def step(run: Run, focus: Collection) -> Collection:
        given = source(run, focus)
        if name == "ofType":
            return [value for value in given if _is(value, kind, wanted)]
        if not given:
            return []
        fits = _is(single(given, name), kind, wanted)
        return [fits] if name == "is" else given if fits else []

    return step


def _is(value: Any, kind: str, wanted: str) -> bool:
    told = system_type(value)
    if told:
        return told == kind
    if isinstance(value, dict):
        return value.get("resourceType") == wanted.rpartition(".")[2]
    return False


# Functions.
def _call(node: Call, onward: bool) -> Step:
    if node.name == "where" and (found := _linked(node, onward)) is not None:
        return found
    source = _from(node.source, onward=False)
    if node.name in WITH_EXPRESSIONS:
        made, arities = WITH_EXPRESSIONS[node.name]
        _check(node, arities)
        return made(source, *(_compile(arg, onward=False) for arg in node.args))
    if node.name in ("ofType", "is", "as"):
        _check(node, (1,))
        return _typed(node.name, source, _type_of(node.args[0]))
    if node.name not in FUNCTIONS:
        raise Unsupported(f"no such function: {node.name}()")
    work, arities = FUNCTIONS[node.name]
    _check(node, arities)
    args = tuple(_compile(arg, onward=False) for arg in node.args)

    def step(run: Run, focus: Collection) -> Collection:
        given = source(run, focus)
        run.spend(1 + len(given))
        found = work(run.clock, given, *(arg(run, run.this) for arg in args))
        if len(found) > LARGEST_COLLECTION:
            raise LimitExceededError(f"a collection of more than {LARGEST_COLLECTION}")
        return found

    return step


def _check(node: Call, arities: tuple[int, ...]) -> None:
    if len(node.args) not in arities:
        raise ExpressionError(f"{node.name}() does not take {len(node.args)} arguments")


def _type_of(node: Node) -> str:
    if isinstance(node, Member):
        return f"{_type_of(node.source)}.{node.name}" if node.source else node.name
    raise ExpressionError("the name of a type is needed")


def _linked(node: Call, onward: bool) -> Step | None:
    """Return ``X.item.where(linkId = 'a')``, or the same over all descendants, as a look into the index."""
    ids = link_ids(node.args[0]) if len(node.args) == 1 else None
    start = linked_source(node)
    if ids is None or start is None or node.source is None:
        return None
    before, depth = _from(start[0], onward=True), start[1]
    slowly = where(_compile(node.source, onward=False), _compile(node.args[0], onward=False))

    def step(run: Run, focus: Collection) -> Collection:
        given = before(run, focus)
        if not all(isinstance(value, Element) for value in given):
            return slowly(run, focus)
        found = [entry for value in given for entry in value.linked(ids, depth, present=not onward)]
        run.spend(1 + len(found))
        return found

    return step


__all__ = ["Host", "Run", "Step", "Unsupported", "compiled", "evaluate", "json_value", "truth"]
