"""The review desk on the screen: queue on the left, the case in the middle, its text on the right."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from client.stations.review.case import Case
from client.stations.review.case_panel.view import CasePanel
from client.stations.review.head.widgets import CaseHead, restyle
from client.stations.review.media.view import Stage
from client.stations.review.panes.widgets import Panes
from client.stations.review.preview_dialog.view import PreviewDialog
from client.stations.review.queue_panel.view import QueuePanel
from client.stations.review.reason.view import ReasonDialog
from client.stations.review.side_panel.view import SidePanel
from client.stations.review.text_panel.view import TextPanel
from client.stations.review.viewmodel import ViewModel
from client.views.file_drop import FileDrop
from client.views.station import StationView

PARTS = (240, 540, 344)


class View(StationView):
    """One screen a case; everything that can be done is in the bar of keys."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        model = self.model
        # Each part is made inside what it lies in: a widget that changes its parent is styled twice.
        across = Panes(Qt.Orientation.Horizontal, "review_split", self)
        self._queue = QueuePanel(model, across)
        self._stack = QStackedWidget(across)
        self._stack.addWidget(self._open_case())
        self._blank = QLabel(self._stack)
        self._blank.setObjectName("case_note")
        self._blank.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._blank.setWordWrap(True)
        self._blank.setProperty("role", "muted")
        self._stack.addWidget(self._blank)
        across.addWidget(self._queue)
        across.addWidget(self._stack)
        across.setStretchFactor(0, 0)
        across.setStretchFactor(1, 1)
        across.setSizes([PARTS[0], PARTS[1] + PARTS[2]])
        self._note = QLabel(self)
        self._note.setObjectName("action_note")
        self._note.setWordWrap(True)
        self._note.hide()
        self._held = QLabel(self)
        self._held.setObjectName("held_note")
        self._held.setProperty("tone", "info")
        self._held.hide()
        self.body.addWidget(across, 1)
        self.body.addWidget(self._held)
        self.body.addWidget(self._note)
        self._wire()

    def focus_first(self) -> None:
        """Begin in the queue."""
        self._queue.focus_list()

    def _open_case(self) -> QWidget:
        model = self.model
        holder = QWidget(self._stack)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._head = CaseHead(self.context, model.wording, holder)
        split = Panes(Qt.Orientation.Horizontal, "case_split", holder)
        self.stage = Stage(model, split)
        self._case = CasePanel(model, self.stage)
        self.stage.addWidget(self._case)
        right = Panes(Qt.Orientation.Vertical, "review_right", split)
        self._text = TextPanel(model, right)
        self._side = SidePanel(model, right)
        right.addWidget(self._text)
        right.addWidget(self._side)
        right.setStretchFactor(0, 7)
        right.setStretchFactor(1, 4)
        split.addWidget(self.stage)
        split.addWidget(right)
        split.setSizes([PARTS[1], PARTS[2]])
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        column.addWidget(self._head)
        column.addWidget(split, 1)
        return holder

    def _wire(self) -> None:
        model = self.model
        model.case_shown.connect(self._show_case)
        model.case_state.connect(self._show_state)
        model.note_changed.connect(self._show_note)
        model.part_asked.connect(self._next_part)
        model.attach_asked.connect(self._attach)
        model.images_asked.connect(self._show_images)
        self._side.file_chosen.connect(self._show_file)
        if self.context.actor.may("checkup.edit"):
            FileDrop(self, self._dropped)
        model.looking.previewed.connect(self._show_preview)
        model.holding.changed.connect(self._show_held)
        model.reason_asked.connect(self._ask_reason)
        self._shortcuts = self._keys()
        model.action_set.changed.connect(self._follow_actions)
        self._show_state("loading", "")
        self._follow_actions()

    @Slot(object, bool)
    def _show_case(self, case: Case, fresh: bool) -> None:
        self._head.show_case(case)
        self._case.show_case(case, fresh)
        self._text.show_case(case, fresh)
        self._side.show_case(case)
        self.stage.show_case(case, fresh)
        self.looks.see(case.patient_id)

    @Slot(str, str)
    def _show_state(self, state: str, reason: str) -> None:
        self._blank.setText("" if state == "ready" else self.say(f"review.case.{state}", reason=reason))
        self._stack.setCurrentIndex(0 if state == "ready" else 1)

    @Slot(str, str)
    def _show_note(self, sentence: str, tone: str) -> None:
        self._note.setText(sentence)
        self._note.setProperty("tone", tone)
        self._note.setVisible(bool(sentence))
        restyle(self._note)

    @Slot()
    def _show_held(self) -> None:
        """Tell what was signed and has not gone out, and how long it can be taken back."""
        holding = self.model.holding
        last = holding.last
        self._held.setVisible(last is not None)
        if last is not None:
            if self._note.property("tone") == "success":  # says the same, and takes a line from the results
                self._note.hide()
            self._held.setText(
                self.say(
                    "review.held", count=len(holding.held), number=last.number, name=last.name,
                    left=holding.left_s(),
                )
            )  # fmt: skip

    def _keys(self) -> dict[str, QShortcut]:
        """Return the shortcut of each action; none repeats while its key is held down."""
        found = {}
        for shortcut in self.findChildren(QShortcut):
            shortcut.setAutoRepeat(False)
            found[shortcut.objectName().removeprefix("shortcut_")] = shortcut
        return found

    @Slot()
    def _follow_actions(self) -> None:
        """Only what is enabled listens to its key, so that one key may serve every step of the way."""
        for name, shortcut in self._shortcuts.items():
            shortcut.setEnabled(self.model.action_set.is_enabled(name))

    @Slot()
    def _show_images(self) -> None:
        """Show the first picture of the case, or go back to its results."""
        case = self.model.case
        if self.stage.currentIndex():
            self.stage.back()
        elif case is not None and case.clear:
            first = next((row for row in case.attachments if self.stage.shows(row)), None)
            if first is not None:
                self.stage.open(case, first)

    @Slot(int)
    def _show_file(self, number: int) -> None:
        """Show a file beside the text; what is no picture opens in the system's viewer."""
        case = self.model.case
        if case is None or not case.clear or not 0 <= number < len(case.attachments):
            return
        row = case.attachments[number]
        if self.stage.shows(row):
            self.stage.open(case, row)
        else:
            self.model.looking.open_file(row, case)

    @Slot()
    def _attach(self) -> None:
        self._dropped([])

    def _dropped(self, paths: list[Path]) -> None:
        """Show the files of the case, and add what was dropped on it."""
        case = self.model.case
        if case is None or not case.clear:
            return
        from client.attachments.view import AttachmentsDialog
        from client.attachments.viewmodel import AttachmentsModel

        files = AttachmentsModel(self.context, case.visit_id, case.patient_id, case.report_id)
        title = self.say("attachments.title", name=case.name, number=case.visit_number)
        AttachmentsDialog(files, title, self).open()
        files.add(paths)

    @Slot()
    def _next_part(self) -> None:
        parts = [
            self._queue.list,
            self._case.results,
            *self._text.editors.values(),
            self._side.currentWidget(),
        ]
        at = next((n for n, part in enumerate(parts) if part.hasFocus()), -1)
        parts[(at + 1) % len(parts)].setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot(object)
    def _ask_reason(self, case: Case) -> None:
        checking, say = self.model.checking, self.say
        title = say("review.reason.head", score=checking.score, threshold=checking.rules.threshold)
        lines = [checking.sentence(remark) for remark in checking.remarks]
        ReasonDialog(
            self.context, title, lines, lambda reason: self.model.doing.submit(case, reason), self
        ).open()

    @Slot(object, object)
    def _show_preview(self, case: Case, pages: list[Any]) -> None:
        PreviewDialog(self.model, case, pages, self).open()
