"""The life of an adjustment of rights."""

from domain.kernel.workflow import State, Workflow, hours
from domain.rights.records import RightsChange

rights_life = Workflow(
    RightsChange,
    "权限调整",
    State("proposed", "待批准", hours(24)),
    State("in_force", "生效"),
    State("refused", "未批准", final=True),
    State("ended", "已结束", final=True),
    moves={
        "approve": ("proposed", "in_force"),
        "refuse": ("proposed", "refused"),
        "end": (("proposed", "in_force"), "ended"),
    },
)
"""One whose time is over stays where it is: `until` alone decides, at every look."""
