"""Room on the disk the installation lies on."""

import shutil
from collections.abc import Sequence

from sync.diagnosis.looking import Check, Finding, Level, Place, Watch

DANGER = 1 << 30
"""Bytes; what the sentence of a full disk asks to keep free."""


def look(place: Place, _watch: Watch) -> Sequence[Finding]:
    """Compare what is free with what records and attachments need."""
    usage = shutil.disk_usage(place.folder)
    facts = {"free": f"{usage.free / (1 << 30):.1f}", "total": f"{usage.total / (1 << 30):.0f}"}
    if usage.free < DANGER:
        return [Finding("disk", Level.BAD, "diagnosis.disk.full", facts)]
    if usage.free < place.least_free + DANGER:
        return [Finding("disk", Level.WARNING, "diagnosis.disk.low", facts)]
    return [Finding("disk", Level.OK, "diagnosis.disk.ok", facts)]


CHECK = Check("disk", 20, look)
