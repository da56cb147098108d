"""The life of a message, from the command that wrote it to the person who read it.

A failure is not the last word: a receipt may say later that it arrived after all.
"""

from domain.kernel.workflow import State, Workflow
from domain.messaging.records import OutboxMessage

WAITING = ("queued", "retrying")
"""States from which it may be sent."""
OUT = ("accepted", "delivered")
"""States in which the vendor has it and nobody is known to have read it."""

outbox_life = Workflow(
    OutboxMessage,
    "消息外发",
    State("queued", "待发"),
    State("sending", "发送中"),
    State("accepted", "已受理"),
    State("delivered", "已送达"),
    State("read", "已读", final=True),
    State("retrying", "失败（可重试）"),
    State("unknown", "结果未知"),
    State("failed", "失败（终止）"),
    State("expired", "已过期", final=True),
    State("cancelled", "已取消", final=True),
    moves={
        "send": (("queued", "retrying", "unknown"), "sending"),
        "accept": (("sending", "unknown"), "accepted"),
        "deliver": (("sending", "unknown", "accepted", "failed"), "delivered"),
        "read": (("sending", "unknown", "accepted", "delivered", "failed"), "read"),
        "retry": (("sending", "unknown"), "retrying"),
        "lose": ("sending", "unknown"),
        "fail": (("queued", "sending", "retrying", "unknown", "accepted"), "failed"),
        "expire": (("queued", "retrying", "unknown"), "expired"),
        "cancel": (("queued", "retrying"), "cancelled"),
    },
)
