"""A form being filled in: answers, what is asked now, what is missing or wrong, score, and the response."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.kernel.errors import DomainError
from forms.answers import Problem, label
from forms.fhir_values import read_value, written
from forms.live_form import SIGNATURE, LiveForm
from forms.nodes import At, Node, Place, Provenance
from forms.questionnaire import Answer, Item, ItemType, Option
from forms.response import build_response
from forms.values import Attachment, same

ATTACHED = "urn:aftercheck:attachment"
"""Extension of a response: a file that goes with it as a whole and answers no question."""


@dataclass(frozen=True)
class Progress:
    """Answered of all questions asked now; hidden, read-only and calculated ones are not counted."""

    answered: int
    total: int


class FormSession(LiveForm):
    """One person's answers to one version of a form.

    Answers of the right kind are always kept, also out of bounds or below an item that is disabled just now,
    so that nothing typed is lost; `problems` tells what keeps the form from being finished.

    Args:
        form: The form, in the version that the response will name.
        contexts: Records that its expressions may look at, as FHIR JSON by name (``patient`` …).
        clock: The moment for ``today()`` and ``now()``, aware.
    """

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
        if self.form.status == "retired":
            found.append(
                Problem("", "form.retired", {"label": self.form.title, "version": self.form.version})
            )
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

    def unsign(self, link_id: str = "", at: At = ()) -> None:
        """Take a signature back."""
        node = self._node(link_id, at) if link_id else self._tree.root
        node.kept["extension"] = [
            one for one in node.kept.get("extension", []) if one.get("url") != SIGNATURE
        ]
        node.given.set(node.given.now)

    def signature(self, link_id: str = "", at: At = ()) -> Mapping[str, Any] | None:
        """Return the FHIR Signature under the response, or under one item; None without one."""
        node = self._node(link_id, at) if link_id else self._tree.root
        found = (one.get("valueSignature") for one in _extensions(node, SIGNATURE))
        return next((one for one in found if isinstance(one, Mapping)), None)

    def attach(self, *files: Attachment) -> None:
        """Put files to the response as a whole, behind those that are there; a signature under it is void then."""
        root = self._tree.root
        others = [one for one in root.kept.get("extension", []) if one.get("url") != SIGNATURE]
        new = [{"url": ATTACHED, **written(one, ItemType.ATTACHMENT)} for one in files]
        root.kept["extension"] = [*others, *new]

    def attached(self) -> tuple[Attachment, ...]:
        """Return the files of the response as a whole."""
        return tuple(file for _, file in self._attached())

    def detach(self, number: int) -> None:
        """Take one of them away again, by its place among `attached`; a signature is void then."""
        root, listed = self._tree.root, self._attached()
        if 0 <= number < len(listed):
            gone = listed[number][0]
            root.kept["extension"] = [
                one for one in root.kept["extension"] if one is not gone and one.get("url") != SIGNATURE
            ]

    def _attached(self) -> list[tuple[dict[str, Any], Attachment]]:
        listed = _extensions(self._tree.root, ATTACHED)
        read = ((one, read_value("Attachment", one.get("valueAttachment"))) for one in listed)
        return [(one, file) for one, file in read if isinstance(file, Attachment)]

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

    def _visible(self, node: Node) -> bool:
        return node.is_enabled and not node.item.hidden

    def _to_answer(self, node: Node) -> bool:
        item = node.item
        open_to_people = item.type.is_question and not item.read_only and item.calculated is None
        return open_to_people and self._visible(node)

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


def _extensions(node: Node, url: str) -> list[dict[str, Any]]:
    return [one for one in node.kept.get("extension", []) if one.get("url") == url]


def _is_signed(node: Node) -> bool:
    return bool(_extensions(node, SIGNATURE))
