"""The test: the page as clients see it, with the same lines, and what is worked out and counted."""

import itertools

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from client.pages.designer.trial import Trial
from client.pages.form.lines import Line
from client.pages.form.widgets import LineWidget
from client.station import Context
from forms.nodes import Place

STEPS = (("back", -1), ("next", 1))


class Preview(QWidget):
    """Number keys pick as on the real page; nothing of it is kept."""

    def __init__(self, context: Context, trial: Trial, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("designer_preview")
        self._say, self._trial = context.say, trial
        self._lines: dict[tuple[Place, str], LineWidget] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        row = QHBoxLayout()
        self._place = QLabel(self)
        self._place.setProperty("role", "muted")
        row.addWidget(self._place, 1)
        for name, step in STEPS:
            button = QPushButton(self._say(f"designer.page.{name}"), self)
            button.setObjectName(f"preview_{name}")
            button.setAutoDefault(False)
            button.clicked.connect(lambda _on=False, step=step: self._trial.turn(step))
            row.addWidget(button)
        again = QPushButton(self._say("designer.page.again"), self)
        again.setObjectName("preview_again")
        again.setAutoDefault(False)
        again.clicked.connect(trial.begin_again)
        row.addWidget(again)
        column.addLayout(row)
        self._area = QScrollArea(self)
        self._area.setWidgetResizable(True)
        self._sheet = QWidget(self._area)
        self._sheet.setObjectName("form_sheet")
        self._rows = QVBoxLayout(self._sheet)
        self._rows.setSpacing(4)
        self._rows.addStretch(1)
        self._area.setWidget(self._sheet)
        column.addWidget(self._area, 1)
        self._results = QLabel(self)
        self._results.setObjectName("preview_results")
        self._results.setWordWrap(True)
        column.addWidget(self._results)
        trial.changed.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Draw the page as it is; lines that stay keep the focus."""
        filling = self._trial.filling
        if filling is None:
            self._place.setText(self._trial.reason)
        else:
            pages = filling.pages()
            title = pages[filling.number].title if pages else ""
            self._place.setText(
                self._say("form_page.place", number=filling.number + 1, total=len(pages), title=title)
            )
        self._lay_out(self._trial.lines())
        self._results.setText("\n".join(self._trial.results()))
        self._results.setVisible(bool(self._results.text()))

    def _lay_out(self, lines: list[Line]) -> None:
        wanted = [(line.place, line.kind) for line in lines]
        for key in [key for key in self._lines if key not in wanted]:
            widget = self._lines.pop(key)
            self._rows.removeWidget(widget)
            widget.blockSignals(True)
            widget.hide()
            widget.deleteLater()
        for at, (key, line) in enumerate(zip(wanted, lines, strict=True)):
            found = self._lines.get(key)
            if found is None:
                found = self._lines[key] = self._made(line)
            elif found.line != line:
                found.show_line(line)
            if self._rows.indexOf(found) != at:
                self._rows.insertWidget(at, found)
        for before, after in itertools.pairwise(stop for key in wanted for stop in self._lines[key].stops()):
            QWidget.setTabOrder(before, after)

    def _made(self, line: Line) -> LineWidget:
        widget = LineWidget(line, self._say, self._trial.type, self._sheet)
        widget.picked.connect(self._trial.pick)
        widget.cleared.connect(self._trial.clear)
        widget.add_asked.connect(self._trial.add)
        widget.remove_asked.connect(self._trial.remove)
        return widget
