"""What an expression looks at, told from its text alone: items by link id, variables, or the whole response.

Used when a form is read (cycles, link ids and variables that are not there) and to put evaluations in order; which
instance really depends on which is learnt while evaluating.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from forms.expressions.syntax import (
    Binary,
    Call,
    Index,
    Literal,
    Member,
    Node,
    Special,
    Variable,
    children,
    parse,
)

# Names that stand for the response or a part of it.
RESPONSE = frozenset({"resource", "context", "rootResource"})
_ELSEWHERE = frozenset({"questionnaire", "qitem", "qItem", "ucum", "sct", "loinc"})
KNOWN_NAMES = RESPONSE | _ELSEWHERE
_STEPS_DOWN = frozenset({"item", "answer"})
_SWEEPS = frozenset({"descendants", "children", "repeat"})


@dataclass
class Reads:
    """What an expression looks at; `sweeping` if it walks over items it does not name.

    Attributes:
        links: Link ids looked up in the response.
        maybe_links: Link ids looked up in what a variable holds, which need not be the response.
    """

    links: set[str] = field(default_factory=set)
    maybe_links: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    sweeping: bool = False


@lru_cache(maxsize=2000)
def reads_of(text: str) -> Reads:
    """Return what the expression looks at; raises `ExpressionError` if it cannot be read."""
    found = Reads()
    _visit(parse(text), found, focus=True)
    return found


def link_ids(criteria: Node) -> tuple[str, ...] | None:
    """Return the ids of ``linkId = 'a'``, of several joined by ``or``, or of ``linkId in ('a' | 'b')``."""
    match criteria:
        case Binary("=", Member(None, "linkId"), Literal(value=str() as link_id)):
            return (link_id,)
        case Binary("=", Literal(value=str() as link_id), Member(None, "linkId")):
            return (link_id,)
        case Binary("or", left, right):
            one, other = link_ids(left), link_ids(right)
            return None if one is None or other is None else (*one, *other)
        case Binary("in", Member(None, "linkId"), listed):
            return _texts(listed)
    return None


def _texts(node: Node) -> tuple[str, ...] | None:
    match node:
        case Literal(value=str() as text):
            return (text,)
        case Binary("|", left, right):
            one, other = _texts(left), _texts(right)
            return None if one is None or other is None else (*one, *other)
    return None


def linked_source(call: Call) -> tuple[Node | None, str] | None:
    """Return what a ``where`` on link ids starts from, and how far down it looks: item, repeat or descendants."""
    match call.source:
        case Member(source=source, name="item"):
            return source, "item"
        case Call(source=source, name="descendants", args=()):
            return source, "descendants"
        case Call(source=source, name="repeat", args=(Member(None, "item"),)):
            return source, "repeat"
    return None


def _visit(node: Node | None, found: Reads, *, focus: bool) -> bool:
    """Return whether the node may be a part of the response; `focus` tells it of what the expression starts from."""
    match node:
        case None:
            return focus
        case Literal():
            return False
        case Special(name=name):
            return focus and name == "this"
        case Variable(name=name):
            if name not in KNOWN_NAMES:
                found.variables.add(name)
            return name not in _ELSEWHERE
        case Member(source=source, name=name):
            part = _visit(source, found, focus=focus)
            if part and name == "item":
                found.sweeping = True
            return part and name in _STEPS_DOWN
        case Call():
            return _visit_call(node, found, focus)
    parts = [_visit(below, found, focus=focus) for below in children(node)]
    return any(parts) and not (isinstance(node, Binary) and node.operator != "|")


def _from_variable(node: Node | None) -> bool:
    """Tell whether a path begins at a variable of the form's own."""
    while isinstance(node, Member | Call | Index):
        node = node.source
    return isinstance(node, Variable) and node.name not in RESPONSE


def _visit_call(node: Call, found: Reads, focus: bool) -> bool:
    if node.name in ("where", "exists", "all") and len(node.args) == 1 and (ids := link_ids(node.args[0])):
        start = linked_source(node)
        if start is not None:
            if _visit(start[0], found, focus=focus):
                (found.maybe_links if _from_variable(start[0]) else found.links).update(ids)
            return node.name == "where"
    part = _visit(node.source, found, focus=focus)
    if part and node.name in _SWEEPS:
        found.sweeping = True
    of_each = node.name in ("where", "select", "repeat", "exists", "all", "iif", "aggregate")
    below = [_visit(arg, found, focus=part if of_each else focus) for arg in node.args]
    if node.name in ("select", "repeat", "iif", "union", "combine"):
        return any(below) or (part and node.name in ("union", "combine"))
    keeps = ("where", "first", "last", "tail", "skip", "take", "single", "distinct", "exclude", "intersect")
    return part and node.name in (*keeps, "ofType", "descendants", "children", "trace")
