"""The life of a list of what was sent: open until it is counted to its end."""

from domain.biobank.receiving_records import ReceivingList
from domain.kernel.workflow import State, Workflow, hours

receiving_life = Workflow(
    ReceivingList,
    "到货清单",
    State("open", "清点中", limit=hours(24)),
    State("complete", "全部到货", final=True),
    State("differs", "有差异", final=True),
    moves={"complete": ("open", "complete"), "differ": ("open", "differs")},
)
"""A day is a suggestion of this product; a site may set its own."""
