"""The versions in use: program, store, rules."""

from collections.abc import Sequence

from sync.diagnosis.looking import Check, Finding, Level, Place, Watch
from sync.diagnosis.versions import versions
from sync.schema import HEAD


def look(place: Place, _watch: Watch) -> Sequence[Finding]:
    """The store's shape must be the program's; everything else is told for who helps from afar."""
    found = versions(place.store)
    shape = found.get("schema", HEAD)
    facts = {"program": found["program"], "schema": shape, "known": HEAD}
    if shape != HEAD:
        return [Finding("versions", Level.BAD, "diagnosis.versions.shape", facts)]
    rules = {"rules": found["content"]["alerts"], "changes": found.get("alert_rule_changes", 0)}
    return [
        Finding("versions", Level.OK, "diagnosis.versions.ok", facts),
        Finding("rules", Level.OK, "diagnosis.rules.ok", rules),
    ]


CHECK = Check("versions", 80, look)
