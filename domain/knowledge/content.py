"""What ``resources/knowledge`` says: the words entries are sorted by, and a file of entries a library. Pure values.

To add an entry, add it to the file of its library; a `version` that rose reaches every installation by the next look.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from domain.kernel.content import ContentError, load_folder
from domain.knowledge.records import Shelf

KNOWLEDGE = "knowledge"
"""Name of the `KnowledgeContent` among the dispatcher's content."""
Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Age: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=120)]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a file: what it does not know it refuses."""


class Word(_Strict, frozen=True, kw_only=True):
    """A disease or a group of clients: its name, and how else it is called or coded."""

    name: Text
    also: tuple[str, ...] = ()


class Words(_Strict, frozen=True, kw_only=True):
    """Every disease and group that entries may be sorted by; `libraries`: words that ask for an entry of one."""

    diseases: tuple[Word, ...]
    groups: tuple[Word, ...]
    libraries: Mapping[Shelf, tuple[str, ...]] = {}


class Piece(_Strict, frozen=True, kw_only=True):
    """One entry: for which diseases, groups and ages, under which words, and what it says, point by point."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    diseases: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    age_from: Age | None = None
    age_to: Age | None = None
    tags: tuple[str, ...] = ()
    points: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    source: Text
    status: Literal["VERIFIED", "UNVERIFIED"] = "UNVERIFIED"


class LibraryFile(_Strict, frozen=True, kw_only=True):
    """The entries of one library."""

    kind: Shelf
    entries: tuple[Piece, ...]


class KnowledgeContent(msgspec.Struct, frozen=True):
    """What ships."""

    words: Words
    pieces: Mapping[str, tuple[Shelf, Piece]]


def named(words: Iterable[Word], said: str) -> str | None:
    """Return the name of what is said, by its name or another of its words; None if there is none such."""
    wanted = said.strip().casefold()
    return next(
        (w.name for w in words if wanted in {w.name.casefold(), *(a.casefold() for a in w.also)}), None
    )


def problems_with(words: Words, piece: Piece) -> list[str]:
    """Return what is wrong with an entry beyond its shape."""
    found = [f"diseases: {one}" for one in piece.diseases if named(words.diseases, one) is None]
    found += [f"groups: {one}" for one in piece.groups if named(words.groups, one) is None]
    if piece.age_from is not None and piece.age_to is not None and piece.age_from > piece.age_to:
        found.append(f"age_to: {piece.age_to}")
    return found


def load_knowledge(folder: Path) -> KnowledgeContent:
    """Return what the folder says.

    Raises:
        ContentError: Files that do not fit, entries of one id, diseases and groups nobody knows.
    """
    words = load_folder(folder, Words, "words.yaml").get("words")
    if words is None:
        raise ContentError(["words.yaml: missing"])
    files = {
        stem: load_folder(folder, LibraryFile, f"{stem}.yaml").get(stem)
        for stem in (str(one) for one in Shelf)
    }
    pieces: dict[str, tuple[Shelf, Piece]] = {}
    problems: list[str] = []
    for stem, file in files.items():
        for piece in file.entries if file is not None else ():
            problems += [f"{stem}.yaml: {piece.id}: {said}" for said in problems_with(words, piece)]
            if piece.id in pieces:
                problems.append(f"{stem}.yaml: {piece.id}: stands twice")
            pieces[piece.id] = (file.kind, piece) if file is not None else pieces[piece.id]
    if problems:
        raise ContentError(problems)
    return KnowledgeContent(words, pieces)
