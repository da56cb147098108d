"""The line to the centre: whether it holds, since when not, and why."""

from collections.abc import Sequence
from datetime import timedelta

from domain.kernel.clock import clinic
from sync.diagnosis.looking import Check, Finding, Level, Place, Watch

LONG = timedelta(hours=24)


def look(place: Place, _watch: Watch) -> Sequence[Finding]:
    """Work goes on without a line; a day without one is more than a bad cable."""
    line = place.line
    if not place.has_centre:
        return [Finding("line", Level.OK, "diagnosis.line.none")]
    if line is None:
        return [Finding("line", Level.BAD, "diagnosis.line.absent")]
    facts = {
        "last": f"{clinic(line.last_contact):%Y-%m-%d %H:%M}" if line.last_contact else "—",
        "waiting": line.waiting,
    }
    if line.phase == "failed":
        return [Finding("line", Level.BAD, "diagnosis.line.failed", facts, line.reason)]
    if line.phase == "offline":
        long = line.last_contact is not None and place.now - line.last_contact > LONG
        return [
            Finding(
                "line", Level.BAD if long else Level.WARNING, "diagnosis.line.offline", facts, line.reason
            )
        ]
    if line.last_contact is None:
        return [Finding("line", Level.WARNING, "diagnosis.line.waits", facts, line.reason)]
    return [Finding("line", Level.OK, "diagnosis.line.ok", facts)]


CHECK = Check("line", 40, look)
