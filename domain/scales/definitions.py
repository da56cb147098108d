"""A scale as its file in ``resources/scales`` says it: which answers count how, and what a total means.

Values are exact (`fractions.Fraction`), so that a cut is met from the right side whatever the weights are. A name is
an item of the form (its linkId), a fact about the person, or an earlier score; `of` may name any of them.
"""

from fractions import Fraction
from typing import Any, Literal, TypeAlias

import msgspec

Number: TypeAlias = int | float
Status: TypeAlias = Literal["V", "P", "UNVERIFIED"]
Level: TypeAlias = Literal["", "low", "medium", "high"]
SexName: TypeAlias = Literal["", "male", "female"]


def exact(value: Any) -> Fraction:
    """Return a number as the decimal digits it is written with; 0.1 is one tenth."""
    return Fraction(value) if isinstance(value, int) else Fraction(str(value))


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A range of numbers: `at_least` and `up_to` belong to it, `above` and `below` do not."""

    at_least: Number | None = None
    above: Number | None = None
    up_to: Number | None = None
    below: Number | None = None

    def holds(self, value: Fraction) -> bool:
        """Tell whether a number lies inside."""
        return not (
            (self.at_least is not None and value < exact(self.at_least))
            or (self.above is not None and value <= exact(self.above))
            or (self.up_to is not None and value > exact(self.up_to))
            or (self.below is not None and value >= exact(self.below))
        )


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a part of the scale was read in a source: V read and checked, P partly, UNVERIFIED from memory."""

    what: str
    status: Status
    source: str


class Bin(Span, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a number in a range counts; for one sex only where it says so."""

    points: Number
    sex: SexName = ""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One input of a scale.

    Attributes:
        id: linkId in the form; for a fact that is never asked, its name.
        theme: What it is about, in neutral words.
        points: Name of a table of `Scale.points`: what each chosen code counts.
        bins: What ranges of a number count.
        fact: Fact about the person that stands in when the form has no answer.
        default: Value of an answer that may be left out.
        sex: Only asked of this sex; for the other it counts `default`, or nothing.
        low: Smallest value a number may have.
        high: Largest value a number may have.
    """

    id: str
    theme: str = ""
    points: str = ""
    bins: tuple[Bin, ...] = ()
    fact: str = ""
    default: Number | None = None
    sex: SexName = ""
    low: Number | None = None
    high: Number | None = None


class Band(Span, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a score in a range means. `code` alone fits a score whose function returns codes.

    `part` names the `Part` whose status the cut has; `level` is the level the product works with.
    """

    code: str
    text: str
    level: Level = ""
    sex: SexName = ""
    part: str = ""
    advice: tuple[str, ...] = ()


class Score(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One number (or code) made of items and earlier scores.

    Attributes:
        kind: ``sum`` (weighted by `weights`, then `times`, then cut down to a whole number if `floor`),
            ``transformed`` ((raw - n low) / (n (high - low)) * 100), ``key`` (how many answers are as `yes` and `no`
            say), ``table`` (the points of `bins` for one number), ``mean``, or ``function`` (see
            `domain.scales.functions`).
        reversed: Members that count ``low + high - value``.
        part: The `Part` that says how sure the rule is.
        optional: A missing answer leaves this score out and does not make the scale incomplete.
        shown: Whether people see it; steps on the way are not.
        factor: Code of the risk factor that this score is the value of.
    """

    id: str
    label: str
    kind: Literal["sum", "transformed", "key", "table", "mean", "function"] = "sum"
    of: tuple[str, ...] = ()
    reversed: tuple[str, ...] = ()
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    weights: dict[str, Number] = {}
    bins: tuple[Bin, ...] = ()
    function: str = ""
    options: dict[str, Any] = {}
    low: Number | None = None
    high: Number | None = None
    times: Number = 1
    floor: bool = False
    decimals: int = 0
    unit: str = ""
    bands: tuple[Band, ...] = ()
    part: str = ""
    optional: bool = False
    shown: bool = True
    better: Literal["", "high", "low"] = ""
    factor: str = ""


class Condition(Span, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """That an item or score lies in a range, or a score has one of these codes."""

    of: str
    codes: tuple[str, ...] = ()
    sex: SexName = ""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What else is said when all conditions hold.

    A ``safety`` rule is judged also when answers are missing: its flow must not wait for the rest of the form.
    ``invalid`` takes the bands away: the numbers stay, what they would mean is not said. ``positive`` is a screen's
    finding, ``note`` a remark.
    """

    code: str
    kind: Literal["safety", "invalid", "positive", "note"]
    when: tuple[Condition, ...]
    text: str
    part: str = ""
    advice: tuple[str, ...] = ()


class Applies(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """For whom the scale was made; ages in completed years, both ends included."""

    sex: SexName = ""
    age_from: int | None = None
    age_to: int | None = None


class Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One scale. `instrument` is ``url|version`` of the form that asks for its items, empty for measured ones."""

    id: str
    version: str
    title: str
    group: Literal[
        "mood", "sleep", "stress", "personality", "tcm", "diet", "exercise", "habit", "age", "disease"
    ]
    instrument: str = ""
    licence: str
    parts: tuple[Part, ...]
    points: dict[str, dict[str, Number]] = {}
    items: tuple[Item, ...]
    scores: tuple[Score, ...]
    total: str
    rules: tuple[Rule, ...] = ()
    applies: Applies = Applies()
    days_valid: int | None = None

    def part(self, what: str) -> Part | None:
        """Return a part by name."""
        return next((part for part in self.parts if part.what == what), None)

    def unverified(self, what: str) -> bool:
        """Tell whether a part still waits for a physician's word; nothing named is the whole scale's rules."""
        part = self.part(what)
        return part is not None and part.status != "V"
