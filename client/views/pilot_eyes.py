"""What the pilot sees: the text of a widget; and how it waits without stopping the program."""

from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QEventLoop, QTimer
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QWidget

MOST_ROWS = 200


def turn(milliseconds: int) -> None:
    """Let the event loop and the other threads run; `QTest.qWait` would keep Python's lock all the time."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def text_of(widget: QWidget) -> str:
    """Return what a widget shows, as text."""
    if isinstance(widget, QLabel | QLineEdit | QAbstractButton):
        return widget.text()
    if isinstance(widget, QPlainTextEdit):
        return widget.toPlainText()
    if isinstance(widget, QComboBox):
        return widget.currentText()
    model = getattr(widget, "model", None)
    if callable(model) and hasattr(model(), "rowCount"):
        table = model()
        rows = min(table.rowCount(), MOST_ROWS)
        lines = (
            "\t".join(str(table.index(r, c).data() or "") for c in range(_columns(table)))
            for r in range(rows)
        )
        return "\n".join(lines)
    labels = [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]
    return "\n".join(labels)


def _columns(table: QAbstractItemModel) -> int:
    """Return how many columns there are; a list model keeps it to itself."""
    return 1 if isinstance(table, QAbstractListModel) else table.columnCount()


def runs_of(text: str) -> list[str]:
    """Split a text into runs that are ASCII and runs that are not."""
    runs: list[str] = []
    for char in text:
        if runs and runs[-1].isascii() == char.isascii():
            runs[-1] += char
        else:
            runs.append(char)
    return runs
