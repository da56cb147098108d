"""The life of a recheck: it waits, is booked, and ends by a result, a refusal or because its cause was corrected."""

from domain.kernel.workflow import State, Workflow, hours
from domain.recheck.records import RecheckAdvice

recheck_life = Workflow(
    RecheckAdvice,
    "再检建议",
    State("waiting", "待再检", limit=hours(30 * 24)),
    State("booked", "已预约", limit=hours(24)),
    State("done", "已再检", final=True),
    State("refused", "客户拒绝", final=True),
    State("withdrawn", "结果已更正", final=True),
    moves={
        "book": (("waiting", "booked"), "booked"),
        "finish": (("waiting", "booked"), "done"),
        "refuse": (("waiting", "booked"), "refused"),
        "withdraw": (("waiting", "booked"), "withdrawn"),
    },
)
"""The limits stand in for what is always said otherwise: by the rule that proposed it, or the day that was booked."""
