"""The functions of FHIRPath whose arguments are expressions, evaluated for each member of the input."""

from collections.abc import Callable, Iterator
from typing import Any

from forms.expressions.compare import Distinct
from forms.expressions.elements import Collection, child, children
from forms.expressions.runtime import LARGEST_COLLECTION, Run, Step, truth
from forms.expressions.syntax import LimitExceededError
from forms.values import Coding


def _each(run: Run, given: Collection, criteria: Step) -> Iterator[tuple[Any, Collection]]:
    """Yield every value with what the criteria make of it, ``$this`` and ``$index`` set."""
    saved = run.this, run.index
    try:
        for index, value in enumerate(given):
            run.spend(1)
            run.this = [value]
            run.index = [index]
            yield value, criteria(run, run.this)
    finally:
        run.this, run.index = saved


def where(source: Step, criteria: Step) -> Step:
    """Return the members of the input for which the criteria are true."""
    return lambda run, focus: [
        value for value, told in _each(run, source(run, focus), criteria) if truth(told) is True
    ]


def _select(source: Step, projection: Step) -> Step:
    def step(run: Run, focus: Collection) -> Collection:
        found: Collection = []
        for _, made in _each(run, source(run, focus), projection):
            found += made
            run.spend(len(made))
            if len(found) > LARGEST_COLLECTION:
                raise LimitExceededError(f"a collection of more than {LARGEST_COLLECTION}")
        return found

    return step


def _repeat(source: Step, projection: Step) -> Step:
    def step(run: Run, focus: Collection) -> Collection:
        known = Distinct()
        waiting = source(run, focus)
        while waiting:
            made = [entry for _, below in _each(run, waiting, projection) for entry in below]
            # JSON objects have no key and are compared with all others.
            run.spend(len(made) + sum(len(known.found) // 4 for value in made if isinstance(value, dict)))
            waiting = known.add(made)
            if len(known.found) > LARGEST_COLLECTION:
                raise LimitExceededError(f"a collection of more than {LARGEST_COLLECTION}")
        return known.found

    return step


def _exists(source: Step, criteria: Step | None = None) -> Step:
    kept = source if criteria is None else where(source, criteria)
    return lambda run, focus: [bool(kept(run, focus))]


def _all(source: Step, criteria: Step) -> Step:
    return lambda run, focus: [
        all(truth(told) is True for _, told in _each(run, source(run, focus), criteria))
    ]


def _iif(source: Step, condition: Step, then: Step, otherwise: Step | None = None) -> Step:
    def step(run: Run, focus: Collection) -> Collection:
        given = source(run, focus)
        saved = run.this
        run.this = given
        try:
            run.spend(1)
            if truth(condition(run, given)):
                return then(run, given)
            return otherwise(run, given) if otherwise is not None else []
        finally:
            run.this = saved

    return step


def _children(source: Step) -> Step:
    def step(run: Run, focus: Collection) -> Collection:
        found = [entry for value in source(run, focus) for entry in children(value)]
        run.spend(len(found))
        return found

    return step


def _descendants(source: Step) -> Step:
    def step(run: Run, focus: Collection) -> Collection:
        found: Collection = []
        waiting = source(run, focus)
        while waiting:
            waiting = [entry for value in waiting for entry in children(value)]
            run.spend(1 + len(waiting))
            found += waiting
        return found

    return step


def _weight(source: Step) -> Step:
    """Return the scores of answers or of their codings (SDC ``weight()`` and ``ordinal()``)."""

    def step(run: Run, focus: Collection) -> Collection:
        given = source(run, focus)
        run.spend(len(given))
        values = [entry for value in given for entry in (child(value, "value") or [value])]
        scores = [value.score for value in values if isinstance(value, Coding) and value.score is not None]
        return [int(score) if score == int(score) else score for score in scores]

    return step


WITH_EXPRESSIONS: dict[str, tuple[Callable[..., Step], tuple[int, ...]]] = {
    "where": (where, (1,)),
    "select": (_select, (1,)),
    "repeat": (_repeat, (1,)),
    "exists": (_exists, (0, 1)),
    "all": (_all, (1,)),
    "iif": (_iif, (2, 3)),
    "children": (_children, (0,)),
    "descendants": (_descendants, (0,)),
    "weight": (_weight, (0,)),
    "ordinal": (_weight, (0,)),
}
