"""Live refresh: from the store's bell to the open windows that show a changed record.

The bell rings on a writer's thread with the position of the newest entry. Rings are gathered; one reader job
then reads the entries between the last position and the newest, and `changed` tells on the UI thread which
records changed. A window reloads what it shows of them, nothing else.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from client.background import Jobs
from domain.kernel.ids import Id

if TYPE_CHECKING:
    from domain.kernel.change_log import Entry
    from domain.kernel.store import Store

GATHER_MS = 40
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Changed:
    """Which records changed, by entity; `ids` is None for an entity of which too many did to name."""

    records: dict[str, frozenset[bytes] | None] = field(default_factory=dict)
    position: int = 0
    created: frozenset[bytes] = frozenset()
    """Those of the records that were not there before."""

    @property
    def entities(self) -> frozenset[str]:
        return frozenset(self.records)

    def touches(self, entities: Iterable[str]) -> bool:
        """Tell whether any record of these entities changed."""
        return not self.entities.isdisjoint(entities)

    def has(self, entity: str, record_id: Id) -> bool:
        """Tell whether this very record changed (or may have)."""
        if entity not in self.records:
            return False
        ids = self.records[entity]
        return ids is None or record_id.bytes in ids


class Live(QObject):
    """The bridge of one store; lives on the UI thread for as long as the desk is open."""

    changed = Signal(object)
    _rung = Signal(int)

    def __init__(self, store: "Store | None", jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._jobs = jobs
        self._read_to: int | None = None
        self._running = False
        self._again = False
        self._stopped = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(GATHER_MS)
        self._timer.timeout.connect(self._read)
        self._rung.connect(self._gather, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe: Callable[[], None] = _nothing
        if store is not None:
            self.follow(store)

    @property
    def store(self) -> "Store | None":
        """The store that is followed."""
        return self._store

    def follow(self, store: "Store") -> None:
        """Begin to listen to a store; one that is opened only after somebody has signed in comes later."""
        self._store = store
        self._unsubscribe = store.on_commit(self._rung.emit)

    def stop(self) -> None:
        """End it; a ring that is still on its way to the UI thread starts nothing."""
        self._stopped = True
        self._unsubscribe()
        self._timer.stop()

    @Slot(int)
    def _gather(self, position: int) -> None:
        if self._read_to is None:
            self._read_to = position - 1
        if self._stopped:
            return
        if self._running:
            self._again = True
        elif not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _read(self) -> None:
        since = self._read_to or 0
        store = self._store
        if store is None:
            return
        self._running = True
        job = self._jobs.read(lambda _job: read_changes(store, since), "live")
        job.succeeded.connect(self._tell)
        job.finished.connect(self._done)

    @Slot(object)
    def _tell(self, found: Changed) -> None:
        self._read_to = max(self._read_to or 0, found.position)
        if found.records:
            self.changed.emit(found)

    @Slot()
    def _done(self) -> None:
        self._running = False
        if self._again and not self._stopped:
            self._again = False
            self._timer.start()


def _nothing() -> None:
    """Stop following what is not followed."""


def read_changes(store: "Store", since: int) -> Changed:
    """Return what changed after position `since`.

    After a long run of entries (a snapshot, days of pulled changes) the records are not named one by one.
    """
    from domain.kernel.change_log import entries_after, head_position

    with store.read() as connection:
        entries = entries_after(connection, since, AT_ONCE + 1)
        if len(entries) > AT_ONCE:
            return Changed(dict.fromkeys(_every_entity(), None), head_position(connection))
    return changes_in(entries, since)


def changes_in(entries: "Iterable[Entry]", since: int = 0) -> Changed:
    """Return the records that entries changed; refused ones changed nothing."""
    from domain.kernel.change_log import DONE, MERGED

    records: dict[str, set[bytes]] = {}
    created: set[bytes] = set()
    position = since
    for entry in entries:
        position = entry.position
        if entry.outcome in {DONE, MERGED}:
            for change in entry.glance.changes:
                records.setdefault(change.entity, set()).add(change.record_id)
                if change.op == "ins":
                    created.add(change.record_id)
    named = {entity: frozenset(ids) for entity, ids in records.items()}
    return Changed(named, position, frozenset(created))


def _every_entity() -> list[str]:
    from domain.kernel.record import record_classes

    return list(record_classes())
