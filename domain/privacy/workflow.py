"""The life of a request about one's own data: fifteen working days from the day it came, taken on or not."""

from domain.kernel.workflow import State, Workflow, hours
from domain.privacy.records import PrivacyRequest

DAYS = 21
"""Fifteen working days without a holiday between; with public holidays it would be more, so nobody is late by it."""

request_life = Workflow(
    PrivacyRequest,
    "个人信息请求",
    State("received", "待受理", hours(DAYS * 24)),
    State("in_hand", "办理中"),
    State("done", "已办结", final=True),
    State("refused", "不予办理", final=True),
    moves={
        "take": ("received", "in_hand"),
        "finish": (("received", "in_hand"), "done"),
        "refuse": (("received", "in_hand"), "refused"),
    },
)
