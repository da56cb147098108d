"""The life of a goal: from the signing of its plan until it is reached; lost again where a later value misses it."""

from domain.care.goal_records import CareGoal
from domain.kernel.workflow import State, Workflow, hours

goal_life = Workflow(
    CareGoal,
    "管理目标",
    State("planned", "待开始"),
    State("pursued", "追踪中", limit=hours(365 * 24)),
    State("reached", "已达标"),
    State("dropped", "已取消", final=True),
    moves={
        "begin": ("planned", "pursued"),
        "reach": ("pursued", "reached"),
        "lose": ("reached", "pursued"),
        "drop_goal": (("planned", "pursued", "reached"), "dropped"),
    },
)
"""The deadline of a pursued goal is the end of its last day, written when it begins."""
