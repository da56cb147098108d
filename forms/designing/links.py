"""Link ids that change: conditions and expressions of an item follow what they look at."""

from collections.abc import Mapping
from typing import Any

from forms.expressions.relinking import relinked
from forms.expressions.syntax import ExpressionError


def copied(item: Mapping[str, Any], links: Mapping[str, str]) -> dict[str, Any]:
    """Return an item and all below it with other link ids, its rules looking at the new ones."""
    made = followed(item, links)
    made["linkId"] = links.get(str(item.get("linkId")), item.get("linkId"))
    if isinstance(item.get("item"), list):
        made["item"] = [copied(child, links) for child in item["item"]]
    return made


def followed(item: Mapping[str, Any], links: Mapping[str, str]) -> dict[str, Any]:
    """Return an item whose conditions and expressions look at the new link ids; what lies below it stays."""
    made = dict(item)
    if isinstance(item.get("enableWhen"), list):
        made["enableWhen"] = [
            {**one, "question": links.get(str(one.get("question")), one.get("question"))}
            for one in item["enableWhen"]
        ]
    if isinstance(item.get("extension"), list):
        made["extension"] = [_followed(entry, links) for entry in item["extension"]]
    return made


def _followed(entry: Any, links: Mapping[str, str]) -> Any:
    """Return an extension with every expression in it relinked; one that cannot be read stays as it is."""
    if isinstance(entry, list):
        return [_followed(one, links) for one in entry]
    if not isinstance(entry, Mapping):
        return entry
    made = {key: _followed(value, links) for key, value in entry.items()}
    if isinstance(entry.get("expression"), str):
        made["expression"] = _relinked(entry["expression"], links)
    if entry.get("url") == "expression" and isinstance(entry.get("valueString"), str):
        made["valueString"] = _relinked(entry["valueString"], links)
    return made


def _relinked(text: str, links: Mapping[str, str]) -> str:
    if not any(f"'{link}'" in text for link in links):
        return text
    try:
        return relinked(text, links, frozenset()) or text
    except ExpressionError:
        return text
