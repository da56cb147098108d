"""The page's widgets: the forms to choose from, one page of a form at a time, what it came to."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from client.command_dialog.view import CommandDialog
from client.pages.form.choosing import Choice
from client.pages.form.extra.widgets import FileLine, SignLine
from client.pages.form.lines import Line, in_words
from client.pages.form.result import Told
from client.pages.form.viewmodel import CHOOSING, FILLING, RESULT, ViewModel
from client.pages.form.widgets import LineWidget, name_of
from client.stations.front_desk.widgets import text
from client.views.file_drop import FileDrop
from client.views.menus import numbered_menu
from client.views.page import PageView
from domain.kernel.clock import clinic
from domain.kernel.commands import commands
from forms.nodes import Place

STAGES = (CHOOSING, FILLING, RESULT)
SHOWN_OF_A_MOVE = 6
PATTERNS = "*.jpg *.jpeg *.png *.webp *.heic *.pdf *.JPG *.JPEG *.PNG *.HEIC *.PDF"
AnyLine = LineWidget | FileLine | SignLine


class View(PageView):
    """Number keys pick, Enter and Tab go on, F7 goes back, F9 to the next page and hands in."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self._lines: dict[tuple[Place, str], AnyLine] = {}
        self._order: list[tuple[Place, str]] = []
        self._sending: QLabel | None = None
        self._sending_told = ""
        self._stack = QStackedWidget(self)
        for part in (self._chooser(), self._form(), self._told()):
            self._stack.addWidget(part)
        self.body.addWidget(self._stack, 1)
        self.model.stage_changed.connect(self._show_stage)
        self.model.choices_changed.connect(self._show_choices)
        self.model.page_changed.connect(self.refresh)
        self.model.focus_asked.connect(self._go_to)
        self.model.result_changed.connect(self._show_result)
        self.model.files_asked.connect(self._choose_files)
        self.model.correction_asked.connect(self._ask_why)
        self.model.sending_changed.connect(self._show_sending)
        self.model.action_set.on("print", self._ask_how_to_print)
        FileDrop(self, self.model.add_photos)
        self.model.action_set.on("back", lambda: self._after_typing(self.model.back))
        self.model.action_set.on("next", self._go_on)

    def focus_first(self) -> None:
        """Begin with the list, the first question that waits, or the result."""
        if self.model.stage == FILLING:
            self._go_to(None)
        else:
            (self._list if self.model.stage == CHOOSING else self._result_area).setFocus()

    def _chooser(self) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        hint = text("form_choose_hint", part, "muted", wrap=True)
        hint.setText(self.say("form_page.choose"))
        self._list = QListWidget(part)
        self._list.setObjectName("form_choices")
        self._list.setAccessibleName(self.say("form_page.title"))
        self._list.setWordWrap(True)
        self._list.itemActivated.connect(self._chosen)
        column.addWidget(hint)
        column.addWidget(self._list, 1)
        return part

    def _form(self) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._place = text("form_page_place", part, "subtitle", wrap=True)
        self._bar = QProgressBar(part)
        self._bar.setObjectName("form_page_progress")
        self._bar.setTextVisible(False)
        self._hint = text("form_page_hint", part, "muted", wrap=True)
        self._moved = text("form_page_moved", part, wrap=True)
        self._general = text("form_page_general", part, "error", wrap=True)
        self._area = QScrollArea(part)
        self._area.setObjectName("form_area")
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._sheet = QWidget(self._area)
        self._sheet.setObjectName("form_sheet")
        self._column = QVBoxLayout(self._sheet)
        self._column.setSpacing(4)
        self._column.addStretch(1)
        self._area.setWidget(self._sheet)
        for widget in (self._place, self._bar, self._hint, self._moved, self._general):
            column.addWidget(widget)
        column.addWidget(self._area, 1)
        return part

    def _told(self) -> QWidget:
        self._result_area = QScrollArea(self)
        self._result_area.setObjectName("form_result")
        self._result_area.setWidgetResizable(True)
        self._result_area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return self._result_area

    @Slot(str)
    def _show_stage(self, stage: str) -> None:
        self._stack.setCurrentIndex(STAGES.index(stage))
        if stage != FILLING:
            self._clear()
        self.focus_first()

    @Slot(object)
    def _show_choices(self, choices: list[Choice]) -> None:
        self._list.clear()
        for one in choices:
            head = f"【{self.say(f'form_page.why.{one.why}')}】 {one.title}"
            entry = QListWidgetItem(f"{head}\n        {one.reason}" if one.reason else head, self._list)
            entry.setData(Qt.ItemDataRole.UserRole, one)
        self._list.setCurrentRow(0)

    @Slot(QListWidgetItem)
    def _chosen(self, entry: QListWidgetItem) -> None:
        self.model.choose(entry.data(Qt.ItemDataRole.UserRole))

    @Slot()
    def refresh(self) -> None:
        """Draw the page as it is; widgets of questions that stay are kept, and with them the focus."""
        filling = self.model.filling
        if filling is None:
            return
        pages, progress = filling.pages(), filling.session.progress()
        title = pages[filling.number].title if pages else ""
        kept = self.model.kept_at
        told = [
            self.say("form_page.place", number=filling.number + 1, total=len(pages), title=title),
            self.say("form_page.progress", answered=progress.answered, asked=progress.total),
            "" if kept is None else self.say("form_page.kept", at=f"{clinic(kept):%H:%M:%S}"),
        ]
        self._place.setText("　　".join(filter(None, told)))
        self._bar.setRange(0, max(1, progress.total))
        self._bar.setValue(progress.answered)
        self._hint.setText(self.say("form_page.hint"))
        self._show_move()
        self._general.setText("\n".join(filling.general()) if filling.is_last else "")
        self._general.setVisible(bool(self._general.text()))
        self._lay_out_lines()

    def _lay_out_lines(self) -> None:
        lines = self.model.lines()
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

    def _go_on(self) -> None:
        entry = self._list.currentItem()
        if self.model.stage == CHOOSING and entry is not None:
            self._chosen(entry)
        else:
            self._after_typing(self.model.go_on)

    def _after_typing(self, step: Callable[[], None]) -> None:
        """Take what stands in a field before a key leaves the page: the focus is still in it."""
        typed = [line.take() for line in list(self._lines.values())]
        if all(typed):
            step()

    def _made(self, line: Line) -> AnyLine:
        widget: AnyLine
        if line.kind == "file":
            widget = FileLine(line, self.say, name_of(line.place), self._sheet)
            widget.asked.connect(self.model.ask_files)
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

    def _clear(self) -> None:
        for key in list(self._lines):
            self._drop(key)
        self._order = []

    @Slot(object)
    def _follow(self, place: Place) -> None:
        widget = next((one for key, one in self._lines.items() if key[0] == place), None)
        if widget is not None:
            self._area.ensureWidgetVisible(widget, 20, 40)

    @Slot(object)
    def _go_to(self, place: Place | None) -> None:
        asked = [line for line in self.model.lines() if line.is_asked]
        if not asked:
            self._area.setFocus()
            return
        waiting = next((line for line in asked if line.waits), asked[0])
        line = next((one for one in asked if one.place == place), waiting)
        widget = self._lines.get((line.place, line.kind))
        if widget is not None:
            widget.target.setFocus()
            QTimer.singleShot(0, self, lambda: self._follow(line.place))

    @Slot(object)
    def _choose_files(self, place: Place) -> None:
        dialog = QFileDialog(self, self.say("form_page.attach"))
        dialog.setObjectName("file_dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(
            [f"{self.say('form_page.file_kinds')} ({PATTERNS})", f"{self.say('attachments.all')} (*)"]
        )
        if QGuiApplication.platformName() == "offscreen":  # no system dialog there
            dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(
            lambda names: self.model.add_files(place, [Path(name) for name in names])
        )
        dialog.open()

    @Slot()
    def _ask_how_to_print(self) -> None:
        """F8: the form on paper, blank or with what is known, each by its digit."""
        entry = self._list.currentItem() if self.model.stage == CHOOSING else None
        choice = entry.data(Qt.ItemDataRole.UserRole) if entry is not None else self.model.choice
        if choice is None:
            return
        entries = [
            (self.say("form_page.print.blank"), "blank", True),
            (self.say("form_page.print.known"), "known", True),
        ]
        menu = numbered_menu("form_print_menu", entries, self)
        menu.triggered.connect(lambda one: self.model.print_form(choice, blank=one.data() == "blank"))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.mapToGlobal(self.rect().topLeft()))

    @Slot(object)
    def _ask_why(self, given: dict[str, Any]) -> None:
        """The response is in already: this one corrects it, with a reason."""
        dialog = CommandDialog(self.context, commands()["form.correct"], given, self)
        dialog.completed.connect(lambda done: self.model.corrected(done.receipt))
        dialog.open()

    @Slot(str)
    def _show_sending(self, words: str) -> None:
        self._sending_told = words
        if self._sending is not None:
            self._sending.setText(words)

    def _show_move(self) -> None:
        recovered, filling = self.model.recovered, self.model.filling
        moved = recovered.moved if recovered is not None else None
        self._moved.setVisible(moved is not None)
        if moved is None or recovered is None or filling is None:
            return
        say = self.say
        head = say(
            "form_page.moved", given=recovered.given, wanted=filling.session.form.version, kept=len(moved.kept),
            changed=len(moved.changed), dropped=len(moved.dropped), fresh=len(moved.new_required),
        )  # fmt: skip
        lines = [
            say("form_page.moved.dropped", text=one.text, answer=in_words(one.answers, say))
            for one in moved.dropped
        ]
        lines += [say("form_page.moved.changed", text=one.new_text) for one in moved.changed]
        lines += [say("form_page.moved.fresh", text=words) for _, words in moved.new_required]
        self._moved.setText("\n".join([head, *lines[:SHOWN_OF_A_MOVE]]))
        self._moved.setToolTip("\n".join(lines))

    @Slot(object)
    def _show_result(self, told: list[Told]) -> None:
        self._sending = None  # the old sheet goes with its labels
        sheet = QWidget(self._result_area)
        column = QVBoxLayout(sheet)
        roles = {"danger": "error", "title": "subtitle"}
        head = [Told(self.say("form_page.handed_in"), "title")]
        for at, one in enumerate([*head, *told, Told(self.say("form_page.result.again"), "muted")]):
            label = text(
                f"form_told_{at}",
                sheet,
                roles.get(one.tone, "muted" if one.tone == "muted" else ""),
                wrap=True,
            )
            label.setText(one.text)
            if one.tone in ("danger", "warning"):
                label.setProperty("tone", one.tone)
            column.addWidget(label)
        self._sending = text("form_sending", sheet, "muted", wrap=True)
        self._sending.setText(self._sending_told)
        column.addWidget(self._sending)
        column.addStretch(1)
        self._result_area.setWidget(sheet)
        self._result_area.setFocus()
