"""Assessments worked out by processes of their own, ahead of the transaction that keeps them.

Where many clients are to be assessed (a group's results came in at once) the models take longer than the store. So
batches are read and handed out while those before them are written. The transaction looks in the log whether anything
came about a client meanwhile, and reads again where it did. A process that fails, or is slow, costs time and nothing
else.
"""

import concurrent.futures
import logging
import multiprocessing
import os
import threading
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias, cast

import msgspec
from sqlalchemy import Connection, select

from domain.catalog.content import load_catalog
from domain.interop.one_person import records_of
from domain.kernel.change_log import entries_after, head_position
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.people.records import Patient
from domain.risk.content import RiskModels, load_risk
from domain.risk.factors import Factors, age_on
from domain.risk.gathering import digest_of, gather, inputs_of
from domain.risk.levels import LevelFile, LevelRules
from domain.risk.rule_commands import file_in_force
from domain.risk.working import Worked, work_out

log = logging.getLogger(__name__)
FORESEEN = "risk.foreseen"
"""Name in the content of the assessments that were worked out ahead: a `Foreseen`."""
LONGEST_S = 60.0
"""A batch takes some tens of milliseconds."""
MOST_ENTRIES = 100
"""Entries since the reading that are looked through; behind more of them everything is read again."""
_ABOUT = {"observation", "questionnaire_response", "scale_result"}
_FOR_ALL = {"same_person", "same_person_ended", "published_form"}

Wanted: TypeAlias = tuple[Factors, date]


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What an assessment stands on, as it was read.

    Attributes:
        inputs: As the record keeps them.
        digest: Of the inputs and of the versions of models and rules.
        records: All records of the person.
    """

    factors: Factors
    on: date
    inputs: dict[str, Any]
    digest: str
    records: tuple[Id, ...]


class Ahead(msgspec.Struct, frozen=True):
    """A basis, and what was worked out of it; None where no process had done it yet."""

    basis: Basis
    worked: Worked | None


def read_basis(
    connection: Connection, patient: Patient, models: RiskModels, rules: str, now: datetime
) -> Basis:
    """Return what is stored of a client now, for a version of the rules."""
    today = clinic(now).date()
    records = records_of(connection, patient.id)
    factors = gather(connection, patient, models, now, records)
    inputs = inputs_of(factors, age_on(factors, today))
    digest = digest_of(inputs, f"{models.version}|{rules}")
    return Basis(factors=factors, on=today, inputs=inputs, digest=digest, records=records)


class Foreseen:
    """What was read and worked out by one set of models for the clients of one transaction."""

    def __init__(self, models: RiskModels) -> None:
        self._models, self._rules = models, ""
        self._ahead: dict[Id, Ahead] = {}
        self._seen = 0
        self._changed: set[Id] | None = set()

    def keep(self, rules: str, position: int, ahead: Mapping[Id, Ahead]) -> None:
        """Have these ready in the place of the ones before, as they were at a position of the log."""
        self._rules, self._seen, self._ahead, self._changed = rules, position, dict(ahead), set()

    def take(
        self, connection: Connection, patient_id: Id, models: RiskModels, rules: str, today: date
    ) -> Ahead | None:
        """Return what is ready of a client, if all of it is as it was read."""
        found = self._ahead.pop(patient_id, None)
        if found is None or models is not self._models or rules != self._rules or found.basis.on != today:
            return None
        changed = self._changed_since(connection)
        return None if changed is None or changed & set(found.basis.records) else found

    def _changed_since(self, connection: Connection) -> set[Id] | None:
        """Return the records that something came about since the reading, None for any."""
        if self._changed is not None and head_position(connection) > self._seen:
            entries = entries_after(connection, self._seen, MOST_ENTRIES)
            self._seen = entries[-1].position
            if len(entries) == MOST_ENTRIES:
                self._changed = None
            for entry in entries:
                if self._changed is None:
                    break
                touched = {touch.entity for touch in entry.glance.changes}
                if touched & _FOR_ALL:
                    self._changed = None
                elif touched & _ABOUT or "patient" in touched:
                    self._note(entry.body.changes)
        return self._changed

    def _note(self, changes: Sequence[Any]) -> None:
        for change in changes:
            patient = change.record_id if change.entity == "patient" else change.fields.get("patient_id")
            if change.entity in _ABOUT or change.entity == "patient":
                if not isinstance(patient, bytes) or self._changed is None:
                    self._changed = None
                    return
                self._changed.add(uuid.UUID(bytes=patient))


class Foreseer:
    """Processes that work out assessments, until they are closed.

    They load the models first, a second or two; nobody waits for that.

    Args:
        folder: ``resources``.
        models: Those in force; the processes load the same and are refused where theirs are others.
        workers: Processes; by default one for each processor but the one that writes.
    """

    def __init__(self, folder: Path, models: RiskModels, workers: int | None = None) -> None:
        self.models, self.foreseen = models, Foreseen(models)
        marks = {name: ready.unverified for name, ready in models.models.items()}
        self._warm = threading.Event()
        self._pool = concurrent.futures.ProcessPoolExecutor(
            workers or max(1, min(4, (os.cpu_count() or 1) - 1)),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(folder, models.version, marks),
        )

    def close(self) -> None:
        """End the processes; what they have not begun is left."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def warm(self, timeout_s: float = 0.0) -> bool:
        """Tell whether a process has worked something out, waiting so long for it."""
        return self._warm.wait(timeout_s)

    def _done(self, future: "concurrent.futures.Future[bytes]") -> None:
        if not future.cancelled() and future.exception() is None:
            self._warm.set()

    def begin(self, store: Store, patients: Sequence[Id], now: datetime) -> "Coming":
        """Read what is stored of some clients and hand it out."""
        bases: dict[Id, Basis] = {}
        query = select(Patient.__table__).where(Patient.__table__.c.id.in_(patients))
        with store.read() as connection:
            position = head_position(connection)
            rules = file_in_force(connection, self.models)
            for row in connection.execute(query).all():
                patient = cast("Patient", row)
                bases[row.id] = read_basis(connection, patient, self.models, rules.version, now)
        future = None
        try:
            wanted = [(one.factors, one.on) for one in bases.values()]
            future = self._pool.submit(_work_out, msgspec.msgpack.encode(wanted), rules)
            future.add_done_callback(self._done)
        except RuntimeError:  # the pool broke: they are worked out where they are kept
            log.warning("no process works out assessments any more")
        return Coming(list(patients), rules.version, position, bases, future, self._warm)


