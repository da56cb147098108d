"""One answer: made from what was typed or worked out, and checked against what its question allows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from domain.kernel.errors import DomainError
from forms import patterns
from forms.attachments import check_attachment
from forms.fhir_values import as_coding, full_date
from forms.questionnaire import Answer, Coding, Item, ItemType, Option, Unit
from forms.values import Attachment, Quantity, Reference, Temporal, compare_times, same

_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,8})?")
_QUANTITY = re.compile(r"([+-]?[0-9.]+)\s*(\S.*)?")
_WRONG = {
    ItemType.BOOLEAN: "form.wrong_kind.boolean", ItemType.INTEGER: "form.wrong_kind.integer",
    ItemType.DECIMAL: "form.wrong_kind.decimal", ItemType.QUANTITY: "form.wrong_kind.quantity",
    ItemType.DATE: "form.wrong_kind.date", ItemType.DATE_TIME: "form.wrong_kind.date_time",
    ItemType.TIME: "form.wrong_kind.time", ItemType.ATTACHMENT: "form.wrong_kind.attachment",
}  # fmt: skip
"""What to say of an answer that is not of its question's type; of any other type it is ``form.wrong_kind``."""
_LARGEST = 2**31 - 1  # FHIR integer
_LONGEST = 100_000  # of a text; FHIR allows a megabyte, a page does not


@dataclass(frozen=True)
class Problem:
    """Why a form is not finished, or looks odd: the item, the code of its sentence and the values it names."""

    link_id: str
    code: str
    facts: dict[str, Any] = field(default_factory=dict)
    at: tuple[int, ...] = ()


def answers_of(
    item: Item, values: Sequence[Any], options: Sequence[Option] | None = None
) -> tuple[Answer, ...]:
    """Return typed answers; texts are read as the item's type, blank ones are left out.

    Args:
        item: The question.
        values: What was typed, picked or worked out.
        options: What may be chosen, where that is worked out too.

    Raises:
        DomainError: ``form.wrong_kind`` (of most types with what they take, `_WRONG`), ``form.not_an_option``,
            ``form.single_answer``, ``form.text_too_long``, ``form.attachment_too_large``,
            ``form.attachment_wrong_type``; `field` is the link id.
    """
    given = [value for value in values if not (isinstance(value, str) and not value.strip())]
    if len(given) > 1 and not item.repeats:
        raise DomainError("form.single_answer", item.link_id, label=label(item))
    return tuple(_answer(item, value, item.options if options is None else options) for value in given)


def label(item: Item) -> str:
    """Return what a person calls the item."""
    return item.text or item.link_id


def worked_out(item: Item, values: Sequence[Any]) -> list[Any]:
    """Return the results of an expression as what the question takes: numbers rounded, or made a text."""
    places = 8 if item.max_decimal_places is None else min(item.max_decimal_places, 8)
    found: list[Any] = []
    for value in values:
        numeric = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if isinstance(value, dict):
            found.append(as_coding(value) or value)
        elif item.type is ItemType.INTEGER and numeric and value == int(value):
            found.append(int(value))
        elif item.type in (ItemType.DECIMAL, ItemType.QUANTITY) and isinstance(value, Decimal):
            exact = -int(value.as_tuple().exponent) <= places
            found.append(value if exact else _rounded(value, places))
        elif item.type in (ItemType.STRING, ItemType.TEXT) and not isinstance(value, str):
            found.append(str(value).lower() if isinstance(value, bool) else _text(value))
        else:
            found.append(value)
    return found


def _rounded(value: Decimal, places: int) -> Decimal:
    found = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP).normalize()
    return found if int(found.as_tuple().exponent) <= 0 else found.quantize(Decimal(1))


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Coding):
        return value.display or value.code
    return value.text if isinstance(value, Temporal) else str(value)


def _answer(item: Item, value: Any, options: Sequence[Option]) -> Answer:
    if item.type.is_choice:
        return _chosen(item, value, options)
    found = _attached(item, value) if item.type is ItemType.ATTACHMENT else _typed(item, value)
    if found is None:
        raise _wrong_kind(item)
    if options and not any(same(option.value, found) for option in options):
        raise DomainError("form.not_an_option", item.link_id, label=label(item))
    return found


def _wrong_kind(item: Item) -> DomainError:
    """Return the refusal that says what the question takes, with its units."""
    units = item.unit_options or ((item.unit,) if item.unit else ())
    told = "、".join(dict.fromkeys(one.display or one.code for one in units))
    code = _WRONG.get(item.type, "form.wrong_kind")
    return DomainError(code, item.link_id, label=label(item), unit=f"（单位：{told}）" if told else "")


def _attached(item: Item, value: Any) -> Answer | None:
    if not isinstance(value, Attachment):
        return None
    check_attachment(item, value.content_type, value.size)
    return value


def _typed(item: Item, value: Any) -> Answer | None:
    kind = item.type
    if kind is ItemType.BOOLEAN:
        return value if isinstance(value, bool) else None
    if kind is ItemType.INTEGER:
        return _integer(value)
    if kind is ItemType.DECIMAL:
        return _decimal(value)
    if kind is ItemType.QUANTITY:
        return _quantity(item, value)
    if kind in (ItemType.DATE, ItemType.DATE_TIME, ItemType.TIME):
        return _moment(kind, value)
    if kind is ItemType.REFERENCE:
        return value if isinstance(value, Reference) else None
    if isinstance(value, str) and len(value) > _LONGEST:
        raise DomainError("form.text_too_long", item.link_id, label=label(item), limit=_LONGEST)
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


