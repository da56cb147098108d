"""Which items of a form are asked: `enableWhen` of FHIR R4, re-evaluated only where an answer reaches.

An item is enabled if the item above it is and its own conditions hold. An answer below a disabled item does
not count, so conditions see it as not given; what was typed is kept and counts again when the item comes
back.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import Any

from forms.questionnaire import Answer, Coding, EnableWhen, Item, Questionnaire

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def holds(condition: EnableWhen, answers: Sequence[Answer]) -> bool:
    """Tell whether the answers of the question fulfil a condition.

    ``=`` and the order operators hold if any answer does, ``!=`` if no answer is equal: also when there is
    none (http://hl7.org/fhir/R4/valueset-questionnaire-enable-operator.html).
    """
    if condition.operator == "exists":
        return bool(answers) is condition.answer
    if condition.operator in ("=", "!="):
        return any(same(answer, condition.answer) for answer in answers) is (condition.operator == "=")
    compare = _COMPARE[condition.operator]
    return any(_ordered(answer, condition.answer) and compare(answer, condition.answer) for answer in answers)


def same(one: Answer, other: Answer) -> bool:
    """Tell whether two answers are the same value."""
    if isinstance(one, Coding) or isinstance(other, Coding):
        return isinstance(one, Coding) and isinstance(other, Coding) and one.same(other)
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _ordered(one: Answer, other: Answer) -> bool:
    kinds: tuple[Any, ...] = ((int, Decimal), (date,))
    return any(isinstance(one, kind) and isinstance(other, kind) for kind in kinds)


def loop(form: Questionnaire) -> list[str]:
    """Return a circle of items that wait for each other, or nothing."""
    try:
        list(_sorter(form).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def _above(form: Questionnaire) -> dict[str, str]:
    return {child.link_id: item.link_id for item in form.walk() for child in item.items}


def _sorter(form: Questionnaire) -> TopologicalSorter[str]:
    above = _above(form)
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for item in form.walk():
        sorter.add(item.link_id, *(condition.question for condition in item.enable_when))
        if item.link_id in above:
            sorter.add(item.link_id, above[item.link_id])
    return sorter


class Enablement:
    """The dependencies of one form, worked out once; holds no answers."""

    def __init__(self, form: Questionnaire) -> None:
        self._items = {item.link_id: item for item in form.walk()}
        self._above = _above(form)
        self._order = list(_sorter(form).static_order())
        self._rank = {link_id: rank for rank, link_id in enumerate(self._order)}
        self._askers: dict[str, list[str]] = {link_id: [] for link_id in self._items}
        for item in form.walk():
            for question in {condition.question for condition in item.enable_when}:
                self._askers[question].append(item.link_id)

    def evaluate(self, answers: Mapping[str, Sequence[Answer]]) -> dict[str, bool]:
        """Return for every item whether it is enabled."""
        state: dict[str, bool] = {}
        for link_id in self._order:
            state[link_id] = self._enabled(self._items[link_id], state, answers)
        return state

    def update(
        self, state: dict[str, bool], answers: Mapping[str, Sequence[Answer]], changed: str
    ) -> tuple[set[str], set[str]]:
        """Bring `state` up to date after the answer of `changed` was set.

        Returns:
            The items whose state turned, and all items that had to be looked at.
        """
        queue: list[tuple[int, str]] = []
        for link_id in self._askers[changed] if state[changed] else ():
            heappush(queue, (self._rank[link_id], link_id))
        turned: set[str] = set()
        seen: set[str] = set()
        while queue:
            _, link_id = heappop(queue)
            if link_id in seen:
                continue
            seen.add(link_id)
            item = self._items[link_id]
            enabled = self._enabled(item, state, answers)
            if enabled is not state[link_id]:
                state[link_id] = enabled
                turned.add(link_id)
                for follower in (*self._askers[link_id], *(child.link_id for child in item.items)):
                    heappush(queue, (self._rank[follower], follower))
        return turned, seen

    def _enabled(
        self, item: Item, state: Mapping[str, bool], answers: Mapping[str, Sequence[Answer]]
    ) -> bool:
        above = self._above.get(item.link_id)
        if above is not None and not state[above]:
            return False
        results = (
            holds(condition, answers.get(condition.question, ()) if state[condition.question] else ())
            for condition in item.enable_when
        )
        return all(results) if item.enable_all or not item.enable_when else any(results)