class Coming:
    """A batch that was handed out."""

    def __init__(
        self,
        patients: list[Id],
        rules: str,
        position: int,
        bases: Mapping[Id, Basis],
        future: "concurrent.futures.Future[bytes] | None",
        warm: threading.Event,
    ) -> None:
        self.patients, self._rules, self._position, self._bases = patients, rules, position, bases
        self._future, self._warm = future, warm

    @property
    def done(self) -> bool:
        """Whether nothing is to be waited for."""
        return self._future is None or self._future.done()

    def take_back(self) -> bool:
        """Take the batch back; False if a process has it in hand already."""
        if self._future is None or not self._future.cancel():
            return False
        self._future = None
        return True

    def ready(self, foreseen: Foreseen) -> None:
        """Have the batch ready for the transaction: worked out, or only read where that failed or is far off."""
        made = self._made()
        whole: Sequence[Worked | None] = made if len(made) == len(self._bases) else [None] * len(self._bases)
        ahead = {
            one: Ahead(basis, worked) for (one, basis), worked in zip(self._bases.items(), whole, strict=True)
        }
        foreseen.keep(self._rules, self._position, ahead)

    def _made(self) -> list[Worked]:
        if self._future is None or (not self._warm.is_set() and not self._future.done()):
            return []
        try:
            return msgspec.msgpack.decode(self._future.result(LONGEST_S), type=list[Worked])
        except (concurrent.futures.BrokenExecutor, concurrent.futures.CancelledError, TimeoutError) as error:
            log.warning("assessments were not worked out ahead: %s", type(error).__name__)
            return []


_loaded: RiskModels | None = None


def _begin(folder: Path, version: str, marks: Mapping[str, tuple[str, ...]]) -> None:
    global _loaded
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    models = load_risk(folder / "risk", load_catalog(folder / "catalog"), folder / "forms")
    if models.version != version:
        raise ValueError(f"models {models.version} here, {version} wanted")
    _loaded = models.signed_as(marks)


def _end_with_the_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _work_out(wanted: bytes, file: LevelFile) -> bytes:
    """Packed both ways: Python's own pickling of so many small parts takes longer than reading them did."""
    models = _loaded
    if models is None:
        raise ValueError("no models")
    rules = models.published.get(file.version.encode())
    if rules is None:
        rules = LevelRules(file, models.book, models.levels.labels)
        models.published[file.version.encode()] = rules
    made = [
        work_out(models.book.know(factors, on), on, models, rules)
        for factors, on in msgspec.msgpack.decode(wanted, type=list[Wanted])
    ]
    return msgspec.msgpack.encode(made)
