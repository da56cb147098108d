"""The page's widgets: the forms to choose from, one page of a form at a time, what it came to."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
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

from client.camera.view import PhotoDialog
from client.command_dialog.view import CommandDialog
from client.pages.form.choosing import Choice
from client.pages.form.kiosk.view import KioskWindow
from client.pages.form.lines import in_words
from client.pages.form.result import Told
from client.pages.form.sheet.widgets import FormSheet
from client.pages.form.viewmodel import CHOOSING, FILLING, RESULT, ViewModel
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


class View(PageView):
    """Number keys pick, Enter and Tab go on, F7 goes back, F9 to the next page and hands in."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self._kiosk: KioskWindow | None = None
        self._sending: QLabel | None = None
        self._sending_told = ""
        self._stack = QStackedWidget(self)
        for part in (self._chooser(), self._form(), self._told()):
            self._stack.addWidget(part)
        self.body.addWidget(self._stack, 1)
        self.model.stage_changed.connect(self._show_stage)
        self.model.choices_changed.connect(self._show_choices)
        self.model.page_changed.connect(self.refresh)
        self.model.focus_asked.connect(self._focus)
        self.model.result_changed.connect(self._show_result)
        self.model.files_asked.connect(self._choose_files)
        self.model.photo_asked.connect(self._take_photo)
        self.model.correction_asked.connect(self._ask_why)
        self.model.sending_changed.connect(self._show_sending)
        self.model.action_set.on("print", self._ask_how_to_print)
        self.model.action_set.on("kiosk", self._hand_to_client)
        FileDrop(self, self.model.add_photos)
        self.model.action_set.on("back", lambda: self._sheet.after_typing(self.model.back))
        self.model.action_set.on("next", self._go_on)

    def focus_first(self) -> None:
        """Begin with the list, the first question that waits, or the result."""
        if self.model.stage == FILLING:
            self._sheet.go_to(None)
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
        self._sheet = FormSheet(self.model, self.say, part)
        for widget in (self._place, self._bar, self._hint, self._moved, self._general):
            column.addWidget(widget)
        column.addWidget(self._sheet, 1)
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
            self._sheet.clear()
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
        self._sheet.refresh()

    def _go_on(self) -> None:
        entry = self._list.currentItem()
        if self.model.stage == CHOOSING and entry is not None:
            self._chosen(entry)
        else:
            self._sheet.after_typing(self.model.go_on)

    @Slot(object)
    def _focus(self, place: Place | None) -> None:
        if self._kiosk is None:
            self._sheet.go_to(place)

    @Slot()
    def _hand_to_client(self) -> None:
        """The client goes on at this screen, and reaches nothing else until the nurse's password."""
        if self.model.filling is None or self._kiosk is not None:
            return
        self._kiosk = KioskWindow(self.model, self.window())
        self._kiosk.left.connect(self._back_from_client)
        self._kiosk.open_kiosk()

    @Slot()
    def _back_from_client(self) -> None:
        self._kiosk = None
        self.refresh()
        self.activateWindow()
        self.focus_first()

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

    @Slot(object)
    def _take_photo(self, place: Place) -> None:
        if self._kiosk is not None:
            return  # the client takes it in the kiosk's own window
        dialog = PhotoDialog(self.context, self, self.say("photo.title"))
        dialog.panel.used.connect(lambda jpeg: self.model.add_photo(place, jpeg))
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
        """The response is in already: this one corrects it, with a reason; not by the client."""
        if self._kiosk is not None:
            self._kiosk.tell(self.say("kiosk.call_staff"))
            return
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
