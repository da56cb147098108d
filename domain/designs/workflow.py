"""The life of a design, and of what was published of it at one organisation."""

from domain.designs.records import FormDesign, PublishedForm
from domain.kernel.workflow import State, Workflow

design_life = Workflow(
    FormDesign,
    "问卷设计",
    State("draft", "草稿"),
    State("published", "已发布"),
    State("retired", "已停用", final=True),
    State("discarded", "已作废", final=True),
    moves={
        "publish": ("draft", "published"),
        "discard": ("draft", "discarded"),
        "retire": ("published", "retired"),
    },
)

published_life = Workflow(
    PublishedForm,
    "已发布问卷",
    State("in_force", "使用中"),
    State("retired", "已停用", final=True),
    moves={"retire": ("in_force", "retired")},
)
"""A newer version takes the place of an older one without a move: the one published last is offered."""
