"""One page of a form as widgets: kept while their questions stay, and with them the focus."""

import itertools
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from client.pages.form.extra.widgets import FileLine, SignLine
from client.pages.form.lines import Line
from client.pages.form.viewmodel import ViewModel
from client.pages.form.widgets import LineWidget, name_of
from forms.nodes import Place

AnyLine = LineWidget | FileLine | SignLine


class FormSheet(QScrollArea):
    """Shows `model.lines()`; what a person does goes to the model. `from_disk`: files of this machine may be had."""

    def __init__(
        self, model: ViewModel, say: Callable[..., str], parent: QWidget, *, from_disk: bool = True
    ) -> None:
        super().__init__(parent)
        self.model, self.say, self._from_disk = model, say, from_disk
        self._lines: dict[tuple[Place, str], AnyLine] = {}
        self._order: list[tuple[Place, str]] = []
        self.setObjectName("form_area")
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._sheet = QWidget(self)
        self._sheet.setObjectName("form_sheet")
        self._column = QVBoxLayout(self._sheet)
        self._column.setSpacing(4)
        self._column.addStretch(1)
        self.setWidget(self._sheet)

    def lines(self) -> list[Line]:
        """Return the lines that are shown here."""
        return self.model.lines()

    def refresh(self) -> None:
        """Draw the page as it is; widgets of questions that stay are kept, and with them the focus."""
        lines = self.lines()
        wanted = [(line.place, line.kind) for line in lines]
        for key in [key for key in self._lines if key not in wanted]:
            self._drop(key)
        for at, (key, line) in enumerate(zip(wanted, lines, strict=True)):
            widget = self._lines.get(key)
            if widget is None:
                widget = self._lines[key] = self._made(line)
            elif widget.line != line:
                widget.show_line(line)
            if self._column.indexOf(widget) != at:
                self._column.insertWidget(at, widget)
        if wanted != self._order:
            self._order = wanted
            stops = [stop for key in wanted for stop in self._lines[key].stops()]
            for before, after in itertools.pairwise(stops):
                QWidget.setTabOrder(before, after)

    def after_typing(self, step: Callable[[], None]) -> None:
        """Take what stands in a field before a key leaves the page: the focus is still in it."""
        typed = [line.take() for line in list(self._lines.values())]
        if all(typed):
            step()

    def _made(self, line: Line) -> AnyLine:
        widget: AnyLine
        if line.kind == "file":
            widget = FileLine(line, self.say, name_of(line.place), self._sheet, from_disk=self._from_disk)
            widget.asked.connect(self.model.ask_files)
            widget.photo_asked.connect(self.model.ask_photo)
            widget.dropped.connect(self.model.add_files)
            widget.removed.connect(self.model.remove_file)
        elif line.kind == "sign":
            widget = SignLine(line, self.say, name_of(line.place), self._sheet)
            widget.signed.connect(self.model.sign)
        else:
            widget = self._made_to_answer(line)
        widget.passed.connect(self.model.leave)
        widget.left.connect(self.model.looked_at)
        widget.entered.connect(self._follow)
        return widget

    def _made_to_answer(self, line: Line) -> LineWidget:
        widget = LineWidget(line, self.say, self.model.type, self._sheet)
        widget.picked.connect(self.model.pick)
        widget.cleared.connect(self.model.clear)
        widget.add_asked.connect(self.model.add)
        widget.remove_asked.connect(self.model.remove)
        return widget

    def _drop(self, key: tuple[Place, str]) -> None:
        widget = self._lines.pop(key)
        widget.blockSignals(True)
        self._column.removeWidget(widget)
        widget.hide()
        widget.deleteLater()

    def clear(self) -> None:
        for key in list(self._lines):
            self._drop(key)
        self._order = []

    @Slot(object)
    def _follow(self, place: Place) -> None:
        widget = next((one for key, one in self._lines.items() if key[0] == place), None)
        if widget is not None:
            self.ensureWidgetVisible(widget, 20, 40)

    @Slot(object)
    def go_to(self, place: Place | None) -> None:
        asked = [line for line in self.lines() if line.is_asked]
        if not asked:
            self.setFocus()
            return
        waiting = next((line for line in asked if line.waits), asked[0])
        line = next((one for one in asked if one.place == place), waiting)
        widget = self._lines.get((line.place, line.kind))
        if widget is not None:
            widget.target.setFocus()
            QTimer.singleShot(0, self, lambda: self._follow(line.place))
