"""The lives of what is looked at of the centre, and of a workstation that joins the platform."""

from domain.exchange.admission_records import NodeAdmission
from domain.exchange.platform_records import PlatformCheck
from domain.kernel.workflow import State, Workflow, hours, minutes

platform_life = Workflow(
    PlatformCheck,
    "平台运行状态",
    State("well", "正常"),
    State("unwell", "异常", limit=minutes(5)),
    moves={"fail": ("well", "unwell"), "recover": ("unwell", "well")},
)
"""What recovers within five minutes is told to nobody (A-126)."""

admission_life = Workflow(
    NodeAdmission,
    "接入核验",
    State("trial", "试接入", limit=hours(24)),
    State("admitted", "已达标"),
    State("failing", "未达标", limit=hours(24)),
    moves={"pass": (("trial", "failing"), "admitted"), "fail": ("admitted", "failing")},
)
"""A workstation that joins is on trial until it fulfils all of the standard for the first time."""
