"""Judge one result: against its reference range, the consensus classes A and B, and the critical values.

Pure: the definition carries its ranges and rules (see `domain.catalog`); thresholds are data, never code.
"""

from collections.abc import Sequence

import msgspec

from domain.catalog.definitions import (
    CriticalLevel,
    Flag,
    Important,
    Interval,
    ObservationDefinition,
    ReferenceRange,
    Rule,
)
from domain.catalog.ranges import range_text


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a value means for one person.

    `flag` is of HL7 table 0078 (``A`` a presence result that is not negative, ``AA`` a critical one), None
    where nothing is known to judge by. `rules` are the ids of every rule met; `conditions` what a person has
    to confirm before those that decided count in full. `unverified` tells that a number behind the judgement
    was not read in its source, so that a centre must sign it first.
    """

    flag: Flag | None
    range_text: str
    important: Important | None = None
    critical: CriticalLevel | None = None
    rules: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    unverified: bool = False


def judge(
    item: ObservationDefinition,
    value: float,
    sex: str | None,
    age_years: float | None,
    *,
    reported: Interval | None = None,
    reported_text: str = "",
) -> Judgement:
    """Judge a value in the item's catalogue unit (presence items: the grade).

    Args:
        item: The observation's definition.
        value: Number in `item.ucum`, or the grade of a presence result (0 absent, 0.5 trace, 1 to 4).
        sex: FHIR administrative gender; unless ``male`` or ``female``, the widest interval is taken.
        age_years: Completed years on the day of sampling, or None if unknown.
        reported: The report's own interval in the catalogue unit; it goes before ours.
        reported_text: That interval as the report shows it.

    Raises:
        DomainError: ``checkup.value_implausible`` (field: the item's key) outside the plausible limits.
    """
    item.require_plausible(value)
    norm = _norm(item, sex, age_years)
    ranges: Sequence[Interval] = norm.ranges if reported is None else (reported,)
    uln = norm.uln if reported is None else reported.upper
    met = [rule for rule in norm.rules if rule.holds(value, uln)]
    flag = _flag(item, value, ranges)
    unverified = reported is None and norm.unverified
    text = reported_text if reported is not None else norm.text
    if not met:
        return Judgement(flag=flag, range_text=text, unverified=unverified)
    first = met[0]
    important: Important | None = None
    for rule in met:  # class A stands before B
        if rule.important is not None:
            important = rule.important
            break
    if first.critical is not None or flag is None:
        flag = _rule_flag(item, first)
    deciding = [rule for rule in met if (rule.important or rule.critical) in (important, first.critical)]
    return Judgement(
        flag=flag,
        range_text=text,
        important=important,
        critical=first.critical,
        rules=tuple(rule.id for rule in met),
        conditions=_conditions(deciding),
        unverified=unverified or any(rule.status != "V" for rule in deciding),
    )


class _Norm(msgspec.Struct, frozen=True):
    """What an item says of persons of one sex and age, whatever their value is."""

    item: ObservationDefinition
    ranges: tuple[ReferenceRange, ...]
    text: str
    uln: float | None
    unverified: bool
    rules: tuple[Rule, ...]


_NORMS: dict[tuple[int, str | None, float | None], _Norm] = {}
_MOST_NORMS = 50_000


def _norm(item: ObservationDefinition, sex: str | None, age_years: float | None) -> _Norm:
    """Return the norm of a definition; worked out once, kept with the definition so that its `id` stays its own."""
    key = (id(item), sex, age_years)
    known = _NORMS.get(key)
    if known is not None:
        return known
    ours = fitting_ranges(item, sex, age_years)
    made = _Norm(
        item,
        ours,
        "；".join(_text(one, item, len(ours)) for one in ours),
        max((one.upper for one in ours if one.upper is not None), default=None),
        any(one.status != "V" for one in ours),
        rules_for(item, sex, age_years),
    )
    if len(_NORMS) >= _MOST_NORMS:
        _NORMS.clear()
    _NORMS[key] = made
    return made


def rules_for(item: ObservationDefinition, sex: str | None, age_years: float | None) -> tuple[Rule, ...]:
    """Return the rules that count for a person: of critical limits of one level and direction the house's own.

    Whose sex or age is not known meets every rule, so that nothing is overlooked.
    """
    met = tuple(rule for rule in item.rules if rule.applies(sex, age_years))
    known = sex in ("male", "female") and age_years is not None
    best: dict[tuple[CriticalLevel | None, bool], int] = {}
    for rule in met:
        if rule.critical is not None:
            key = (rule.critical, rule.points_down)
            named = rule.sex is not None or rule.age_from is not None or rule.age_below is not None
            best[key] = max(best.get(key, 0), rule.house if known or not named else 0)
    return tuple(
        rule for rule in met if rule.critical is None or rule.house >= best[rule.critical, rule.points_down]
    )


def fitting_ranges(
    item: ObservationDefinition, sex: str | None, age_years: float | None
) -> tuple[ReferenceRange, ...]:
    """Return a person's reference ranges: several if sex or age is unknown, none for children."""
    of_age = item.ranges
    if age_years is not None:
        of_age = tuple(
            one
            for one in of_age
            if (one.age_from is None or age_years >= one.age_from)
            and (one.age_below is None or age_years < one.age_below)
        )
    if len(of_age) < 2:
        return of_age if not of_age or of_age[0].sex in (None, sex) or sex not in ("male", "female") else ()
    own = tuple(one for one in of_age if one.sex == sex)
    if own and sex is not None:
        return own
    return tuple(one for one in of_age if one.sex is None) or of_age


def _flag(item: ObservationDefinition, value: float, ranges: Sequence[Interval]) -> Flag | None:
    if not ranges:
        return None
    if all(one.too_high(value) for one in ranges):
        return "A" if item.kind == "presence" else "H"
    if all(one.too_low(value) for one in ranges):
        return "L"
    return "N"


def _rule_flag(item: ObservationDefinition, rule: Rule) -> Flag:
    if item.kind == "presence":
        return "A" if rule.critical is None else "AA"
    if rule.critical is None:
        return "L" if rule.points_down else "H"
    return "LL" if rule.points_down else "HH"


def _conditions(rules: Sequence[Rule]) -> tuple[str, ...]:
    if all(rule.conditions for rule in rules):
        return tuple(dict.fromkeys(name for rule in rules for name in rule.conditions))
    return ()


def _text(one: ReferenceRange, item: ObservationDefinition, of: int) -> str:
    text = range_text(one, item.decimals)
    if of == 1 or one.sex is None:
        return text
    return f"{'男' if one.sex == 'male' else '女'} {text}"
