"""The life of an item of a visit. A planned one is due at the day's end, or at once when its client is leaving."""

from domain.kernel.workflow import State, Workflow, hours
from domain.process.records import VisitItem

OPEN = ("planned", "done")

item_life = Workflow(
    VisitItem,
    "检查项目",
    State("planned", "未执行", limit=hours(10)),
    State("done", "已执行未录入", limit=hours(4)),
    State("entered", "已完成", final=True),
    State("refused", "弃检"),
    State("postponed", "改期"),
    State("waived", "签批免检"),
    State("dropped", "已取消"),
    moves={
        "perform": ("planned", "done"),
        "enter": (("planned", "done", "refused", "postponed", "waived", "dropped"), "entered"),
        "refuse": ("planned", "refused"),
        "postpone": ("planned", "postponed"),
        "waive": (("planned", "done"), "waived"),
        "drop": ("planned", "dropped"),
        "plan": ("dropped", "planned"),
    },
)
"""A result may come for what was refused: then it was done after all."""
