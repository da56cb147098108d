"""The live tree of a form being filled in: one node for each item, and for each instance of a repeating one.

Answers lie in sources and what follows from them in cells (`forms.cells`), so that whoever looks at a node while
computing depends on exactly that. Below a repeating question, and only there, a node has one set of children an
answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from forms.cells import Cell, Graph, Source
from forms.dependencies import Dependencies
from forms.questionnaire import Answer, Item, Questionnaire

At = tuple[int, ...]


class Place(NamedTuple):
    """A question of a filled-in form: its link id, and which instance of each repeating item around it."""

    link_id: str
    at: At = ()


@dataclass(slots=True)
class Provenance:
    """Where a prefilled answer came from; `confirmed` once a person has let it stand."""

    source: str
    at: str
    confirmed: bool = False


class Node:
    """One item, or one instance of it.

    Attributes:
        sets: The children; one set, or one an answer below a repeating question.
        faults: What went wrong in which of its expressions; `struck` how often it was their limits.
        parked: Sets of answers that were taken back.
        index: Which instance of a repeating group this is.
        set_index: In which of its parent's sets it lies.
        given: Source of what a person, a draft or a prefill answered.
        answers: What counts: a calculation's result, or what was given.
        kept: Elements of a stored response that are not ours, written back as they were.
    """

    __slots__ = (
        "answers", "calculated", "enabled", "faults", "given", "index", "item", "kept", "kept_answers", "options",
        "parent", "parked", "problems", "provenance", "set_index", "sets", "struck", "structure", "variables",
        "views", "warnings", "written",
    )  # fmt: skip

    def __init__(self, item: Item, parent: "Node | None", graph: Graph) -> None:
        self.item = item
        self.parent = parent
        self.index = 0
        self.set_index = 0
        self.sets: list[dict[str, list[Node]]] = []
        self.parked: list[tuple[Answer | None, dict[str, list[Node]]]] = []
        self.given = Source(graph, ())
        self.structure = Source(graph, 0)
        self.enabled: Cell | None = None
        self.calculated: Cell | None = None
        self.options: Cell | None = None
        self.problems: Cell | None = None
        self.warnings: Cell | None = None
        self.written: Cell | None = None
        self.variables: dict[str, Cell] = {}
        self.views: dict[Any, Any] = {}
        self.faults: dict[str, str] = {}
        self.struck: dict[str, int] = {}
        self.kept: dict[str, Any] = {}
        self.kept_answers: list[dict[str, Any]] = []
        self.provenance: Provenance | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether the item is asked now."""
        return self.enabled is None or bool(self.enabled.get())

    def value(self) -> tuple[Answer, ...]:
        """Return what counts as answered, whether the item is asked now or not."""
        given: tuple[Answer, ...] = self.given.get()
        if self.calculated is not None and (self.item.read_only or not given):
            worked_out: tuple[Answer, ...] = self.calculated.get()
            return worked_out
        return given

    def place(self) -> Place:
        """Return where it is."""
        found: list[int] = []
        node: Node = self
        while node.parent is not None:
            if node.item.is_container and not node.item.type.is_question:
                found.append(node.index)
            if node.parent.item.is_container and node.parent.item.type.is_question:
                found.append(node.set_index)
            node = node.parent
        return Place(self.item.link_id, tuple(reversed(found)))

    def children(self) -> Iterator["Node"]:
        """Yield all children in the order of the page."""
        self.structure.get()
        for each in self.sets:
            for nodes in each.values():
                yield from nodes

    def walk(self) -> Iterator["Node"]:
        """Yield the node and all below it."""
        yield self
        for each in self.sets:
            for nodes in each.values():
                for node in nodes:
                    yield from node.walk()


