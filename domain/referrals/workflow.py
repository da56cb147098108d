"""The life of a referral: proposed, opened, booked, seen, answered; or given up with a reason."""

from domain.kernel.workflow import State, Workflow, hours
from domain.referrals.records import Referral

OPEN = ("open", "booked", "seen", "declined")

referral_life = Workflow(
    Referral,
    "转诊",
    State("proposed", "建议转诊", limit=hours(48)),
    State("open", "待预约", limit=hours(48)),
    State("booked", "待就诊", limit=hours(24)),
    State("seen", "待反馈", limit=hours(7 * 24)),
    State("declined", "对方不接收", limit=hours(24)),
    State("closed", "已反馈", final=True),
    State("refused", "客户放弃", final=True),
    State("dropped", "无需转诊", final=True),
    moves={
        "open": ("proposed", "open"),
        "drop": ("proposed", "dropped"),
        "redirect": (("open", "booked", "declined"), "open"),
        "book": (("open", "booked"), "booked"),
        "see": (("open", "booked"), "seen"),
        "decline": (("open", "booked"), "declined"),
        "close": (("open", "booked", "seen"), "closed"),
        "refuse": (("proposed", "open", "booked", "seen", "declined"), "refused"),
    },
)
"""Booked, it is due when the day of the appointment is over."""
