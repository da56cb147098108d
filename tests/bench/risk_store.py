"""Clients in an encrypted store with results and answers, to be assessed through the store."""

import tempfile
import time
import uuid
from datetime import UTC, date, datetime
from pathlib import Path

import resources
from domain import features
from domain.catalog.content import load_catalog
from domain.checkup.form_commands import AnswerForm
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.risk.commands import AssessSeveral
from domain.risk.content import RISK, load_risk
from domain.risk.follower import AT_ONCE, MANY, RiskFollower
from domain.risk.records import Cause
from sync.schema import prepare_store
from sync.stores import open_branch_store
from tests.risk.people import healthy

A_PIECE = 66
"""Clients a piece of the log is about: 200 entries, of which each client has three."""
ME = system_actor(uuid.UUID(int=0xB1), uuid.UUID(int=0xD1))


def stored_clients(count: int) -> tuple[list[float], float, float]:
    """Return what assessing clients costs through a store.

    Returns:
        Milliseconds a client by one process (reading, all models, the level, its share of a commit), the processor's
        seconds of that, and the seconds of the follower for as many clients with a process beside it.
    """
    features.load()
    with tempfile.TemporaryDirectory() as folder:
        store = open_branch_store(Path(folder) / "branch.db", bytes(range(32)))
        prepare_store(store)
        catalog = load_catalog(resources.folder("catalog"))
        models = load_risk(resources.folder("risk"), catalog, resources.folder("forms"))
        desk = Dispatcher(
            store, clock=lambda: datetime.now(UTC), content={"number_prefix": "101", "catalog": catalog}
        )
        desk.content[RISK] = models
        patients = [_client(desk, models, place) for place in range(count)]
        times, own = [], time.process_time()
        for start in range(0, count, AT_ONCE):
            some = patients[start : start + AT_ONCE]
            begun = time.perf_counter()
            desk.run(AssessSeveral(patient_ids=some), ME)
            times += [(time.perf_counter() - begun) * 1000 / len(some)] * len(some)
        own = time.process_time() - own
        taken = _followed(desk, models, [_client(desk, models, count + place) for place in range(count)])
        store.close()
    return times, own, taken


def _followed(desk, models, patients) -> float:
    follower = RiskFollower(desk, ME, resources.folder(""))
    try:
        warming = [patients[0]] * MANY  # the processes load once and are kept for the next piece of the log
        follower.assess(warming, Cause.RESULTS)
        follower.ready(120.0)
        begun = time.perf_counter()
        for start in range(0, len(patients), A_PIECE):
            follower.assess(patients[start : start + A_PIECE], Cause.RESULTS)
        return time.perf_counter() - begun
    finally:
        follower.close()


def _client(desk, models, place: int):
    sex = Sex.MALE if place % 2 else Sex.FEMALE
    order = RegisterPatient(
        name=f"客户{place}", sex=sex, birth_date=date(1950 + place % 50, 1, 1), another_person=True
    )
    patient = desk.run(order, ME).receipt.patient_id
    visit = desk.run(OpenVisit(patient_id=patient), ME).receipt.visit_id
    given = {one.code: one.value for one in healthy("male", 50, sbp=130.0 + place % 60).given}
    definitions = models.book.definitions
    values = [
        Measured(item=definitions[code].observation, value=value, unit=definitions[code].unit)
        for code, value in given.items()
        if definitions[code].observation
        and code not in ("pgr", "u_pro", "hpv", "fit", "hp_ubt", "hbsag", "hcvab")
    ]
    desk.run(RecordMeasurement(visit_id=visit, values=values), ME)
    links = models.links.shipped["comprehensive"]
    answers = {link: given[asks.factor] for link, asks in links.items() if asks.factor in given}
    desk.run(AnswerForm(patient_id=patient, form="comprehensive", form_version="1.0.0", answers=answers), ME)
    return patient
