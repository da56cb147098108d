"""The risk page's widgets: the colour with its reasons above, categories at the left, what is told of one beside."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from client.appearance import COLOURS
from client.pages.risk.reading import RiskSheet
from client.pages.risk.viewmodel import ViewModel
from client.stations.front_desk.widgets import text
from client.views.page import PageView

MARKS = {"danger": "▲", "warning": "■", "success": "●", "": "－"}
LIST_PX = 420


class View(PageView):
    """Arrows choose a category; what would change it stands beside."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self._head = QFrame(self)
        self._head.setProperty("part", "card")
        column = QVBoxLayout(self._head)
        column.setContentsMargins(18, 12, 18, 12)
        column.setSpacing(4)
        self._level = text("risk_level", self._head, "subtitle", wrap=True)
        self._why = text("risk_why", self._head, wrap=True)
        self._most = text("risk_most", self._head, wrap=True)
        self._high = text("risk_high_factors", self._head, wrap=True)
        self._high.setProperty("tone", "danger")
        for widget in (self._level, self._high, self._why, self._most):
            column.addWidget(widget)
        self.body.addWidget(self._head)
        row = QHBoxLayout()
        row.setSpacing(12)
        self._list = QListWidget(self)
        self._list.setObjectName("risk_categories")
        self._list.setAccessibleName(self.say("risk_page.title"))
        self._list.setFixedWidth(LIST_PX)
        self._list.currentRowChanged.connect(self._choose)
        row.addWidget(self._list)
        self._area = QScrollArea(self)
        self._area.setObjectName("risk_detail")
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        row.addWidget(self._area, 1)
        self.body.addLayout(row, 1)
        self._note = text("risk_note", self, "muted", wrap=True)
        self.body.addWidget(self._note)
        self.model.sheet_changed.connect(self._show)
        self.model.empty_changed.connect(self._show_nothing)

    def focus_first(self) -> None:
        """Begin with the categories."""
        self._list.setFocus()

    @Slot(object)
    def _show(self, sheet: RiskSheet) -> None:
        row = max(0, self._list.currentRow())
        self._level.setText(sheet.title)
        self._why.setText("\n".join(self.say("risk_page.because", reason=one) for one in sheet.why))
        self._why.setVisible(bool(sheet.why))
        self._high.setText("\n".join(sheet.high))
        self._high.setVisible(bool(sheet.high))
        self._most.setText("\n".join(sheet.levers))
        self._most.setVisible(bool(sheet.levers))
        self._list.blockSignals(True)
        self._list.clear()
        for one in sheet.categories:
            entry = QListWidgetItem(f"{MARKS[one.tone]} {one.head}", self._list)
            if one.tone:
                entry.setForeground(COLOURS[one.tone])
        self._list.blockSignals(False)
        self._note.setText(sheet.note)
        self._list.setCurrentRow(min(row, len(sheet.categories) - 1))
        self._choose(self._list.currentRow())

    @Slot(str)
    def _show_nothing(self, why: str) -> None:
        self._level.setText(why)
        for widget in (self._high, self._why, self._most):
            widget.hide()
        self._list.clear()
        self._note.setText("")
        self._area.setWidget(QWidget(self._area))

    @Slot(int)
    def _choose(self, row: int) -> None:
        sheet = self.model.sheet
        if sheet is None or not 0 <= row < len(sheet.categories):
            return
        card = QFrame(self._area.viewport())
        card.setProperty("part", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(6)
        for at, (words, tone) in enumerate(sheet.categories[row].lines):
            role = {"title": "subtitle", "muted": "muted"}.get(tone, "")
            label: QLabel = text(f"risk_line_{at}", card, role, wrap=True)
            label.setText(words)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            if tone in ("warning", "danger"):
                label.setProperty("tone", tone)
            column.addWidget(label)
        column.addStretch(1)
        self._area.setWidget(card)
