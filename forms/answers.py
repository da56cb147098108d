"""One answer: made from what was typed, and checked against what its question allows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from domain.kernel.errors import DomainError
from forms.enablement import same
from forms.fhir_elements import full_date
from forms.questionnaire import Answer, Coding, Item, ItemType

_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,8})?")
_LARGEST = 2**31 - 1  # FHIR integer


@dataclass(frozen=True)
class Problem:
    """Why a form is not finished: the item, the code of its sentence and the values it names."""

    link_id: str
    code: str
    facts: dict[str, Any] = field(default_factory=dict)


def answers_of(item: Item, values: Sequence[Any]) -> tuple[Answer, ...]:
    """Return typed answers; texts are read as the item's type, blank ones are left out.

    Raises:
        DomainError: ``form.wrong_kind``, ``form.not_an_option``, ``form.single_answer``; `field` is the link
        id.
    """
    given = [value for value in values if not (isinstance(value, str) and not value.strip())]
    if len(given) > 1 and not item.repeats:
        raise DomainError("form.single_answer", item.link_id, label=label(item))
    return tuple(_answer(item, value) for value in given)


def label(item: Item) -> str:
    """Return what a person calls the item."""
    return item.text or item.link_id


def _answer(item: Item, value: Any) -> Answer:
    if item.type in (ItemType.CHOICE, ItemType.OPEN_CHOICE):
        return _chosen(item, value)
    found = _typed(item.type, value)
    if found is None:
        raise DomainError("form.wrong_kind", item.link_id, label=label(item), type=item.type.value)
    return found


def _typed(kind: ItemType, value: Any) -> Answer | None:
    if kind is ItemType.BOOLEAN:
        return value if isinstance(value, bool) else None
    if kind is ItemType.INTEGER:
        return _integer(value)
    if kind is ItemType.DECIMAL:
        return _decimal(value)
    if kind is ItemType.DATE:
        found = full_date(value.strip()) if isinstance(value, str) else value
        return found if type(found) is date else None
    return value if isinstance(value, str) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and abs(value) <= _LARGEST else None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    text = f"{value:f}" if isinstance(value, Decimal) else str(value).strip()
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def _chosen(item: Item, value: Any) -> Answer:
    for option in item.options:
        code = option.value.code if isinstance(option.value, Coding) else None
        if same(option.value, value) or (item.type is ItemType.CHOICE and code is not None and code == value):
            return option.value
    if item.type is ItemType.OPEN_CHOICE and isinstance(value, str):
        return value
    if item.type is ItemType.OPEN_CHOICE and not item.options and isinstance(value, Coding):
        return value
    raise DomainError("form.not_an_option", item.link_id, label=label(item))


def problems_of(item: Item, answers: Sequence[Answer]) -> Iterator[Problem]:
    """Yield what is wrong with the answers of an enabled question; that it is missing is not said here."""
    for answer in answers:
        yield from _out_of_bounds(item, answer)
        if isinstance(answer, str):
            yield from _wrong_length(item, answer)
        elif isinstance(answer, Decimal) and item.max_decimal_places is not None:
            places = -int(answer.as_tuple().exponent)
            if places > item.max_decimal_places:
                yield _problem(item, "form.too_many_decimals", places=item.max_decimal_places)
    exclusive = [option for option in item.options if option.exclusive and option.value in answers]
    if exclusive and len(answers) > 1:
        yield _problem(item, "form.exclusive_option", option=exclusive[0].label)


def _out_of_bounds(item: Item, answer: Answer) -> Iterator[Problem]:
    unit = item.unit.display if item.unit else ""
    low, high = item.min_value, item.max_value
    if low is not None and _below(answer, low):
        yield _problem(item, "form.too_small", limit=f"{low}{unit}")
    if high is not None and _below(high, answer):
        yield _problem(item, "form.too_large", limit=f"{high}{unit}")


def _below(one: Any, other: Any) -> bool:
    dates = isinstance(one, date), isinstance(other, date)
    return bool(one < other) if all(dates) or not any(dates) else False


def _wrong_length(item: Item, text: str) -> Iterator[Problem]:
    if item.min_length is not None and len(text) < item.min_length:
        yield _problem(item, "form.too_short", limit=item.min_length)
    if item.max_length is not None and len(text) > item.max_length:
        yield _problem(item, "form.too_long", limit=item.max_length)


def _problem(item: Item, code: str, **facts: Any) -> Problem:
    return Problem(item.link_id, code, {"label": label(item), **facts})
