"""Assessments worked out by processes of their own, ahead of the transaction that keeps them.

Where many clients are to be assessed (a group's results came in at once) the models take longer than the store. So a
batch is read and handed out while the ones before it are written; the transaction reads again and takes what was
worked out only where the basis is still the same. A process that fails, or is slow, costs time and nothing else.
"""

import concurrent.futures
import logging
import multiprocessing
import os
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias, cast

import msgspec
from sqlalchemy import select

from domain.catalog.content import load_catalog
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.people.records import Patient
from domain.risk.assess import assess
from domain.risk.content import RiskModels, load_risk
from domain.risk.detail import compressed
from domain.risk.factors import Factors, age_on
from domain.risk.gathering import digest_of, gather, inputs_of

log = logging.getLogger(__name__)
FORESEEN = "risk.foreseen"
"""Name in the content of the assessments that were worked out ahead: a `Foreseen`."""
LONGEST_S = 60.0
"""A batch takes some tens of milliseconds and the first one the loading of the models."""

Basis: TypeAlias = tuple[str, date]
"""The digest of the inputs and of the models' version, and the day."""
Made: TypeAlias = tuple[bytes, bytes]
"""An `Assessment` as JSON, and the same compressed."""


class Foreseen:
    """What was worked out by one set of models, each taken once."""

    def __init__(self, models: RiskModels) -> None:
        self._models = models
        self._made: dict[Basis, Made] = {}

    def keep(self, made: Mapping[Basis, Made]) -> None:
        """Have these ready in the place of the ones before."""
        self._made = dict(made)

    def take(self, models: RiskModels, basis: Basis) -> Made | None:
        """Return what these models say of a basis, if it was worked out."""
        return self._made.pop(basis, None) if models is self._models else None


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
        self._pool = concurrent.futures.ProcessPoolExecutor(
            workers or max(1, min(4, (os.cpu_count() or 1) - 1)),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(folder, models.version, marks),
        )

        self._warm = threading.Event()

    def close(self) -> None:
        """End the processes; what they have not begun is left."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def warm(self, timeout_s: float = 0.0) -> bool:
        """Tell whether a process has worked something out, waiting so long for it."""
        return self._warm.wait(timeout_s)

    def _done(self, future: "concurrent.futures.Future[list[Made]]") -> None:
        if not future.cancelled() and future.exception() is None:
            self._warm.set()

    def begin(self, store: Store, patients: Sequence[Id], now: datetime) -> "Coming":
        """Read what is stored of some clients and hand it out."""
        today = clinic(now).date()
        bases: list[Basis] = []
        wanted: list[Factors] = []
        with store.read() as connection:
            query = select(Patient.__table__).where(Patient.__table__.c.id.in_(patients))
            for row in connection.execute(query).all():
                factors = gather(connection, cast("Patient", row), self.models, now)
                bases.append((basis_of(factors, today, self.models), today))
                wanted.append(factors)
        try:
            future = self._pool.submit(_work_out, wanted, today)
        except RuntimeError:  # the pool broke: they are worked out where they are kept
            return Coming(bases, None, self._warm)
        future.add_done_callback(self._done)
        return Coming(bases, future, self._warm)


class Coming:
    """A batch that was handed out."""

    def __init__(
        self,
        bases: Sequence[Basis],
        future: "concurrent.futures.Future[list[Made]] | None",
        warm: threading.Event,
    ) -> None:
        self._bases, self._future, self._warm = bases, future, warm

    def made(self) -> dict[Basis, Made]:
        """Wait for it; nothing where it failed, and while the processes are still loading."""
        if self._future is None:
            return {}
        if not self._warm.is_set() and not self._future.done():
            self._future.cancel()
            return {}
        try:
            return dict(zip(self._bases, self._future.result(LONGEST_S), strict=True))
        except (concurrent.futures.BrokenExecutor, TimeoutError, ValueError, OSError) as error:
            log.warning("assessments were not worked out ahead: %s", type(error).__name__)
            return {}


def basis_of(factors: Factors, today: date, models: RiskModels) -> str:
    """Return what tells one basis of the models from another's."""
    return digest_of(inputs_of(factors, age_on(factors, today)), models.version)


_loaded: RiskModels | None = None


def _begin(folder: Path, version: str, marks: Mapping[str, tuple[str, ...]]) -> None:
    global _loaded
    models = load_risk(folder / "risk", load_catalog(folder / "catalog"), folder / "forms")
    if models.version != version:
        raise ValueError(f"models {models.version} here, {version} wanted")
    _loaded = models.signed_as(marks)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _work_out(wanted: Sequence[Factors], today: date) -> list[Made]:
    if _loaded is None:
        raise ValueError("no models")
    found = []
    for factors in wanted:
        raw = msgspec.json.encode(assess(factors, today, _loaded))
        found.append((raw, compressed(raw)))
    return found
