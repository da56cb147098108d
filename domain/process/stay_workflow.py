"""The life of a stay at a node; by when it should be done is the node's own limit."""

from domain.kernel.workflow import State, Workflow, minutes
from domain.process.stay_records import ProcessStay

stay_life = Workflow(
    ProcessStay,
    "节点流转",
    State("here", "在本节点", limit=minutes(45)),
    State("done", "已完成", final=True),
    State("skipped", "已跳过", final=True),
    moves={"end": ("here", "done"), "skip": ("here", "skipped")},
)
