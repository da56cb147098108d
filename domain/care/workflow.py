"""The lives of a plan, its items and its dated nodes."""

from domain.care.records import CareItem, CareNode, CarePlan
from domain.kernel.workflow import State, Workflow, hours

plan_life = Workflow(
    CarePlan,
    "干预计划",
    State("draft", "待签发", limit=hours(3 * 24)),
    State("running", "执行中", limit=hours(365 * 24)),
    State("finished", "已完成", final=True),
    State("stopped", "已终止", final=True),
    moves={
        "sign_plan": ("draft", "running"),
        "finish_plan": ("running", "finished"),
        "stop_plan": (("draft", "running"), "stopped"),
    },
)
"""The deadline of a running plan is the end of its last day, written when it is signed or extended."""

item_life = Workflow(
    CareItem,
    "干预项目",
    State("planned", "待开始"),
    State("running", "执行中", limit=hours(365 * 24)),
    State("paused", "暂停"),
    State("ended", "已结束", final=True),
    moves={
        "begin": ("planned", "running"),
        "pause_item": ("running", "paused"),
        "resume_item": ("paused", "running"),
        "end_item": (("planned", "running", "paused"), "ended"),
    },
)

node_life = Workflow(
    CareNode,
    "干预节点",
    State("planned", "待开始"),
    State("waiting", "待完成", limit=hours(24)),
    State("done", "已完成", final=True),
    State("exempt", "已豁免", final=True),
    moves={
        "begin": ("planned", "waiting"),
        "complete_node": ("waiting", "done"),
        "exempt_node": (("planned", "waiting"), "exempt"),
    },
)
