"""The life of an alert. `due_at` is set by the escalation ladder, not by a time limit of a state."""

from domain.alerts.records import Alert
from domain.kernel.workflow import State, Workflow

OPEN_STATES = ("open", "acknowledged")
"""States in which somebody still has to act: the ladder goes on, the in-app list shows it."""

alert_life = Workflow(
    Alert,
    "预警处理",
    State("open", "待处理"),
    State("acknowledged", "已接收"),
    State("handled", "已处理"),
    State("closed", "已关闭", final=True),
    moves={
        "acknowledge": ("open", "acknowledged"),
        "handle": (("open", "acknowledged"), "handled"),
        "close": (("open", "acknowledged", "handled"), "closed"),
    },
)
