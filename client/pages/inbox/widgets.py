"""What an answer being written says against the rules: marked in the text, told under it, and a reason asked for."""

from collections.abc import Callable, Sequence

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from domain.conduct.keeping import LONGEST_REASON
from domain.conduct.rules import Hit

MOST_TOLD = 2
"""Remarks told at once; the others are marked in the text."""


class RuleRemark(QWidget):
    """Under the answer: one line a remark, and below a severe one the field for the reason."""

    def __init__(self, say: Callable[..., str], parent: QWidget) -> None:
        super().__init__(parent)
        self._say = say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._told = QLabel(self)
        self._told.setObjectName("inbox_remark")
        self._told.setWordWrap(True)
        self._reason = QLineEdit(self)
        self._reason.setObjectName("inbox_reason")
        self._reason.setMaxLength(LONGEST_REASON)
        self._reason.setPlaceholderText(say("inbox.reason_hint"))
        self._reason.setAccessibleName(say("inbox.reason"))
        column.addWidget(self._told)
        column.addWidget(self._reason)
        self.hide()

    def show_hits(self, hits: Sequence[Hit]) -> bool:
        """Tell what was found, nothing without any; returns whether a reason is needed."""
        severe = any(hit.rule.severe for hit in hits)
        if not severe:
            self._reason.clear()
        first = sorted(hits, key=lambda hit: (not hit.rule.severe, hit.start))
        lines = [
            self._say("inbox.remark", label=hit.rule.label, words=hit.words, say=hit.rule.say)
            for hit in first[:MOST_TOLD]
        ]
        if len(first) > MOST_TOLD:
            lines.append(self._say("inbox.remarks_more", count=len(first) - MOST_TOLD))
        self._told.setText("\n".join(lines))
        tone = "danger" if severe else "warning"
        if self._told.property("tone") != tone:
            self._told.setProperty("tone", tone)
            self._told.style().unpolish(self._told)
            self._told.style().polish(self._told)
        self._reason.setVisible(severe)
        self.setVisible(bool(hits))
        return severe

    def reason(self) -> str:
        """Return why it is sent nevertheless."""
        return self._reason.text().strip()

    def forget(self) -> None:
        """Drop a reason that was written for another answer."""
        self._reason.clear()

    def ask_why(self) -> None:
        """Put the cursor where the reason goes."""
        self._reason.setFocus()


def marked(answer: QPlainTextEdit, hits: Sequence[Hit]) -> list[QTextEdit.ExtraSelection]:
    """Return the places of the answer to underline."""
    found = []
    for hit in hits:
        selection = QTextEdit.ExtraSelection()
        cursor = QTextCursor(answer.document())
        cursor.setPosition(_units(answer, hit.start))
        cursor.setPosition(_units(answer, hit.end), QTextCursor.MoveMode.KeepAnchor)
        form = QTextCharFormat()
        form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        form.setUnderlineColor(QColor("#c62828" if hit.rule.severe else "#b26a00"))
        selection.cursor, selection.format = cursor, form
        found.append(selection)
    return found


def _units(answer: QPlainTextEdit, at: int) -> int:
    """Return the position in Qt's UTF-16 units of an offset in characters."""
    return len(answer.toPlainText()[:at].encode("utf-16-le")) // 2
