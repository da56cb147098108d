"""A form being filled in: answers, what is asked now, what is missing or wrong, score, and the response."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.kernel.errors import DomainError
from forms.answer_sets import match_sets
from forms.answers import Problem, answers_of, label
from forms.cells import Cell, Graph
from forms.dependencies import Dependencies
from forms.evaluation import Evaluation
from forms.nodes import At, Node, Place, Provenance, Tree
from forms.questionnaire import Answer, Item, ItemType, Option, Questionnaire
from forms.questionnaire_writer import write_form
from forms.response import build_response, fill
from forms.values import same, shown

SIGNATURE = "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-signature"


@dataclass(frozen=True)
class Progress:
    """Answered of all questions asked now; hidden, read-only and calculated ones are not counted."""

    answered: int
    total: int


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


class FormSession:
    """One person's answers to one version of a form.

    Answers of the right kind are always kept, also out of bounds or below an item that is disabled just now,
    so that nothing typed is lost; `problems` tells what keeps the form from being finished.

    Args:
        form: The form, in the version that the response will name.
        contexts: Records that its expressions may look at, as FHIR JSON by name (``patient`` …).
        clock: The moment for ``today()`` and ``now()``, aware.
    """

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
        dependencies = Dependencies(form)
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
    ) -> "FormSession":  # fmt: skip
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

    def answers(self, link_id: str, at: At = ()) -> tuple[Answer, ...]:
        """Return what was answered or worked out, whether the question is enabled now or not."""
        node = self._tree.find(link_id, at)
        return node.value() if node is not None else ()

    def is_enabled(self, link_id: str, at: At = ()) -> bool:
        """Tell whether the item is asked now."""
        return self._node(link_id, at).is_enabled

    def is_calculated(self, link_id: str, at: At = ()) -> bool:
        """Tell whether the answer is worked out just now, and not set by a person."""
        node = self._node(link_id, at)
        return node.calculated is not None and (node.item.read_only or not node.given.now)

    def options(self, link_id: str, at: At = ()) -> tuple[Option, ...]:
        """Return what may be chosen now."""
        return self._evaluation.options(self._node(link_id, at))

    def item(self, link_id: str) -> Item:
        """Return an item of the form.

        Raises:
            DomainError: ``form.unknown_item``.
        """
        return self._node(link_id, ()).item

    def places(self) -> Iterator[Place]:
        """Yield every item that is asked now with its instances, in the order of the page."""
        return (node.place() for node in self._nodes() if self._visible(node))

    def is_to_answer(self, place: Place) -> bool:
        """Tell whether a place is a question that a person answers now."""
        return self._to_answer(self._node(*place))

    def provenance(self, link_id: str, at: At = ()) -> Provenance | None:
        """Return where an answer was taken from, None if a person gave it."""
        return self._node(link_id, at).provenance

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

    def confirm(self, link_id: str, at: At = ()) -> None:
        """Note that a person let a prefilled answer stand."""
        node = self._question(link_id, at)
        if node.provenance is not None:
            node.provenance.confirmed = True
            node.given.set(node.given.now)

    def progress(self) -> Progress:
        """Return how far the form is."""
        asked = [node for node in self._nodes() if self._to_answer(node)]
        return Progress(sum(bool(node.value()) for node in asked), len(asked))

    def missing(self) -> tuple[str, ...]:
        """Return the required items that have no answer, in the order of the page."""
        return tuple(dict.fromkeys(place.link_id for place in self.missing_places()))

    def missing_places(self) -> tuple[Place, ...]:
        """Return where a required answer is missing, in the order of the page."""
        return tuple(Place(p.link_id, p.at) for p in self.problems() if p.code == "form.required")

    def problems(self) -> list[Problem]:
        """Return everything that keeps the form from being finished, in the order of the page."""
        found: list[Problem] = []
        for node in self._nodes():
            if node.problems is not None:
                found += node.problems.now
        found += self._evaluation.broken(self._tree.root, self.form.constraints, "error")
        return [*found, *self._unsigned()]

    def warnings(self) -> list[Problem]:
        """Return what asks for a second look but keeps nobody from finishing, in the order of the page."""
        found: list[Problem] = []
        for node in self._nodes():
            if node.warnings is not None and node.value():
                found += node.warnings.now
            if node.faults and node.is_enabled:
                reason = "；".join(f"{what}: {why}" for what, why in sorted(node.faults.items()))
                place = node.place()
                facts = {"label": label(node.item), "reason": reason}
                found.append(Problem(place.link_id, "form.expression_failed", facts, place.at))
        return found + list(self._evaluation.broken(self._tree.root, self.form.constraints, "warning"))

    def score(self) -> Decimal | None:
        """Return the sum of the ordinal values chosen in enabled items; None if the form has no scores."""
        scored = [node for node in self._nodes() if any(o.score is not None for o in node.item.options)]
        if not scored:
            return None
        return sum((self._item_score(node) for node in scored if node.is_enabled), Decimal(0))

    def sign(self, signature: Mapping[str, Any], link_id: str = "", at: At = ()) -> None:
        """Put a FHIR Signature under the response, or under one item that asks for it; a later answer voids it."""
        node = self._node(link_id, at) if link_id else self._tree.root
        others = [one for one in node.kept.get("extension", []) if one.get("url") != SIGNATURE]
        node.kept["extension"] = [*others, {"url": SIGNATURE, "valueSignature": dict(signature)}]
        node.given.set(node.given.now)

    def response(self, authored: datetime) -> dict[str, Any]:
        """Return the finished QuestionnaireResponse, enabled items only.

        Raises:
            DomainError: ``form.incomplete``; `field` is the first item at fault, fact `problems` lists all.
        """
        problems = self.problems()
        if problems:
            raise DomainError(
                "form.incomplete", problems[0].link_id, count=len(problems), problems=tuple(problems)
            )
        return build_response(self._tree, "completed", authored, lambda node: node.is_enabled)

    def response_now(self, authored: datetime) -> dict[str, Any]:
        """Return the response as it would be if it were finished now, whatever is missing."""
        return build_response(self._tree, "in-progress", authored, lambda node: node.is_enabled)

    def draft(self, authored: datetime) -> dict[str, Any]:
        """Return everything typed so far, also below disabled items, as a response ``in-progress``."""
        return build_response(self._tree, "in-progress", authored)

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

    def _visible(self, node: Node) -> bool:
        return node.is_enabled and not node.item.hidden

    def _to_answer(self, node: Node) -> bool:
        item = node.item
        open_to_people = item.type.is_question and not item.read_only and item.calculated is None
        return open_to_people and self._visible(node)

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

    def _unsigned(self) -> Iterator[Problem]:
        if self.form.signature_required and not _is_signed(self._tree.root):
            yield Problem("", "form.unsigned", {"label": self.form.title})
        for node in self._nodes():
            if node.item.signature_required and self._visible(node) and not _is_signed(node):
                yield Problem(
                    node.item.link_id, "form.unsigned", {"label": label(node.item)}, node.place().at
                )

    def _item_score(self, node: Node) -> Decimal:
        given = node.value()
        chosen = (
            option for option in node.item.options if any(same(option.value, answer) for answer in given)
        )
        return sum((option.score or Decimal(0) for option in chosen), Decimal(0))

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


def _is_signed(node: Node) -> bool:
    return any(one.get("url") == SIGNATURE for one in node.kept.get("extension", []))
