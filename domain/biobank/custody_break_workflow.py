"""The life of a break in a chain of custody: open until somebody found out why."""

from domain.biobank.custody_records import CustodyBreak
from domain.kernel.workflow import State, Workflow, hours

custody_break_life = Workflow(
    CustodyBreak,
    "监管链断点",
    State("open", "待调查", limit=hours(24)),
    State("settled", "已查明", final=True),
    moves={"settle": ("open", "settled")},
)
