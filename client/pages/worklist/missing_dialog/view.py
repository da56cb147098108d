"""Who has no report after a batch, and why: a line each, to be read or copied."""

from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from client.pages.worklist.reports import Made
from client.station import Context
from client.views.dialog import Dialog

WIDTH_PX, HEIGHT_PX = 620, 360


class MissingReports(Dialog):
    """The client's number and the reason; Enter or Esc closes."""

    def __init__(self, made: Made, context: Context, parent: QWidget) -> None:
        title = context.say("worklist.reports_missing")
        super().__init__(title, parent)
        self.setObjectName("missing_reports")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 16)
        column.setSpacing(12)
        column.addWidget(QLabel(title, self))
        lines = QPlainTextEdit("\n".join(f"{number}  {reason}" for number, reason in made.failed), self)
        lines.setObjectName("missing_lines")
        lines.setAccessibleName(title)
        lines.setReadOnly(True)
        lines.setTabChangesFocus(True)
        column.addWidget(lines, 1)
        close = QPushButton(context.say("worklist.reports_close"), self)
        close.setObjectName("missing_close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        column.addWidget(close)
        self.resize(WIDTH_PX, HEIGHT_PX)
        close.setFocus()
