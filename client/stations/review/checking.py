"""The check of the text as it is typed: what does not fit, where it stands, and what the text scores. QtCore only."""

from PySide6.QtCore import QObject, Signal

from client.station import Context
from client.stations.review.anchors import Anchor
from client.stations.review.case import Case
from client.stations.review.writing import Writing
from domain.linting.case import Remark
from domain.linting.checks import lint, score
from domain.linting.definitions import LINTING, Rules


class Checking(QObject):
    """Remarks on the open case's text; `index` is the one that was gone to last."""

    changed = Signal()
    gone_to = Signal(object)

    def __init__(self, context: Context, writing: Writing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self._writing = context, writing
        self.remarks: list[Remark] = []
        self.score = 100
        self.index = -1

    @property
    def rules(self) -> Rules:
        rules: Rules = self._context.desk.dispatcher.content[LINTING]
        return rules

    @property
    def enough(self) -> bool:
        """Whether the text may be handed in without a reason."""
        return self.score >= self.rules.threshold

    def look(self, case: Case | None) -> None:
        """Check what stands in the editors; an empty text has nothing to be checked yet."""
        empty = not self._writing.conclusion.strip()
        if case is None or not case.clear or case.facts is None or empty:
            self.remarks, self.score = [], 100
        else:
            self.remarks = lint(case.facts, self._writing.conclusion, self._writing.advice, self.rules)
            self.score = score(self.remarks, self.rules)
        self.index = min(self.index, len(self.remarks) - 1)
        self.changed.emit()

    def sentence(self, remark: Remark) -> str:
        return self._context.say(remark.code, **remark.facts)

    def go_on(self) -> None:
        """Go to the next remark, round and round."""
        if self.remarks:
            self.go_to((self.index + 1) % len(self.remarks))

    def go_to(self, index: int) -> None:
        """Show the place one remark is about."""
        if 0 <= index < len(self.remarks):
            self.index = index
            self.gone_to.emit(self.remarks[index])


def place_of(remark: Remark) -> Anchor | None:
    """Return where a remark stands; None for one that is about no characters."""
    return Anchor(remark.field, remark.start, remark.end) if remark.end > remark.start else None
