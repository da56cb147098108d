"""The life of a signed edition: offered, read back by the branch; taken back when it is corrected.

What the branch cannot read is no state of its own: the edition stays sent, with the fault, and is due at once.
"""

from domain.delivery.records import ReportDelivery
from domain.kernel.workflow import State, Workflow, hours, minutes

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
