"""What every camera is: started, it gives frames until it is stopped, or says why it cannot."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from domain.kernel.errors import UnavailableError

FRAME_MS = 66
"""A frame is passed on at most so often: more of them nobody sees, and each costs a copy."""


class Camera(QObject):
    """The interface. `frame` comes on the UI thread; after `failed` no frame follows until it is started again."""

    frame = Signal(QImage)
    failed = Signal(object)

    def start(self) -> None:
        """Begin to give frames; tells by `failed` what is in the way."""
        raise NotImplementedError

    def stop(self) -> None:
        """Give no more frames and let go of the device; may be called at any time."""
        raise NotImplementedError

    def fail(self, code: str, **facts: object) -> None:
        """Tell why there are no frames."""
        self.stop()
        self.failed.emit(UnavailableError(code, **facts))
