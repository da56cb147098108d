"""The newest part of the audit chain: since the last anchor, and all anchors."""

from collections.abc import Sequence

from domain.audit.chain import head_of
from domain.security.anchors import newest_break
from sync.diagnosis.looking import Check, Finding, Level, Place, Reason, Watch


def look(place: Place, _watch: Watch) -> Sequence[Finding]:
    """Look only; the daily check notes what it finds as a finding of the security list."""
    if place.store is None or place.device_id is None:
        return []
    with place.store.read() as connection:
        found = newest_break(connection, place.device_id)
        rows = head_of(connection).number
    if found is None:
        return [Finding("chain", Level.OK, "diagnosis.chain.ok", {"count": rows})]
    told = Reason(found.code, {"number": found.number})
    return [Finding("chain", Level.BAD, "diagnosis.chain.broken", {"number": found.number}, told)]


CHECK = Check("chain", 90, look)
