"""The tubes of the client in order of draw: label, verification, collection; and why a label is printed again."""

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QBrush, QColor, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from client.appearance import COLOURS
from client.stations.front_desk.tubes import REASONS, TubeLine
from client.stations.front_desk.widgets import Card, Strip, text

ROW_PX = 46
COLUMNS = ("tube", "number", "label", "collected")


class TubesPanel(QWidget):
    """The same list for both steps; `step` decides the words and what a scan does (see the view-model)."""

    def __init__(self, model: Any, context: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tubes")
        self._model, self._say = model, context.say
        self._asking = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.card = Card("tubes_card", "", self)
        self.hint = text("tubes_hint", self.card, wrap=True)
        self.outcome = Strip("tube_outcome", self.card)
        self.table = _TubeTable(self.card)
        self.table.setHorizontalHeaderLabels([self._say(f"front_desk.column.{name}") for name in COLUMNS])
        self.table.digit = self._reason
        self.empty = text("tubes_none", self.card, "subtitle")
        self.empty.setText(self._say("front_desk.tubes_none"))
        self.reasons = Strip("reprint_reasons", self.card)
        for widget in (self.hint, self.outcome, self.empty, self.reasons):
            self.card.body.addWidget(widget)
        self.card.body.addWidget(self.table, 1)
        column.addWidget(self.card)
        model.changed.connect(self.refresh)
        model.scanned.connect(self._scanned)
        self.refresh()

    def focus_first(self) -> None:
        self.table.setFocus()

    def show_step(self, step: str) -> None:
        """Show the words of ``labels`` or ``collect``."""
        self.card.title.setText(self._say(f"front_desk.{step}.title"))
        self.card.title.show()
        self.hint.setText(self._say(f"front_desk.{step}.hint"))

    def forget(self) -> None:
        """Clear what was said of the last scan: another step, another client."""
        self.outcome.show_text("")
        self.ask_nothing()

    def ask_nothing(self) -> None:
        self._asking = ""
        self.reasons.show_text("")

    @Slot()
    def refresh(self) -> None:
        """Draw the tubes."""
        lines = self._model.lines()
        row = max(0, self.table.currentRow())
        self.table.setRowCount(len(lines))
        for number, line in enumerate(lines):
            self._show_line(number, line)
        self.table.setVisible(bool(lines))
        self.empty.setVisible(not lines)
        if lines:
            self.table.setCurrentCell(min(row, len(lines) - 1), 0)

    @Slot()
    def print_again(self) -> None:
        """Print what has no label yet; else ask why the chosen tube needs another."""
        lines = self._model.lines()
        if not lines:
            self._model.prepare()
            return
        if self._model.has_waiting():
            self._model.print_waiting()
            return
        line = lines[max(0, self.table.currentRow())]
        if not self._model.needs_reason(line.number):
            self._model.reprint(line.number)
            return
        self._asking = line.number
        options = "    ".join(f"{n} {self._say(f'front_desk.reprint.{r}')}" for n, r in enumerate(REASONS, 1))
        ask = self._say("front_desk.reprint_ask", number=line.shown_number, count=line.printed or 1)
        self.reasons.show_text(f"{ask}\n{options}", "", "warning")
        self.table.setFocus()

    def _reason(self, key: int) -> bool:
        if not self._asking or not 1 <= key <= len(REASONS):
            return False
        self._model.reprint(self._asking, REASONS[key - 1])
        self.ask_nothing()
        return True

    @Slot(bool, str)
    def _scanned(self, good: object, sentence: str) -> None:
        self.outcome.show_text(sentence, "", "success" if good else "danger")

    def _show_line(self, row: int, line: TubeLine) -> None:
        label = line.label_text + (f"：{line.reason}" if line.reason else "")
        if line.verified:
            label = self._say("front_desk.tube_verified")
        state = self._say("front_desk.tube_done" if line.collected else "front_desk.tube_waiting")
        texts = (f"{line.label}   {line.cap}   {line.items}", line.shown_number, label, state)
        colours = ("", "", line.tone, "success" if line.collected else "")
        for column, (shown, tone) in enumerate(zip(texts, colours, strict=True)):
            item = QTableWidgetItem(shown)
            item.setToolTip(shown)
            if tone:
                item.setForeground(QBrush(COLOURS[tone]))
            if column == 0:
                item.setIcon(_cap(line.colour))
            self.table.setItem(row, column, item)


class _TubeTable(QTableWidget):
    digit: Any = None

    def __init__(self, parent: QWidget) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self.setObjectName("tube_table")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offer digits to the question that waits; everything else moves in the table."""
        shown = event.text()
        if shown.isdigit() and self.digit is not None and self.digit(int(shown)):
            return
        super().keyPressEvent(event)


def _cap(colour: str) -> QIcon:
    pixmap = QPixmap(18, 18)
    pixmap.fill(QColor(colour) if colour else COLOURS["surface"])
    return QIcon(pixmap)
