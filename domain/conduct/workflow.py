"""The lives of a finding and of a reception that went wrong: open until somebody else has concluded them."""

from domain.conduct.reception_records import ReceptionCheck
from domain.conduct.records import MessageFinding
from domain.kernel.workflow import State, Workflow, hours, minutes

finding_life = Workflow(
    MessageFinding,
    "违规沟通内容",
    State("open", "待审核", limit=minutes(60)),
    State("released", "审核放行", final=True),
    State("withdrawn", "已撤回更正", final=True),
    moves={"release": ("open", "released"), "withdraw": ("open", "withdrawn")},
)

reception_life = Workflow(
    ReceptionCheck,
    "接待合规检查",
    State("open", "待整改", limit=hours(24)),
    State("in_order", "合规", final=True),
    State("rectified", "已整改", final=True),
    moves={"rectify": ("open", "rectified")},
)
