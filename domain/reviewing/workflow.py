"""The life of a task of remote review. Limits are defaults; the review scheme of a site sets others."""

from domain.kernel.workflow import State, Workflow, hours, minutes
from domain.reviewing.records import ReviewTask

OPEN = ("waiting", "assigned", "accepted")
"""States in which an expert still has something to do."""

review_task_life = Workflow(
    ReviewTask,
    "总检任务",
    State("waiting", "待分配", limit=minutes(30)),
    State("assigned", "待接收", limit=hours(2)),
    State("accepted", "审核中", limit=hours(24)),
    State("done", "已完成", final=True),
    State("cancelled", "已撤销", final=True),
    moves={
        "assign": (("waiting", "assigned", "accepted"), "assigned"),
        "accept": ("assigned", "accepted"),
        "give_back": (("assigned", "accepted"), "waiting"),
        "complete": (("waiting", "assigned", "accepted"), "done"),
        "cancel": (("waiting", "assigned", "accepted"), "cancelled"),
    },
)
