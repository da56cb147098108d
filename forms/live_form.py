"""The live form under a session: its tree, what an answer sets off, instances that come and go."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from domain.kernel.errors import DomainError
from forms.answer_sets import match_sets
from forms.answers import answers_of, label
from forms.cells import Cell, Graph
from forms.dependencies import dependencies_of
from forms.evaluation import Evaluation
from forms.nodes import At, Node, Place, Provenance, Tree
from forms.questionnaire import Answer, Item, ItemType, Questionnaire
from forms.questionnaire_writer import write_form
from forms.response import fill
from forms.values import shown

SIGNATURE = "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-signature"


@dataclass(frozen=True)
class Changes:
    """What an answer did to the page.

    Attributes:
        enabled: Items that appeared.
        disabled: Items that went.
        touched: Every place that is to be drawn again, with the answer's own: appeared, gone, worked out anew, or
            with other options.
        rebuilt: Whether instances came or went, so that places have moved.
    """

    enabled: frozenset[str]
    disabled: frozenset[str]
    touched: frozenset[Place] = frozenset()
    rebuilt: bool = False


def _wall_clock() -> datetime:
    return datetime.now().astimezone()


class LiveForm:
    """Everything about a form being filled in that changes it; see `forms.session.FormSession`."""

    def __init__(
        self, form: Questionnaire, contexts: Mapping[str, Any] | None = None,
        clock: Callable[[], datetime] = _wall_clock,
    ) -> None:  # fmt: skip
        self._begin(form, contexts, clock)
        self._preset(list(self._tree.root.walk()))
        self._graph.settle()

    def _begin(
        self, form: Questionnaire, contexts: Mapping[str, Any] | None, clock: Callable[[], datetime]
    ) -> None:
        self.form = form
        self._graph = Graph()
        self._raw: dict[str, Any] | None = None
        dependencies = dependencies_of(form)
        root = Node(Item("", ItemType.GROUP), None, self._graph)
        self._tree = Tree(form, dependencies, self._graph, root)
        self._evaluation = Evaluation(
            self._tree, dependencies, self._graph, contexts or {}, clock, self._form_as_json
        )
        self._owners: dict[Cell, Node] = {}
        self._attach([root, *self._tree.build(root, form.items)])

    @classmethod
    def restore(
        cls, form: Questionnaire, response: dict[str, Any], contexts: Mapping[str, Any] | None = None,
        clock: Callable[[], datetime] = _wall_clock,
    ) -> Self:  # fmt: skip
        """Go on with a draft or open a stored response.

        Raises:
            DomainError: ``form.other_version`` if it was filled in with another version; also
                ``form.unknown_item``, ``form.not_an_option`` or ``form.draft_unreadable``.
        """
        session = cls.__new__(cls)
        session._begin(form, contexts, clock)
        fill(session._tree, response, session._attach)
        session._graph.settle()
        for node in session._tree.root.walk():
            # What was worked out then is worked out again; what a person set instead differs from it.
            if node.calculated is not None and node.given.now and node.calculated.now == node.given.now:
                node.given.set(())
        session._graph.settle()
        return session

    def set_answer(self, link_id: str, *values: Any, at: At = ()) -> Changes:
        """Set all answers of a question; none clears it, and lets a calculation have its way again.

        Args:
            link_id: A question of the form.
            values: Typed answers, or texts as typed by a person; a choice also by its code.
            at: Which instance of each repeating item around it; missing numbers count as the first.

        Raises:
            DomainError: Nothing is changed; `field` is the link id. ``form.unknown_item``,
                ``form.not_a_question``, ``form.read_only`` and what `forms.answers.answers_of` raises.
        """
        node = self._question(link_id, at)
        if node.item.read_only:
            raise DomainError("form.read_only", link_id, label=label(node.item))
        answers = answers_of(node.item, values, self._evaluation.options(node))
        node.provenance = None
        return self._set(node, answers)

    def _set(self, node: Node, answers: tuple[Answer, ...]) -> Changes:
        if "extension" in node.kept and answers != node.given.now:
            node.kept["extension"] = [one for one in node.kept["extension"] if one.get("url") != SIGNATURE]
        container = node.item.is_container
        rebuilt = container and match_sets(self._tree, node, answers, self._attach)
        node.given.set(answers)
        return self._settled({node.place()}, rebuilt)

    @property
    def evaluated(self) -> int:
        """How many conditions and expressions the last change had evaluated."""
        return self._graph.computed

    def add_instance(self, link_id: str, at: At = ()) -> Changes:
        """Add an empty instance of a repeating group behind the others; `at` is the place of its parent's instances.

        Raises:
            DomainError: ``form.not_repeating`` or ``form.too_many``; `field` is the link id.
        """
        parent, siblings, item = self._siblings(link_id, at)
        if item.max_occurs is not None and len(siblings) >= item.max_occurs:
            raise DomainError("form.too_many", link_id, label=label(item), limit=item.max_occurs)
        new = self._tree.add(parent, item, siblings[0].set_index if siblings else 0)
        self._attach(new)
        self._preset(new)
        parent.structure.set(parent.structure.now + 1)
        return self._settled({new[0].place()}, rebuilt=True)

    def remove_instance(self, link_id: str, at: At) -> Changes:
        """Remove one instance of a repeating group with all its answers; the last one is emptied instead.

        Raises:
            DomainError: ``form.not_repeating`` or ``form.unknown_item``; `field` is the link id.
        """
        parent, siblings, item = self._siblings(link_id, at[:-1])
        node = self._tree.find(link_id, at)
        if node is None:
            raise DomainError("form.unknown_item", link_id, link_id=link_id)
        if len(siblings) == 1:
            new = self._tree.add(parent, item, node.set_index)
            self._attach(new)
            self._preset(new)
        siblings.remove(node)
        self._let_go(node)
        for index, sibling in enumerate(siblings):
            sibling.index = index
        parent.structure.set(parent.structure.now + 1)
        return self._settled(set(), rebuilt=True)

    def instances(self, link_id: str, at: At = ()) -> int:
        """Return how many instances of a repeating group there are."""
        return len(self._siblings(link_id, at)[1])

    def take_over(self, place: Place, values: tuple[Any, ...], source: str, at: str) -> Changes:
        """Set an answer that comes from a record; see `forms.prefill`.

        Raises:
            DomainError: As `set_answer`, except that a read-only question takes it.
        """
        node = self._question(place.link_id, place.at)
        answers = answers_of(node.item, values, self._evaluation.options(node))
        node.provenance = Provenance(source, at)
        return self._set(node, answers)

    def given_answers(self) -> Iterator[tuple[Place, tuple[Answer, ...]]]:
        """Yield what was given for each question, also where it is not asked now; not what was worked out."""
        return ((node.place(), node.given.now) for node in self._nodes() if node.given.now)

    def clear(self) -> None:
        """Take back everything the form began with."""
        for place, _ in list(self.given_answers()):
            self._set(self._question(*place), ())

    def make_room(self, place: Place) -> None:
        """Add the instances that a place stands in, as far as they are missing.

        Raises:
            DomainError: ``form.unknown_item`` if there can be no such place.
        """
        for group, at in self._tree.instances_of(place):
            while self.instances(group, at[:-1]) <= at[-1]:
                self.add_instance(group, at[:-1])

    def carry_in(self, place: Place, answers: tuple[Answer, ...], provenance: Provenance | None) -> None:
        """Set an answer that was given in another form, with where it came from; errors as `set_answer`."""
        node = self._question(*place)
        fitting = answers_of(
            node.item, [_plainer(node.item, one) for one in answers], self._evaluation.options(node)
        )
        node.provenance = provenance
        self._set(node, fitting)

    def _node(self, link_id: str, at: At) -> Node:
        node = self._tree.find(link_id, at)
        if node is None:
            raise DomainError("form.unknown_item", link_id, link_id=link_id)
        return node

    def _question(self, link_id: str, at: At) -> Node:
        node = self._node(link_id, at)
        if not node.item.type.is_question:
            raise DomainError("form.not_a_question", link_id, label=label(node.item))
        return node

    def _siblings(self, link_id: str, at: At) -> tuple[Node, list[Node], Item]:
        """Return the parent of a repeating group, its instances there, and the item."""
        node = self._node(link_id, (*at, 0))
        if node.parent is None or not node.item.is_container or node.item.type.is_question:
            raise DomainError("form.not_repeating", link_id, label=label(node.item))
        return node.parent, node.parent.sets[node.set_index][link_id], node.item

    def _nodes(self) -> Iterator[Node]:
        nodes = self._tree.root.walk()
        next(nodes)
        return nodes

    def _attach(self, nodes: list[Node]) -> None:
        for node in nodes:
            self._evaluation.attach(node)
            for cell in (node.enabled, node.calculated, node.options):
                if cell is not None:
                    self._owners[cell] = node

    def _preset(self, nodes: list[Node]) -> None:
        """Give new questions what they begin with; expressions last, since they may look at the others."""
        asked = [node for node in nodes if node.item.type.is_question]
        for node in sorted(asked, key=lambda one: one.item.initial_expression is not None):
            if answers := self._evaluation.initial(node):
                if node.item.is_container:
                    match_sets(self._tree, node, answers, self._attach)
                node.given.set(answers)

    def _let_go(self, node: Node) -> None:
        for below in node.walk():
            cells = (
                below.enabled,
                below.calculated,
                below.options,
                below.problems,
                below.warnings,
                below.written,
            )
            for cell in (*cells, *below.variables.values()):
                if cell is not None:
                    cell.forget()
                    self._owners.pop(cell, None)

    def _settled(self, places: set[Place], rebuilt: bool) -> Changes:
        root = self._tree.root
        if "extension" in root.kept:
            root.kept["extension"] = [one for one in root.kept["extension"] if one.get("url") != SIGNATURE]
        changed = [(cell, self._owners[cell]) for cell in self._graph.settle() if cell in self._owners]
        turned = [node for cell, node in changed if cell is node.enabled]
        on = frozenset(node.item.link_id for node in turned if node.is_enabled)
        off = frozenset(node.item.link_id for node in turned if not node.is_enabled)
        return Changes(on, off, frozenset(places | {node.place() for _, node in changed}), rebuilt)

    def _form_as_json(self) -> dict[str, Any]:
        if self._raw is None:
            self._raw = write_form(self.form)
        return self._raw


def _plainer(item: Item, answer: Answer) -> Any:
    """Return an answer as the other question may take it: whole decimals as integers, codings as texts."""
    if item.type is ItemType.INTEGER and isinstance(answer, Decimal) and answer == int(answer):
        return int(answer)
    if item.type in (ItemType.STRING, ItemType.TEXT):
        return shown(answer)
    return answer
