"""The life of a consent that is signed elsewhere: sent, asked about, signed, and witnessed before it counts."""

from domain.consent.remote_records import RemoteConsent
from domain.kernel.workflow import State, Workflow, hours

remote_life = Workflow(
    RemoteConsent,
    "远程知情同意",
    State("sent", "待客户签署", limit=hours(72)),
    State("asked", "客户有疑问", limit=hours(24)),
    State("signed", "待见证", limit=hours(24)),
    State("kept", "已生效", final=True),
    State("refused", "客户不同意", final=True),
    State("closed", "已作废", final=True),
    moves={
        "ask": ("sent", "asked"),
        "answer": ("asked", "sent"),
        "sign": ("sent", "signed"),
        "keep": ("signed", "kept"),
        "refuse": (("sent", "asked"), "refused"),
        "close": (("sent", "asked", "signed"), "closed"),
    },
)
