"""A splitter whose handles are only a gap: the panes have borders of their own."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

GAP = 8


class Gap(QSplitterHandle):
    """Draws nothing; it can still be dragged."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Leave the ground as it is."""


class Panes(QSplitter):
    """Panes that cannot be folded away by accident. A style sheet of its own would polish all inside twice."""

    def __init__(self, way: Qt.Orientation, name: str, parent: QWidget) -> None:
        super().__init__(way, parent)
        self.setObjectName(name)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(GAP)

    def createHandle(self) -> QSplitterHandle:
        """Make a gap."""
        return Gap(self.orientation(), self)
