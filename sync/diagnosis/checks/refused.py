"""What the centre did not take over, what waits there, and what two places recorded differently."""

from collections.abc import Sequence

from sync.diagnosis.looking import Check, Finding, Level, Place, Watch


def look(place: Place, _watch: Watch) -> Sequence[Finding]:
    """Counts only: what was refused is named on the page of the exchange."""
    line = place.line
    if line is None:
        return []
    found = []
    if line.refused:
        found.append(Finding("refused", Level.BAD, "diagnosis.refused.lost", {"count": line.refused}))
    if line.parked:
        found.append(Finding("refused", Level.WARNING, "diagnosis.refused.parked", {"count": line.parked}))
    if line.conflicts:
        found.append(
            Finding("refused", Level.WARNING, "diagnosis.refused.conflicts", {"count": line.conflicts})
        )
    return found or [Finding("refused", Level.OK, "diagnosis.refused.ok")]


CHECK = Check("refused", 50, look)
