"""The live form as FHIRPath sees it: a QuestionnaireResponse that is never written down.

Each view reads through the sources and cells of its node, so an expression depends on what it looked at. In a sweep
(see `forms.dependencies`) the items that come from a sweep are not there.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from forms.expressions.elements import Collection, Element
from forms.fhir_values import json_of, type_of
from forms.nodes import Node, Tree
from forms.questionnaire import Option
from forms.values import Coding, same


class Window:
    """How a tree is looked at: whole, or as a sweep sees it."""

    def __init__(
        self, tree: Tree, unseen: frozenset[str], options: Callable[[Node], tuple[Option, ...]]
    ) -> None:
        self.tree = tree
        self._unseen = unseen
        self._options = options
        self.root = ResponseView(self)

    def item(self, node: Node) -> "ItemView":
        """Return the view of a node, the same each time."""
        found = node.views.get(self)
        if found is None:
            found = node.views[self] = ItemView(self, node)
        return found

    def sees(self, node: Node) -> bool:
        """Tell whether the item is asked, and not hidden from sweeps."""
        return node.item.link_id not in self._unseen and node.is_enabled

    def present(self, node: Node) -> bool:
        """Tell whether the response would have the item."""
        if not self.sees(node):
            return False
        if node.item.type.is_question and node.value():
            return True
        return any(self.present(child) for child in node.children())

    def linked(self, start: Node, link_ids: tuple[str, ...], depth: str, present: bool) -> Collection:
        """See `forms.expressions.elements.Element.linked`."""
        found: list[Node] = []
        for link_id in link_ids:
            steps = self.tree.depth(start, link_id)
            if steps is None or not steps or not self._reaches(start, steps, depth):
                continue
            found += [
                node for node in self.tree.below(start, link_id)
                if node.item.link_id not in self._unseen and (self.present(node) if present else node.is_enabled)
            ]  # fmt: skip
        if len(link_ids) > 1:
            found.sort(key=lambda node: (node.place().at, self.tree.rank[node.item.link_id]))
        return [self.item(node) for node in found]

    def _reaches(self, start: Node, steps: tuple[str, ...], depth: str) -> bool:
        """Tell whether ``item``, ``repeat(item)`` or ``descendants()`` gets there; the first two not past answers."""
        if depth == "descendants":
            return True
        if start is not self.tree.root and start.item.type.is_question:
            return False
        if depth == "item":
            return len(steps) == 1
        return not any(self.tree.items[step].type.is_question for step in steps[:-1])

    def scored(self, node: Node, coding: Coding) -> Coding:
        """Return a chosen coding with what its option counts for."""
        for option in self._options(node):
            if option.score is not None and same(option.value, coding):
                return replace(coding, score=option.score)
        return coding


class ResponseView(Element):
    """``%resource``."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def names(self) -> tuple[str, ...]:
        return ("resourceType", "questionnaire", "item")

    def child(self, name: str) -> Collection:
        window = self._window
        match name:
            case "item":
                return [window.item(node) for node in window.tree.root.children() if window.present(node)]
            case "resourceType":
                return ["QuestionnaireResponse"]
            case "questionnaire":
                return [window.tree.form.canonical]
            case "QuestionnaireResponse":
                return [self]
        return []

    def linked(self, link_ids: tuple[str, ...], depth: str, *, present: bool) -> Collection:
        return self._window.linked(self._window.tree.root, link_ids, depth, present)

    def plain(self) -> Any:
        return {
            "resourceType": "QuestionnaireResponse",
            "questionnaire": self._window.tree.form.canonical,
            "item": [view.plain() for view in self.child("item")],
        }


class ItemView(Element):
    """One ``QuestionnaireResponse.item``."""

    def __init__(self, window: Window, node: Node) -> None:
        self.window = window
        self.node = node
        self._answers: list[AnswerView] = []

    def names(self) -> tuple[str, ...]:
        return ("linkId", "text", "answer", "item")

    def child(self, name: str) -> Collection:
        node, window = self.node, self.window
        match name:
            case "linkId":
                return [node.item.link_id]
            case "text":
                return [node.item.text] if node.item.text else []
            case "item":
                if node.item.type.is_question or not window.sees(node):
                    return []
                return [window.item(child) for child in node.children() if window.present(child)]
            case "answer":
                if not node.item.type.is_question or not window.sees(node):
                    return []
                count = max(len(node.value()), 1 if node.item.items and self._something_below() else 0)
                while len(self._answers) < count:
                    self._answers.append(AnswerView(window, node, len(self._answers)))
                return list(self._answers[:count])
        return []

    def _something_below(self) -> bool:
        return any(self.window.present(child) for child in self.node.children())

    def linked(self, link_ids: tuple[str, ...], depth: str, *, present: bool) -> Collection:
        if not self.window.sees(self.node):
            return []
        return self.window.linked(self.node, link_ids, depth, present)

    def plain(self) -> Any:
        found: dict[str, Any] = {"linkId": self.node.item.link_id}
        if self.node.item.text:
            found["text"] = self.node.item.text
        for name in ("answer", "item"):
            if below := [view.plain() for view in self.child(name)]:
                found[name] = below
        return found


class AnswerView(Element):
    """One ``QuestionnaireResponse.item.answer``."""

    def __init__(self, window: Window, node: Node, index: int) -> None:
        self._window = window
        self._node = node
        self._index = index

    def names(self) -> tuple[str, ...]:
        return ("value", "item")

    def child(self, name: str) -> Collection:
        if name == "item":
            return [self._window.item(node) for node in self._below() if self._window.present(node)]
        if not name.startswith("value") or not self._window.sees(self._node):
            return []
        answers = self._node.value()
        if self._index >= len(answers):
            return []
        answer = answers[self._index]
        if name != "value" and name != "value" + type_of(answer, self._node.item.type):
            return []
        return [self._window.scored(self._node, answer) if isinstance(answer, Coding) else answer]

    def _below(self) -> list[Node]:
        node = self._node
        node.structure.get()
        index = self._index if node.item.is_container else 0
        if index >= len(node.sets) or (self._index and not node.item.is_container):
            return []
        return [child for nodes in node.sets[index].values() for child in nodes]

    def linked(self, link_ids: tuple[str, ...], depth: str, *, present: bool) -> Collection:
        if depth == "item":
            wanted = [node for node in self._below() if node.item.link_id in link_ids]
            sees = self._window.present if present else self._window.sees
            return [self._window.item(node) for node in wanted if sees(node)]
        below = [self._window.item(node) for node in self._below()]
        found = [
            view for view in below if view.node.item.link_id in link_ids and self._window.present(view.node)
        ]
        return found + [entry for view in below for entry in view.linked(link_ids, depth, present=present)]

    def plain(self) -> Any:
        answers = self._node.value()
        found: dict[str, Any] = {}
        if self._index < len(answers):
            answer = answers[self._index]
            found["value" + type_of(answer, self._node.item.type)] = json_of(answer)
        if below := [view.plain() for view in self.child("item")]:
            found["item"] = below
        return found
