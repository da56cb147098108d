"""The life of a doubt about who somebody is."""

from domain.kernel.workflow import State, Workflow, hours
from domain.people.identity_records import IdentityCheck

identity_checking = Workflow(
    IdentityCheck,
    "身份核实",
    State("pending", "身份待核实", limit=hours(24)),
    State("verified", "已核实", final=True),
    moves={"verify": ("pending", "verified")},
)
