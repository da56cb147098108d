"""What the change log costs a save: the same commands with their log entry and without it, in one run.

Registering, editing and measuring at an encrypted store, synchronous=FULL, a commit each. Rounds alternate, so both
meet the same machine; what is compared are the sums.
"""

import dataclasses
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from unittest import mock

import resources
from domain import features
from domain.catalog.content import load_catalog
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.authority import Actor, Authority
from domain.kernel.dispatcher import Dispatcher
from domain.people.patient_commands import EditPatient, RegisterPatient
from domain.people.records import Sex
from sync.schema import prepare_store
from sync.stores import open_branch_store

BRANCH, DEVICE = uuid.UUID(int=0xB1), uuid.UUID(int=0xD1)
ROUND, ROUNDS = 20, 15
GOAL = 1.6


@dataclasses.dataclass(frozen=True, slots=True)
class SaveCost:
    """Milliseconds a save, with the log and without."""

    with_log_ms: float
    without_ms: float

    @property
    def ratio(self) -> float:
        return self.with_log_ms / self.without_ms


def save_cost(folder: Path, rounds: int = ROUNDS) -> SaveCost:
    """Measure on a store of its own in `folder`."""
    features.load()
    store = open_branch_store(folder / "save.db", bytes(range(32)))
    prepare_store(store)
    content = {"number_prefix": "101", "catalog": load_catalog(resources.folder("catalog"))}
    desk = Dispatcher(store, content=content)
    nurse = Authority.load(resources.folder("roles.yaml")).actor(
        staff_id=uuid.uuid5(BRANCH, "nurse"), name="测试员", role="nurse", org_id=BRANCH, device_id=DEVICE, subtree=()
    )  # fmt: skip
    seconds = {"with": 0.0, "without": 0.0}
    _saves(desk, nurse, ROUND)
    for _ in range(rounds):
        seconds["with"] += _timed(lambda: _saves(desk, nurse, ROUND))
        with _no_log():
            seconds["without"] += _timed(lambda: _saves(desk, nurse, ROUND))
    store.close()
    saves = rounds * ROUND * 5 / 1000
    return SaveCost(seconds["with"] / saves, seconds["without"] / saves)


def _saves(desk: Dispatcher, nurse: Actor, count: int) -> None:
    """Run five saves for each of so many clients."""
    values = [Measured(item="sbp", value=128, unit="mm[Hg]"), Measured(item="dbp", value=82, unit="mm[Hg]")]
    for _ in range(count):
        order = RegisterPatient(
            name=f"客户{uuid.uuid4().hex[:6]}",
            sex=Sex.FEMALE,
            birth_date=date(1980, 1, 1),
            another_person=True,
        )
        patient_id = desk.run(order, nurse).receipt.patient_id
        visit_id = desk.run(OpenVisit(patient_id=patient_id), nurse).receipt.visit_id
        desk.run(Arrive(visit_id=visit_id), nurse)
        desk.run(EditPatient(patient_id=patient_id, phone="13800000000", address="北京路一号"), nurse)
        desk.run(RecordMeasurement(visit_id=visit_id, values=values), nurse)


@contextmanager
def _no_log() -> Iterator[None]:
    """Let units of work write their rows alone."""
    with mock.patch("domain.kernel.unit_of_work.append_entry", return_value=1):
        yield


def _timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as name:
        found = save_cost(Path(name))
    print(f"with {found.with_log_ms:.2f} ms, without {found.without_ms:.2f} ms")  # noqa: T201
    print(f"save_cost_ratio {found.ratio:.3f} <= {GOAL} {'holds' if found.ratio <= GOAL else 'short'}")  # noqa: T201
