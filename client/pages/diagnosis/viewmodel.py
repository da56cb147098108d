"""The diagnosis without its window: one check after the other in the background, and the bundle.

One at a time, so that of the few readers others always find one free: the store of a big branch takes minutes.
"""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.actions import Action
from client.background import Job
from client.outgoing import handed_out
from client.pages.diagnosis.looked_at import contents_of, place_of
from client.station import Context, PageModel
from domain.kernel.clock import clinic
from domain.kernel.errors import UnavailableError
from domain.outgoing.commands import ExportSupportBundle
from sync.diagnosis.bundle import bundle, sentence, worst_first
from sync.diagnosis.looking import Check, Finding, Level, Place, Watch, all_checks, look_at
from sync.diagnosis.versions import versions

log = logging.getLogger(__name__)

CHECKS = all_checks()
"""Imported with this module, which is loaded in the background: not in the turn that opens the page."""
TONES = {Level.OK: "success", Level.WARNING: "warning", Level.BAD: "danger"}


@dataclass(frozen=True, slots=True)
class Line:
    """One finding as it is shown."""

    level: str
    check: str
    means: str
    remedy: str
    tone: str


class ViewModel(PageModel):
    """Begins when it is opened; `changed` after each check and while a long one moves."""

    changed = Signal()
    where_asked = Signal(str)
    """Somebody wants the bundle; the name it would have."""

    actions = (
        Action("again", "diagnosis.action.again", "F5"),
        Action("bundle", "diagnosis.action.bundle", "F9", primary=True),
    )

    def __init__(
        self, context: Context, parent: QObject | None = None, look: Callable[[Any], Place] = place_of
    ) -> None:
        super().__init__(context, parent)
        self.findings: list[Finding] = []
        self.running: Check | None = None
        self.share = (0, 0)
        """Of the running check: how much is done, of how much; (0, 0) while that is not known."""
        self._look = look
        self._waiting: list[Check] = []
        self._place: Place | None = None
        self._job: Job | None = None
        self.action_set.on("again", self.begin)
        self.action_set.on("bundle", self._ask_where)

    def on_open(self, **arguments: Any) -> None:
        if self._place is None:
            self.begin()

    def close(self) -> None:
        if self._job is not None:
            self._job.cancel()
        super().close()

    @Slot()
    def begin(self) -> None:
        """Look at everything anew; while one runs it goes on."""
        if self.running is not None:
            return
        self.findings = []
        self._waiting = list(CHECKS)
        self._place = self._look(self.context.desk)
        self._next()

    @property
    def lines(self) -> list[Line]:
        """The findings in words, the worst first."""
        say = self.context.say
        return [
            Line(
                say(f"diagnosis.level.{one.level}"),
                say(f"diagnosis.check.{one.check}"),
                sentence(one, say),
                "" if one.level is Level.OK else say(f"{one.code}.remedy"),
                TONES[one.level],
            )
            for one in worst_first(self.findings)
        ]

    @property
    def summary(self) -> str:
        """What runs, or how it came out."""
        say = self.context.say
        if self.running is not None:
            name = say(f"diagnosis.check.{self.running.name}")
            done, total = self.share
            if total:
                return say("diagnosis.running_share", check=name, done=done, total=total)
            return say("diagnosis.running", check=name)
        bad = sum(one.level is Level.BAD for one in self.findings)
        warning = sum(one.level is Level.WARNING for one in self.findings)
        if not bad and not warning:
            return say("diagnosis.sound", count=len(self.findings))
        return say("diagnosis.told", count=len(self.findings), bad=bad, warning=warning)

    @property
    def tone(self) -> str:
        """Of the summary."""
        if self.running is not None:
            return ""
        levels = {one.level for one in self.findings}
        return TONES[
            Level.BAD if Level.BAD in levels else Level.WARNING if Level.WARNING in levels else Level.OK
        ]

    def _next(self) -> None:
        self.share = (0, 0)
        self.running = self._waiting.pop(0) if self._waiting else None
        self.action_set.enable("again", self.running is None)
        if self.running is not None:
            check, place = self.running, self._place or self._look(self.context.desk)
            self._job = self.context.jobs.read(
                lambda job: look_at(check, place, Watch(job.tell, lambda: job.cancelled)),
                f"check {check.name}",
            )
            self._job.progressed.connect(self._moved)
            self._follow(self._job, self._found, None)
        else:
            self._job = None
        self.changed.emit()

    def _found(self, findings: tuple[Finding, ...]) -> None:
        self.findings += findings
        self._next()

    @Slot(int, int)
    def _moved(self, done: int, total: int) -> None:
        if not self.is_closed:
            self.share = (done, total)
            self.changed.emit()

    # The bundle

    def _ask_where(self) -> None:
        at = clinic(self.context.desk.clock())
        device = str(self.context.desk.installation.device_id)[:8]
        self.where_asked.emit(f"aftercheck-{device}-{at:%Y%m%d-%H%M}.zip")

    def save(self, path: Path) -> None:
        """Make the bundle of what is found so far and write it to `path`; on record before it goes.

        It is packed among the readers: what people save meanwhile waits for the writing of a small file only.
        """
        desk, findings, say = self.context.desk, tuple(self.findings), self.context.say

        def pack() -> bytes:
            try:
                known = versions(desk.store)
            except UnavailableError:  # what is wrong with the store stands among the findings
                known = versions(None)
            return bundle(findings, say, at=desk.clock(), versions=known, **contents_of(desk))

        self.query(pack, lambda packed: self._write(packed, path), "pack bundle")

    def _write(self, packed: bytes, path: Path) -> None:
        context = self.context
        job = context.jobs.write(lambda _job: _handed_out(context, packed, path), "bundle")
        self._follow(job, lambda noted: self._saved(path, noted=noted), None)

    def _saved(self, path: Path, *, noted: bool) -> None:
        code = "diagnosis.saved" if noted else "diagnosis.saved_unnoted"
        self.toast(code, "success" if noted else "warning", path=str(path))


def _handed_out(context: Context, packed: bytes, path: Path) -> bool:
    """Write the file; returns whether it is on record.

    A store that takes no record is what the bundle is needed for most, and it holds nothing of a client: it goes all
    the same, and the program's log says so.
    """
    written = False

    def send() -> None:
        nonlocal written
        _write_whole(packed, path)
        written = True

    try:
        handed_out(context, ExportSupportBundle(file=path.name[:80]), send)
    except UnavailableError as error:
        if error.code == "export.cannot_write":
            raise
        log.warning("a support bundle is not on record", extra={"code": error.code})
        if not written:
            send()
        return False
    return True


def _write_whole(packed: bytes, path: Path) -> None:
    fresh = path.with_name(f"{path.name}.part")
    try:
        fresh.write_bytes(packed)
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise UnavailableError("export.cannot_write", path=str(path)) from error
