"""Keeping what lies over a widget as large as it."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class ResizeFollower(QObject):
    """Keeps an overlay as large as the widget it lies on."""

    def __init__(self, under: QWidget, overlay: QWidget) -> None:
        super().__init__(overlay)
        self._overlay = overlay
        under.installEventFilter(self)
        overlay.setGeometry(under.rect())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow a resize."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self._overlay.setGeometry(watched.rect())
        return super().eventFilter(watched, event)
