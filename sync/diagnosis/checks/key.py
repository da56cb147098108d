"""The store's key where it is kept: an open store says nothing of whether it can be opened tomorrow."""

from collections.abc import Sequence

from sync.diagnosis.looking import Check, Finding, Level, Place, Watch
from sync.sealed_files import derived_key


def look(place: Place, _watch: Watch) -> Sequence[Finding]:
    """Read the key anew and compare it with the one in use; raises what reading it raises."""
    if place.key is None:
        return []
    kept = place.key()
    used = getattr(place.store, "files_key", None)
    if used is not None and derived_key(kept, "files") != used:
        return [Finding("key", Level.BAD, "diagnosis.key.other")]
    return [Finding("key", Level.OK, "diagnosis.key.ok")]


CHECK = Check("key", 60, look)
