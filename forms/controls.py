"""How a question is asked on the screen, the phone and paper: itemControl lowered to what all of them can show.

A control is a hint of the form; what cannot be shown as asked for (tables, sliders without bounds, pickers over a
list that is not at hand) becomes the simplest control that takes the same answers.
"""

from enum import StrEnum

from forms.questionnaire import Item, ItemType

MANY_OPTIONS = 12
"""From so many on, options fold into a list."""


class Control(StrEnum):
    """What a rendering shows for an item."""

    GROUP = "group"
    NOTE = "note"
    HELP = "help"
    SHOWN = "shown"
    RADIO = "radio"
    DROP_DOWN = "drop-down"
    CHECK_BOXES = "check-boxes"
    SEARCH = "search"
    YES_NO = "yes-no"
    NUMBER = "number"
    SLIDER = "slider"
    QUANTITY = "quantity"
    LINE = "line"
    LINES = "lines"
    DATE = "date"
    DATE_TIME = "date-time"
    TIME = "time"
    FILE = "file"


_BY_TYPE = {
    ItemType.GROUP: Control.GROUP,
    ItemType.BOOLEAN: Control.YES_NO,
    ItemType.INTEGER: Control.NUMBER,
    ItemType.DECIMAL: Control.NUMBER,
    ItemType.QUANTITY: Control.QUANTITY,
    ItemType.STRING: Control.LINE,
    ItemType.URL: Control.LINE,
    ItemType.TEXT: Control.LINES,
    ItemType.DATE: Control.DATE,
    ItemType.DATE_TIME: Control.DATE_TIME,
    ItemType.TIME: Control.TIME,
    ItemType.ATTACHMENT: Control.FILE,
    ItemType.REFERENCE: Control.SHOWN,
}
_HELP = ("help", "flyover", "legal")
_SEARCH = ("autocomplete", "lookup")
_LISTS = ("drop-down", "list")


def control_for(item: Item) -> Control:
    """Return how to ask an item; a question that repeats is asked for one answer after the other."""
    if item.type is ItemType.DISPLAY:
        return Control.HELP if item.control in _HELP else Control.NOTE
    if item.type.is_question and item.read_only:
        return Control.SHOWN
    if item.type.is_choice or item.options:
        return _of_choice(item)
    bounded = item.min_value is not None and item.max_value is not None
    if item.control == "slider" and bounded and _BY_TYPE[item.type] is Control.NUMBER:
        return Control.SLIDER
    return _BY_TYPE[item.type]


def _of_choice(item: Item) -> Control:
    if item.control in _SEARCH or item.options_elsewhere:
        return Control.SEARCH
    if item.repeats:
        return Control.CHECK_BOXES
    folded = item.control in _LISTS or (not item.control and len(item.options) >= MANY_OPTIONS)
    return Control.DROP_DOWN if folded or item.answer_expression is not None else Control.RADIO
