"""The life of a mark: it waits, is signed, and waits again when it is taken back or its numbers change."""

from domain.kernel.workflow import State, Workflow
from domain.signoff.records import ContentMark

mark_life = Workflow(
    ContentMark,
    "内容核定",
    State("waiting", "待核定"),
    State("signed", "已核定"),
    State("gone", "已移除"),
    moves={
        "sign": ("waiting", "signed"),
        "withdraw": ("signed", "waiting"),
        "change": (("signed", "gone"), "waiting"),
        "remove": (("waiting", "signed"), "gone"),
    },
)
"""``gone``: the content has no such part any more, or it has been read in its source meanwhile."""
