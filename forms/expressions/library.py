"""What our compiler does not know is left to fhirpathpy, under guard: admitted by name, stopped by count and size.

The library runs in this process, so nothing may run away in it: every call is counted by a profile hook, every value
that a function returns is measured, and the functions that make much out of little are not admitted.
"""

import sys
import time
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from types import FrameType
from typing import Any

from forms.expressions.elements import Collection, json_value, plain
from forms.expressions.functions import FUNCTIONS
from forms.expressions.runtime import Run, Step
from forms.expressions.syntax import Call, ExpressionError, LimitExceededError, Node, Variable, parse, walk

CALLS = 150_000
PATIENCE_S = 3.0
LARGEST_VALUE = 20_000
LONGEST = 800
_BEYOND_OURS = frozenset(
    {"aggregate", "coalesce", "encode", "decode", "type", "toQuantity"}
    | {
        f"convertsTo{kind}"
        for kind in ("Boolean", "Integer", "Decimal", "String", "Date", "DateTime", "Time")
    }
)
_ALSO = frozenset({"where", "select", "exists", "all", "iif", "children", "ofType", "is", "as"})
# `weight` is ours alone; the others can make a gigabyte, or an hour, of one line before anything looks at it.
_NOT_THERE = frozenset(
    {"replace", "replaceMatches", "matches", "repeat", "descendants", "join", "weight", "ordinal"}
)
_ADMITTED = (_BEYOND_OURS | _ALSO | FUNCTIONS.keys()) - _NOT_THERE


@lru_cache(maxsize=200)
def library_step(text: str) -> Step:
    """Return an expression as a step that the library evaluates over plain JSON.

    Raises:
        ExpressionError: It calls what neither we nor the library may do.
    """
    tree = parse(text)
    if len(text) > LONGEST:
        raise ExpressionError(
            f"longer than {LONGEST} characters, and not of the functions we evaluate ourselves"
        )
    for node in walk(tree):
        if isinstance(node, Call) and node.name not in _ADMITTED:
            known = node.name in _NOT_THERE
            beside = ", ".join(sorted(_called(tree) & _BEYOND_OURS))
            reason = f"{node.name}() beside {beside}()" if known else f"no such function: {node.name}()"
            raise ExpressionError(reason)
    names = sorted({node.name for node in walk(tree) if isinstance(node, Variable)})
    prepared: list[Callable[..., Any]] = []

    def step(run: Run, focus: Collection) -> Collection:
        variables = {name: [plain(value) for value in run.host.variable(name)] for name in names}
        resource = [plain(value) for value in focus]

        if not prepared:
            prepared.append(_prepare(text))
        found = _guarded(lambda: prepared[0](resource, variables))
        return [_ours(value) for value in (found if isinstance(found, list) else [found])]

    return step


def _called(tree: Node) -> set[str]:
    return {node.name for node in walk(tree) if isinstance(node, Call)}


def _prepare(text: str) -> Callable[..., Any]:
    # Imported on first use: the parser behind it is large, and hardly any form needs it.
    from fhirpathpy import compile as prepare
    from fhirpathpy.models import models

    made: Callable[..., Any] = _guarded(lambda: prepare(text, models["r4"]), measure=False)
    return made


def _guarded(work: Callable[[], Any], *, measure: bool = True) -> Any:
    """Run `work`, stopped after `CALLS` calls, `PATIENCE_S`, or if `measure` by a value beyond `LARGEST_VALUE`.

    Its parser is known to hold large tables and to call much; what it reads is bounded by ours, so it gets
    three times the time.

    Raises:
        ExpressionError: It was stopped, or the library refused.
    """
    calls = 0
    most = CALLS if measure else CALLS * 10
    until = time.perf_counter() + PATIENCE_S * (1 if measure else 3)

    def watch(_: FrameType, event: str, value: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > most or (calls % 512 == 0 and time.perf_counter() > until):
            raise _Stopped("more work than allowed")
        if measure and event == "return":
            _measure(value)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        return work()
    except _Stopped as error:
        raise LimitExceededError(f"library: {error}") from error
    except Exception as error:
        raise ExpressionError(f"library: {type(error).__name__}: {error!s:.200}") from error
    finally:
        sys.setprofile(before)


class _Stopped(BaseException):
    """Not an `Exception`: the library must not take it for a failure of its own and go on."""


def _measure(value: Any) -> None:
    if isinstance(value, str | list | tuple | bytes):
        too_much = len(value) > LARGEST_VALUE
    elif isinstance(value, int):
        too_much = value.bit_length() > 4 * LARGEST_VALUE
    else:
        return
    if too_much:
        raise _Stopped("a value larger than allowed")


def _ours(value: Any) -> Any:
    if type(value).__module__.startswith("fhirpathpy"):
        return str(value)
    return json_value(value) if not isinstance(value, Decimal) or value.is_finite() else None
