"""The one registry of forms: those that ship (``resources/forms``) and those an organisation was given of its own.

Whoever lists or opens forms asks here. A form of one's own with the name of one that ships (licensed text over it)
takes its place; an exact version is found whatever is in force now, so that what was handed out can be handed in.
"""

import functools
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from domain.designs.reading import Published, content_of, in_force, version_of
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from forms.questionnaire import Questionnaire
from forms.questionnaire_reader import load_form, parse_form
from forms.response import from_json

MOST_KEPT = 16


@dataclass(frozen=True, slots=True)
class Listed:
    """A form that may be filled in; title and version are told of one's own only, those of shipped ones are named."""

    form: str
    title: str = ""
    version: str = ""


@dataclass(frozen=True)
class Taken:
    """A form in one exact version.

    Attributes:
        form: As the engine fills it in.
        own: The published version, None for a form that ships.
        parts: Of a composite, the instruments that its answers are split for, by form.
    """

    form: Questionnaire
    own: Published | None = None
    parts: dict[str, Questionnaire] = field(default_factory=dict)

    @property
    def is_retired(self) -> bool:
        """Whether this version is out of use; it can be handed in, and that is told."""
        return self.own is not None and self.own.retired


def listed(connection: Connection, folder: Path, orgs: Collection[Id]) -> dict[str, Listed]:
    """Return every form that people of some organisations may fill in, by name.

    Args:
        connection: The store.
        folder: Where the forms are that ship.
        orgs: The organisations of the person and of whoever asks.
    """
    found = {path.stem: Listed(path.stem) for path in sorted(folder.glob("*.json"))}
    own = {name: Listed(name, one.title, one.version) for name, one in in_force(connection, orgs).items()}
    return dict(sorted((found | own).items()))


def take(connection: Connection, folder: Path, form: str, orgs: Collection[Id], version: str = "") -> Taken:
    """Return a form in the version asked for, or in the one in force.

    Raises:
        DomainError: ``form.other_task`` if another version than the one asked for is all there is; ``form.not_here``
            if these organisations have no such form.
    """
    own = version_of(connection, form, version, orgs) if version else in_force(connection, orgs).get(form)
    if own is not None:
        return _own(connection, own)
    path = folder / f"{form}.json"
    if not form.replace("_", "").isalnum() or not path.is_file():
        raise DomainError("form.not_here", form=form)
    shipped = _shipped(path, path.stat().st_mtime_ns)
    if version and shipped.version != version:
        raise DomainError("form.other_task", given=version, version=shipped.version)
    return Taken(shipped)


@functools.lru_cache(maxsize=64)
def _shipped(path: Path, _changed_at: int) -> Questionnaire:
    return load_form(path)


_kept: "OrderedDict[Id, tuple[Questionnaire, dict[str, Questionnaire]]]" = OrderedDict()


def _own(connection: Connection, own: Published) -> Taken:
    """Return a published version; it never changes, so it is read once."""
    found = _kept.get(own.id)
    if found is None:
        resource, parts = content_of(connection, own.id)
        read = (_parsed(resource), {name: _parsed(part["questionnaire"]) for name, part in parts.items()})
        found = _kept[own.id] = read
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return Taken(found[0], own, found[1])


def _parsed(resource: object) -> Questionnaire:
    return parse_form(from_json(msgspec.json.encode(resource)))
