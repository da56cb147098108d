"""When backups are made, copied and rehearsed; in a thread of its own, for one may take hours."""

import logging
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from domain.backups.commands import SAID, NoteBackup
from domain.backups.records import BackupDuty, BackupKind
from domain.kernel.authority import Actor
from domain.kernel.clock import Clock, clinic
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError, UnavailableError
from domain.kernel.ids import stable_id
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from server.backups.erasures import erased_count, note_erasures
from server.backups.keys import read_key
from server.backups.making import make_backup
from server.backups.restoring import rehearse
from server.backups.shelf import Shelf
from server.settings import Settings
from server.storage_key import storage_key
from sync.blobs import BlobStore

log = logging.getLogger(__name__)

LOOK_EVERY_S = 60.0
RETRY = timedelta(hours=1)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


class BackupKeeper:
    """Does what is due and notes what became of it; nothing where no place for backups is set."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        blobs: BlobStore,
        dispatcher: Dispatcher,
        actor: Actor,
        texts: Texts,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._store = store
        self._blobs = blobs
        self._dispatcher = dispatcher
        self._actor = actor
        self._texts = texts
        self._clock = clock
        self._problem = ""
        self._erasures = -1
        self._tried: dict[BackupKind, datetime] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def places(self) -> tuple[Path, ...]:
        """Where backups go: the first is written, the others are copies of it."""
        return self._settings.backup_to

    def start(self) -> None:
        """Begin; returns at once."""
        if self.places and self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._loop, name="backups", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End; a backup under way is given up with the process and begun anew."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def run_due(self) -> list[BackupKind]:
        """Do what is due now; returns what was tried."""
        tried = []
        for kind in self._duties():
            if self._is_due(kind):
                self._tried[kind] = self._clock()
                self.run(kind)
                tried.append(kind)
        return tried

    def run(self, kind: BackupKind) -> bool:
        """Do one thing now and note what became of it; returns whether it succeeded."""
        work = {
            BackupKind.MADE: self._make,
            BackupKind.COPIED: self._copy,
            BackupKind.REHEARSED: self._rehearse,
        }
        began = self._clock()
        try:
            said = work[kind]()
        except KnownError as error:
            log.warning("backup waits", extra={"kind": kind.value, "code": error.code})
            self._note(kind, good=False, problem=self._texts.explain(error)[:SAID])
            return False
        except Exception as error:  # the edge: a bug here must be seen by people, not end the thread
            log.exception("backup failed", extra={"kind": kind.value})
            self._note(kind, good=False, problem=type(error).__name__)
            return False
        said.setdefault("good", True)
        said.setdefault("seconds", (self._clock() - began).total_seconds())
        log.info("backup", extra={"kind": kind.value, "backup": said.get("name")})
        self._note(kind, **said)
        return bool(said["good"])

    @property
    def problem(self) -> str:
        """What the last failure was, in words."""
        return self._problem

    def _duties(self) -> list[BackupKind]:
        return [k for k in BackupKind if k is not BackupKind.COPIED or len(self.places) > 1]

    def _is_due(self, kind: BackupKind) -> bool:
        now, tried = self._clock(), self._tried.get(kind)
        if tried is not None and now - tried < RETRY:
            return False
        good = self._good_at(kind)
        if kind is BackupKind.MADE:
            return good is None or (now - good >= DAY / 2 and self._is_night(now)) or now - good >= DAY
        if kind is BackupKind.COPIED:
            made = self._good_at(BackupKind.MADE)
            return made is not None and (good is None or good < made)
        made = self._good_at(BackupKind.MADE)
        return made is not None and (good is None or (now - good >= WEEK - DAY / 2 and self._is_night(now)))

    def _is_night(self, now: datetime) -> bool:
        return clinic(now).hour == self._settings.backup_hour

    def _good_at(self, kind: BackupKind) -> datetime | None:
        table = BackupDuty.__table__
        own = stable_id("backup_duty", self._actor.org_id, kind.value)
        with self._store.read() as connection:
            found: datetime | None = connection.execute(
                table.select().with_only_columns(table.c.good_at).where(table.c.id == own)
            ).scalar()
        return found

    def _shelf(self, place: Path) -> Shelf:
        return Shelf(place, read_key(self._settings.backup_key_path))

    def _make(self) -> dict[str, Any]:
        shelf = self._shelf(self.places[0])
        note_erasures(self._store, [shelf])
        made = make_backup(
            store=self._store, blobs=self._blobs, data_dir=self._settings.data_dir, shelf=shelf,
            moment=self._clock(), storage_key=storage_key(self._settings),
        )  # fmt: skip
        self._forget(shelf)
        said: dict[str, Any] = {
            "name": made.name, "bytes": made.bytes, "files": made.new_files, "seconds": made.seconds,
        }  # fmt: skip
        if made.damaged:
            problem = UnavailableError("backup.files_damaged", count=len(made.damaged))
            said |= {"good": False, "problem": self._texts.explain(problem)}
        return said

    def _copy(self) -> dict[str, Any]:
        source, copied = self._shelf(self.places[0]), 0
        for place in self.places[1:]:
            target = self._shelf(place)
            note_erasures(self._store, [target])
            copied += target.copy_from(source)
            self._forget(target)
        return {"name": source.newest(), "bytes": copied}

    def _rehearse(self) -> dict[str, Any]:
        shelf = self._shelf(self.places[-1])
        name = shelf.newest()
        if name is None:
            raise UnavailableError("backup.none", path=str(shelf.root))
        found = rehearse(shelf, name, self._settings.data_dir / "rehearsal")
        return {"name": name, "files": found.files, "rows": found.rows}

    def _forget(self, shelf: Shelf) -> None:
        shelf.forget(
            self._clock(), days=self._settings.backup_days, weeks=self._settings.backup_weeks
        )  # fmt: skip

    def _note(self, kind: BackupKind, **said: Any) -> None:
        self._problem = said.get("problem") or ""
        place = self.places[0] if kind is BackupKind.MADE else self.places[-1]
        self._dispatcher.run(NoteBackup(kind=kind, place=str(place), **said), self._actor)

    def keep_erasures(self) -> None:
        """Have beside every shelf who was erased by law, soon after it; a place that is away gets it later."""
        count = erased_count(self._store)
        if count == self._erasures:
            return
        try:
            note_erasures(self._store, [self._shelf(place) for place in self.places])
        except KnownError as error:
            log.warning("list of erasures waits", extra={"code": error.code})
        else:
            self._erasures = count

    def _loop(self) -> None:
        for kind in self._duties():
            self._note(kind)
        while not self._stopping.is_set():
            try:
                self.keep_erasures()
            except Exception:  # the edge: as in `run`
                log.exception("list of erasures failed")
            self.run_due()
            self._stopping.wait(LOOK_EVERY_S)
