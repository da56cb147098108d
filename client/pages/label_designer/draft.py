"""One label being drawn: its stock and elements in tenths of a millimetre, with the way back. No Qt."""

import copy
import re
from collections.abc import Mapping
from typing import Any

from devices.labels.designing import FIELDS
from devices.labels.model import REPRINT_FIELD

STEP_MM = 0.1
MOST_STEPS = 200
GROUPED = "分组"
_SHOWN = re.compile(r"\{([^{}|]+)(\|[^{}]*)?\}")
_KEPT = re.compile(r"\{([a-z][a-z0-9_]*)(\|grouped)?\}")
NEW: dict[str, dict[str, Any]] = {
    "text": {"width": 20.0, "height": 4.0, "size": 3.4, "min_size": 2.2, "data": "{patient_name}"},
    "code128": {"width": 46.0, "height": 9.0, "module": 0.375, "data": "{specimen_number}"},
    "datamatrix": {"width": 7.0, "height": 7.0, "module": 0.42, "data": "{specimen_number}"},
    "qr": {"width": 14.0, "height": 14.0, "module": 0.5, "data": "{specimen_number}"},
    "line": {"width": 20.0, "height": 0.2},
    "frame": {"width": 20.0, "height": 8.0, "line": 0.2},
}
"""What a new element begins as, in the order of its number key."""
LEAST_MM = 0.1


def shown(data: str) -> str:
    """Return the text of an element with the Chinese names of its fields: ``{标本号|分组}``."""

    def name(match: re.Match[str]) -> str:
        field, grouped = match[1], match[2]
        title = "重打标记" if field == REPRINT_FIELD else FIELDS[field].title if field in FIELDS else field
        return "{" + title + (f"|{GROUPED}" if grouped else "") + "}"

    return _KEPT.sub(name, data)


def kept(text: str) -> str:
    """Return the text as it is kept, from one with Chinese names; what is no field stays and is told as unknown."""
    names = {field.title: key for key, field in FIELDS.items()} | {"重打标记": REPRINT_FIELD}

    def name(match: re.Match[str]) -> str:
        title, grouped = match[1].strip(), match[2]
        return "{" + names.get(title, title) + ("|grouped" if grouped else "") + "}"

    return _SHOWN.sub(name, text)


class Draft:
    """The content of a design while it is worked on; `chosen` is the place of the element the keys are for."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content: dict[str, Any] = copy.deepcopy(dict(content))
        self.content.setdefault("elements", [])
        self.chosen = 0
        self._past: list[dict[str, Any]] = []

    @property
    def elements(self) -> list[dict[str, Any]]:
        """The elements as they are kept."""
        found: list[dict[str, Any]] = self.content["elements"]
        return found

    @property
    def element(self) -> dict[str, Any] | None:
        """The chosen one."""
        return self.elements[self.chosen] if 0 <= self.chosen < len(self.elements) else None

    def choose(self, place: int) -> None:
        """Choose an element; places outside are the nearest one inside."""
        self.chosen = max(0, min(place, len(self.elements) - 1))

    def add(self, kind: str) -> None:
        """Add an element in the top left corner of what can be printed, and choose it."""
        self._remember()
        stock = self.content.get("stock") or {}
        margin = float(stock.get("margin", 1))
        made = {"type": kind, "x": margin, "y": margin, **NEW[kind]}
        made["width"] = round(min(made["width"], float(stock.get("width", 50)) - 2 * margin), 2)
        self.elements.append(made)
        self.chosen = len(self.elements) - 1

    def remove(self) -> bool:
        """Take the chosen element away."""
        if self.element is None:
            return False
        self._remember()
        del self.elements[self.chosen]
        self.choose(self.chosen)
        return True

    def move(self, right: int, down: int) -> bool:
        """Move the chosen element by tenths of a millimetre; it does not leave the label at the top or the left."""
        element = self.element
        if element is None:
            return False
        return self.change(x=_step(element, "x", right, 0.0), y=_step(element, "y", down, 0.0))

    def resize(self, wider: int, higher: int) -> bool:
        """Make the chosen element larger or smaller by tenths of a millimetre."""
        element = self.element
        if element is None:
            return False
        return self.change(
            width=_step(element, "width", wider, LEAST_MM), height=_step(element, "height", higher, LEAST_MM)
        )

    def change(self, **values: Any) -> bool:
        """Change fields of the chosen element; returns whether anything is different now."""
        element = self.element
        if element is None or all(element.get(name) == value for name, value in values.items()):
            return False
        self._remember()
        element.update(values)
        return True

    def change_stock(self, **values: Any) -> bool:
        """Change the stock; returns whether anything is different now."""
        stock = self.content.get("stock") or {}
        if all(stock.get(name) == value for name, value in values.items()):
            return False
        self._remember()
        self.content["stock"] = {**stock, **values}
        return True

    def undo(self) -> bool:
        """Go back one step."""
        if not self._past:
            return False
        self.content = self._past.pop()
        self.choose(self.chosen)
        return True

    def _remember(self) -> None:
        self._past = [*self._past[-MOST_STEPS:], copy.deepcopy(self.content)]


def _step(element: Mapping[str, Any], name: str, steps: int, least: float) -> float:
    now = float(element.get(name, 0))
    return now if not steps else max(least, round(now + steps * STEP_MM, 2))
