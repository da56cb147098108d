"""Foreign questionnaires, where they are at hand: read here, never copied into the project."""

import json
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "fhir-questionnaires"


def resources(kind):
    """Yield path and JSON of every file of a resource type."""
    for path in sorted(FOLDER.rglob("*.json")):
        if path.name != "manifest.json":
            resource = json.loads(path.read_text("utf-8-sig"), parse_float=Decimal)
            if resource.get("resourceType") == kind:
                yield path, resource


def meaning(value):
    """Return JSON without what makes no difference in FHIR: order of extensions, flags that are off, empty lists."""
    if isinstance(value, dict):
        found = {key: meaning(entry) for key, entry in value.items()}
        found = {key: entry for key, entry in found.items() if entry not in (False, [], {}, None)}
        if "extension" in found:
            found["extension"] = sorted(
                found["extension"], key=lambda entry: json.dumps(entry, sort_keys=True, default=str)
            )
        return found
    if isinstance(value, list):
        return [meaning(entry) for entry in value]
    return (
        Decimal(str(value))
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        else value
    )
