"""Which instruments suit a person: by age, sex, history, results and earlier instruments; each with its reason.

Pure. Rules are data (``resources/scales/rules/suggestions.yaml``); to add one, add a line there.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from domain.kernel.content import ContentError, load_folder
from domain.scales.definitions import SexName, Span, exact

FILE = "suggestions"


@dataclasses.dataclass(frozen=True, slots=True)
class Earlier:
    """The latest result of a scale: band, level, and the day it was made."""

    band: str = ""
    level: str = ""
    total: float | None = None
    day: date | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody on `today`.

    `history` holds factor codes with their value (True, False, a code); `values` the latest number by catalogue key;
    `results` the latest result by scale; `done` the day each form was last handed in.
    """

    today: date
    sex: str = ""
    age: int | None = None
    history: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    values: Mapping[str, float] = dataclasses.field(default_factory=dict)
    results: Mapping[str, Earlier] = dataclasses.field(default_factory=dict)
    done: Mapping[str, date] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Suggestion:
    """A form with every reason for it, the weightiest first."""

    form: str
    reasons: tuple[str, ...]
    order: int


class Value(Span, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A number of the checkup in a range."""

    of: str


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an earlier scale said: one of these bands or levels, not older than `days`."""

    scale: str
    bands: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    days: int = 365


class Has(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A factor that is true, or one of these codes."""

    of: str
    codes: tuple[str, ...] = ()


class SuggestionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One reason for one form. Age and sex must fit; of `values`, `history` and `said` one is enough.

    `needs` must all hold beside it (what an earlier scale said). The reason may name ``{age}``, ``{value}``.
    """

    form: str
    reason: str
    order: int = 50
    sex: SexName = ""
    age_from: int | None = None
    age_to: int | None = None
    values: tuple[Value, ...] = ()
    history: tuple[Has, ...] = ()
    said: tuple[Said, ...] = ()
    needs: tuple[Said, ...] = ()


class Suggestions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All rules, and after how many days a form is suggested again."""

    version: str
    again_days: dict[str, int]
    rules: tuple[SuggestionRule, ...]

    def again(self, form: str) -> int:
        """Return after how many days a form that was handed in may be suggested again."""
        return self.again_days.get(form, self.again_days["default"])


def load_suggestions(folder: Path) -> Suggestions:
    """Return the rules of ``resources/scales/rules``.

    Raises:
        ContentError: The file does not fit.
    """
    found = load_folder(folder, Suggestions, f"{FILE}.yaml").get(FILE)
    if found is None or "default" not in found.again_days:
        raise ContentError([f"{FILE}.yaml: missing, or without again_days.default"])
    return found


def suggest(book: Suggestions, person: Person) -> list[Suggestion]:
    """Return the forms that suit a person, the most pressing first; none that was handed in lately."""
    found: dict[str, list[tuple[int, str]]] = {}
    for rule in book.rules:
        reason = _reason(rule, person)
        if reason is not None and not _done_lately(book, person, rule.form):
            found.setdefault(rule.form, []).append((rule.order, reason))
    made = []
    for form, reasons in found.items():
        ranked = sorted(reasons, key=lambda one: one[0])
        made.append(Suggestion(form, tuple(dict.fromkeys(text for _, text in ranked)), ranked[0][0]))
    return sorted(made, key=lambda one: (one.order, one.form))


def _done_lately(book: Suggestions, person: Person, form: str) -> bool:
    day = person.done.get(form)
    return day is not None and (person.today - day).days < book.again(form)


def _reason(rule: SuggestionRule, person: Person) -> str | None:
    """Return the reason in words where the rule holds."""
    if rule.sex and rule.sex != person.sex:
        return None
    aged = rule.age_from is not None or rule.age_to is not None
    if aged and (person.age is None or not (rule.age_from or 0) <= person.age <= (rule.age_to or 150)):
        return None
    if not all(_said(one, person) for one in rule.needs):
        return None
    if not (rule.values or rule.history or rule.said):
        return rule.reason.format(age=person.age, value="")
    value = next(_causes(rule, person), None)
    return None if value is None else rule.reason.format(age=person.age, value=value)


def _causes(rule: SuggestionRule, person: Person) -> Iterator[str]:
    """Yield what makes the rule hold: the number, or nothing to show."""
    for one in rule.values:
        number = person.values.get(one.of)
        if number is not None and one.holds(exact(number)):
            yield f"{number:g}"
    for has in rule.history:
        value = person.history.get(has.of)
        if value in has.codes if has.codes else value is True or value == 1:
            yield ""
    if any(_said(said, person) for said in rule.said):
        yield ""


def _said(one: Said, person: Person) -> bool:
    result = person.results.get(one.scale)
    if result is None or (result.day is not None and (person.today - result.day).days > one.days):
        return False
    return (not one.bands or result.band in one.bands) and (not one.levels or result.level in one.levels)
