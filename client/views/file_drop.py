"""Files dropped on a widget: taken when they are files of this machine, and handed on as paths."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget


class FileDrop(QObject):
    """Watches a widget; lives as long as it."""

    def __init__(self, widget: QWidget, taken: Callable[[list[Path]], None]) -> None:
        super().__init__(widget)
        self._taken = taken
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent):
            if local_files(event):
                event.acceptProposedAction()
            return True
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            paths = local_files(event)
            if paths:
                event.acceptProposedAction()
                self._taken(paths)
            return True
        return False


def local_files(event: QDropEvent) -> list[Path]:
    """Return the files of this machine that an event carries."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
