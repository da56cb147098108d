"""The lives of a membership, a plan, a task and a case. Limits are defaults; sites may set others.

A task that waits is due at its planned time: the limit of that state holds where nothing was planned.
"""

from domain.followup.feedback_records import FeedbackCase
from domain.followup.group_records import GroupMember
from domain.followup.plan_records import FollowPlan
from domain.followup.task_records import FollowTask
from domain.kernel.workflow import State, Workflow, hours

member_life = Workflow(
    GroupMember,
    "分组纳入随访",
    State("waiting", "待纳入随访", limit=hours(24)),
    State("noted", "在组"),
    State("covered", "已纳入随访"),
    State("exempt", "已豁免"),
    State("left", "已出组"),
    moves={
        "note": ("waiting", "noted"),
        "cover": (("waiting", "noted", "exempt"), "covered"),
        "uncover": ("covered", "waiting"),
        "exempt": ("waiting", "exempt"),
        "leave": (("waiting", "noted", "covered", "exempt"), "left"),
        "enter_again": ("left", "waiting"),
    },
)

plan_life = Workflow(
    FollowPlan,
    "随访计划",
    State("proposed", "待确认", limit=hours(24)),
    State("active", "执行中"),
    State("finished", "已完成", final=True),
    State("declined", "未采用", final=True),
    State("replaced", "已被替代", final=True),
    moves={
        "accept": ("proposed", "active"),
        "decline": ("proposed", "declined"),
        "finish": ("active", "finished"),
        "replace": (("proposed", "active"), "replaced"),
    },
)

OPEN_TASKS = ("unassigned", "waiting", "in_progress", "sent", "executed")
"""States in which somebody still has something to do."""

task_life = Workflow(
    FollowTask,
    "随访任务",
    State("unassigned", "待分配", limit=hours(4)),
    State("waiting", "未开始", limit=hours(72)),
    State("in_progress", "进行中", limit=hours(72)),
    State("sent", "已发送待触达", limit=hours(48)),
    State("executed", "待录入结果", limit=hours(24)),
    State("done", "已完成", final=True),
    State("lost", "失访", final=True),
    State("cancelled", "已取消", final=True),
    moves={
        "assign": (("unassigned", "waiting", "in_progress"), "waiting"),
        "begin": ("waiting", "in_progress"),
        "send": (("waiting", "in_progress"), "sent"),
        "contact": (("waiting", "in_progress", "sent"), "executed"),
        "complete": (("waiting", "in_progress", "sent", "executed"), "done"),
        "reschedule": (("waiting", "in_progress", "sent"), "waiting"),
        "lose": (("waiting", "in_progress", "sent", "executed"), "lost"),
        "cancel": (("unassigned", "waiting", "in_progress", "sent"), "cancelled"),
    },
)

case_life = Workflow(
    FeedbackCase,
    "负面反馈处理",
    State("open", "待接收", limit=hours(24)),
    State("in_hand", "处理中"),
    State("resolved", "待回访确认"),
    State("closed", "已闭环", final=True),
    moves={
        "take": ("open", "in_hand"),
        "resolve": ("in_hand", "resolved"),
        "reopen": ("resolved", "in_hand"),
        "close": ("resolved", "closed"),
    },
)
