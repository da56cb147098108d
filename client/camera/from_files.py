"""The simulator: a camera that sees the pictures of a folder, one after the other, as often as you like.

For tests, training and the demo; set it up by the setting ``camera`` = ``files:FOLDER``.
"""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QImage

from client.camera.camera import FRAME_MS, Camera

KINDS = (".jpg", ".jpeg", ".png", ".webp")
FRAMES_EACH = 15
"""How long it looks at one picture, in frames."""


class FileCamera(Camera):
    """Shows the pictures of a folder by name; one that cannot be read is passed over, as a camera skips a frame."""

    def __init__(self, folder: Path, parent: QObject | None = None, *, frame_ms: int = FRAME_MS) -> None:
        super().__init__(parent)
        self._folder = folder
        self._pictures: list[QImage] = []
        self._shown = 0
        self._timer = QTimer(self)
        self._timer.setInterval(frame_ms)
        self._timer.timeout.connect(self._show)

    def start(self) -> None:
        """Read the pictures and begin."""
        try:
            paths = sorted(path for path in self._folder.iterdir() if path.suffix.lower() in KINDS)
        except OSError:
            paths = []
        self._pictures = [image for path in paths if not (image := QImage(str(path))).isNull()]
        if not self._pictures:
            self.fail("camera.no_pictures", folder=str(self._folder))
            return
        self._shown = 0
        self._timer.start()

    def stop(self) -> None:
        """Show nothing more."""
        self._timer.stop()

    @Slot()
    def _show(self) -> None:
        at = self._shown // FRAMES_EACH % len(self._pictures)
        self._shown += 1
        self.frame.emit(self._pictures[at])
