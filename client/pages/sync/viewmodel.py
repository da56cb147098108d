"""The exchange with the centre without its window: what waits, what moves, what was refused and why."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.actions import Action
from client.ports import Refused, SyncState
from client.station import Context, PageModel
from client.sync_look import SyncLook

TONES = {"absent": "", "offline": "warning", "failed": "danger"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the page: what, how much, and its tone."""

    label: str
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Something the centre did not take, in words."""

    number: int
    at: str
    text: str
    kind: str


class ViewModel(PageModel):
    """Follows the worker; `changed` when anything moved."""

    changed = Signal()

    actions = (
        Action("now", "sync.action.now", "F5", permission="sync.view", primary=True),
        Action("conflicts", "sync.action.conflicts", "F4", permission="conflict.view"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self._look = context.sync or SyncLook(context.desk, self)
        self._look.changed.connect(self._moved)
        self.action_set.on("now", self.now)
        self.action_set.on("conflicts", self._conflicts)
        if context.desk.sync is None:
            self.action_set.enable("now", False)

    def on_open(self, **arguments: Any) -> None:
        self._look.start()
        self.changed.emit()

    @property
    def state(self) -> SyncState:
        """How it stands: what the header shows too."""
        return self._look.state

    @Slot()
    def look(self) -> None:
        """See how it stands."""
        self._look.look()

    @Slot(object)
    def _moved(self, _state: SyncState) -> None:
        self.changed.emit()

    @Slot()
    def now(self) -> None:
        """Try now."""
        if self.context.desk.sync is not None:
            self.context.desk.sync.wake()
            self.toast("sync.woken")

    def _conflicts(self) -> None:
        self.context.open_page("conflicts")

    def close(self) -> None:
        self._look.changed.disconnect(self._moved)
        super().close()

    def facts(self) -> list[Fact]:
        """Return the state line by line."""
        say, size, state = self.context.say, self.context.formatter.size, self.state
        last = self.context.formatter.moment(state.last_contact) if state.last_contact else say("sync.never")
        facts = [
            Fact(say("sync.fact.phase"), say(f"sync.phase.{state.phase}"), TONES.get(state.phase, "success")),
            Fact(say("sync.fact.contact"), last),
            Fact(
                say("sync.fact.waiting"),
                say("sync.waiting", count=state.waiting, size=size(state.waiting_bytes)),
            ),
            Fact(
                say("sync.fact.files"),
                say("sync.waiting", count=state.blobs_waiting, size=size(state.blob_bytes)),
            ),
            Fact(say("sync.fact.conflicts"), str(state.conflicts), "warning" if state.conflicts else ""),
            Fact(say("sync.fact.refused"), str(state.lost), "danger" if state.lost else ""),
        ]
        if state.reason:
            facts.insert(1, Fact(say("sync.fact.reason"), say(state.reason, **state.facts), "danger"))
        return facts

    def reasons(self) -> list[Reason]:
        """Return what was refused, each with its reason in words."""
        return [self._reason(r) for r in self.state.refused]

    def _reason(self, refused: Refused) -> Reason:
        at = self.context.formatter.moment(refused.at) if refused.at else ""
        return Reason(
            refused.dev_seq,
            at,
            self.context.say(refused.code, **refused.facts),
            self.context.say(f"sync.kind.{refused.kind}"),
        )
