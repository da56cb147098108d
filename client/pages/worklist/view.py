"""The worklist page's widgets: filter line, chips, table, row commands."""

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from client.command_dialog.view import CommandDialog
from client.pages.worklist.answers.view import AnswersDialog
from client.pages.worklist.answers.viewmodel import ViewModel as Answers
from client.pages.worklist.give_out.view import GiveOutDialog
from client.pages.worklist.give_out.viewmodel import ViewModel as GiveOut
from client.pages.worklist.missing_dialog.view import MissingReports
from client.pages.worklist.reports import Made
from client.pages.worklist.viewmodel import ViewModel
from client.pages.worklist.widgets import ChipRow, RowTable
from client.views.filter_line import FilterLine
from client.views.menus import checked_menu, numbered_menu
from client.views.page import PageView
from client.views.purpose import PurposeDialog
from domain.kernel.commands import Command
from forms.printables import printables
from forms.risk_report import VERSIONS


class View(PageView):
    """Keyboard: F3 to the filter, arrows in the table, Enter opens, F4 or a digit runs a command."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.model.listing.label)
        self._filter = FilterLine(self.model, self.context, self)
        self._filter.done.connect(self.focus_first)
        self.body.addWidget(self._filter)
        self._chips = ChipRow(self)
        self._chips.removed.connect(self.model.remove_filter)
        self.body.addWidget(self._chips)
        self._stack = QStackedWidget(self)
        self._table = RowTable(self.model.table, self.context, self._stack, several=self.model.gives_out)
        self._table.setObjectName("worklist_table")
        self._table.setAccessibleName(self.model.listing.label)
        self._note = QLabel(self._stack)
        self._note.setObjectName("worklist_note")
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.setWordWrap(True)
        self._note.setProperty("role", "subtitle")
        self._note.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._stack.addWidget(self._table)
        self._stack.addWidget(self._note)
        self.body.addWidget(self._stack, 1)
        self.body.addLayout(self._foot())
        self._wire()
        self._offers()
        self._columns()

    def focus_first(self) -> None:
        """Begin in the list: its table, or the sentence that stands in its place."""
        self._stack.currentWidget().setFocus()

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._buttons: list[QPushButton] = []
        for number, command in enumerate(self.model.commands(), start=1):
            button = QPushButton(f"{number}  {command.label}", self)
            button.setObjectName(f"command_{command.name}")
            button.setProperty("command", command.name)
            button.clicked.connect(self._command_clicked)
            self._buttons.append(button)
            row.addWidget(button)
        row.addStretch(1)
        self._bar = QProgressBar(self)
        self._bar.setMaximumWidth(240)
        self._bar.setTextVisible(False)
        self._stop = QPushButton(self.say("worklist.stop_export"), self)
        self._stop.setObjectName("stop_export")
        self._stop.clicked.connect(self.model.cancel_export)
        for widget in (self._bar, self._stop):
            widget.hide()
            row.addWidget(widget)
        return row

    def _wire(self) -> None:
        model = self.model
        model.chips_changed.connect(self._show_chips)
        model.columns_changed.connect(self._columns)
        model.offers_changed.connect(self._offers)
        model.progress.connect(self._show_progress)
        model.command_asked.connect(self._ask)
        model.purpose_asked.connect(self._ask_purpose)
        model.reports_made.connect(self._show_missing)
        model.table.state_changed.connect(self._show_state)
        self._table.row_changed.connect(model.select)
        self._table.chosen_changed.connect(self._offers)
        model.chosen = self._table.chosen
        model.several_asked.connect(self._ask_for_several)
        self._table.digit_pressed.connect(self._digit)
        self._table.in_sight.connect(model.table.look_at)
        model.table.counted.connect(self._show_count)
        self._table.activated.connect(self._activated)
        self._table.horizontalHeader().customContextMenuRequested.connect(self._header_menu)
        for name, handler in (
            ("filter", self._filter.begin), ("commands", self._commands_menu), ("columns", self._columns_menu),
            ("export", self._export), ("reports", self._ask_version), ("give_out", self._give_out),
            ("answers", self._answers),
        ):  # fmt: skip
            model.action_set.on(name, handler)

    # Rows

    @Slot()
    def _show_chips(self) -> None:
        self._chips.show_texts([c.text for c in self.model.chips])

    @Slot(str, str)
    def _show_state(self, state: str, reason: str) -> None:
        was_in_list = self._table.hasFocus() or self._note.hasFocus()
        self._stack.setCurrentIndex(0 if state == "ready" else 1)
        if was_in_list:  # otherwise whoever comes next has the keys, a hint at the foot of the page
            self.focus_first()
        filtered = bool(self.model.chips)
        texts = {
            "loading": self.say("worklist.loading"),
            "empty": self.say("worklist.empty_filtered") if filtered else self.model.empty_text(),
            "refused": self.say("worklist.refused", reason=reason),
        }
        self._note.setText(texts.get(state, ""))
        self._show_count()

    @Slot()
    def _show_count(self) -> None:
        """Say how many rows there are, or how far finding that out is."""
        table = self.model.table
        count = f"{table.rowCount():,}"
        text = self.say("worklist.count" if table.complete else "worklist.count_more", count=count)
        if table.sorted_so_far >= 0:
            read = f"{table.sorted_so_far:,}"
            text = self.say("worklist.sorting", label=table.order_label, count=read)
        self._filter.count.setText("" if table.state == "loading" else text)

    @Slot(QModelIndex)
    def _activated(self, _index: QModelIndex) -> None:
        self.model.action_set.trigger("open")

    @Slot()
    def _offers(self) -> None:
        enabled = {o.command.name: o.enabled for o in self.model.offers()}
        for button in self._buttons:
            button.setEnabled(enabled.get(button.property("command"), False))

    @Slot()
    def _command_clicked(self) -> None:
        self.model.ask(self.sender().property("command"))

    @Slot(int)
    def _digit(self, number: int) -> None:
        commands = self.model.commands()
        if 1 <= number <= len(commands):
            self.model.ask(commands[number - 1].name)

    @Slot(object, dict)
    def _ask(self, command: Command, given: dict[str, Any]) -> None:
        CommandDialog(self.context, command, given, self, about=self.model.about(command)).open()

    @Slot(object, dict, object)
    def _ask_for_several(self, command: Command, given: dict[str, Any], only: set[str]) -> None:
        dialog = CommandDialog(self.context, command, given, self, only=only, about=self.model.about(command))
        dialog.completed.connect(lambda done: self.model.several_done(done.receipt))
        dialog.open()

    def _commands_menu(self) -> None:
        entries = [(o.command.label, o.command.name, o.enabled) for o in self.model.offers()]
        menu = numbered_menu("commands_menu", entries, self)
        menu.triggered.connect(self._menu_command)
        menu.popup(self._menu_place(self._table))

    @Slot(object)
    def _menu_command(self, entry: Any) -> None:
        self.model.ask(entry.data())

    # Columns

    @Slot()
    def _columns(self) -> None:
        shown = self.model.shown_columns()
        for at, column in enumerate(self.model.table.columns):
            self._table.setColumnHidden(at, column.name not in shown)

    def _columns_menu(self) -> None:
        self._popup_columns(self._menu_place(self._table))

    @Slot(QPoint)
    def _header_menu(self, place: QPoint) -> None:
        self._popup_columns(self._table.horizontalHeader().mapToGlobal(place))

    def _popup_columns(self, place: QPoint) -> None:
        shown = self.model.shown_columns()
        entries = [(c.label, c.name, c.name in shown) for c in self.model.table.columns]
        menu = checked_menu("columns_menu", entries, self)
        menu.triggered.connect(self._column_toggled)
        menu.popup(place)

    @Slot(object)
    def _column_toggled(self, entry: Any) -> None:
        self.model.show_column(entry.data(), entry.isChecked())

    def _menu_place(self, widget: QWidget) -> QPoint:
        return widget.mapToGlobal(QPoint(40, 60))

    # Export

    def _export(self) -> None:
        suggested = self.model.suggested_path()
        suggested.parent.mkdir(parents=True, exist_ok=True)
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.say("worklist.export"), str(suggested), "Excel (*.xlsx)"
        )
        if chosen:
            self.model.export(Path(chosen))

    def _give_out(self) -> None:
        """Ctrl+G: a questionnaire for the rows that are chosen, or for the whole list."""
        model, table = self.model, self.model.table
        asked = GiveOut(
            self.context, model.listing, table.filters, table.order, model.chosen_ids(), table.rowCount()
        )
        GiveOutDialog(asked, self).open()

    def _answers(self) -> None:
        """Ctrl+Shift+E: the responses of a form with their data dictionary."""
        AnswersDialog(Answers(self.context), self).open()

    def _ask_version(self) -> None:
        """Ctrl+R: which version of the risk report, each by its digit; then the folder."""
        entries = [(printables()[f"risk_{name}"].label, name, True) for name in VERSIONS]
        menu = numbered_menu("reports_menu", entries, self)
        menu.triggered.connect(self._ask_folder)
        menu.popup(self._menu_place(self._table))

    @Slot(object)
    def _ask_folder(self, entry: Any) -> None:
        begin = self.context.desk.home.exports
        begin.mkdir(parents=True, exist_ok=True)
        chosen = QFileDialog.getExistingDirectory(self, self.say("worklist.reports"), str(begin))
        if chosen:
            self.model.make_reports(Path(chosen), entry.data())

    @Slot(object)
    def _show_missing(self, made: Made) -> None:
        if made.failed:
            MissingReports(made, self.context, self).open()

    @Slot(object, str)
    def _ask_purpose(self, path: Path, why: str) -> None:
        dialog = PurposeDialog(self.context, why, self)
        dialog.given.connect(partial(self.model.export, path))
        dialog.open()

    @Slot(int, int)
    def _show_progress(self, done: int, total: int) -> None:
        running = done >= 0 and self.model.exporting
        self._bar.setVisible(running)
        self._stop.setVisible(running)
        self._bar.setRange(0, total)
        self._bar.setValue(max(done, 0))
