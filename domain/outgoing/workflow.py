"""The life of a request to take a list out."""

from domain.kernel.workflow import State, Workflow, hours
from domain.outgoing.request_records import ExportRequest

request_life = Workflow(
    ExportRequest,
    "导出申请",
    State("asked", "待批准", hours(24)),
    State("approved", "已批准"),
    State("refused", "未批准", final=True),
    State("used", "已导出", final=True),
    moves={
        "approve": ("asked", "approved"),
        "refuse": ("asked", "refused"),
        "use": ("approved", "used"),
    },
)
"""One whose days are over stays where it is: `until` alone decides."""
