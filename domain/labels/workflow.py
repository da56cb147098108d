"""The life of a label from the moment it is asked for until a scan has proven it."""

from domain.kernel.workflow import State, Workflow
from domain.labels.records import LabelDesign, LabelJob

UNDER_WAY = ("queued", "sending", "failed", "unknown")
"""States that wait for a printer or for a person."""
TO_PRINT = ("queued", "failed")

label_job_life = Workflow(
    LabelJob,
    "标签打印任务",
    State("queued", "排队"),
    State("sending", "打印中"),
    State("printed", "已打印"),
    State("sent", "已发送（待扫码）"),
    State("unknown", "结果不明"),
    State("failed", "未打印"),
    State("verified", "已扫码核对", final=True),
    State("cancelled", "已取消", final=True),
    moves={
        "begin": (TO_PRINT, "sending"),
        "print": (("sending", "queued", "failed"), "printed"),
        "send": ("sending", "sent"),
        "lose": ("sending", "unknown"),
        "fail": ("sending", "failed"),
        "give_back": ("sending", "queued"),
        "apply": (("unknown", "sent", "failed", "queued"), "printed"),
        "again": (("unknown", "sent", "printed"), "queued"),
        "cancel": (("queued", "failed", "unknown"), "cancelled"),
        "verify": (("printed", "sent", "unknown", "queued", "failed", "sending"), "verified"),
    },
)

label_design_life = Workflow(
    LabelDesign,
    "标签模板",
    State("draft", "草稿"),
    State("published", "已发布"),
    State("retired", "已停用", final=True),
    State("discarded", "已作废", final=True),
    moves={
        "publish": ("draft", "published"),
        "discard": ("draft", "discarded"),
        "retire": ("published", "retired"),
    },
)
