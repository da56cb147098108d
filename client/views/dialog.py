"""The base of our dialogs: gone when closed, and the window below has the focus again."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget


class Dialog(QDialog):
    """Modal to the whole application; `open` shows it and returns at once."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setModal(True)

    def done(self, result: int) -> None:
        """Close; not every platform gives the focus back by itself."""
        super().done(result)
        parent = self.parentWidget()
        if parent is not None and parent.window().isVisible():
            parent.window().activateWindow()
