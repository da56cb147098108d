"""The life of a conversation: owed from what the client says until an answer has been accepted by the channel."""

from domain.conversations.records import Conversation
from domain.kernel.workflow import State, Workflow, minutes

OWNERS_TIME = minutes(30)
"""What each owner has to answer (A-031, A-045)."""

conversation_life = Workflow(
    Conversation,
    "会话",
    State("owed", "待回复", limit=OWNERS_TIME),
    State("replying", "回复发送中"),
    State("answered", "已回复"),
    State("closed", "已结束"),
    moves={
        "receive": (("replying", "answered", "closed"), "owed"),
        "reply": (("owed", "answered", "replying", "closed"), "replying"),
        "sent": ("replying", "answered"),
        "unsent": ("replying", "owed"),
        "close": (("owed", "replying", "answered"), "closed"),
    },
)
