"""Who the case is about, in words and by the colour of the sex: always above everything that is said of them."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from client.stations.review.case import Case
from client.stations.review.wording import URGENCY_TONE, Wording
from client.views.banner import SEX_PART

ROLES = {
    "name": "name",
    "sex": "sex",
    "age": "subtitle",
    "allergy": "allergy",
    "disputes": "allergy",
    "branch": "subtitle",
    "state": "subtitle",
}
UPPER = ("urgency", "name", "sex", "age", "allergy", "", "branch", "state", "due")
LOWER = ("visit", "disputes", "", "progress", "report")


def restyle(*widgets: QWidget) -> None:
    """Let a style sheet see properties that were just set."""
    for widget in widgets:
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class CaseHead(QFrame):
    """Changes in one step with everything below, so that it never names another person than the results."""

    def __init__(self, context: Any, wording: Wording, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._wording = wording
        self.setObjectName("case_head")
        self.setProperty("part", "banner")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 3, 14, 4)
        column.setSpacing(0)
        self._labels: dict[str, QLabel] = {}
        for parts in (UPPER, LOWER):
            column.addLayout(self._row(parts))

    def _row(self, parts: tuple[str, ...]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(14)
        for part in parts:
            if not part:
                row.addStretch(1)
                continue
            label = QLabel(self)
            label.setObjectName(f"head_{part}")
            label.setProperty("role", ROLES.get(part, "muted" if parts is LOWER else ""))
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._labels[part] = label
            row.addWidget(label)
        return row

    def show_case(self, case: Case) -> None:
        """Show the head of a case."""
        say, wording = self._context.say, self._wording
        due, tone = wording.due(case)
        report = say("review.case.report", number=case.number, revision=case.revision)
        texts = {
            "urgency": wording.urgency(case.urgency),
            "name": case.name,
            "sex": wording.sex(case.sex),
            "age": "" if case.age is None else say("review.age", age=case.age),
            "allergy": say("review.case.allergy", allergy=case.allergy) if case.allergy else "",
            "disputes": say("review.case.disputes", disputes=self._context.formatter.disputes(case.disputes))
            if case.disputes
            else "",
            "visit": say(
                "review.case.head", number=case.visit_number, day=case.visit_day, package=case.package
            ),
            "branch": case.branch,
            "report": report if case.number else say("review.case.no_report"),
            "state": case.state_label,
            "progress": wording.progress(case),
            "due": due,
        }
        tones = {"urgency": URGENCY_TONE[case.urgency].replace("muted", "info"), "due": tone}
        changed: list[QWidget] = []
        for part, text in texts.items():
            label = self._labels[part]
            label.setText(text)
            label.setVisible(bool(text))
            if part in tones and label.property("tone") != tones[part]:
                label.setProperty("tone", tones[part])
                changed.append(label)
        if self.property("sex") != SEX_PART.get(case.sex, ""):
            self.setProperty("sex", SEX_PART.get(case.sex, ""))
            changed += [self, self._labels["sex"]]
        restyle(*changed)
        self.setAccessibleName(f"{wording.person(case)} {texts['visit']} {case.branch} {case.state_label}")
