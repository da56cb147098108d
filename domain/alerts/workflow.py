"""The life of an alert. `due_at` is set by the escalation ladder, not by a time limit of a state."""

from typing import Any

from sqlalchemy import ColumnElement, literal_column

from domain.alerts.records import Alert
from domain.kernel.workflow import State, Workflow

OPEN_STATES = ("open", "acknowledged", "in_hand")
"""States in which somebody still has to act: the ladder goes on, the in-app list shows it."""
UNSETTLED = (*OPEN_STATES, "shelved")
"""The same, and those put off: `due_at` moves them too."""


def in_states(state: Any, *names: str) -> ColumnElement[bool]:
    """Return the condition that an alert is in one of these states, in the very words of the indexes over them."""
    words: list[ColumnElement[Any]] = [literal_column(f"'{name}'") for name in names]
    found: ColumnElement[bool] = state == words[0] if len(words) == 1 else state.in_(words)
    return found


alert_life = Workflow(
    Alert,
    "预警处理",
    State("open", "待处理"),
    State("acknowledged", "已接收"),
    State("in_hand", "处理中"),
    State("shelved", "已搁置"),
    State("handled", "已处理"),
    State("closed", "已关闭", final=True),
    moves={
        "acknowledge": ("open", "acknowledged"),
        "take": (("open", "acknowledged"), "in_hand"),
        "hand_over": (OPEN_STATES, "in_hand"),
        "shelve": (OPEN_STATES, "shelved"),
        "wake": ("shelved", "open"),
        "handle": (UNSETTLED, "handled"),
        "reopen": ("handled", "open"),
        "close": ((*UNSETTLED, "handled"), "closed"),
    },
)
