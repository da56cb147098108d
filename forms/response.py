"""A filled-in form as FHIR R4 QuestionnaireResponse: written from the live tree, and read back into it.

Decimals stay `Decimal` in the tree, since FHIR counts 5.60 as more precise than 5.6; `to_json` writes them as the
digits they are. What a stored response holds besides ours (ids, authors, extensions) is kept and written back.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from domain.kernel.errors import DomainError
from forms.answers import answers_of
from forms.fhir_elements import extension, extensions, parts
from forms.fhir_values import choice_value, json_of, written
from forms.nodes import Node, Provenance, Tree
from forms.questionnaire import Answer, Item, Questionnaire
from forms.values import Coding, same

PREFILLED = "urn:aftercheck:prefilled"
"""Extension of an answer: where it was taken from, when, and whether a person let it stand."""
_OURS = frozenset({"resourceType", "questionnaire", "status", "authored", "item"})
_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)

Shown = Callable[[Node], bool]
Entry: TypeAlias = dict[str, Any] | None
EntryOf: TypeAlias = Callable[[Node], Entry]


def to_json(response: dict[str, Any]) -> bytes:
    """Return the response as UTF-8 JSON, decimals with the digits they were given."""
    return _encoder.encode(response)


def from_json(text: bytes) -> dict[str, Any]:
    """Read what `to_json` wrote.

    Raises:
        DomainError: ``form.draft_unreadable``.
    """
    try:
        found = _decoder.decode(text)
    except msgspec.DecodeError as error:
        raise DomainError("form.draft_unreadable") from error
    return _object(found)


def build_response(tree: Tree, status: str, authored: datetime, shown: Shown | None = None) -> dict[str, Any]:
    """Return the QuestionnaireResponse of the items that are `shown`; `authored` is aware.

    Without `shown` it is everything that was typed: a draft, of which only what has changed is written anew. Its
    parts are shared between drafts, so nobody may change them.
    """
    return {
        **tree.root.kept,
        "resourceType": "QuestionnaireResponse",
        "questionnaire": tree.form.canonical,
        "status": status,
        "authored": authored.isoformat(timespec="seconds"),
        "item": _written_set(tree.root.sets[0], _kept_entry if shown is None else _entry_if(shown)),
    }


def draft_entry(node: Node) -> Entry:
    """Return what a draft has of a node, from what it has of those below: the value of a node's cell."""
    return _written(node, _kept_entry)


def _kept_entry(node: Node) -> Entry:
    found: Entry = node.written.get() if node.written is not None else draft_entry(node)
    return found


def _entry_if(shown: Shown) -> EntryOf:
    def entry(node: Node) -> Entry:
        return _written(node, entry) if shown(node) else None

    return entry


def _written_set(children: dict[str, list[Node]], entry_of: EntryOf) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for nodes in children.values():
        entries = [entry_of(node) for node in nodes]
        # An empty instance between others keeps their places.
        while entries and entries[-1] is None:
            entries.pop()
        found += [entry or {"linkId": node.item.link_id} for node, entry in zip(nodes, entries, strict=False)]
    return found


def _written(node: Node, entry_of: EntryOf) -> Entry:
    entry: dict[str, Any] = {**node.kept, "linkId": node.item.link_id}
    if node.item.text:
        entry.setdefault("text", node.item.text)
    node.structure.get()
    below = [_written_set(children, entry_of) for children in node.sets]
    if not node.item.type.is_question:
        # An instance that a person added counts, also while it is empty.
        alone = not below[0] and not (node.index and node.item.is_container) and not node.kept
        return None if alone else {**entry, "item": below[0]} if below[0] else entry
    answers = node.value()
    given: list[dict[str, Any]] = [_with_kept(node, index, answer) for index, answer in enumerate(answers)]
    for index, items in enumerate(below):
        if not items:
            continue
        # FHIR puts items below a question into its answer, which may then have no value of its own.
        while len(given) <= index:
            given.append({})
        given[index] = {**given[index], "item": items}
    given = [one for one in given if one]
    if given:
        return {**entry, "answer": given}
    return entry if node.kept else None


def _with_kept(node: Node, index: int, answer: Answer) -> dict[str, Any]:
    """Return one answer: as it was stored if it still is the same, with where it was taken from."""
    fresh = written(answer, node.item.type)
    if index < len(node.kept_answers):
        kept = node.kept_answers[index]
        if _still(choice_value(_values(kept), "value", node.item.type), answer):
            fresh = kept
    extensions = [entry for entry in fresh.get("extension", []) if entry.get("url") != PREFILLED]
    if node.provenance is not None:
        extensions.append(_provenance(node.provenance))
    fresh = {key: value for key, value in fresh.items() if key != "extension"}
    return {**fresh, "extension": extensions} if extensions else fresh


