"""The life of a node; how long it may take is said by the protocol's visit."""

from domain.kernel.workflow import State, Workflow, hours
from domain.studies.progress_records import ResearchTask

research_task_life = Workflow(
    ResearchTask,
    "科研任务节点",
    State("open", "进行中", limit=hours(2)),
    State("done", "已完成", final=True),
    State("void", "已取消", final=True),
    moves={"finish_node": ("open", "done"), "void_node": ("open", "void")},
)
