"""The life of a questionnaire that was given to a person."""

from domain.kernel.workflow import State, Workflow, hours
from domain.scales.records import FormTask

form_task_life = Workflow(
    FormTask,
    "问卷填写",
    State("issued", "待填写", limit=hours(7 * 24)),
    State("handed_in", "已提交", final=True),
    State("lost", "登记失访", final=True),
    State("withdrawn", "已撤回", final=True),
    moves={
        "hand_in": ("issued", "handed_in"),
        "lose": ("issued", "lost"),
        "withdraw": ("issued", "withdrawn"),
    },
)
"""When it is due may be said when it is given out; beginning it does not put that off."""
