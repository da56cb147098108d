"""The life of a tracked result: told, followed up, ended; it leaves only by an outcome, a refusal or a referral."""

from domain.kernel.workflow import State, Workflow, hours
from domain.tracking.records import AbnormalTracking, TrackingGrade

tracking_life = Workflow(
    AbnormalTracking,
    "异常结果追踪",
    State("urgent_notice", "高危待通知", limit=hours(24)),
    State("notice", "待通知", limit=hours(7 * 24)),
    State("follow", "待随访", limit=hours(30 * 24)),
    State("ended", "已有结局", final=True),
    State("refused", "客户拒绝", final=True),
    State("referred", "已转诊", final=True),
    State("withdrawn", "结果已更正", final=True),
    moves={
        "tell": (("urgent_notice", "notice"), "follow"),
        "end": ("follow", "ended"),
        "refuse": (("urgent_notice", "notice", "follow"), "refused"),
        "refer": (("urgent_notice", "notice", "follow"), "referred"),
        "withdraw": (("urgent_notice", "notice", "follow"), "withdrawn"),
    },
)
"""How long telling may take is a suggestion; when to follow up is said when the client is told."""

NOTICE = {
    TrackingGrade.HIGH: "urgent_notice",
    TrackingGrade.IMPORTANT: "notice",
    TrackingGrade.GENERAL: "notice",
}
"""First state by grade."""
FOLLOW_DAYS = {TrackingGrade.HIGH: 7, TrackingGrade.IMPORTANT: 30, TrackingGrade.GENERAL: 90}
"""Days to the follow-up where nobody says another day; a suggestion of this product."""
