"""Whether a client has the screen; apart from the window itself, which the shell need not load to ask."""

from PySide6.QtWidgets import QApplication, QWidget

MARK = "handed_out"


def window_in_hands() -> QWidget | None:
    """Return the window (`client.views.handed_out`) a client has before him, None while the staff have the screen."""
    window = QApplication.activeModalWidget()
    return window if window is not None and window.property(MARK) is True else None
