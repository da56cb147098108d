"""The widgets of the queue: how the printers are, what the next scan means, and one table."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QBrush, QKeyEvent
from PySide6.QtWidgets import QHeaderView, QLabel, QTableWidget, QTableWidgetItem, QVBoxLayout

from client.appearance import COLOURS
from client.pages.label_queue.viewmodel import REASONS, ViewModel
from client.views.page import PageView

COLUMNS = ("shown_number", "what", "state_text", "remedy", "copy", "printer", "asked")
WIDE = COLUMNS.index("remedy")


class View(PageView):
    """F5 prints, F6 compares, F7 goes on behind the last good one, F8 prints again, F9: it is on."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("nav.label_queue"))
        self._printers = QVBoxLayout()
        self._printers.setSpacing(2)
        self.body.addLayout(self._printers)
        self.summary = self._label("label_queue_summary", "subtitle")
        self.asked = self._label("label_queue_asked", "")
        self.outcome = self._label("label_queue_outcome", "")
        self.empty = self._label("label_queue_empty", "muted")
        self.empty.setText(self.say("label_queue.empty"))
        self.table = _Table(self)
        self.table.setObjectName("label_queue")
        self.table.setAccessibleName(self.say("nav.label_queue"))
        self.table.setHorizontalHeaderLabels([self.say(f"label_queue.column.{name}") for name in COLUMNS])
        self.table.digit = self.model.answer
        self.table.escape = self.model.escape
        self.table.currentCellChanged.connect(self._chosen)
        self.body.addWidget(self.table, 1)
        self.model.changed.connect(self.show_lines)
        self.model.printers_changed.connect(self.show_printers)
        self.model.asking_changed.connect(self.show_question)
        self.model.scanned.connect(self._scanned)
        self.show_printers()
        self.show_lines()
        self.show_question()

    def focus_first(self) -> None:
        """Begin in the table."""
        self.table.setFocus()

    @Slot()
    def show_lines(self) -> None:
        """Show the queue; the chosen label stays chosen."""
        lines, chosen = self.model.lines, self.model.selected
        self.summary.setText(self.model.summary)
        self.summary.setVisible(bool(lines))
        self.empty.setVisible(not lines)
        self.table.setVisible(bool(lines))
        self.table.blockSignals(True)
        self.table.setRowCount(len(lines))
        for row, line in enumerate(lines):
            for at, name in enumerate(COLUMNS):
                item = QTableWidgetItem(getattr(line, name))
                item.setToolTip(item.text())
                if line.tone and name in ("state_text", "remedy"):
                    item.setForeground(QBrush(COLOURS[line.tone]))
                self.table.setItem(row, at, item)
            if line.id == chosen:
                self.table.setCurrentCell(row, 0)
        self.table.blockSignals(False)
        self.table.resizeRowsToContents()

    @Slot()
    def show_printers(self) -> None:
        """Show one line a printer: its name, how it is and what to do."""
        while self._printers.count():
            self._printers.takeAt(0).widget().deleteLater()
        lines = self.model.printers
        for line in lines:
            label = QLabel(f"{line.name}：{line.told}", self)
            label.setObjectName("label_printer")
            _tone(label, line.tone or "info")
            label.setWordWrap(True)
            self._printers.addWidget(label)
        if not lines:
            label = QLabel(self.say("tube_label.no_printer"), self)
            label.setProperty("role", "muted")
            self._printers.addWidget(label)

    @Slot()
    def show_question(self) -> None:
        """Show what a number key or the next scan means."""
        text = ""
        if self.model.asking:
            options = "    ".join(
                f"{n} {self.say(f'front_desk.reprint.{r}')}" for n, r in enumerate(REASONS, 1)
            )
            text = self.say("label_queue.why", number=self.model.asking) + "　" + options
        elif self.model.mode:
            text = self.say(f"label_queue.mode.{self.model.mode}")
        self.asked.setText(text)
        _tone(self.asked, "warning")
        self.asked.setVisible(bool(text))
        if text:
            self.table.setFocus()

    @Slot(bool, str)
    def _scanned(self, good: object, sentence: str) -> None:
        self.outcome.setText(sentence)
        _tone(self.outcome, "success" if good else "danger")
        self.outcome.show()

    @Slot(int, int, int, int)
    def _chosen(self, row: int, _column: int = 0, _before: int = 0, _column_before: int = 0) -> None:
        lines = self.model.lines
        self.model.select(lines[row].id if 0 <= row < len(lines) else None)

    def _label(self, name: str, role: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setProperty("role", role)
        label.setWordWrap(True)
        label.hide()
        self.body.addWidget(label)
        return label


class _Table(QTableWidget):
    digit = staticmethod(lambda _key: False)
    escape = staticmethod(lambda: False)

    def __init__(self, parent: PageView) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(True)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(WIDE, QHeaderView.ResizeMode.Stretch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offer digits and Escape to what waits for them; everything else moves in the table."""
        shown = event.text()
        if shown.isdigit() and self.digit(int(shown)):
            return
        if event.key() == Qt.Key.Key_Escape and self.escape():
            return
        super().keyPressEvent(event)


def _tone(widget: QLabel, tone: str) -> None:
    widget.setProperty("tone", tone)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
