"""The review without its window: a time, what was counted in it, as rows of words. QtCore only."""

from typing import Any

from PySide6.QtCore import QObject, Signal

from client.actions import Action
from client.station import Context, StationModel
from domain.alerts.groups import ShiftDigest
from domain.alerts.statistics_commands import CountAlerts, CountShift, RuleFigures
from domain.quality.message_commands import MessageFigures, ReviewMessages

DAYS = (7, 30, 90, 365)
HOURS = 12
Row = tuple[str, ...]


class ViewModel(StationModel):
    """`counted` says which part was counted: ``rules``, ``messages`` or ``shift``."""

    counted = Signal(str)

    actions = (
        Action("count", "alert_review.action.count", "F5", primary=True),
        Action("part", "alert_review.action.part", "F6"),
        Action("figures", "alert_review.action.figures", "F8"),
        Action("change", "alert_review.action.change", "F4", permission="alert.rules"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.days = DAYS[1]
        self.rules: list[RuleFigures] | None = None
        self.messages: list[MessageFigures] | None = None
        self.shift: ShiftDigest | None = None
        self.action_set.on("count", self.load)
        self.action_set.on("figures", lambda: self.context.open_page("worklist:quality.indicators"))

    def on_open(self, **arguments: Any) -> None:
        """Count, the first time."""
        if self.rules is None:
            self.load()

    def choose_days(self, days: int) -> None:
        """Count another time."""
        self.days = days
        self.load()

    def load(self) -> None:
        """Count everything anew."""
        self.run(CountAlerts(days=self.days), lambda done: self._take("rules", done.receipt))
        self.run(ReviewMessages(days=self.days), lambda done: self._take("messages", done.receipt))
        self.run(CountShift(hours=HOURS), lambda done: self._take("shift", done.receipt))

    def change_rule(self, at: int) -> None:
        """Open the rule of a row where it is changed."""
        if self.rules and 0 <= at < len(self.rules):
            self.context.open_page("alert_rules", rule=self.rules[at].rule)

    def _take(self, part: str, found: Any) -> None:
        setattr(self, part, found)
        self.counted.emit(part)

    def rule_rows(self) -> list[Row]:
        """Return the table of rules as it is shown."""
        return [
            (
                one.rule, one.name, f"{one.opened:,}", f"{one.waiting:,}", f"{one.escalated:,}",
                "—" if one.median_minutes is None else f"{one.median_minutes:,.0f}", _percent(one.no_action_share),
                _percent(one.false_share), self._causes(one), self._proposal(one),
            )
            for one in self.rules or []
        ]  # fmt: skip

    def message_rows(self) -> list[Row]:
        """Return the table of messages as it is shown."""
        name = self.context.formatter.name
        return [
            (
                name(one.channel, "words:channel"), name(one.category, "words:category"), f"{one.queued:,}",
                f"{one.waiting:,}", f"{one.out:,}", f"{one.read:,}", f"{one.lost:,}", _percent(one.reached),
            )
            for one in self.messages or []
        ]  # fmt: skip

    def shift_rows(self) -> list[Row]:
        """Return what was opened and settled in the shift, by rule."""
        if self.shift is None:
            return []
        names = sorted({*self.shift.opened, *self.shift.settled}, key=lambda n: (-self.shift_opened(n), n))
        return [(n, f"{self.shift_opened(n):,}", f"{self.shift.settled.get(n, 0):,}") for n in names]

    def shift_opened(self, name: str) -> int:
        """Return how many alerts of a name were opened in the shift."""
        return 0 if self.shift is None else self.shift.opened.get(name, 0)

    def _causes(self, one: RuleFigures) -> str:
        said = [
            f"{self.context.say(f'choice.alert_cause.{cause}')} {count}"
            for cause, count in list(one.causes.items())[:2]
        ]
        return "、".join(said) or "—"

    def _proposal(self, one: RuleFigures) -> str:
        found = one.proposal
        if found is None:
            return "—"
        return self.context.say(
            "alert_review.proposal", value=f"{found.value:g}", old=f"{found.instead_of:g}", spared=found.spared,
            of=found.of, lost=found.lost,
        )  # fmt: skip


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.1f}%"
