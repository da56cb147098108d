"""Parts of the shell: the bar above, the navigation, the search box with its results."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from client.appearance import icon
from client.formatting import Formatter
from client.navigation import Entry
from client.ports import Hit, SyncState
from client.station import Context

PAGE_ROLE = Qt.ItemDataRole.UserRole
NAV_WIDTH = 208


class NavList(QListWidget):
    """The pages one may open; Enter, a click or Ctrl+digit opens."""

    chosen = Signal(str)

    def __init__(self, entries: Sequence[Entry], context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("nav")
        self.setAccessibleName(context.say("nav.name"))
        self.setProperty("part", "nav")
        self.setFixedWidth(NAV_WIDTH)
        self.setIconSize(QSize(18, 18))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._entries = list(entries)
        self._context = context
        self.fill()
        self.itemClicked.connect(self._open)

    def fill(self) -> None:
        """Draw the entries anew, also after a change of theme."""
        current = self.current_page
        self.clear()
        group = ""
        for number, entry in enumerate(self._entries, start=1):
            if entry.group != group:
                group = entry.group
                head = QListWidgetItem(self._context.say(group))
                head.setFlags(Qt.ItemFlag.NoItemFlags)
                self.addItem(head)
            item = QListWidgetItem(icon(entry.icon, "primary"), entry.label)
            item.setData(PAGE_ROLE, entry.page)
            if number <= 9:
                item.setToolTip(f"{entry.label}  Ctrl+{number}")
            self.addItem(item)
        self.mark(current)

    @property
    def current_page(self) -> str:
        item = self.currentItem()
        return str(item.data(PAGE_ROLE) or "") if item is not None else ""

    def mark(self, page: str) -> None:
        """Show which page is open; one that is not in the list marks nothing."""
        for row in range(self.count()):
            if self.item(row).data(PAGE_ROLE) == page and page:
                self.setCurrentRow(row)
                return
        self.setCurrentRow(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter; everything else moves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self._open(self.currentItem())
        else:
            super().keyPressEvent(event)

    @Slot(QListWidgetItem)
    def _open(self, item: QListWidgetItem) -> None:
        page = item.data(PAGE_ROLE)
        if page:
            self.chosen.emit(page)


class SearchBox(QLineEdit):
    """Ctrl+K; results drop down below, arrows and Enter choose, Esc leaves."""

    searched = Signal(str)
    hit_chosen = Signal(object)

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self.setObjectName("search")
        self.setPlaceholderText(context.say("search.hint"))
        self.setAccessibleName(context.say("search.name"))
        self.setMinimumWidth(220)
        self.setMaximumWidth(420)
        self._list = QListWidget(self.window())
        self._list.setObjectName("search_results")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.itemClicked.connect(self._choose)
        self._list.hide()
        self.textEdited.connect(self.searched)

    def show_hits(self, text: str, hits: Sequence[Hit]) -> None:
        """Show what was found for what stands in the box."""
        if not text or text != self.text().strip() or not self.hasFocus():
            self._list.hide()
            return
        self._list.clear()
        for hit in hits:
            kind = self._context.say(f"search.kind.{hit.kind}")
            item = QListWidgetItem(f"{kind}   {hit.title}   {hit.subtitle}".rstrip())
            item.setData(PAGE_ROLE, hit)
            self._list.addItem(item)
        if not hits:
            empty = QListWidgetItem(self._context.say("search.nothing", text=text))
            empty.setFlags(Qt.ItemFlag.NoItemFlags)
            self._list.addItem(empty)
        else:
            self._list.setCurrentRow(0)
        self._drop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move in the results, Enter opens, Esc leaves the box."""
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._list.isVisible():
            step = 1 if key == Qt.Key.Key_Down else -1
            self._list.setCurrentRow(max(0, min(self._list.count() - 1, self._list.currentRow() + step)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._list.isVisible():
            self._choose(self._list.currentItem())
        elif key == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: Any) -> None:
        """Close the results with the focus."""
        super().focusOutEvent(event)
        self._list.hide()

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem | None) -> None:
        hit = item.data(PAGE_ROLE) if item is not None else None
        if hit is not None:
            self._leave()
            self.hit_chosen.emit(hit)

    def _leave(self) -> None:
        self._list.hide()
        self.clear()
        self.searched.emit("")
        self.clearFocus()

    def _drop(self) -> None:
        window = self.window()
        if self._list.parentWidget() is not window:
            self._list.setParent(window)
        place = self.mapTo(window, QPoint(0, self.height() + 2))
        rows = max(1, self._list.count())
        self._list.setGeometry(place.x(), place.y(), max(self.width(), 460), min(rows, 12) * 34 + 8)
        self._list.show()
        self._list.raise_()


class TopBar(QFrame):
    """Who, role, place, search, sync, alerts, theme, lock, clock. Buttons carry words, not pictures alone."""

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
        self.theme = self._button(row, "theme_switch", self.theme_clicked, "bar.theme")
        self._button(row, "lock_button", self.lock_clicked, "bar.lock")
        self._button(row, "leave_button", self.leave_clicked, "bar.leave")
        self.show_alerts(0, "")
        self.show_sync(SyncState())

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
    if state.phase in {"sending", "receiving"} and state.total_bytes:
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


class ResizeFollower(QObject):
    """Keeps an overlay as large as the widget it lies on."""

    def __init__(self, under: QWidget, overlay: QWidget) -> None:
        super().__init__(overlay)
        self._overlay = overlay
        under.installEventFilter(self)
        overlay.setGeometry(under.rect())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow a resize."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self._overlay.setGeometry(watched.rect())
        return super().eventFilter(watched, event)