class Tree:
    """All nodes of a form; `root` stands for the form itself."""

    def __init__(self, form: Questionnaire, dependencies: Dependencies, graph: Graph, root: Node) -> None:
        self.form = form
        self.root = root
        self._graph = graph
        self._items = self.items = dependencies.items
        self.rank = {link_id: rank for rank, link_id in enumerate(self.items)}
        self._above = dependencies.above
        self._below: dict[tuple[str, str], tuple[str, ...] | None] = {}

    def build(self, node: Node, items: tuple[Item, ...], set_index: int = 0) -> list[Node]:
        """Give a node one more set of children; returns all new nodes, parents first."""
        new: list[Node] = []
        children: dict[str, list[Node]] = {}
        node.sets.append(children)
        for item in items:
            wanted = max(1, item.min_occurs or 1) if item.is_container and not item.type.is_question else 1
            children[item.link_id] = []
            for _ in range(min(wanted, 100)):
                new += self.add(node, item, set_index)
        return new

    def add(self, parent: Node, item: Item, set_index: int) -> list[Node]:
        """Add an instance behind the others; returns all new nodes, parents first."""
        node = Node(item, parent, self._graph)
        siblings = parent.sets[set_index][item.link_id]
        node.index, node.set_index = len(siblings), set_index
        siblings.append(node)
        return [node, *self.build(node, item.items)]

    def fit_sets(self, node: Node, count: int) -> list[Node]:
        """Give a repeating question a set of children for each of its answers; returns the new nodes."""
        new: list[Node] = []
        while len(node.sets) < count:
            new += self.build(node, node.item.items, len(node.sets))
        return new

    def find(self, link_id: str, at: At) -> Node | None:
        """Return a node; missing numbers of instances count as the first."""
        node = self.root
        numbers = list(at)
        for step in self._steps("", link_id) or ():
            in_set = node.item.is_container and node.item.type.is_question and node is not self.root
            set_index = numbers.pop(0) if in_set and numbers else 0
            item = self._items[step]
            repeated = item.is_container and not item.type.is_question
            index = numbers.pop(0) if repeated and numbers else 0
            if not 0 <= set_index < len(node.sets) or not 0 <= index < len(node.sets[set_index][step]):
                return None
            node = node.sets[set_index][step][index]
        return node if node is not self.root else None

    def instances_of(self, place: Place) -> list[Place]:
        """Return the instances of repeating groups that a place stands in, from outside in."""
        found: list[Place] = []
        used = 0
        for step in self._steps("", place.link_id) or ():
            item = self.items[step]
            if item.is_container and used < len(place.at):
                used += 1
                if not item.type.is_question:
                    found.append(Place(step, place.at[:used]))
        return found

    def below(self, node: Node, link_id: str) -> list[Node]:
        """Return all instances of an item below a node, in the order of the page."""
        steps = self._steps(node.item.link_id, link_id)
        if not steps:
            return []
        found = [node]
        for step in steps:
            wider: list[Node] = []
            for each in found:
                if len(each.sets) != 1 or self._items[step].repeats:
                    each.structure.get()
                for children in each.sets:
                    wider += children[step]
            found = wider
        return found

    def related(self, node: Node, link_id: str) -> list[Node]:
        """Return the instances of a question that are nearest to a node: those below the closest shared ancestor."""
        at: Node | None = node
        while at is not None:
            if at is self.root or self._steps(at.item.link_id, link_id) is not None:
                return [at] if at.item.link_id == link_id and at is not self.root else self.below(at, link_id)
            at = at.parent
        return []

    def depth(self, node: Node, link_id: str) -> tuple[str, ...] | None:
        """Return the link ids from below a node down to an item, None if it does not lie below."""
        return self._steps(node.item.link_id if node is not self.root else "", link_id)

    def _steps(self, start: str, link_id: str) -> tuple[str, ...] | None:
        key = (start, link_id)
        if key not in self._below:
            self._below[key] = self._climb(start, link_id)
        return self._below[key]

    def _climb(self, start: str, link_id: str) -> tuple[str, ...] | None:
        if link_id not in self._items:
            return None
        found: list[str] = []
        at = link_id
        while at != start:
            found.append(at)
            if at not in self._above:
                return tuple(reversed(found)) if not start else None
            at = self._above[at]
        return tuple(reversed(found))
