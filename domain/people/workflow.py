"""The life of a doubt about who somebody is."""

from domain.kernel.workflow import State, Workflow, hours
from domain.people.identity_records import IdentityCheck
from domain.people.roster_records import IdentityDuty

identity_checking = Workflow(
    IdentityCheck,
    "身份核实",
    State("pending", "身份待核实", limit=hours(24)),
    State("verified", "已核实", final=True),
    moves={"verify": ("pending", "verified")},
)

identity_duty_life = Workflow(
    IdentityDuty,
    "身份核查",
    State("waiting", "待核查", limit=hours(24)),
    State("done", "已核查", final=True),
    moves={"check": ("waiting", "done")},
)
