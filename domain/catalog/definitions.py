"""What the catalogue declares: observations with their ranges, rules on their values, units, sources.

Names follow FHIR R4 (`ObservationDefinition`); sex is FHIR administrative gender, ages are completed years.
Every number carries `status`: ``V`` read in the source, ``P`` partly, ``UNVERIFIED`` from memory.
"""

from typing import Literal

import msgspec

from domain.kernel.errors import DomainError

Sex = Literal["male", "female"]
Status = Literal["V", "P", "UNVERIFIED"]
Important = Literal["A", "B"]
CriticalLevel = Literal[1, 2]
Flag = Literal["N", "L", "H", "LL", "HH", "A", "AA"]


class Interval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Values between two bounds, for one sex and age where given; `low`/`high` are inclusive."""

    low: float | None = None
    above: float | None = None
    high: float | None = None
    below: float | None = None
    sex: Sex | None = None
    age_from: int | None = None
    age_below: int | None = None

    def too_low(self, value: float) -> bool:
        """Tell whether `value` lies under the interval."""
        return (self.low is not None and value < self.low) or (self.above is not None and value <= self.above)

    def too_high(self, value: float) -> bool:
        """Tell whether `value` lies over the interval."""
        return (self.high is not None and value > self.high) or (
            self.below is not None and value >= self.below
        )

    @property
    def upper(self) -> float | None:
        """The upper limit, inclusive or not (ULN); None where the interval is open."""
        return self.high if self.high is not None else self.below


class ReferenceRange(Interval, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What is usual in adults; `text` replaces the text made from the bounds."""

    text: str | None = None
    status: Status
    sources: tuple[str, ...] = ()


class Rule(Interval, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A value that must not be overlooked: class A or B of the consensus, or critical level 1 or 2.

    `low_uln` (inclusive) and `above_uln` are multiples of the person's upper reference limit.
    `conditions` name what a person has to confirm before the rule counts in full, e.g.
    ``not_on_anticoagulant``. `house` is 0 for what ships; an institution's own limit stands before shipped ones of
    its level and direction, and the higher `house` (site, sex, age named) before the lower.
    """

    id: str
    items: tuple[str, ...]
    low_uln: float | None = None
    above_uln: float | None = None
    important: Important | None = None
    critical: CriticalLevel | None = None
    conditions: tuple[str, ...] = ()
    status: Status
    sources: tuple[str, ...] = ()
    note: str = ""
    house: int = 0

    def applies(self, sex: str | None, age_years: float | None) -> bool:
        """Tell whether the rule is for this person; an unknown sex or age meets every rule."""
        if self.sex is not None and sex in ("male", "female") and sex != self.sex:
            return False
        if age_years is None:
            return True
        return (self.age_from is None or age_years >= self.age_from) and (
            self.age_below is None or age_years < self.age_below
        )

    def holds(self, value: float, uln: float | None) -> bool:
        """Tell whether `value` (catalogue unit) meets the rule; `uln` is the upper reference limit."""
        if self.too_low(value) or self.too_high(value):
            return False
        if self.low_uln is not None:
            return uln is not None and value >= self.low_uln * uln
        if self.above_uln is not None:
            return uln is not None and value > self.above_uln * uln
        return True

    @property
    def points_down(self) -> bool:
        """Whether the rule is about values that are too low."""
        return self.low is None and self.above is None and self.low_uln is None and self.above_uln is None


class ObservationDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One analyte or measurement; values are kept in `ucum`, presence results as grades.

    `plausible` holds the limits outside which a value is refused as impossible. `rules` is filled when the
    catalogue is built: critical first (level 1 before 2), then class A, then B.
    """

    key: str
    group: str
    name: str
    ucum: str
    decimals: int
    plausible: tuple[float, float]
    kind: Literal["numeric", "presence"] = "numeric"
    loinc: str | None = None
    loinc_name: str | None = None
    loinc_status: Status | None = None
    loinc_source: str | None = None
    loinc_other: tuple[str, ...] = ()
    ranges: tuple[ReferenceRange, ...] = ()
    local_codes: tuple[str, ...] = ()
    note: str = ""
    rules: tuple[Rule, ...] = ()

    def require_plausible(self, value: float) -> None:
        """Refuse a value no living person can have.

        Raises:
            DomainError: ``checkup.value_implausible``, its field the item's key.
        """
        low, high = self.plausible
        if low <= value <= high:
            return  # NaN falls through
        from domain.catalog.units import shown_unit  # it is built of definitions itself

        unit = shown_unit(self.ucum)
        facts = {"value": f"{value:g}", "low": f"{low:g}", "high": f"{high:g}", "unit": unit}
        raise DomainError("checkup.value_implausible", self.key, name=self.name, **facts)


class Conversion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A factor between two UCUM units; without `to` it leads to the unit of `items`."""

    from_: str = msgspec.field(name="from")
    factor: float
    to: str | None = None
    offset: float = 0.0
    items: tuple[str, ...] = ()
    molar_mass: float | None = None
    status: Status = "V"


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where numbers were read: `level` 文 text, 机 an institution's document, 实 a public implementation."""

    level: Literal["文", "机", "实"]
    text: str
