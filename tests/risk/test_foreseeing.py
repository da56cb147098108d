"""Many clients at once: what was worked out beside is what would have been worked out in the transaction."""

import os
import signal
from datetime import date

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.authority import system_actor
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.risk import follower as following
from domain.risk import keeping
from domain.risk.content import RISK, load_risk
from domain.risk.detail import unpacked
from domain.risk.follower import MANY, RiskFollower
from domain.risk.foreseeing import FORESEEN
from domain.risk.records import Cause, RiskAssessment
from tests.conftest import BRANCH, DEVICE

CATALOG = load_catalog(resources.folder("catalog"))
FOLDER = resources.folder("")
SYSTEM = system_actor(BRANCH, DEVICE)
UNITS = {"sbp": "mm[Hg]", "dbp": "mm[Hg]", "fpg": "mmol/L", "tc": "mmol/L", "hdl": "mmol/L"}


@pytest.fixture
def branch(desk):
    models = load_risk(resources.folder("risk"), CATALOG, resources.folder("forms"))
    desk.content |= {"catalog": CATALOG, RISK: models}
    return desk


@pytest.fixture
def follower(branch):
    made = RiskFollower(branch, SYSTEM, FOLDER)
    yield made
    made.close()


@pytest.fixture
def inline(monkeypatch):
    """Count the assessments that are worked out in the transaction."""
    count = []
    own = keeping.work_out
    monkeypatch.setattr(keeping, "work_out", lambda *given: count.append(1) or own(*given))
    return count


def clients(branch, nurse, count, offset=0):
    found = []
    for place in range(count):
        order = RegisterPatient(
            name=f"客户{offset + place}", sex=Sex.MALE if place % 2 else Sex.FEMALE,
            birth_date=date(1950 + place % 40, 5, 6), another_person=True,
        )  # fmt: skip
        patient = branch.run(order, nurse).receipt.patient_id
        visit = branch.run(OpenVisit(patient_id=patient), nurse).receipt.visit_id
        branch.run(Arrive(visit_id=visit), nurse)
        measure(branch, nurse, visit, sbp=115.0 + place, dbp=75.0, fpg=5.0 + place / 20, tc=4.5, hdl=1.3)
        found.append((patient, visit))
    return found


def measure(branch, nurse, visit, **values):
    given = [Measured(item=key, value=value, unit=UNITS[key]) for key, value in values.items()]
    branch.run(RecordMeasurement(visit_id=visit, values=given), nurse)


def kept(branch):
    table = RiskAssessment.__table__.c
    query = select(table.patient_id, table.digest, table.colour, table.outcome, table.detail, table.inputs)
    with branch.store.read() as connection:
        return {row.patient_id: tuple(row)[1:] for row in connection.execute(query.order_by(table.id))}


def test_what_is_worked_out_beside_is_what_the_transaction_would_have_kept(branch, nurse, follower, inline):
    first = [patient for patient, _ in clients(branch, nurse, MANY)]
    follower.assess(first, Cause.RESULTS)  # nobody waits for the models to be loaded
    assert len(inline) >= 10
    assert follower.ready(120.0)
    inline.clear()
    second = [patient for patient, _ in clients(branch, nurse, MANY, MANY)]
    follower.assess(second, Cause.RESULTS)
    assert len(inline) < len(second)  # some are done here while the process is busy
    beside, alone = kept(branch), RiskFollower(branch, SYSTEM)
    assert set(beside) == {*first, *second}
    models = branch.content[RISK]
    branch.content[RISK] = models.signed_as(dict.fromkeys(models.models, ()))
    branch.content[RISK].version += "again"  # another basis, so that each is kept once more
    inline.clear()
    alone.assess(second, Cause.RESULTS)
    assert len(inline) == len(second)
    again = kept(branch)
    differ = [one for one in second if beside[one][1:3] != again[one][1:3] or beside[one][4] != again[one][4]]
    assert differ == []


def test_a_basis_that_changed_meanwhile_is_worked_out_anew(branch, nurse, follower, inline, monkeypatch):
    known = clients(branch, nurse, MANY)
    follower.assess([patient for patient, _ in known], Cause.RESULTS)
    assert follower.ready(120.0)
    for _, visit in known:
        measure(branch, nurse, visit, sbp=131.0)
    own, changed = follower._assess, []

    def late(patients, cause):
        if not changed:  # a result that comes between the handing out and the writing
            changed.append(patients[0])
            visit = next(visit for patient, visit in known if patient == patients[0])
            measure(branch, nurse, visit, sbp=182.0, dbp=95.0)
        own(patients, cause)

    monkeypatch.setattr(follower, "_assess", late)
    read = []
    own_read = keeping.read_basis
    monkeypatch.setattr(keeping, "read_basis", lambda *given: read.append(given[1].id) or own_read(*given))
    follower.assess([patient for patient, _ in known], Cause.RESULTS)
    assert read == [changed[0]]
    assert kept(branch)[changed[0]][1] == "red"


def test_signed_models_are_worked_out_as_signed(branch, nurse, follower, inline):
    known = [patient for patient, _ in clients(branch, nurse, MANY)]
    models = branch.content[RISK]
    branch.content[RISK] = models.signed_as(dict.fromkeys(models.models, ()))
    follower.assess(known, Cause.RESULTS)
    assert follower.ready(120.0)
    inline.clear()
    more = [patient for patient, _ in clients(branch, nurse, MANY, MANY)]
    follower.assess(more, Cause.RESULTS)
    assert len(inline) < len(more)
    table = RiskAssessment.__table__.c
    with branch.store.read() as connection:
        marked = connection.execute(select(table.detail).where(table.patient_id.in_(more))).scalars().all()
    assert all(one.unverified == () for detail in marked for one in unpacked(detail).results)


def test_a_process_that_dies_costs_time_and_nothing_else(branch, nurse, follower, inline):
    known = [patient for patient, _ in clients(branch, nurse, MANY)]
    follower.assess(known, Cause.RESULTS)
    assert follower.ready(120.0)
    for process in follower._ahead._pool._processes.values():
        os.kill(process.pid, signal.SIGKILL)
    more = [patient for patient, _ in clients(branch, nurse, MANY, MANY)]
    follower.assess(more, Cause.RESULTS)
    assert set(kept(branch)) == {*known, *more}


def test_the_processes_end_when_nothing_came_for_a_while(branch, nurse, follower, monkeypatch):
    follower.assess([patient for patient, _ in clients(branch, nurse, MANY)], Cause.RESULTS)
    assert follower.ready(120.0)
    follower.tick()
    assert follower._ahead is not None
    monkeypatch.setattr(following, "IDLE_S", -1.0)
    follower.tick()
    assert follower._ahead is None
    assert branch.content[FORESEEN] is None
