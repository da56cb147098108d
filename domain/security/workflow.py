"""The life of a finding: it waits for somebody's word, and has it."""

from domain.kernel.workflow import State, Workflow, hours
from domain.security.records import SecurityFinding

finding_life = Workflow(
    SecurityFinding,
    "安全核查",
    State("open", "待核实", hours(24)),
    State("concluded", "已核实", final=True),
    moves={"conclude": ("open", "concluded")},
)
