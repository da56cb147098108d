"""The life of a membership of a disease register. Whom nobody decides on within a day is told of (A-108)."""

from domain.followup.register_records import RegisterMember
from domain.kernel.workflow import State, Workflow, hours

register_life = Workflow(
    RegisterMember,
    "专病队列成员",
    State("candidate", "待纳入", limit=hours(24)),
    State("enrolled", "在管", limit=hours(90 * 24)),
    State("excluded", "已排除"),
    State("lapsed", "不再符合"),
    State("left", "已出队"),
    moves={
        "enrol": (("candidate", "excluded", "lapsed", "left"), "enrolled"),
        "review": ("enrolled", "enrolled"),
        "exclude": ("candidate", "excluded"),
        "lapse": ("candidate", "lapsed"),
        "propose": (("lapsed", "left"), "candidate"),
        "leave": ("enrolled", "left"),
    },
)
"""How often a member is looked at is the register's own; the limit of that state stands in for it."""