def _still(stored: Answer | None, answer: Answer) -> bool:
    """Tell whether a stored answer is what is answered now: to the digit, a coding by its code."""
    if stored is None:
        return False
    if isinstance(stored, Coding) and stored.code:
        return same(stored, answer)
    return type(stored) is type(answer) and str(json_of(stored)) == str(json_of(answer))


def _provenance(found: Provenance) -> dict[str, Any]:
    told = [
        {"url": "source", "valueString": found.source},
        {"url": "at", "valueString": found.at},
        {"url": "confirmed", "valueBoolean": found.confirmed},
    ]
    return {"url": PREFILLED, "extension": told}


# Reading.
def fill(tree: Tree, response: Any, attach: Callable[[list[Node]], None]) -> None:
    """Put the answers of a stored response into a fresh tree.

    Args:
        tree: Nodes as the form begins, without answers.
        response: QuestionnaireResponse as JSON reads it.
        attach: Called with every node that is added for more instances.

    Raises:
        DomainError: ``form.other_version`` (filled in with another form or version), ``form.unknown_item``, or
            ``form.draft_unreadable``; what an answer may be is checked as if it were typed.
    """
    form = tree.form
    given = _object(response).get("questionnaire")
    if given != form.canonical:
        raise DomainError("form.other_version", title=form.title, wanted=form.canonical, given=given)
    _reader(tree, attach).children(tree.root, 0, response)
    tree.root.kept = {key: value for key, value in response.items() if key not in _OURS}


class _reader:  # noqa: N801 -- a function that carries two arguments
    def __init__(self, tree: Tree, attach: Callable[[list[Node]], None]) -> None:
        self._tree = tree
        self._attach = attach

    def children(self, node: Node, set_index: int, parent: dict[str, Any]) -> None:
        counts: dict[str, int] = {}
        for entry in _objects(parent, "item"):
            link_id = entry.get("linkId")
            if not isinstance(link_id, str) or link_id not in self._tree.items:
                raise DomainError("form.unknown_item", "linkId", link_id=link_id)
            siblings = node.sets[set_index].get(link_id) if set_index < len(node.sets) else None
            if siblings is None:
                # Elsewhere in this version: an answer of a form that was built otherwise.
                raise DomainError("form.unknown_item", link_id, link_id=link_id)
            index = counts[link_id] = counts.get(link_id, -1) + 1
            if index >= len(siblings):
                self._more(node, self._tree.items[link_id], set_index)
            self._item(siblings[index], entry)

    def _more(self, parent: Node, item: Item, set_index: int) -> None:
        if not item.is_container or item.type.is_question:
            raise DomainError("form.single_answer", item.link_id, label=item.text or item.link_id)
        self._attach(self._tree.add(parent, item, set_index))

    def _item(self, node: Node, entry: dict[str, Any]) -> None:
        item = node.item
        node.kept = {key: value for key, value in entry.items() if key not in ("linkId", "answer", "item")}
        if node.kept.get("text") == item.text:
            del node.kept["text"]
        listed = _objects(entry, "answer")
        if listed and not item.type.is_question:
            raise DomainError("form.not_a_question", item.link_id, label=item.text or item.link_id)
        plain = [values for one in listed if (values := _values(one))]
        read = [_read(item, values) for values in plain]
        # What may be chosen can hang on answers that are not read yet; `problems` judges it afterwards.
        node.given.set(tuple(read) if item.answer_expression is not None else answers_of(item, read))
        node.kept_answers = [{key: value for key, value in one.items() if key != "item"} for one in listed]
        if item.is_container and item.type.is_question:
            self._attach(self._tree.fit_sets(node, len(listed)))
        for index, one in enumerate(listed):
            node.provenance = node.provenance or _taken_from(one)
            self.children(node, index if item.is_container else 0, one)
        self.children(node, 0, entry)


def _taken_from(answer: dict[str, Any]) -> Provenance | None:
    found = extensions(answer, PREFILLED)
    if not found:
        return None
    told = parts(found[0])
    return Provenance(str(told.get("source", "")), str(told.get("at", "")), told.get("confirmed") is True)


def _values(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key.startswith("value")}


def _read(item: Item, plain: dict[str, Any]) -> Answer:
    value = choice_value(plain, "value", item.type)
    if value is None:
        raise DomainError("form.draft_unreadable", item.link_id)
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DomainError("form.draft_unreadable")
    return value


def _objects(parent: dict[str, Any], name: str) -> list[dict[str, Any]]:
    listed = parent.get(name, [])
    if not isinstance(listed, list):
        raise DomainError("form.draft_unreadable", name)
    return [_object(entry) for entry in listed]


__all__ = ["PREFILLED", "Questionnaire", "build_response", "extension", "fill", "from_json", "to_json"]