def _quantity(item: Item, value: Any) -> Quantity | None:
    """Return a number with its unit; one typed without a unit is in the first unit of the question."""
    if isinstance(value, Quantity):
        return value
    units = item.unit_options or ((item.unit,) if item.unit else ())
    named = ""
    if isinstance(value, str):
        match = _QUANTITY.fullmatch(value.strip())
        value, named = (match[1], (match[2] or "").strip()) if match else (None, "")
    amount = _decimal(value)
    unit = next((one for one in units if not named or named in (one.code, one.display)), None)
    if amount is None or (named and unit is None):
        return None
    unit = unit or Unit("", "")
    return Quantity(amount, unit.display, unit.code, unit.system)


def _moment(kind: ItemType, value: Any) -> Answer | None:
    if kind is ItemType.DATE and type(value) is date:
        return value
    if isinstance(value, str):
        text = value.strip()
        return (full_date(text) if kind is ItemType.DATE else None) or Temporal.parse(kind.value, text)
    if kind is ItemType.DATE_TIME and type(value) is date:
        return Temporal("dateTime", value.isoformat())
    if isinstance(value, Temporal):
        return value if value.kind == kind.value else Temporal.parse(kind.value, value.text)
    return None


def _chosen(item: Item, value: Any, options: Sequence[Option]) -> Answer:
    for option in options:
        code = option.value.code if isinstance(option.value, Coding) else None
        if same(option.value, value) or (item.type is ItemType.CHOICE and code and code == value):
            return option.value
    is_open = item.type is ItemType.OPEN_CHOICE
    if is_open and isinstance(value, str):
        return value
    if (
        isinstance(value, Coding)
        and not options
        and (is_open or item.options_elsewhere or item.answer_expression)
    ):
        return replace(value, score=None)
    if item.options_elsewhere and isinstance(value, str):
        # The list is not at hand: what was typed is kept as a coding that has only its text.
        return Coding("", "", value.strip())
    raise DomainError("form.not_an_option", item.link_id, label=label(item))


def problems_of(item: Item, answers: Sequence[Answer]) -> Iterator[Problem]:
    """Yield what is wrong with the answers of an enabled question; that it is missing is not said here."""
    for answer in answers:
        yield from _out_of_bounds(item, answer)
        if isinstance(answer, str):
            yield from _wrong_text(item, answer)
        amount = answer.value if isinstance(answer, Quantity) else answer
        if isinstance(amount, Decimal) and item.max_decimal_places is not None:
            places = -int(amount.as_tuple().exponent)
            if places > item.max_decimal_places:
                yield _problem(item, "form.too_many_decimals", places=item.max_decimal_places)
    exclusive = [option for option in item.options if option.exclusive and option.value in answers]
    if exclusive and len(answers) > 1:
        yield _problem(item, "form.exclusive_option", option=exclusive[0].label)
    if answers and item.repeats:
        yield from occurrence_problems(item, len(answers))


def occurrence_problems(item: Item, count: int) -> Iterator[Problem]:
    """Yield that there are too few or too many answers or instances."""
    if item.min_occurs is not None and count < item.min_occurs:
        yield _problem(item, "form.too_few", limit=item.min_occurs)
    if item.max_occurs is not None and count > item.max_occurs:
        yield _problem(item, "form.too_many", limit=item.max_occurs)


def _out_of_bounds(item: Item, answer: Answer) -> Iterator[Problem]:
    unit = item.unit.display if item.unit else ""
    low, high = item.min_value, item.max_value
    if low is not None and _below(answer, low):
        yield _problem(item, "form.too_small", limit=f"{_said(low)}{unit}")
    if high is not None and _below(high, answer):
        yield _problem(item, "form.too_large", limit=f"{_said(high)}{unit}")


def _said(limit: Any) -> str:
    return limit.text if isinstance(limit, Temporal) else str(limit)


def _below(one: Any, other: Any) -> bool:
    one, other = (value.value if isinstance(value, Quantity) else value for value in (one, other))
    moments: Mapping[int, Any] = {n: v for n, v in enumerate((one, other)) if isinstance(v, date | Temporal)}
    if moments:
        return len(moments) == 2 and compare_times(one, other) == -1
    numbers = (isinstance(value, int | Decimal) and not isinstance(value, bool) for value in (one, other))
    return all(numbers) and bool(one < other)


def _wrong_text(item: Item, text: str) -> Iterator[Problem]:
    if item.min_length is not None and len(text) < item.min_length:
        yield _problem(item, "form.too_short", limit=item.min_length)
    if item.max_length is not None and len(text) > item.max_length:
        yield _problem(item, "form.too_long", limit=item.max_length)
    if item.pattern:
        try:
            fits = patterns.fullmatch(item.pattern, text[:1000])
        except patterns.PatternError:
            fits = False
        if not fits:
            yield _problem(item, "form.wrong_pattern", expected=item.entry_format or item.pattern)


def _problem(item: Item, code: str, **facts: Any) -> Problem:
    return Problem(item.link_id, code, {"label": label(item), **facts})
