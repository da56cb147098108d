"""Declared expressions: a small arithmetic with named inputs, compiled once and safe to take from a file.

Names, numbers, texts in quotes, ``+ - * /``, comparisons, ``and or not``, ``a if c else b`` and the functions of
`FUNCTIONS`; nothing else (no attributes, no indexing, no powers by ``**``, no calls of anything but those).

* `arithmetic` is for numbers: every input is known, a Python function of the inputs comes out.
* `condition` is for rules: an input may be unknown (None), and so may the answer (Kleene's three values): ``or`` is
  true as soon as one part is, ``and`` false as soon as one is, a comparison with something unknown is unknown.
"""

import ast
import math
from collections.abc import Callable, Iterable
from typing import Any

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ln": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "pow": math.pow,
    "min": min,
    "max": max,
}
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_COMPARED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_LONGEST, _MOST_NODES = 2000, 400


class ExpressionError(ValueError):
    """Text that is no expression of ours; says what stands in the way."""


class OutsideTableError(Exception):
    """A value lies in none of the bands a published table has; `args` hold the label of the item."""


def parse(text: str) -> ast.expr:
    """Return the checked syntax tree of an expression.

    Raises:
        ExpressionError: Not an expression, or something in it that is not allowed.
    """
    if len(text) > _LONGEST:
        raise ExpressionError("longer than an expression may be")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"{text!r}: {error}") from None
    nodes = list(ast.walk(tree))
    if len(nodes) > _MOST_NODES:
        raise ExpressionError("more parts than an expression may have")
    compared = {id(part) for node in nodes if isinstance(node, ast.Compare) for part in node.comparators}
    for node in nodes:
        loose_text = isinstance(node, ast.Constant) and type(node.value) is str and id(node) not in compared
        if loose_text or not _allowed(node):
            raise ExpressionError(f"{text!r}: {type(node).__name__} is not allowed")
    return tree


def _allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, float):
            return math.isfinite(node.value)
        if type(node.value) is int:
            return abs(node.value) < 10**12
        return type(node.value) is str and len(node.value) < 60
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords
    if isinstance(node, ast.Name):
        return node.id.isidentifier() and not node.id.startswith("_")
    kinds = (
        ast.BinOp,
        ast.UnaryOp,
        ast.BoolOp,
        ast.Compare,
        ast.IfExp,
        ast.Load,
        ast.And,
        ast.Or,
        ast.Not,
        ast.USub,
    )
    return isinstance(node, (*kinds, *_ARITHMETIC, *_COMPARED))


def names_of(text: str) -> tuple[str, ...]:
    """Return the inputs an expression names, in the order they first stand in it."""
    found = [
        node for node in ast.walk(parse(text)) if isinstance(node, ast.Name) and node.id not in FUNCTIONS
    ]
    return tuple(dict.fromkeys(n.id for n in sorted(found, key=lambda one: (one.lineno, one.col_offset))))


def source_of(text: str) -> str:
    """Return an expression, checked, as the source that computes it with every input known."""
    return f"({ast.unparse(parse(text))})"


def function(names: Iterable[str], source: str) -> Callable[..., Any]:
    """Return a function of `names` in that order; `source` is made by this module's functions only."""
    code = compile(f"lambda {', '.join(names)}: {source}", "<declared>", "eval")
    return eval(code, dict(_SPACE))  # type: ignore[no-any-return]  # noqa: S307  (checked by `parse`)


def arithmetic(text: str) -> tuple[tuple[str, ...], Callable[..., Any]]:
    """Return the inputs of an expression and the function of them."""
    names = names_of(text)
    return names, function(names, source_of(text))


def condition(text: str) -> tuple[tuple[str, ...], Callable[..., Any]]:
    """Return the inputs of a condition and its three-valued function: True, False, or None for unknown."""
    names = names_of(text)
    return names, function(names, condition_source(text))


def condition_source(text: str) -> str:
    """Return the source of a condition that takes None for what is not known."""
    return _truth(parse(text))


def _truth(node: ast.expr) -> str:
    if isinstance(node, ast.BoolOp):
        joined = ", ".join(_truth(part) for part in node.values)
        return f"{'_or' if isinstance(node.op, ast.Or) else '_and'}(({joined},))"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return f"_not({_truth(node.operand)})"
    named = dict.fromkeys(
        part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id not in FUNCTIONS
    )
    plain = ast.unparse(node)
    if not named:
        return f"({plain})"
    unknown = " or ".join(f"{name} is None" for name in named)
    return f"(None if {unknown} else ({plain}))"


def _or(parts: tuple[Any, ...]) -> bool | None:
    unknown = False
    for part in parts:
        if part is None:
            unknown = True
        elif part:
            return True
    return None if unknown else False


def _and(parts: tuple[Any, ...]) -> bool | None:
    unknown = False
    for part in parts:
        if part is None:
            unknown = True
        elif not part:
            return False
    return None if unknown else True


def _not(part: Any) -> bool | None:
    return None if part is None else not part


def _outside(label: str) -> float:
    raise OutsideTableError(label)


_SPACE: dict[str, Any] = {
    "__builtins__": {}, **FUNCTIONS, "_or": _or, "_and": _and, "_not": _not, "_outside": _outside,
}  # fmt: skip


def bands_source(of: str, bands: Iterable[tuple[str, float | int]], label: str) -> str:
    """Return the source of a banded value: ``{"<25": 0, "<=30": 1, "else": 3}`` over the expression `of`.

    The first band that holds gives the value; without ``else`` a value past the last is `OutsideTableError`.

    Raises:
        ExpressionError: A band that is no comparison with a number.
    """
    source, end = source_of(of), f"_outside({label!r})"
    parts: list[str] = []
    for edge, points in bands:
        if edge == "else":
            end = repr(float(points))
            continue
        sign = edge.rstrip("0123456789.").rstrip("-")
        if sign not in ("<", "<=", ">", ">=", "=="):
            raise ExpressionError(f"{edge!r}: a band begins with <, <=, >, >= or ==")
        parts.append(f"{float(points)!r} if _x {sign} {float(edge[len(sign) :])!r} else ")
    return f"(lambda _x: {''.join(parts)}{end})({source})"
