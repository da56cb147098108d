"""Which part of a form waits for which: the order of evaluation, cycles, and names that are not there.

A cell is whether an item is asked (``E``), what it answers (``A``), a variable (``V``). An expression that walks over
items it does not name ("sweeps") would wait for everything, itself included. It therefore does not see what is worked
out from a sweep: the total of a form never counts a total, nor what is only asked because of one.
"""

import weakref
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from forms.expressions.reads import KNOWN_NAMES, Reads, reads_of
from forms.questionnaire import Expression, Item, Questionnaire

Cell: TypeAlias = tuple[str, ...]


class Dependencies:
    """The cells of one form, worked out once; holds no answers.

    Attributes:
        order: Rank of each cell: what it looks at has a lower one.
        cycle: Link ids and variables that wait for each other, empty if none do.
        unseen: Link ids that sweeping expressions do not see.
    """

    def __init__(self, form: Questionnaire) -> None:
        # Not the form itself: whoever holds these must not keep it alive.
        self._names = frozenset(one.name for one in (*form.variables, *_named(form)))
        self.items = {item.link_id: item for item in form.walk()}
        self.above = {child.link_id: item.link_id for item in form.walk() for child in item.items}
        self._edges: dict[Cell, set[Cell]] = defaultdict(set)
        self._sweeping: set[Cell] = set()
        for expression in (*form.variables, *_named(form)):
            self._add(("V", "", expression.name), expression, "")
        for item in form.walk():
            self._add_item(item)
        self.cycle: list[str] = []
        self.order: dict[Cell, int] = {}
        try:
            order = list(TopologicalSorter(self._edges).static_order())
        except CycleError as error:
            self.cycle = _told(error.args[1])
        else:
            self.order = {cell: rank for rank, cell in enumerate(order)}
        self.unseen = self._downstream()

    def scope_of(self, name: str, link_id: str) -> str | None:
        """Return the item that declares a variable as seen from an item, ``""`` for the form, None if nobody does."""
        at: str | None = link_id
        while at:
            if any(one.name == name for one in declared(self.items[at])):
                return at
            at = self.above.get(at)
        return "" if name in self._names else None

    def _add_item(self, item: Item) -> None:
        enabled, answer = ("E", item.link_id), ("A", item.link_id)
        self._edges[answer].add(enabled)
        if item.link_id in self.above:
            self._edges[enabled].add(("E", self.above[item.link_id]))
        for condition in item.enable_when:
            self._edges[enabled].add(("A", condition.question))
        if item.enable_expression is not None:
            self._add(enabled, item.enable_expression, item.link_id)
        if item.calculated is not None:
            self._add(answer, item.calculated, item.link_id)
        for variable in declared(item):
            self._add(("V", item.link_id, variable.name), variable, item.link_id)

    def _add(self, cell: Cell, expression: Expression, link_id: str) -> None:
        if not expression.is_fhirpath:
            self._edges[cell] |= set()
            return
        reads = reads_of(expression.text)
        if reads.sweeping:
            self._sweeping.add(cell)
        self._edges[cell] |= {("A", link) for link in reads.links | reads.maybe_links if link in self.items}
        for name in reads.variables:
            scope = self.scope_of(name, link_id)
            # A variable that shadows another of its own name looks at that one.
            if scope == link_id and cell[0] == "V" and cell[-1] == name:
                scope = self.scope_of(name, self.above.get(link_id, ""))
            if scope is not None:
                self._edges[cell].add(("V", scope, name))

    def _downstream(self) -> frozenset[str]:
        """Return the items whose answer or presence comes from a sweep, directly or through others."""
        readers: dict[Cell, set[Cell]] = defaultdict(set)
        for cell, looked_at in self._edges.items():
            for other in looked_at:
                readers[other].add(cell)
        reached: set[Cell] = set()
        waiting = list(self._sweeping)
        while waiting:
            cell = waiting.pop()
            if cell not in reached:
                reached.add(cell)
                waiting += readers[cell]
        return frozenset(cell[1] for cell in reached if cell[0] in "AE")


_known: "dict[int, tuple[weakref.ref[Questionnaire], Dependencies]]" = {}


def dependencies_of(form: Questionnaire) -> Dependencies:
    """Return the dependencies of a form, worked out once as long as the form is in use."""
    held = _known.get(id(form))
    if held is not None and held[0]() is form:
        return held[1]
    made = Dependencies(form)
    key = id(form)
    _known[key] = (weakref.ref(form, lambda _: _known.pop(key, None)), made)
    return made


def declared(item: Item) -> tuple[Expression, ...]:
    """Return the variables of an item: those it declares, and its expressions that have a name."""
    named = (item.calculated, item.initial_expression, item.answer_expression)
    own = {variable.name for variable in item.variables}
    return (*item.variables, *(one for one in named if one is not None and one.name and one.name not in own))


def _named(form: Questionnaire) -> tuple[Expression, ...]:
    return tuple(one for one in form.named if one.name)


def _told(cells: list[Cell]) -> list[str]:
    """Return a cycle in words: link ids, and variables with a percent sign."""
    found: list[str] = []
    for cell in cells:
        name = f"%{cell[-1]}" if cell[0] == "V" else cell[1]
        if not found or found[-1] != name:
            found.append(name)
    return found


def unusable(form: Questionnaire, *, strict: bool = True) -> Iterator[tuple[str, str]]:
    """Yield place and reason of what waits for itself, and of names in expressions that are not there.

    Unless `strict`, a variable may look at link ids that are not there: it is then empty.
    """
    dependencies = dependencies_of(form)
    if dependencies.cycle:
        yield "enableWhen", f"questions depend on each other: {' > '.join(dependencies.cycle)}"
    for where, link_id, expression in _ruling(form):
        if not expression.is_fhirpath:
            continue
        reads = reads_of(expression.text)
        absent = () if ".variable(" in where and not strict else reads.links - dependencies.items.keys()
        for link in sorted(absent):
            yield where, f"no such linkId: {link!r}"
        for name in sorted(_unknown(reads, dependencies, link_id, form)):
            yield where, f"no such variable: %{name}"


def _ruling(form: Questionnaire) -> Iterator[tuple[str, str, Expression]]:
    """Yield the expressions that decide something: place in words, link id, expression."""
    for constraint in form.constraints:
        yield "Questionnaire.constraint", "", constraint.expression
    for item in form.walk():
        at = f"item({item.link_id})"
        if item.calculated is not None:
            yield f"{at}.calculatedExpression", item.link_id, item.calculated
        if item.enable_expression is not None:
            yield f"{at}.enableWhenExpression", item.link_id, item.enable_expression
        for variable in item.variables:
            yield f"{at}.variable({variable.name})", item.link_id, variable
        for constraint in item.constraints:
            yield f"{at}.constraint({constraint.key})", item.link_id, constraint.expression
    for variable in form.variables:
        yield f"Questionnaire.variable({variable.name})", "", variable


def _unknown(reads: Reads, dependencies: Dependencies, link_id: str, form: Questionnaire) -> set[str]:
    return {
        name for name in reads.variables
        if name not in KNOWN_NAMES and name not in form.contexts and not name.startswith(("vs-", "ext-"))
        and dependencies.scope_of(name, link_id) is None
    }  # fmt: skip
