"""What the check remarks, below the conclusion: the score, and a line for each remark that leads to its place."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from client.stations.review.checking import Checking

MOST_ROWS = 4
"""Further remarks are scrolled to: the text needs the room."""


class CheckList(QFrame):
    """Gone while there is nothing to remark; Enter or a click on a line goes to what it is about."""

    def __init__(self, checking: Checking, say: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._checking, self._say = checking, say
        self.setObjectName("check_list")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._head = QLabel(self)
        self._head.setObjectName("check_score")
        self._list = QListWidget(self)
        self._list.setObjectName("text_checks")
        self._list.setAccessibleName(say("review.check.name"))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemActivated.connect(self._chosen)
        self._list.itemClicked.connect(self._chosen)
        column.addWidget(self._head)
        column.addWidget(self._list)
        self.hide()

    def show_remarks(self) -> None:
        """Show what is remarked now."""
        checking = self._checking
        lines = [checking.sentence(remark) for remark in checking.remarks]
        self.setVisible(bool(lines))
        if not lines:
            self._list.clear()
            return
        code = "review.check.head" if checking.enough else "review.check.head_low"
        shown = {"score": checking.score, "count": len(lines), "threshold": checking.rules.threshold}
        self._head.setText(self._say(code, **shown))
        self._head.setProperty("tone", "warning" if checking.enough else "danger")
        self._head.style().unpolish(self._head)
        self._head.style().polish(self._head)
        if lines != [self._list.item(n).text() for n in range(self._list.count())]:
            self._list.clear()
            for line in lines:
                item = QListWidgetItem(line, self._list)
                item.setToolTip(line)
        self._list.setFixedHeight(self._list.sizeHintForRow(0) * min(len(lines), MOST_ROWS) + 6)
        self._list.setCurrentRow(checking.index)

    @Slot(QListWidgetItem)
    def _chosen(self, item: QListWidgetItem) -> None:
        self._checking.go_to(self._list.row(item))
