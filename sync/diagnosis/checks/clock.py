"""This machine's clock against the centre's, as the centre measured it at the last exchange."""

from collections.abc import Sequence

from sync.diagnosis.looking import Check, Finding, Level, Place, Watch

NOTABLE_S, WRONG_S = 60, 300


def look(place: Place, _watch: Watch) -> Sequence[Finding]:
    """Nothing without a centre; times of a machine that is ahead or behind stand wrong in every record."""
    if not place.has_centre:
        return []
    if place.line is None or place.line.skew_s is None:
        return [Finding("clock", Level.WARNING, "diagnosis.clock.unknown")]
    skew = place.line.skew_s
    facts = {"seconds": round(abs(skew))}
    if abs(skew) < NOTABLE_S:
        return [Finding("clock", Level.OK, "diagnosis.clock.ok", facts)]
    level = Level.BAD if abs(skew) >= WRONG_S else Level.WARNING
    return [Finding("clock", level, "diagnosis.clock.behind" if skew > 0 else "diagnosis.clock.ahead", facts)]


CHECK = Check("clock", 30, look)
