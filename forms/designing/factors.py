"""A question that stands for a factor of the risk models: the shape its answers need to count, and what is wrong."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.catalog.units import shown_unit
from domain.kernel.errors import DomainError
from domain.risk.definitions import FactorDefinition
from domain.risk.factors import FactorBook
from domain.scales.results import Sentence
from forms.designing import properties as own

TYPES = {"yes_no": ("boolean",), "choice": ("choice",), "number": ("decimal", "integer")}
"""Types of items whose answers a factor of a kind can take; the first is what an item is made when it fits none."""


def choosable(book: FactorBook) -> list[tuple[str, str]]:
    """Return what a question may stand for, code and name: what is asked or measured, not what is only worked out."""
    found = [
        (code, one.label)
        for code, one in book.definitions.items()
        if one.kind in TYPES and (one.observation or not one.computed)
    ]
    return sorted(found, key=lambda pair: pair[1])


def asking(item: own.Item, factor: FactorDefinition) -> dict[str, Any]:
    """Return the item standing for a factor, made such that its answers can be counted.

    Words stay where there are some; answers, unit and bounds become the factor's where they would not fit.
    """
    made = own.put_factor(item, factor.code)
    kind = factor.kind or "number"
    if made.get("type") not in TYPES[kind]:
        made = {**made, "type": TYPES[kind][0]}
        for key in ("answerOption", "maxLength"):
            made = own.put(made, key, None)
    if not str(made.get("text") or "").strip():
        made = {**made, "text": factor.label}
    made = own.put(made, "repeats", None)
    codes = {line.code for line in own.options(made)}
    if kind == "choice" and (not codes or codes - factor.options.keys()):
        made = own.put_options(made, [own.OptionLine(code, text) for code, text in factor.options.items()])
    if kind == "number":
        made = own.put_unit(made, factor.unit, shown_unit(factor.unit)) if not own.unit(made)[0] else made
        for url, bound in zip((own.MIN_VALUE, own.MAX_VALUE), factor.limits or (), strict=False):
            if not own.limit(made, url):
                made = own.put_limit(made, url, f"{bound:g}")
    return made


def factor_mistakes(item: own.Item, book: FactorBook) -> Iterator[tuple[Sentence, str]]:
    """Yield why answers to an item could never count as the factor it names, each with the field to mend."""
    code = own.factor(item)
    if not code:
        return
    factor, kind = book.definitions.get(code), str(item.get("type"))
    words = str(item.get("text") or "")[:30] or str(item.get("linkId"))
    if factor is None or factor.kind is None:
        yield Sentence("designs.mistake.factor_unknown", {"text": words, "code": code}), "factor"
        return
    facts: Mapping[str, Any] = {"text": words, "factor": factor.label}
    if kind not in TYPES[factor.kind]:
        yield Sentence(f"designs.mistake.factor_{factor.kind}", dict(facts)), "type"
    elif item.get("repeats"):
        yield Sentence("designs.mistake.factor_repeats", dict(facts)), "repeats"
    elif factor.kind == "choice":
        strange = [line for line in own.options(item) if line.code not in factor.options]
        for line in strange:
            told = {**facts, "code": line.code, "codes": "、".join(factor.options)}
            yield Sentence("designs.mistake.factor_option", told), "options"
    elif factor.kind == "number" and (unit := own.unit(item)[0]):
        try:
            book.scale(code, unit)
        except DomainError:
            told = {**facts, "unit": unit, "wanted": shown_unit(factor.unit) or factor.unit}
            yield Sentence("designs.mistake.factor_unit", told), "unit"
