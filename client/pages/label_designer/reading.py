"""Which templates there are: those that ship, and each version of one's own."""

from dataclasses import dataclass
from typing import Any

import msgspec

import resources
from client.station import Context
from devices.labels.templates import load_labels
from domain.kernel.ids import Id
from domain.kernel.rows import records
from domain.labels.design_commands import PURPOSES
from domain.labels.records import LabelDesign

SHIPPED = "shipped"
FORMAT = "aftercheck-label-1"
"""Says in an exported file what it is."""
_PREFIX = {"tube": "tube", "cryo": "aliquot", "lid": "aliquot"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One template of the list; `id` is None for one that ships, `seen` tells one save from another."""

    id: Id | None
    code: str
    title: str
    version: int
    purpose: str
    state: str
    content: dict[str, Any]
    seen: str | None = None

    @property
    def is_draft(self) -> bool:
        """Whether it may be changed."""
        return self.state == "draft"


def templates_of(context: Context) -> list[Entry]:
    """Return one's own, the one worked on last first, then those that ship."""
    with context.desk.store.read() as connection:
        rows = records(connection, context.actor, LabelDesign, LabelDesign.state != "discarded")
    rows.sort(key=lambda row: row.saved_at, reverse=True)
    own = [
        Entry(r.id, r.code, r.title, r.version, r.purpose, r.state, r.content, r.saved_at.isoformat())
        for r in rows
    ]
    return own + shipped()


def shipped() -> list[Entry]:
    """Return the templates that ship, as designs."""
    found = []
    for name, template in load_labels(resources.folder("documents") / "labels").items():
        purpose = _PREFIX.get(name.partition("_")[0])
        if purpose is not None:
            content = {
                "stock": msgspec.to_builtins(template.stock),
                "elements": [msgspec.to_builtins(element) for element in template.elements],
            }
            found.append(Entry(None, name, template.title, template.version, purpose, SHIPPED, content))
    return found


def to_file(title: str, purpose: str, content: dict[str, Any]) -> bytes:
    """Return a template as a file that another installation reads."""
    told = {"format": FORMAT, "title": title, "purpose": purpose, "content": content}
    return msgspec.json.format(msgspec.json.encode(told), indent=1)


def from_file(data: bytes) -> tuple[str, str, dict[str, Any]] | None:
    """Return title, purpose and content of such a file; None for any other."""
    try:
        told = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(told, dict) or told.get("format") != FORMAT or told.get("purpose") not in PURPOSES:
        return None
    title, content = told.get("title"), told.get("content")
    if not isinstance(title, str) or not title.strip() or not isinstance(content, dict):
        return None
    return title.strip()[:120], str(told["purpose"]), content
