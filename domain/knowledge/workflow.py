"""The life of an entry: each change and each review gives it half a year."""

from datetime import timedelta

from domain.kernel.workflow import State, Workflow
from domain.knowledge.records import KnowledgeEntry

HALF_A_YEAR = timedelta(days=183)
knowledge_life = Workflow(
    KnowledgeEntry,
    "知识库条目",
    State("in_force", "在用", limit=HALF_A_YEAR),
    State("retired", "停用"),
    moves={
        "renew": ("in_force", "in_force"),
        "retire": ("in_force", "retired"),
        "restore": (("in_force", "retired"), "in_force"),
    },
)
