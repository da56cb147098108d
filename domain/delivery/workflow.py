"""The life of a signed edition: offered, read back by the branch; taken back when it is corrected.

What the branch cannot read is no state of its own: the edition stays sent, with the fault, and is due at once.
"""

from domain.delivery.change_records import ReportChange
from domain.delivery.records import ReportDelivery
from domain.kernel.workflow import State, Workflow, hours, minutes

change_life = Workflow(
    ReportChange,
    "签发后变化",
    State("open", "待核定", limit=hours(4)),
    State("settled", "核定不需更正"),
    State("corrected", "已撤回更正", final=True),
    State("back", "已恢复一致"),
    moves={
        "settle": ("open", "settled"),
        "correct": ("open", "corrected"),
        "back": ("open", "back"),
        "again": (("settled", "back"), "open"),
    },
)

delivery_life = Workflow(
    ReportDelivery,
    "报告下发",
    State("preparing", "待下发", limit=hours(2)),
    State("sent", "待分院接收", limit=minutes(30)),
    State("received", "分院已接收"),
    State("withdrawn", "已更正作废", final=True),
    moves={
        "send": ("preparing", "sent"),
        "receive": (("preparing", "sent"), "received"),
        "send_again": (("sent", "received"), "sent"),
        "withdraw": (("preparing", "sent", "received"), "withdrawn"),
    },
)
"""How long either may take is a suggestion of the requirements (A-139, A-140)."""
