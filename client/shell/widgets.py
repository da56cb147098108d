"""The bar above the pages: who, where, search, sync, alerts, theme, lock, clock."""

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from client.formatting import Formatter
from client.ports import SyncState
from client.station import Context
from client.views.own_menu import OwnMenu
from client.views.search_box import SearchBox


class TopBar(QFrame):
    """Who, role, place, search, sync, alerts, one's own, theme, lock, clock. Buttons carry words."""

    sync_clicked = Signal()
    alerts_clicked = Signal()
    theme_clicked = Signal()
    lock_clicked = Signal()
    leave_clicked = Signal()

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._formatter = Formatter(context.desk.texts)
        self.setObjectName("top_bar")
        self.setProperty("part", "bar")
        self.setFixedHeight(52)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 10, 0)
        row.setSpacing(6)
        brand = QLabel(context.say("app.name"), self)
        brand.setProperty("role", "subtitle")
        row.addWidget(brand)
        row.addSpacing(14)
        self.search = SearchBox(context, self)
        row.addWidget(self.search, 2)
        row.addStretch(1)
        self.sync = self._button(row, "sync_status", self.sync_clicked)
        self.alerts = self._button(row, "alerts_bell", self.alerts_clicked)
        row.addSpacing(6)
        row.addLayout(self._who(context))
        self._clock = QLabel(self)
        self._clock.setObjectName("clock")
        row.addSpacing(8)
        row.addWidget(self._clock)
        row.addSpacing(4)
        self.own = OwnMenu(context, self)
        self.own.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.own)
        self.theme = self._button(row, "theme_switch", self.theme_clicked, "bar.theme")
        self._button(row, "lock_button", self.lock_clicked, "bar.lock")
        self._button(row, "leave_button", self.leave_clicked, "bar.leave")
        if context.desk.is_complete:
            self.show_alerts(0, "")
            self.show_sync(SyncState())
        else:
            # Not zero: nobody has counted yet.
            self.alerts.setText(context.say("bar.alerts_unread"))
            self.show_sync(SyncState("starting"))

    def _who(self, context: Context) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(0)
        name = QLabel(context.actor.name, self)
        name.setObjectName("person")
        self._role = QLabel(context.actor.rights.label, self)
        self._role.setObjectName("role")
        self._role.setProperty("muted", "true")
        column.addStretch(1)
        column.addWidget(name)
        column.addWidget(self._role)
        column.addStretch(1)
        return column

    def _button(self, row: QHBoxLayout, name: str, signal: Any, text: str = "") -> QPushButton:
        button = QPushButton(self._context.say(text) if text else "", self)
        button.setObjectName(name)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(button.text())
        button.clicked.connect(signal)
        row.addWidget(button)
        return button

    @Slot(str)
    def show_place(self, name: str) -> None:
        """Show the organisation beside the role."""
        role = self._context.actor.rights.label
        self._role.setText(f"{role} · {name}" if name else role)

    @Slot(str)
    def show_clock(self, text: str) -> None:
        self._clock.setText(text)

    @Slot(int, str)
    def show_alerts(self, count: int, severity: str) -> None:
        """Show how many alerts wait; urgent ones stand out."""
        self.alerts.setText(self._context.say("bar.alerts", count=count))
        self.alerts.setAccessibleName(self.alerts.text())
        self._mark(self.alerts, raised=severity == "urgent", warned=bool(count) and severity != "urgent")

    @Slot(object)
    def show_sync(self, state: SyncState) -> None:
        """Show how the exchange stands in one line; the reason of a refusal is in the tip and on the page."""
        self.sync.setText(sync_line(state, self._context, self._formatter))
        self.sync.setAccessibleName(self.sync.text())
        tips = [self._context.say(state.reason, **state.facts)] if state.reason else []
        tips += [self._context.say(r.code, **r.facts) for r in state.refused[:5]]
        self.sync.setToolTip("\n".join(tips))
        bad = bool(state.lost) or state.phase == "failed"
        self._mark(
            self.sync, raised=bad, warned=not bad and (state.phase == "offline" or state.conflicts > 0)
        )

    @staticmethod
    def _mark(button: QPushButton, *, raised: bool, warned: bool) -> None:
        button.setProperty("raised", "true" if raised else "false")
        button.setProperty("warned", "true" if warned else "false")
        button.style().unpolish(button)
        button.style().polish(button)


def sync_line(state: SyncState, context: Context, formatter: Formatter) -> str:
    """Return the one line about the exchange: phase, what waits or moves, conflicts, refusals."""
    parts = [context.say(f"sync.phase.{state.phase}")]
    if state.phase in {"sending", "receiving", "filling", "filling_rest"} and state.total_bytes:
        parts.append(f"{formatter.size(state.done_bytes)}/{formatter.size(state.total_bytes)}")
    elif state.waiting:
        parts.append(
            context.say("sync.waiting", count=state.waiting, size=formatter.size(state.waiting_bytes))
        )
    if state.conflicts:
        parts.append(context.say("sync.conflicts", count=state.conflicts))
    if state.lost:
        parts.append(context.say("sync.refused", count=state.lost))
    return " · ".join(parts)
