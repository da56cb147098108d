"""The life of a finding: open until somebody else let it pass or had it taken back."""

from domain.conduct.records import MessageFinding
from domain.kernel.workflow import State, Workflow, minutes

finding_life = Workflow(
    MessageFinding,
    "违规沟通内容",
    State("open", "待审核", limit=minutes(60)),
    State("released", "审核放行", final=True),
    State("withdrawn", "已撤回更正", final=True),
    moves={"release": ("open", "released"), "withdraw": ("open", "withdrawn")},
)
