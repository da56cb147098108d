"""The portrait's widgets: the level above, the cards in two columns below; arrows and Page Down scroll."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from client.pages.portrait.reading import Card, Portrait
from client.pages.portrait.viewmodel import ViewModel
from client.stations.front_desk.widgets import text
from client.views.page import PageView

COLUMNS = 2


class View(PageView):
    """Everything on one page, so that nobody has to look in eight places."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self._head = text("portrait_head", self, "subtitle", wrap=True)
        self.body.addWidget(self._head)
        self._area = QScrollArea(self)
        self._area.setObjectName("portrait_area")
        self._area.setAccessibleName(self.say("portrait.title"))
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.body.addWidget(self._area, 1)
        self._note = text("portrait_note", self, "muted", wrap=True)
        self.body.addWidget(self._note)
        self.model.portrait_changed.connect(self._show)
        self.model.empty_changed.connect(self._show_nothing)

    def focus_first(self) -> None:
        """Begin where the keys scroll."""
        self._area.setFocus()

    @Slot(object)
    def _show(self, portrait: Portrait) -> None:
        self._head.setText(portrait.head)
        self._head.setProperty("tone", portrait.tone)
        self._head.style().unpolish(self._head)
        self._head.style().polish(self._head)
        sheet = QWidget(self._area.viewport())
        row = QHBoxLayout(sheet)
        row.setContentsMargins(0, 0, 6, 0)
        row.setSpacing(12)
        columns = [QVBoxLayout() for _ in range(COLUMNS)]
        weights = [0] * COLUMNS
        for column in columns:
            column.setSpacing(12)
            row.addLayout(column, 1)
        for card in portrait.cards:  # into the shorter column, so that both end about alike
            at = weights.index(min(weights))
            columns[at].addWidget(self._card(card, sheet))
            weights[at] += len(card.lines) + 2
        for column in columns:
            column.addStretch(1)
        place = self._area.verticalScrollBar().value()
        self._area.setWidget(sheet)
        self._area.verticalScrollBar().setValue(place)
        self._note.setText(portrait.note)

    def _card(self, card: Card, parent: QWidget) -> QFrame:
        frame = QFrame(parent)
        frame.setObjectName(f"portrait_{card.id}")
        frame.setProperty("part", "card")
        column = QVBoxLayout(frame)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        title = text(f"portrait_{card.id}_title", frame, "subtitle")
        title.setText(card.title)
        column.addWidget(title)
        for at, (words, tone) in enumerate(card.lines):
            label: QLabel = text(
                f"portrait_{card.id}_{at}", frame, "muted" if tone == "muted" else "", wrap=True
            )
            label.setText(words)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            if tone in ("danger", "warning", "success"):
                label.setProperty("tone", tone)
            column.addWidget(label)
        return frame

    @Slot(str)
    def _show_nothing(self, why: str) -> None:
        self._head.setText(why)
        self._area.setWidget(QWidget(self._area))
        self._note.setText("")
