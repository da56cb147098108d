"""Taking one photo: look, take, look at it, again or use it. And reading codes off the frames. No widgets."""

from PySide6.QtCore import QBuffer, QIODevice, QObject, Signal, Slot
from PySide6.QtGui import QImage

from client.background import while_there
from client.camera.camera import Camera
from client.camera.opening import load_camera, open_camera
from client.station import Context
from domain.kernel.errors import KnownError

QUALITY = 90
LOOK_EVERY = 4
"""Of so many frames one is searched for a code."""


def jpeg_of(image: QImage) -> bytes:
    """Return a picture as JPEG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPG", QUALITY)  # type: ignore[call-overload]
    return bytes(buffer.data().data())


class Looking(QObject):
    """A camera that is looked through. `shown` is what to show; `refused` why there is nothing.

    With `codes` each new code that comes before it is told by `code_seen`, once as long as it stays in sight.
    """

    shown = Signal(QImage)
    refused = Signal(object)
    code_seen = Signal(str)
    taken_changed = Signal(bool)

    def __init__(self, context: Context, parent: QObject, *, codes: bool = False) -> None:
        super().__init__(parent)
        self._context, self._codes = context, codes
        self.camera: Camera | None = None
        self.taken: QImage | None = None
        self._last = QImage()
        self._frames, self._reading, self._seen = 0, False, ""
        self._wanted = False

    def start(self) -> None:
        """Open the camera; its modules are loaded beside the screen."""
        self._wanted = True
        if self.camera is not None:
            self.camera.start()
            return
        setting = self._context.desk.settings.camera
        job = self._context.jobs.read(lambda _job: load_camera(setting), "camera")
        job.succeeded.connect(while_there(self, lambda _nothing: self._open(setting)))
        job.refused.connect(while_there(self, self._refuse))

    def stop(self) -> None:
        """Let go of the camera; what was taken stays."""
        self._wanted = False
        if self.camera is not None:
            self.camera.stop()

    def take(self) -> bool:
        """Keep the frame that is shown; False while there is none."""
        if self._last.isNull():
            return False
        self.taken = self._last
        self.stop()
        self.shown.emit(self.taken)
        self.taken_changed.emit(True)
        return True

    def again(self) -> None:
        """Throw away what was taken and look again."""
        self.taken, self._last = None, QImage()
        self.taken_changed.emit(False)
        self.start()

    def look_anew(self) -> None:
        """Tell a code that is still in sight once more: what it opened is over."""
        self._seen = ""

    def _open(self, setting: str) -> None:
        if self.camera is None:
            self.camera = open_camera(setting, self)
            self.camera.frame.connect(self._frame)
            self.camera.failed.connect(self._refuse)
        if self._wanted:
            self.camera.start()

    @Slot(object)
    def _refuse(self, error: KnownError) -> None:
        self._last = QImage()
        self.refused.emit(error)

    @Slot(QImage)
    def _frame(self, image: QImage) -> None:
        if not self._wanted:
            return
        self._last = image
        self.shown.emit(image)
        self._frames += 1
        if self._codes and not self._reading and self._frames % LOOK_EVERY == 0:
            self._search(image)

    def _search(self, image: QImage) -> None:
        from client.camera.codes import codes_in

        self._reading = True
        job = self._context.jobs.read(lambda _job: codes_in(image), "codes")
        job.succeeded.connect(while_there(self, self._found))
        job.finished.connect(while_there(self, self._searched))

    def _searched(self) -> None:
        self._reading = False

    def _found(self, codes: list[str]) -> None:
        if not codes:
            self._seen = ""
        elif codes[0] != self._seen and self._wanted:
            self._seen = codes[0]
            self.code_seen.emit(codes[0])
