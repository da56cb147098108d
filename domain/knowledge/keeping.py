"""An entry and its versions: made, changed, kept; what the commands of the library have in common."""

from typing import Any

import msgspec
from sqlalchemy import func, select

from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.knowledge.content import KNOWLEDGE, KnowledgeContent, Piece
from domain.knowledge.records import KnowledgeEntry, KnowledgeVersion, Shelf
from domain.knowledge.workflow import knowledge_life

SHIPS = "程序自带内容更新"


def entry_id(code: str) -> Id:
    """Return the id of the entry of a code."""
    return stable_id("knowledge_entry", code)


def content_of(work: UnitOfWork) -> KnowledgeContent:
    """Return what ships."""
    content: KnowledgeContent = work.content[KNOWLEDGE]
    return content


def new_entry(work: UnitOfWork, kind: Shelf, piece: Piece, *, own: bool, reason: str = SHIPS) -> Id:
    """Add an entry with its first version; returns its id."""
    entry = KnowledgeEntry(id=entry_id(piece.id), code=piece.id, kind=kind, version=0)
    work.start(knowledge_life, entry)
    put(work, entry, piece, own=own)
    work.add(entry)
    keep(work, entry, reason)
    return entry.id


def put(work: UnitOfWork, entry: KnowledgeEntry, piece: Piece, *, own: bool) -> None:
    """Give an entry the content of a piece; its version is kept by `keep`."""
    for name, value in body_of(piece).items():
        if name != "id":
            setattr(entry, name, "\n".join(value) if name == "points" else value)
    entry.unverified = own or piece.status != "VERIFIED"
    entry.own, entry.changed_at = own, work.now
    if not own:
        entry.shipped, entry.newer = piece.version, None


def body_of(piece: Piece) -> dict[str, Any]:
    """Return what a piece says, as versions keep it."""
    said: dict[str, Any] = msgspec.to_builtins(piece)
    kept = {name: value for name, value in said.items() if name not in {"version", "status"}}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}


def body(entry: KnowledgeEntry) -> dict[str, Any]:
    """Return what an entry says, as versions keep it."""
    return {
        "id": entry.code, "title": entry.title, "diseases": entry.diseases, "groups": entry.groups,
        "age_from": entry.age_from, "age_to": entry.age_to, "tags": entry.tags,
        "points": entry.points.split("\n"), "source": entry.source,
    }  # fmt: skip


def keep(work: UnitOfWork, entry: KnowledgeEntry, reason: str) -> None:
    """Keep a version: of an entry mirrored here only the word of who reviewed it."""
    v = KnowledgeVersion.__table__.c
    newest = select(func.max(v.version)).where(v.knowledge_entry_id == entry.id)
    number = int(work.connection.execute(newest).scalar() or 0) + 1
    if entry.kept_in is None:
        entry.version = number
    version = KnowledgeVersion(
        knowledge_entry_id=entry.id, version=number, title=entry.title, body=body(entry), reason=reason[:4000],
        written_at=work.now, written_by=work.actor.staff_id, written_name=work.actor.name,
    )  # fmt: skip
    work.add(version)
