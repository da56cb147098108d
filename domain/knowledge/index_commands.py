"""Taking into the library what ships and what other features keep; the centre does so by itself."""

from typing import Any

from sqlalchemy import select

from domain.kernel.authority import Actor
from domain.kernel.commands import command, handles
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.knowledge.content import KnowledgeContent
from domain.knowledge.keeping import SHIPS, content_of, entry_id, keep, new_entry, put
from domain.knowledge.records import KnowledgeEntry
from domain.knowledge.shelves import Mirrored, mirrored, words_of
from domain.knowledge.workflow import knowledge_life


@command("knowledge.index", "更新知识库目录", permission=None, place="internal")
class IndexKnowledge:
    """Take in what ships and what other features keep, where it is new or has a newer version."""


@handles(IndexKnowledge)
def index_knowledge(order: IndexKnowledge, work: UnitOfWork) -> int:
    """Return how many entries were written."""
    del order
    content = content_of(work)
    written = 0
    for library, piece in content.pieces.values():
        entry = work.get(KnowledgeEntry, entry_id(piece.id))
        if entry is None:
            new_entry(work, library, piece, own=False)
        elif piece.version <= entry.shipped or entry.newer == piece.version:
            continue
        elif entry.own:
            entry.newer = piece.version
        else:
            work.move(knowledge_life, entry, "renew")
            put(work, entry, piece, own=False)
            keep(work, entry, SHIPS)
        written += 1
    return written + _mirror(work, content)


def _mirror(work: UnitOfWork, content: KnowledgeContent) -> int:
    written, there = 0, set[Id]()
    for piece in mirrored(work.connection, work.content):
        there.add(entry_id(piece.code))
        entry = work.get(KnowledgeEntry, entry_id(piece.code))
        values = _values(piece, content)
        if entry is None:
            entry = KnowledgeEntry(
                id=entry_id(piece.code), code=piece.code, kind=piece.kind, kept_in=piece.kept_in,
                changed_at=work.now, **values,
            )  # fmt: skip
            work.start(knowledge_life, entry)
            work.add(entry)
        elif entry.state == "retired" or any(getattr(entry, name) != value for name, value in values.items()):
            work.move(knowledge_life, entry, "restore")
            for name, value in values.items():
                setattr(entry, name, value)
            entry.changed_at = work.now
        else:
            continue
        written += 1
    k = KnowledgeEntry.__table__.c
    kept = select(k.id).where(k.kept_in.is_not(None), k.state == "in_force")
    for gone in set(work.connection.execute(kept).scalars()) - there:
        work.move(knowledge_life, work.require(KnowledgeEntry, gone), "retire")
        written += 1
    return written


def _values(piece: Mirrored, content: KnowledgeContent) -> dict[str, Any]:
    return {
        "version": piece.version, "title": piece.title[:200], "points": piece.points, "source": piece.source[:300],
        "unverified": piece.unverified, "diseases": words_of(content.words.diseases, piece.topics),
        "groups": words_of(content.words.groups, piece.groups),
    }  # fmt: skip


def index_library(dispatcher: Dispatcher, actor: Actor) -> int:
    """Take in what is new; returns how many entries were written. For the centre's housekeeping."""
    written: int = dispatcher.run(IndexKnowledge(), actor).receipt
    return written
