"""The widgets of taking a photo: what the camera sees, one button that takes it, one that uses it."""

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from client.camera.taking import Looking, jpeg_of
from client.station import Context
from client.views.dialog import Dialog
from domain.kernel.errors import KnownError

BUTTON_PX = 48
"""Large enough for a finger."""
TAKE = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Sight(QWidget):
    """What a camera sees, as large as there is room."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setMinimumSize(320, 180)
        self._image = QImage()

    def sizeHint(self) -> QSize:
        return QSize(800, 450)

    @Slot(QImage)
    def show_image(self, image: QImage) -> None:
        """Show a frame."""
        self._image = image
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if not self._image.isNull():
            size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            left, top = (self.width() - size.width()) // 2, (self.height() - size.height()) // 2
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.rect().adjusted(left, top, -left, -top), self._image)
        painter.end()


class PhotoPanel(QWidget):
    """Space or Enter takes the photo and then uses it, Delete takes another one, Esc gives up."""

    used = Signal(bytes)
    given_up = Signal()

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("photo_panel")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._context = context
        self.looking = Looking(context, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.sight = Sight("photo_sight", self)
        self.told = QLabel(self)
        self.told.setObjectName("photo_told")
        self.told.setWordWrap(True)
        column.addWidget(self.sight, 1)
        column.addWidget(self.told)
        row = QHBoxLayout()
        self._leave = self._button("photo_leave", "photo.leave", self._give_up)
        self._again = self._button("photo_again", "photo.again", self.looking.again)
        self._take = self._button("photo_take", "photo.take", self._go_on)
        self._take.setProperty("primary", "true")
        for button in (self._leave, self._again):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self._take)
        column.addLayout(row)
        self.looking.shown.connect(self._show)
        self.looking.refused.connect(self._refuse)
        self.looking.taken_changed.connect(self._show_taken)
        self._show_taken(taken=False)

    def _button(self, name: str, code: str, act: Any) -> QPushButton:
        button = QPushButton(self._context.say(code), self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.setMinimumHeight(BUTTON_PX)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(act)
        return button

    def open_camera(self) -> None:
        """Begin to look."""
        self.told.setText(self._context.say("photo.opening"))
        self._take.setEnabled(False)
        self.looking.again()
        self.setFocus()

    @Slot(QImage)
    def _show(self, image: QImage) -> None:
        self.sight.show_image(image)
        self._take.setEnabled(True)
        self.told.setText(
            self._context.say("photo.look" if self.looking.taken is None else "photo.look_at_it")
        )

    @Slot(object)
    def _refuse(self, error: KnownError) -> None:
        self._take.setEnabled(False)
        self.sight.show_image(QImage())
        self.told.setText(self._context.desk.texts.explain(error))

    @Slot(bool)
    def _show_taken(self, taken: bool) -> None:
        self._again.setVisible(taken)
        self._take.setText(self._context.say("photo.use" if taken else "photo.take"))

    @Slot()
    def _go_on(self) -> None:
        if self.looking.taken is None:
            self.looking.take()
        else:
            self.used.emit(jpeg_of(self.looking.taken))

    @Slot()
    def _give_up(self) -> None:
        self.looking.stop()
        self.given_up.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The whole panel is worked by three keys."""
        if event.key() in TAKE and self._take.isEnabled():
            self._go_on()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.looking.taken is not None:
            self.looking.again()
        elif event.key() == Qt.Key.Key_Escape:
            self._give_up()
        else:
            super().keyPressEvent(event)


class PhotoDialog(Dialog):
    """The panel as a dialog of the desk."""

    def __init__(self, context: Context, parent: QWidget, title: str) -> None:
        super().__init__(title, parent)
        self.setObjectName("photo_dialog")
        self.resize(860, 620)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        self.panel = PhotoPanel(context, self)
        self.panel.used.connect(self.accept)
        self.panel.given_up.connect(self.reject)
        column.addWidget(self.panel)

    def open(self) -> None:
        """Show it and begin to look."""
        super().open()
        self.panel.open_camera()

    def done(self, result: int) -> None:
        """Let go of the camera, however it ends."""
        self.panel.looking.stop()
        super().done(result)
