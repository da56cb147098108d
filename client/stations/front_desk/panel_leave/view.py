"""Arrival: what the visit is; leaving: green, or what is missing by name."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from client.stations.front_desk.progress import STEPS
from client.stations.front_desk.widgets import Card, Strip, text


class ArrivePanel(QWidget):
    """The visit in words."""

    def __init__(self, context: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("arrive")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._say = context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        card = Card("arrive_card", self._say("front_desk.step.arrive"), self)
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(10)
        self.values = {
            name: text(f"arrive_{name}", card, "subtitle") for name in ("number", "package", "day", "state")
        }
        for name, label in self.values.items():
            form.addRow(self._say(f"front_desk.arrive.{name}"), label)
        self.do = Strip("arrive_do", card)
        card.body.addLayout(form)
        card.body.addSpacing(10)
        card.body.addWidget(self.do)
        card.body.addStretch(1)
        column.addWidget(card)

    def focus_first(self) -> None:
        self.setFocus()

    def show_visit(self, encounter: Any, state: str) -> None:
        """Show a visit; `state` is the label of its state."""
        package = encounter.package or self._say("front_desk.arrive.no_package")
        for name, value in (
            ("number", encounter.number), ("package", package), ("day", encounter.day.isoformat()), ("state", state),
        ):  # fmt: skip
            self.values[name].setText(value)
        code = {"registered": "wait", "finished": "finished"}.get(encounter.state, "done")
        tone = {"wait": "info", "finished": "success"}.get(code, "success")
        self.do.show_text(self._say(f"front_desk.arrive.{code}"), "", tone)


class LeavePanel(QWidget):
    """The exit check."""

    def __init__(self, context: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("leave")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._say = context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        card = Card("leave_card", "", self)
        self.verdict = text("leave_verdict", card, "big")
        self.list = text("leave_missing", card, "subtitle", wrap=True)
        self.list.setTextFormat(Qt.TextFormat.PlainText)
        self.entered = text("leave_not_entered", card, "muted", wrap=True)
        self.do = Strip("leave_do", card)
        for widget in (self.verdict, self.list, self.do, self.entered):
            card.body.addWidget(widget)
        card.body.addStretch(1)
        column.addWidget(card)

    def focus_first(self) -> None:
        self.setFocus()

    def show_check(self, missing: Any, not_entered: list[str], *, asked: bool, finished: bool) -> None:
        """Show what is missing, and apart what only has no result yet; `asked` when the client is to leave anyhow."""
        waits = self._say(
            "front_desk.leave.not_entered", count=len(not_entered), items="、".join(not_entered)
        )
        self.entered.setText(waits if not_entered else "")
        self.entered.setVisible(bool(not_entered))
        if finished:
            self._show(self._say("front_desk.leave.finished"), "", "", "success")
        elif not missing:
            self._show(
                self._say("front_desk.leave.ready"), "", self._say("front_desk.leave.ready_hint"), "success"
            )
        else:
            lines = "\n".join(_lines(missing))
            code = "ask" if asked else "missing_hint"
            verdict = self._say("front_desk.leave.missing", count=len(missing))
            self._show(
                verdict, lines, self._say(f"front_desk.leave.{code}"), "danger" if asked else "warning"
            )

    def _show(self, verdict: str, lines: str, do: str, tone: str) -> None:
        self.verdict.setText(verdict)
        self.list.setText(lines)
        self.do.show_text(do, "", tone)
        self.setAccessibleName(f"{verdict} {lines} {do}")


def _lines(missing: Any) -> list[str]:
    """Return what is missing: steps of this desk with their keys, then items of other rooms, a line a room."""
    found = [f"Alt+{STEPS.index(one.step) + 1}    {one.text}" for one in missing if not one.room]
    rooms: dict[str, list[str]] = {}
    for one in missing:
        if one.room:
            rooms.setdefault(one.room, []).append(one.text)
    return found + [f"{room}    {'、'.join(items)}" for room, items in rooms.items()]
