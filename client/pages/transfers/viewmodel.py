"""Transfers without their window: each file and bundle with its progress, speed, time left and why it waits."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.actions import Action
from client.ports import QueuedFile, SyncState
from client.settings import Settings, SettingsError, change_settings
from client.station import Context, PageModel
from domain.kernel.errors import DomainError, UnavailableError

log = logging.getLogger(__name__)

LOOK_MS = 1000
MEMORY_S = 10.0
"""The speed is that of so many seconds."""
RECORDS_LANE = 0
MOVES = frozenset({"waiting", "wanted"})


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it is shown; `share` in per mille."""

    sha256: str
    what: str
    size: str
    share: int
    done: str
    speed: str
    left: str
    state: str
    tone: str = ""


class ViewModel(PageModel):
    """Looks each second; `changed` when a row moved."""

    changed = Signal()
    limit_asked = Signal()
    """Somebody who may wants to change the limit."""

    actions = (
        Action("now", "transfers.action.now", "F5", permission="sync.view", primary=True),
        Action("pause", "transfers.action.pause", "F6", permission="sync.view"),
        Action("resume", "transfers.action.resume", "F7", permission="sync.view"),
        Action("retry", "transfers.action.retry", "F8", permission="sync.view"),
        Action("limit", "transfers.action.limit", "F2", permission="sync.limit"),
    )

    def __init__(
        self, context: Context, parent: QObject | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(context, parent)
        self.lines: tuple[Line, ...] = ()
        self.selected = ""
        self._clock = clock
        self._rows: dict[str, QueuedFile] = {}
        self._seen: dict[str, list[tuple[float, int]]] = {}
        self._looking = False
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self.action_set.on("now", self._now)
        for name in ("pause", "resume", "retry"):
            self.action_set.on(name, lambda name=name: self._decide(name))
        self.action_set.on("limit", self.limit_asked.emit)
        self._enable()

    def limit(self, kib_per_s: int, begins: int, ends: int) -> None:
        """Keep a limit of the uploads by hours of the day and go by it at once; written in the background.

        Raises:
            DomainError: ``permission.denied``.
        """
        desk, actor = self.context.desk, self.context.actor
        actor.check("sync.limit")
        values = {"upload_limit_kib": kib_per_s, "upload_limit_from": begins, "upload_limit_to": ends}
        self.query(lambda: _kept(desk, actor, values), self._limited, "transfers.limit")

    def _limited(self, settings: Settings) -> None:
        desk = self.context.desk
        desk.settings = settings
        if desk.sync is not None:
            desk.sync.limit_uploads(
                settings.upload_limit_kib * 1024, settings.upload_limit_from, settings.upload_limit_to
            )
        self.toast("transfers.limit_kept")
        self.changed.emit()

    @property
    def summary(self) -> str:
        """How many wait, how much of it, and the limit of the hour if there is one."""
        open_ = [r for r in self._rows.values() if r.state != "confirmed"]
        left = self.context.formatter.size(sum(r.size - r.sent for r in open_))
        settings = self.context.desk.settings
        limit = ""
        if settings.upload_limit_kib:
            limit = self.context.say(
                "transfers.limit", size=self.context.formatter.size(settings.upload_limit_kib * 1024),
                begins=settings.upload_limit_from, ends=settings.upload_limit_to,
            )  # fmt: skip
        return self.context.say("transfers.summary", count=len(open_), size=left) + limit

    def on_open(self, **arguments: Any) -> None:
        self._timer.start()
        self.look()
        self.changed.emit()

    def close(self) -> None:
        self._timer.stop()
        super().close()

    @Slot()
    def look(self) -> None:
        """Read how it stands; one reading at a time."""
        files = self._files
        if files is None or self._looking:
            return
        self._looking = True
        known = frozenset(self._rows)
        self.query(lambda: files.rows(known), self._show, "transfers")

    def select(self, sha256: str) -> None:
        """Choose the row that the actions are for."""
        self.selected = sha256
        self._enable()

    @property
    def _files(self) -> Any:
        return self.context.desk.sync.files if self.context.desk.sync is not None else None

    def _show(self, rows: Sequence[QueuedFile]) -> None:
        self._looking = False
        now = self._clock()
        self._rows = {row.sha256: row for row in rows}
        self._seen = {
            row.sha256: [
                *(s for s in self._seen.get(row.sha256, []) if now - s[0] <= MEMORY_S),
                (now, row.sent),
            ]
            for row in rows
        }
        worker = self.context.desk.sync
        state = worker.state() if worker is not None else SyncState()
        before = 0
        lines = []
        for row in rows:
            lines.append(self._line(row, state, before))
            before += row.state in MOVES
        if tuple(lines) != self.lines:
            self.lines = tuple(lines)
            self._enable()
            self.changed.emit()

    def _line(self, row: QueuedFile, state: SyncState, before: int) -> Line:
        size, speed = self.context.formatter.size, self._speed(row)
        moving = row.state in MOVES and speed > 0
        text, tone = self._state(row, state, before, moving=moving)
        name = self.context.say(f"transfers.lane.{min(row.lane, 4)}")
        return Line(
            row.sha256, f"{name} {row.sha256[:8]}", size(row.size),
            1000 if row.state == "confirmed" else row.sent * 1000 // max(row.size, 1), size(row.sent),
            self.context.say("transfers.speed", size=size(int(speed))) if moving else "",
            self._left((row.size - row.sent) / speed) if moving else "", text, tone,
        )  # fmt: skip

    def _left(self, seconds: float) -> str:
        if seconds < 60:
            return self.context.say("transfers.seconds", count=max(1, round(seconds)))
        return self.context.formatter.span(timedelta(seconds=seconds))

    def _speed(self, row: QueuedFile) -> float:
        """Bytes a second over the last seconds; 0 until it moves."""
        (first_s, first), (last_s, last) = self._seen[row.sha256][0], self._seen[row.sha256][-1]
        return max(0.0, (last - first) / (last_s - first_s)) if last_s > first_s else 0.0

    def _state(self, row: QueuedFile, state: SyncState, before: int, *, moving: bool) -> tuple[str, str]:
        say = self.context.say
        if row.state == "confirmed":
            return say("transfers.sent" if row.upwards else "transfers.received"), "success"
        if row.state == "paused":
            return say("transfers.paused"), "warning"
        if row.state == "refused":
            told = {"sha256": row.sha256[:8], "name": row.sha256[:8], "status": "", "reason": ""}
            return say("transfers.refused", reason=say(row.reason or "transfer.refused", **told)), "danger"
        if moving:
            return say("transfers.sending" if row.upwards else "transfers.receiving"), ""
        if state.phase in {"absent", "offline", "failed"}:
            reason = say(state.reason, **state.facts) if state.reason else say(f"sync.phase.{state.phase}")
            return say("transfers.no_line", reason=reason), "warning"
        return say("transfers.queued", count=before) if before else say("transfers.next"), ""

    def _enable(self) -> None:
        row = self._rows.get(self.selected)
        state = row.state if row is not None and row.lane != RECORDS_LANE else ""
        self.action_set.enable("now", self.context.desk.sync is not None)
        self.action_set.enable("pause", state in MOVES)
        self.action_set.enable("resume", state == "paused")
        self.action_set.enable("retry", state == "refused")

    def _now(self) -> None:
        if self.context.desk.sync is not None:
            self.context.desk.sync.wake()
            self.toast("sync.woken")

    def _decide(self, name: str) -> None:
        files, sha256 = self._files, self.selected
        if files is not None and sha256:
            self.query(
                lambda: getattr(files, name)(sha256), lambda _done: self._decided(), f"transfers.{name}"
            )

    def _decided(self) -> None:
        if self.context.desk.sync is not None:
            self.context.desk.sync.wake()
        self.look()


def _kept(desk: Any, actor: Any, values: dict[str, int]) -> Settings:
    """Write the settings' file; errors ``transfers.limit_wrong`` and ``transfers.limit_not_kept``."""
    try:
        changed = change_settings(desk.home.settings, desk.settings, **values)
    except SettingsError as error:
        raise DomainError("transfers.limit_wrong", reason="；".join(error.problems)) from error
    except OSError as error:
        raise UnavailableError("transfers.limit_not_kept", reason=error.strerror or "") from error
    log.info("upload limit changed", extra={"staff_id": str(actor.staff_id), **values})
    return changed
