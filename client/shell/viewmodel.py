"""The shell without its window: navigation, search, sync, alerts, clock, the pages that may be opened."""

import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.background import Job, Jobs, while_there
from client.desk import Desk
from client.formatting import Formatter
from client.live import Changed, Live
from client.navigation import RECORD_PAGES, Entry, entries, found_by, home_page
from client.ports import Hit, Scanned, Searcher
from client.preferences import Preferences
from client.station import Context
from client.stations import modules_of, stations
from client.sync_look import SyncLook
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from domain.people.scanned import FORM_LINK, FORM_SHEET, UNKNOWN

TICK_MS = 1000
SEARCH_AFTER_MS = 120
HITS = 12
PAGE_HITS = 4
"""Pages of the navigation among what was found; there are more than anybody looks through."""
PAGE_HIT = "page"
ALSO = ("record:", "form:")
"""Pages that are in no navigation."""
WEEKDAYS = "一二三四五六日"


class ShellModel(QObject):
    """One person's frame; made at sign-in and gone at sign-out."""

    page_asked = Signal(str, dict)
    sync_changed = Signal(object)
    clock_changed = Signal(str)
    place_changed = Signal(str)
    hits_found = Signal(str, object)
    alerts_changed = Signal(int, str)
    """How many alerts are open for this role, and the worst severity among them."""
    message = Signal(str, str)
    loaded = Signal()
    """Parts of the program that were not there before are loaded."""
    recognised = Signal(object)
    """A `Scanned`, also of kind ``unknown``: the view offers it to the page shown first."""

    def __init__(
        self, desk: Desk, actor: Actor, jobs: Jobs, live: Live, preferences: Preferences,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.desk, self.actor, self.jobs, self.live = desk, actor, jobs, live
        self.sync = SyncLook(desk, self)
        self.sync.changed.connect(self.sync_changed)
        self.context = Context(
            desk, actor, jobs, live, Formatter(desk.texts), preferences, self.open_page, self.sync
        )
        self.entries: list[Entry] = entries(
            actor, desk.texts.say, desk.early.lists if desk.early is not None else None
        )
        self.search_text = ""
        self._clock_timer = self._timer(TICK_MS, self._tick)
        self._search_timer = self._timer(SEARCH_AFTER_MS, self._search, single=True)
        self._clock_text = ""
        live.changed.connect(self._live)

    @property
    def home(self) -> str:
        """The page that opens first."""
        return home_page(self.actor, self.entries)

    @property
    def alerts_page(self) -> str:
        """The list behind the bell, empty if this role has none."""
        pages = [e.page for e in self.entries]
        return next((p for p in ("worklist:alert.open", "worklist:critical.open") if p in pages), "")

    def start(self) -> None:
        """Begin to follow clock, sync and alerts."""
        self._tick()
        self._clock_timer.start()
        self.sync.start()
        if self.desk.is_complete:
            self.complete()
        job = self.jobs.read(lambda _job: self.desk.organization_name(self.actor), "place")
        job.succeeded.connect(self.place_changed.emit)

    def complete(self) -> None:
        """The store is joined: count what it alone can tell."""
        from domain.people.offline import days_left_of

        self._count_alerts()
        self._count_conflicts()
        self.sync.look()
        job = self.jobs.read(lambda _job: self._ask(days_left_of), "term")
        job.succeeded.connect(self._term)

    def has_modules(self, page: str) -> bool:
        """Tell whether what a page is made of is there already."""
        return all(name in sys.modules for name in modules_of(page)) if page else True

    def load_modules(self, *pages: str) -> Job:
        """Import what pages are made of in the background, all of this person's if none is named."""
        wanted = pages or tuple(e.page for e in self.entries) + ALSO
        names = dict.fromkeys(name for page in wanted if page for name in modules_of(page))
        missing = any(name not in sys.modules for name in names)
        job = self.jobs.read(lambda job: _import(job, names), "modules")
        if missing:
            job.finished.connect(self.loaded)
        return job

    def stop(self) -> None:
        self.sync.stop()
        for timer in (self._clock_timer, self._search_timer):
            timer.stop()
        self.live.changed.disconnect(self._live)

    def open_page(self, page: str, **arguments: Any) -> None:
        """Open a page: a station's id, ``worklist:<name>``, ``record:<entity>:<id>`` or as `build_page` takes it."""
        if not self.actor.limited:
            self.page_asked.emit(page, arguments)
            return
        job = self.jobs.read(lambda _job: self._within(page, arguments), "own_clients")
        job.succeeded.connect(while_there(self, lambda _nothing: self.page_asked.emit(page, arguments)))
        job.refused.connect(self._refused)

    def _within(self, page: str, arguments: dict[str, Any]) -> None:
        """Refuse a page about somebody who is not a client of the person signed in; off the UI thread."""
        from domain.kernel.clients import beyond

        with self.desk.store.read() as connection:
            if beyond(connection, self.actor, [*page.split(":"), arguments], acting=False) is not None:
                raise DomainError("client.not_yours")

    # Search

    def search(self, text: str) -> None:
        """Look for something a moment after the last key."""
        self.search_text = text.strip()
        if self.search_text:
            self._search_timer.start()
        else:
            self._search_timer.stop()
            self.hits_found.emit("", [])

    @Slot()
    def _search(self) -> None:
        text, actor, searcher = self.search_text, self.actor, self.desk.searcher
        job = self.jobs.read(lambda _job: (text, self._hits(searcher, actor, text)), "search")
        job.succeeded.connect(self._found)
        job.refused.connect(self._refused)

    def _hits(self, searcher: Searcher | None, actor: Actor, text: str) -> list[Hit]:
        """Return records first, then pages; off the UI thread."""
        records = list(searcher(actor, text, HITS)) if searcher is not None else []
        pages = found_by(text, self.entries)[:PAGE_HITS]
        say = self.desk.texts.say
        return records[: HITS - len(pages)] + [
            Hit(PAGE_HIT, None, entry.label, say(entry.group), entry.page) for entry in pages
        ]

    @Slot(object)
    def _found(self, answer: tuple[str, Sequence[Hit]]) -> None:
        if answer[0] == self.search_text:
            self.hits_found.emit(*answer)

    def open_hit(self, hit: Hit) -> None:
        """Open what a search found."""
        self.open_page(hit.page or f"record:{hit.kind}:{hit.record_id}")

    # Scans

    def look_up(self, text: str) -> None:
        """Find out what a scanned text is; `recognised` or a message follows."""
        lookup, actor = self.desk.scan_lookup, self.actor
        if lookup is None:
            self.message.emit(self.desk.texts.say("scan.no_lookup"), "danger")
            return
        job = self.jobs.read(lambda _job: lookup(actor, text), "scan")
        job.succeeded.connect(self.recognised.emit)
        job.refused.connect(self._refused)

    def page_for(self, scanned: Scanned) -> str:
        """Return the page a scan belongs to: a station that takes its kind, else its record; empty with a message."""
        if scanned.kind == UNKNOWN:
            self.message.emit(
                self.desk.texts.say(scanned.reason or "scan.unknown", text=scanned.text), "danger"
            )
            return ""
        if scanned.kind == FORM_SHEET and self.actor.may(str(RECORD_PAGES["form"])):
            return f"form:patient:{scanned.record_id}"
        if scanned.kind == FORM_LINK and self.actor.may(str(RECORD_PAGES["form"])):
            return f"form:person_link:{scanned.record_id}"
        for station in stations().values():
            if scanned.kind in station.scans and self.actor.may(station.permission):
                return station.id
        from domain.kernel.record import record_classes

        if scanned.record_id is not None and scanned.kind in record_classes():
            return f"record:{scanned.kind}:{scanned.record_id}"
        self.message.emit(self.desk.texts.say("scan.nowhere", label=scanned.label or scanned.text), "warning")
        return ""

    # What is always visible

    @Slot()
    def _tick(self) -> None:
        now = clinic(self.desk.clock())
        text = f"{now:%m-%d} 周{WEEKDAYS[now.weekday()]} {now:%H:%M}"
        if text != self._clock_text:
            self._clock_text = text
            self.clock_changed.emit(text)

    def _count_conflicts(self) -> None:
        from domain.exchange.worklists import count_open

        if self.desk.sync is None:
            job = self.jobs.read(lambda _job: self._ask(count_open), "conflicts")
            job.succeeded.connect(self.sync.count_conflicts)

    def _count_alerts(self) -> None:
        from domain.alerts.worklists import PERMISSION, count_for

        if self.actor.may(PERMISSION):
            job = self.jobs.read(lambda _job: self._ask(count_for), "alerts")
            job.succeeded.connect(self._counted)
        else:
            self.alerts_changed.emit(0, "")

    def _ask(self, count: Callable[[Any, Actor], Any]) -> Any:
        with self.desk.store.read() as connection:
            return count(connection, self.actor)

    @Slot(object)
    def _counted(self, answer: tuple[int, str | None]) -> None:
        count, worst = answer
        self.alerts_changed.emit(count, worst or "")

    @Slot(object)
    def _live(self, changed: Changed) -> None:
        if changed.touches(("alert",)):
            self._count_alerts()
        if changed.touches(("conflict",)):
            self._count_conflicts()

    @Slot(object)
    def _term(self, told: tuple[int, int] | None) -> None:
        """Say that the workstation's time without the centre runs out."""
        if told is not None:
            days, left = told
            self.message.emit(self.desk.texts.say("sign_in.term_ends", days=days, left=left), "warning")

    @Slot(object)
    def _refused(self, error: KnownError) -> None:
        self.message.emit(self.desk.texts.explain(error), "danger")

    def _timer(self, every_ms: int, slot: Any, *, single: bool = False) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(every_ms)
        timer.setSingleShot(single)
        timer.timeout.connect(slot)
        return timer


def _import(job: Job, names: Iterable[str]) -> None:
    for name in names:
        if not job.cancelled:
            importlib.import_module(name)
