"""What a workstation lacks of the standard for joining the platform. Pure."""

import dataclasses
from typing import Any

NUMBERS = ("most_skew_s", "most_rejected", "most_waits_h")


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """What counts; what ships where nothing was set (`number` 0)."""

    number: int = 0
    least_version: str = "0.1.0"
    most_skew_s: int = 300
    most_rejected: int = 0
    most_waits_h: int = 72
    settings_in_force: bool = True


def parts_of(version: str) -> tuple[int, ...]:
    """Return a version as numbers. Raises ValueError for what is none."""
    return tuple(int(part) for part in version.split("."))


def lacks_of(node: Any, standard: Standard) -> list[str]:
    """Return the codes of what a node does not fulfil, empty for one that does.

    `node` has the fields of `SyncNode`; one that was never in contact fulfils nothing that has to be seen.
    """
    if node.version is None or node.last_contact is None:
        return ["contact"]
    found = []
    try:
        old = parts_of(node.version) < parts_of(standard.least_version)
    except ValueError:
        old = True
    if old:
        found.append("version")
    if abs(node.skew_s) > standard.most_skew_s:
        found.append("skew")
    if node.rejected > standard.most_rejected:
        found.append("rejected")
    if node.waits_s > standard.most_waits_h * 3600:
        found.append("waits")
    if node.refusals:
        found.append("refusals")
    if standard.settings_in_force and node.settings_behind:
        found.append("settings")
    return found
