"""The library as lists: what counts, what has to be looked at again, what is out of use, and every version."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.knowledge.commands import (
    ImportKnowledge,
    RestoreEntry,
    RetireEntry,
    ReviewEntry,
    VerifyEntry,
    WriteEntry,
)
from domain.knowledge.reading import VIEW
from domain.knowledge.records import KnowledgeEntry, KnowledgeVersion


@worklist("knowledge.entries", "知识库与方案库", permission=VIEW, record=KnowledgeEntry, order="due_at")
def entries() -> Query:
    """Everything in use, what must be changed or reviewed first."""
    k = KnowledgeEntry
    return select(
        k.kind, k.title, k.diseases, k.groups, k.age_from, k.age_to, k.points, k.source, k.unverified, k.own,
        k.newer, k.version, k.changed_at, k.reviewed_at, k.reviewed_name, k.due_at, k.kept_in, k.code,
    ).where(k.due_at.is_not(None))  # fmt: skip


entries.offers(WriteEntry, ReviewEntry, VerifyEntry, RetireEntry, ImportKnowledge)


@worklist("knowledge.versions", "知识库版本", permission=VIEW, record=KnowledgeVersion, order="-written_at")
def versions() -> Query:
    """Every version of every entry, the latest first."""
    v = KnowledgeVersion
    return select(
        KnowledgeEntry.kind,
        v.title,
        v.version,
        v.reason,
        v.written_name,
        v.written_at,
        KnowledgeEntry.state,
    ).join(KnowledgeEntry, KnowledgeEntry.id == v.knowledge_entry_id)


versions.offers(RestoreEntry)
