"""The factors of one person: given values taken into their canonical units, and what follows from them.

Pure: the day is an argument. A value that cannot be used (unknown unit, impossible number, too old) is not known, and
the reason is kept; nothing is guessed and no unanswered question means no.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from domain.catalog.definitions import ObservationDefinition, Sex
from domain.catalog.lookup import Catalog
from domain.catalog.units import shown_unit
from domain.kernel.errors import DomainError
from domain.risk.definitions import Alternative, FactorDefinition, Plain
from domain.risk.expressions import ExpressionError, arithmetic, condition
from domain.risk.results import Reason, Used, Value

SYSTEM = "urn:aftercheck:factor"
"""The coding system of form items that ask for a factor."""
PERSON = ("sex", "age")
COMPUTED, DEFAULT = "computed", "default"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One value as it was measured or answered; an empty `unit` is the factor's own."""

    code: str
    value: Any
    unit: str = ""
    source: str = ""
    at: date | None = None


class Factors(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one person; `age` (completed years) is used where no birth date is given."""

    sex: str | None = None
    birth_date: date | None = None
    age: int | None = None
    given: tuple[Given, ...] = ()


class Known:
    """Canonical values by code (None or absent: not known), with where each came from."""

    __slots__ = ("age", "refused", "sex", "used", "values")

    def __init__(self, sex: Sex | None, age: int | None) -> None:
        self.sex, self.age = sex, age
        self.values: dict[str, Any] = {"sex": sex, "age": age}
        self.used: dict[str, Used] = {}
        self.refused: dict[str, Reason] = {}


class _Computed(msgspec.Struct, frozen=True):
    code: str
    steps: tuple[tuple[tuple[str, ...], Callable[..., Any] | None, tuple[str, ...], Callable[..., Any]], ...]


class FactorBook:
    """Every declared factor, ready to take values in."""

    def __init__(self, definitions: Iterable[FactorDefinition], catalog: Catalog) -> None:
        self.problems: list[str] = []
        self.definitions: dict[str, FactorDefinition] = {}
        self._items: dict[str, ObservationDefinition] = {}
        self._units = catalog.units
        self._scales: dict[tuple[str, str], tuple[float, float]] = {}
        self._last_inputs: dict[str, tuple[str, ...]] = {}
        for one in definitions:
            if one.code in self.definitions or one.code in PERSON:
                self.problems.append(f"factors: {one.code}: declared twice")
            self._add(one, catalog)
        self.by_observation = {
            one.observation: code for code, one in self.definitions.items() if one.observation
        }
        self._defaults = tuple(
            (c, one.default) for c, one in self.definitions.items() if one.default is not None
        )
        self._computed = self._in_order()

    def _add(self, one: FactorDefinition, catalog: Catalog) -> None:
        item = catalog.observations.get(one.observation) if one.observation else None
        if one.observation and item is None:
            self.problems.append(
                f"factors: {one.code}: observation: {one.observation} is not in the catalogue"
            )
        if item is not None:
            one = msgspec.structs.replace(
                one,
                label=one.label or item.name,
                kind=one.kind or "number",
                unit=one.unit or item.ucum,
                limits=one.limits or item.plausible,
            )
        if one.kind is None or not one.label:
            self.problems.append(f"factors: {one.code}: kind and label are needed")
        if one.kind == "number" and (one.limits is None or not one.unit):
            self.problems.append(f"factors: {one.code}: a number needs unit and limits")
        if one.kind == "choice" and not one.options:
            self.problems.append(f"factors: {one.code}: a choice needs options")
        self.definitions[one.code] = one
        self._items[one.code] = item or ObservationDefinition(
            key=one.code, group="", name=one.label, ucum=one.unit or "1", decimals=1,
            plausible=one.limits or (0.0, 0.0),
        )  # fmt: skip

    def label(self, code: str) -> str:
        """Return what a factor is called; ``sex`` and ``age`` have names too."""
        if code in PERSON:
            return "性别" if code == "sex" else "年龄"
        return self.definitions[code].label if code in self.definitions else code

    def decimals(self, code: str) -> int:
        """Return how many decimal places a value of a factor is shown with: those of its result, else two."""
        item = self._items[code]
        return item.decimals if self.definitions[code].observation else 2

    def ideal(self, code: str, sex: str | None) -> Plain | None:
        """Return the ideal value in the canonical unit, None where none is declared."""
        ideal = self.definitions[code].ideal if code in self.definitions else None
        return ideal.get(sex) if isinstance(ideal, Mapping) else ideal  # type: ignore[call-overload]

    def scale(self, code: str, unit: str) -> tuple[float, float]:
        """Return (factor, offset) from `unit` to the canonical unit of a factor.

        Raises:
            DomainError: As `Units.factors`.
        """
        found = self._scales.get((code, unit))
        if found is None:
            item = self._items[code]
            found = (1.0, 0.0) if unit in ("", item.ucum) else self._units.factors(item, unit)
            self._scales[code, unit] = found
        return found

    def know(self, factors: Factors, on: date) -> Known:
        """Return the person's values on a day; of several of one factor the newest counts."""
        sex: Sex | None = factors.sex if factors.sex in ("male", "female") else None  # type: ignore[assignment]
        known = Known(sex, age_on(factors, on))
        for given in factors.given:
            definition = self.definitions.get(given.code) if type(given.code) is str else None
            if definition is None:
                continue
            earlier = known.used.get(given.code)
            if earlier is not None and (given.at or date.min) < (earlier.at or date.min):
                continue
            taken = self._take(definition, given, on)
            if isinstance(taken, Reason):
                if earlier is None:
                    known.refused[given.code] = taken
                continue
            known.refused.pop(given.code, None)
            known.values[given.code] = taken
            known.used[given.code] = Used(
                code=given.code, value=taken, unit=definition.unit, source=given.source, at=given.at
            )
        for code, value in self._defaults:
            if code not in known.values:
                known.values[code] = value
                known.used[code] = Used(code=code, value=value, source=DEFAULT)
        self._compute(known)
        return known

    def _take(self, one: FactorDefinition, given: Given, on: date) -> Value | Reason:
        value = given.value
        if given.at is not None and given.at > on:
            return Reason("risk.later_value", {"factor": one.label})
        if one.valid_days is not None and given.at is not None and (on - given.at).days > one.valid_days:
            return Reason("risk.old_value", {"factor": one.label, "date": given.at.isoformat()})
        if one.kind == "yes_no":
            answered = type(value) in (bool, int, float) and value in (0, 1)
            return int(value) if answered else _unusable(one)
        if one.kind == "choice":
            return str(value) if type(value) is str and value in one.options else _unusable(one)
        if type(value) not in (int, float) or not -1e15 < value < 1e15:  # NaN is neither
            return _unusable(one)
        try:
            factor, offset = self.scale(one.code, given.unit)
        except DomainError:
            return Reason("risk.bad_unit", {"factor": one.label, "unit": str(given.unit)[:40]})
        number: float = round(
            value * factor + offset, 9
        )  # also in its own unit: 7.199…9 is 7.2 however it came
        low, high = one.limits or (-math.inf, math.inf)
        if not low <= number <= high:
            return Reason(
                "risk.implausible",
                {"factor": one.label, "value": f"{number:g}", "unit": shown_unit(one.unit)},
            )
        return number

    def _compute(self, known: Known) -> None:
        values = known.values
        for computed in self._computed:
            if computed.code in values:
                continue
            for when_names, when, names, value_of in computed.steps:
                if when is not None and not when(*[values.get(name) for name in when_names]):
                    continue
                arguments = [values.get(name) for name in names]
                if None in arguments:
                    continue
                self._keep(known, computed.code, value_of, arguments)
                break

    def _keep(self, known: Known, code: str, value_of: Callable[..., Any], arguments: list[Any]) -> None:
        one = self.definitions[code]
        try:
            value = value_of(*arguments)
        except (ArithmeticError, ValueError, TypeError):
            return
        if one.kind == "yes_no":
            value = int(bool(value))
        elif one.kind == "number":
            low, high = one.limits or (-math.inf, math.inf)
            if not low <= value <= high:
                facts = {"factor": one.label, "value": f"{value:g}", "unit": shown_unit(one.unit)}
                known.refused[code] = Reason("risk.implausible", facts)
                return
            value = float(value)
        known.values[code] = value
        known.used[code] = Used(code=code, value=value, unit=one.unit, source=COMPUTED)

    def asks(self, code: str, known: Known) -> tuple[str, ...]:
        """Return what has to be measured or asked for an unknown factor to be known: codes without a computation."""
        one = self.definitions.get(code)
        if one is None or not one.computed or code in known.refused:
            return (code,)
        names = one.asks or self._last_inputs[code]
        found = [leaf for name in names if known.values.get(name) is None for leaf in self.asks(name, known)]
        return tuple(dict.fromkeys(found)) or (code,)

    def _in_order(self) -> tuple[_Computed, ...]:
        """Return the computed factors, each after those it needs; a circle is a problem."""
        steps: dict[str, _Computed] = {}
        needs: dict[str, set[str]] = {}
        for code, one in self.definitions.items():
            try:
                steps[code] = _Computed(
                    code, tuple(_step(each) for each in ((one.unless,) if one.unless else ()) + one.computed)
                )
            except ExpressionError as error:
                self.problems.append(f"factors: {code}: {error}")
                continue
            self._last_inputs[code] = steps[code].steps[-1][2] if one.computed else ()
            needs[code] = {n for when, _, names, _ in steps[code].steps for n in (*when, *names)} - set(
                PERSON
            )
            unknown = sorted((needs[code] | set(one.asks)) - set(self.definitions))
            self.problems += [f"factors: {code}: {name} is no factor" for name in unknown]
        ordered: list[str] = []
        left = {code for code in steps if steps[code].steps}
        while left:
            ready = sorted(code for code in left if not needs[code] & left)
            if not ready:
                self.problems.append(
                    f"factors: {', '.join(sorted(left))}: computed from each other in a circle"
                )
                break
            ordered += ready
            left -= set(ready)
        return tuple(steps[code] for code in ordered)


def _step(
    one: Alternative,
) -> tuple[tuple[str, ...], Callable[..., Any] | None, tuple[str, ...], Callable[..., Any]]:
    when_names, when = condition(one.when) if one.when else ((), None)
    if one.text:
        return when_names, when, (), lambda: one.text
    names, value_of = arithmetic(str(one.value))
    return when_names, when, names, value_of


def _unusable(one: FactorDefinition) -> Reason:
    return Reason("risk.unusable", {"factor": one.label})


def age_on(factors: Factors, on: date) -> int | None:
    """Return the age in whole years on a day, None where it is not known or cannot be one."""
    born = factors.birth_date
    if born is None:
        age = factors.age
        return age if type(age) is int and 0 <= age <= 130 else None
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return years if 0 <= years <= 130 else None
