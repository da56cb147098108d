"""A design as it is opened: what the store has, and what this workstation kept of changes that were not saved yet."""

from dataclasses import dataclass
from typing import Any

import msgspec

from client.keys import key_file_of, read_key
from client.station import Context
from client.stations.front_desk.drafts import Drafts
from domain.designs.publishing import places_of
from domain.designs.records import FormDesign
from domain.designs.workflow import design_life
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.worklists import records
from domain.people.records import Organization

SKETCH = "sketch"
"""Stands in the name of the file where a draft of a questionnaire would have the name of the form."""


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation that a form may be published to; `depth` counts from the top of what one sees."""

    id: Id
    name: str
    depth: int


@dataclass(frozen=True, slots=True)
class Design:
    """A design as it is shown; `recovered` says that it has changes of this workstation that were not saved."""

    id: Id
    form: str
    version: str
    title: str
    state: str
    origin: str
    questionnaire: dict[str, Any]
    scoring: dict[str, Any] | None
    parts: dict[str, Any] | None
    seen: str
    places: tuple[Place, ...]
    given: tuple[str, ...]
    recovered: bool = False

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.state == design_life.first


def drafts_here(context: Context) -> Drafts:
    """Return where unsaved changes are kept, sealed; reads the key, so not on the UI thread."""
    desk = context.desk
    return Drafts(
        desk.home.folder / "designs", read_key(desk.home.store, key_file_of(desk.settings.key_file))
    )


def read_design(context: Context, drafts: Drafts | None, design_id: Id) -> Design:
    """Return a design within the reader's scope.

    Raises:
        DomainError: ``form_design.unknown``.
    """
    with context.desk.store.read() as connection:
        found = records(connection, context.actor, FormDesign, FormDesign.id == design_id, limit=1)
        if not found:
            raise DomainError("form_design.unknown")
        row = found[0].as_dict()
        places = _places(connection, context)
        given = tuple(name for _, name in places_of(connection, design_id))
    kept = (
        drafts.load(design_id, SKETCH) if drafts is not None and row["state"] == design_life.first else None
    )
    told = {
        "questionnaire": _plain(row["questionnaire"]), "scoring": _plain(row["scoring"]), "title": row["title"],
    }  # fmt: skip
    seen = row["saved_at"].isoformat()
    if kept is not None:
        kept = _plain(kept)
        if kept["seen"] == seen or kept["questionnaire"] != told["questionnaire"]:
            told = {name: kept[name] for name in told}
            seen = kept["seen"]
    return Design(
        design_id, row["form"], row["version"], state=row["state"], origin=str(row["origin"]), seen=seen,
        parts=_plain(row["parts"]), places=places, given=given, recovered=kept is not None, **told,
    )  # fmt: skip


def _places(connection: Any, context: Context) -> tuple[Place, ...]:
    rows = records(connection, context.actor, Organization)
    known = {row.id: row.as_dict() for row in rows if context.actor.sees(row.id)}
    found: list[Place] = []

    def walk(above: Id | None, depth: int) -> None:
        below = [
            (one["name"], own) for own, one in known.items()
            if (one["parent_id"] if one["parent_id"] in known else None) == above
        ]  # fmt: skip
        for name, own in sorted(below):
            found.append(Place(own, name, depth))
            walk(own, depth + 1)

    walk(None, 0)
    return tuple(found)


def _plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=float))
