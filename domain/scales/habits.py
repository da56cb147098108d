"""Arithmetic of sleep and activity questionnaires (PSQI, Buysse 1989; IPAQ short form, scoring protocol 2005)."""

from fractions import Fraction

from domain.scales.functions import Call, scale_function

LONGEST = 180
"""Minutes a day of one kind of activity that count at most."""
SHORTEST = 10
"""Minutes a time below which activity does not count."""
KINDS = ("vigorous", "moderate", "walking")


@scale_function("psqi_efficiency")
def efficiency(call: Call) -> Fraction | None:
    """Return hours asleep in percent of the hours in bed.

    `of` names bed-time (hour, minute), getting up (hour, minute) and hours asleep; the night may pass midnight.
    """
    found = call.numbers(*call.rule.of)
    if found is None:
        return None
    bed_hour, bed_minute, up_hour, up_minute, asleep = found
    minutes = ((up_hour - bed_hour) * 60 + up_minute - bed_minute) % (24 * 60)
    return asleep * 60 * 100 / minutes if minutes else None


@scale_function("ipaq_minutes")
def minutes(call: Call) -> Fraction | None:
    """Return the minutes a day of all three kinds as they were told, to find what cannot be."""
    found = [_told(call, kind) for kind in KINDS]
    return None if None in found else sum((m for m in found if m is not None), Fraction(0))


@scale_function("ipaq_met")
def met_minutes(call: Call) -> Fraction | None:
    """Return MET-minutes a week of one kind: ``options.kind`` at ``options.met``."""
    kind = str(call.rule.options["kind"])
    days, told = call.number(f"{kind}-days"), _told(call, kind)
    if days is None or told is None:
        return None
    return Fraction(str(call.rule.options["met"])) * days * _cleaned(told)


@scale_function("ipaq_level")
def activity_level(call: Call) -> str | None:
    """Return high, moderate or low; `of` ends with the total of MET-minutes a week."""
    total = call.number("met-total")
    told = {kind: _told(call, kind) for kind in KINDS}
    if total is None or None in told.values():
        return None
    minutes_of = {kind: _cleaned(value or Fraction(0)) for kind, value in told.items()}
    days = {k: (call.number(f"{k}-days") or Fraction(0)) if minutes_of[k] else Fraction(0) for k in KINDS}
    active = sum(days.values())
    if (days["vigorous"] >= 3 and total >= 1500) or (active >= 7 and total >= 3000):
        return "high"
    lively = days["vigorous"] >= 3 and minutes_of["vigorous"] >= 20
    steady = sum(days[kind] for kind in ("moderate", "walking") if minutes_of[kind] >= 30) >= 5
    return "moderate" if lively or steady or (active >= 5 and total >= 600) else "low"


def _told(call: Call, kind: str) -> Fraction | None:
    """Return the minutes a day; none are needed where there was no such day."""
    days = call.number(f"{kind}-days")
    return Fraction(0) if days == 0 else call.number(f"{kind}-minutes") if days is not None else None


def _cleaned(told: Fraction) -> Fraction:
    return Fraction(0) if told < SHORTEST else min(told, Fraction(LONGEST))


@scale_function("pack_years")
def pack_years(call: Call) -> Fraction | None:
    """Return cigarettes a day / 20 * years; 0 for one who never smoked (`of`: ever, a day, years)."""
    ever, daily, years = (call.number(name) for name in call.rule.of)
    if ever == 0:
        return Fraction(0)
    return None if ever is None or daily is None or years is None else daily / 20 * years


@scale_function("audit_c")
def audit_c(call: Call) -> Fraction | None:
    """Return the sum of the three questions; who never drinks is not asked the others."""
    if call.number(call.rule.of[0]) == 0:
        return Fraction(0)
    found = call.numbers(*call.rule.of)
    return None if found is None else sum(found, Fraction(0))
