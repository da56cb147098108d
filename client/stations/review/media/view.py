"""The pane of a case's pictures, in the place of its results while it is open; Esc brings those back."""

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from client.stations.review.case import AttachmentRow, Case
from client.stations.review.head.widgets import restyle
from client.stations.review.media.model import MediaModel
from client.stations.review.media.slides import SHOWN, Slide
from client.stations.review.media.widgets import Canvas
from client.stations.review.media.windows import Look
from domain.checkup.image_identity import Match
from forms.imaging.shapes import AECG, DICOM, Facts, Told


class MediaPane(QWidget):
    """Who and what the picture is of above it, the picture, what the keys do below it."""

    left = Signal()
    elsewhere = Signal(object, object)
    """A file (`AttachmentRow`) of a `Case` that somebody wants to open in the system's viewer."""

    def __init__(self, context: Any, parent: QWidget, model: MediaModel) -> None:
        super().__init__(parent)
        self.setObjectName("media_pane")
        self._context = context
        self._say = context.say
        self.model = model
        self.look = Look()
        self._case: Case | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._of = self._label("media_of", column)
        self._doubt = self._label("media_doubt", column)
        self._doubt.setProperty("tone", "warning")
        self.canvas = Canvas(context, self.look, self)
        column.addWidget(self.canvas, 1)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.hide()
        column.addWidget(self._bar)
        self._keys = self._label("media_keys", column)
        self._keys.setProperty("role", "muted")
        self.setFocusProxy(self.canvas)
        self.model.shown.connect(self._show)
        self.model.refused.connect(self._refuse)
        self.model.waiting.connect(self._wait)
        self.model.placed.connect(self._follow)
        self.canvas.walked.connect(self.model.step)
        self.canvas.looked.connect(self._follow)

    def _label(self, name: str, column: QVBoxLayout) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setWordWrap(True)
        column.addWidget(label)
        return label

    def open(self, case: Case, row: AttachmentRow) -> None:
        """Show a file of a case."""
        self._case = case
        self.look.measures.clear()
        self._clear(row.name)
        self.canvas.show_sentence(self._say("review.media.opening"), red=False)
        self.model.open(case, row)
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def leave(self) -> None:
        """Show nothing, forget what was decoded."""
        self._case = None
        self.canvas.show_sentence("", red=False)
        self.model.leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk, zoom, window, measure; Esc goes back to the results."""
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            slide = self.model.slide
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and slide is not None:
                self.elsewhere.emit(slide.row, self._case)
            else:
                super().keyPressEvent(event)
            return
        if not (self._walk(event) or self._window(event) or self._change(event)):
            super().keyPressEvent(event)
            return
        self.canvas.update()
        self._follow()

    def _walk(self, event: QKeyEvent) -> bool:
        key, shifted = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if shifted and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            return False
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_End: 1 << 20, Qt.Key.Key_Home: -(1 << 20)}
        if key in steps:
            self.model.step(max(-len(self.model.slides), min(len(self.model.slides), steps[key])))
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self.model.skip(1 if key == Qt.Key.Key_PageDown else -1)
        else:
            return False
        return True

    def _window(self, event: QKeyEvent) -> bool:
        frame, key = self.canvas.frame, event.key()
        if frame is None or not frame.windows:
            return False
        if Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            return self.look.preset(frame, key - Qt.Key.Key_0)
        pace = max(1.0, self.look.window(frame)[1] / 20)
        moves = {
            Qt.Key.Key_Up: (pace, 0.0), Qt.Key.Key_Down: (-pace, 0.0),
            Qt.Key.Key_Right: (0.0, pace), Qt.Key.Key_Left: (0.0, -pace),
        }  # fmt: skip
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and key in moves:
            self.look.change_window(frame, *moves[Qt.Key(key)])
        elif key == Qt.Key.Key_I:
            self.look.inverted = not self.look.inverted
        else:
            return False
        return True

    def _change(self, event: QKeyEvent) -> bool:
        look, key = self.look, event.key()
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            look.zoom_by(1 / 1.25 if key == Qt.Key.Key_Minus else 1.25)
        elif key == Qt.Key.Key_0:
            look.fit()
        elif key == Qt.Key.Key_R and not self.canvas.is_wave:
            look.turned = (look.turned + 90) % 360
        elif key in (Qt.Key.Key_L, Qt.Key.Key_A):
            tool = "length" if key == Qt.Key.Key_L else "angle"
            look.tool = "" if look.tool == tool else tool
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.model.slide is not None:
            look.measures.pop(self.model.slide.key, None)
        elif key == Qt.Key.Key_Escape:
            if not look.tool:
                self.left.emit()
            look.tool = ""
        else:
            return False
        return True

    def _clear(self, name: str) -> None:
        self._of.setText(name)
        self._doubt.hide()
        self._bar.hide()

    @Slot(object, object)
    def _show(self, slide: Slide, told: Told) -> None:
        self.look.begin(slide.series if told.waveform is None else f"wave {slide.row.sha256}")
        self._clear(slide.row.name)
        self.canvas.show_told(slide, told)
        if self.model.verdict(told).match is Match.UNSURE:
            self._doubt.setText(self._say("review_page.unsure"))
            self._doubt.show()
            restyle(self._doubt)
        self._follow()

    @Slot(object, str)
    def _refuse(self, slide: Slide, sentence: str) -> None:
        self._clear(slide.row.name)
        self.canvas.show_sentence(sentence, red=True)
        self._follow()

    @Slot(object, int, int)
    def _wait(self, slide: Slide, done: int, total: int) -> None:
        self._clear(slide.row.name)
        size = self._context.formatter.size
        self.canvas.show_sentence(
            self._say("review.media.on_its_way", name=slide.row.name, done=size(done), size=size(total)), red=False
        )  # fmt: skip
        self._bar.setRange(0, max(1, total >> 10))
        self._bar.setValue(done >> 10)
        self._bar.show()

    @Slot()
    def _follow(self) -> None:
        """Say which picture it is, of whom, and what the keys do now."""
        slide = self.model.slide
        if slide is None:
            return
        told = self.model.ready(slide)
        facts = told.facts if told is not None else None
        number, count = self.model.place
        place = self._say("review.media.place", number=number, count=count) if count > 1 else ""
        self._of.setText("　".join(t for t in (place, slide.row.name, self._whose(facts)) if t))
        frame = self.canvas.frame
        lines = []
        if frame is not None and frame.windows:
            centre, width = self.look.window(frame)
            lines.append(
                self._say(
                    "review.media.window", centre=f"{centre:.0f}", width=f"{width:.0f}", unit=frame.unit
                )
            )
        if facts is not None and facts.kind == "image":
            lines.append(self._spacing(facts))
        self.canvas.corner = "\n".join(lines)
        self._keys.setText(self._hints())

    def _whose(self, facts: Facts | None) -> str:
        if facts is None or facts.kind in {"pdf", "photo"}:
            return ""
        told = (
            facts.patient_name,
            facts.patient_id,
            facts.birth_date,
            facts.modality,
            facts.body_part,
            facts.description,
        )
        return self._say(
            "review.media.of", told="　".join(t for t in told if t) or self._say("review.media.nobody")
        )

    def _spacing(self, facts: Facts) -> str:
        if facts.spacing is None:
            return self._say("review.media.no_spacing")
        rows, columns = facts.spacing
        code = "review.media.spacing_detector" if facts.spacing_kind == "detector" else "review.media.spacing"
        return self._say(code, rows=f"{rows:.2f}", columns=f"{columns:.2f}")

    def _hints(self) -> str:
        if self.look.tool:
            return self._say(f"review.media.tool.{self.look.tool}")
        if self.canvas.is_wave:
            return self._say("review.media.keys.wave")
        frame = self.canvas.frame
        if frame is not None and frame.windows:
            names = [self._say(f"review_page.window.{name}") for name, _, _ in frame.windows[:9]]
            return self._say(
                "review.media.keys.image", presets="　".join(f"{n} {name}" for n, name in enumerate(names, 1))
            )
        return self._say("review.media.keys.page")


class Stage(QStackedWidget):
    """Results of the case, or its pictures in their place; the pane is made when first asked for."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.pane: MediaPane | None = None

    def shows(self, row: AttachmentRow) -> bool:
        """Tell whether a file is shown here, not in the system's viewer."""
        return row.media_type in SHOWN

    def open(self, case: Case, row: AttachmentRow) -> None:
        """Show a file of the case."""
        if self.pane is None:
            self.pane = MediaPane(self._model.context, self, self._model.media)
            self.pane.left.connect(self.back)
            self.pane.elsewhere.connect(self._model.looking.open_file)
            self.addWidget(self.pane)
        self.setCurrentWidget(self.pane)
        self.pane.open(case, row)

    @Slot()
    def back(self) -> None:
        """Show the results again."""
        if self.currentIndex():
            self.setCurrentIndex(0)
            if self.pane is not None:
                self.pane.leave()
            focus = getattr(self.widget(0), "results", None)
            if focus is not None:
                focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_case(self, case: Case, fresh: bool) -> None:
        """Leave the pictures when another case comes: they are of the one before."""
        if fresh and self.currentIndex():
            self.setCurrentIndex(0)
            if self.pane is not None:
                self.pane.leave()
        if fresh and case.clear and any(row.media_type in {AECG, DICOM} for row in case.attachments):
            self._model.media.warm_up()
