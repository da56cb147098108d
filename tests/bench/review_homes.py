"""Stores full of reports that wait for a chief physician, three years of results each; kept in .state/bench."""

import random
import uuid
from datetime import UTC, date, datetime, timedelta

import resources
from client.home import Home
from client.keys import create_key
from domain import features
from domain.catalog.content import load_catalog
from domain.checkup.intake import Person, finding_sentence, line_for, take_in
from domain.checkup.records import (
    CriticalValue,
    Finding,
    Report,
    ResultSource,
    ReviewAction,
    ReviewStep,
    Visit,
)
from domain.kernel.ids import new_id
from domain.people.passwords import hash_password
from domain.people.records import Organization, OrganizationKind, Patient, Sex, Staff
from server.interfaces.hl7.population import load_samples, population
from sync.schema import prepare_store
from sync.stores import open_branch_store
from tests.bench.homes import FOLDER, insert_records, shape

HEAD_OFFICE, BRANCH, CHIEF = uuid.UUID(int=0xA0), uuid.UUID(int=0xB1), uuid.UUID(int=0xC1)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
YEARS = 3
AT_ONCE = 400


def review_home(waiting: int, detailed: int, issued: int) -> Home:
    """Return a home with reports at the head office.

    Args:
        waiting: Reports in the second or the final review.
        detailed: How many of them have results of three years; the rest have only their rows of the queue.
        issued: Signed reports, which a queue must not have to walk past.
    """
    home = Home(FOLDER / f"review-{waiting}-{detailed}-{issued}-{shape()}")
    done = home.folder / "made"
    if not done.exists():
        _make(home, waiting, detailed, issued)
        done.touch()
    return home


def store_key(home: Home) -> bytes:
    """Return the key of a bench store."""
    return bytes.fromhex((home.folder / "store.key").read_text("ascii").strip())


def _make(home: Home, waiting: int, detailed: int, issued: int) -> None:
    features.load()
    home.folder.mkdir(parents=True, exist_ok=True)
    for leftover in (home.store, home.folder / "store.key"):
        leftover.unlink(missing_ok=True)
    store = open_branch_store(home.store, create_key(home.store, home.folder / "store.key"))
    prepare_store(store)
    insert_records(store, _people())
    catalog = load_catalog(resources.folder("catalog"))
    samples = load_samples(resources.folder("samples"))
    chance = random.Random(7)  # noqa: S311  (invented people, not secrets)
    clients = population(samples, catalog, waiting + issued, seed=3, today=NOW.date(), panel="full")
    rows: list = []
    for number, client in enumerate(clients):
        rows += _case(catalog, chance, client, number, results=number < detailed, open_now=number < waiting)
        if len(rows) > AT_ONCE * 100:
            insert_records(store, rows)
            rows = []
    insert_records(store, rows)
    store.close()


def _people() -> list:
    return [
        Organization(id=HEAD_OFFICE, org_id=HEAD_OFFICE, code="HQ", name="康泰健康集团总院",
                     kind=OrganizationKind.HEAD_OFFICE, ver=1),
        Organization(id=BRANCH, org_id=BRANCH, code="B01", name="滨江分院", parent_id=HEAD_OFFICE,
                     kind=OrganizationKind.BRANCH, ver=1),
        Staff(id=CHIEF, org_id=HEAD_OFFICE, login="chief", name="李文渊", role="chief_physician", title="主任医师",
              licence_no="110330100012345", password_hash=hash_password("Tuo7-Shan#Lan"), password_set_at=NOW,
              must_change=False, active=True, ver=1),
    ]  # fmt: skip


def _case(catalog, chance, client, number, *, results, open_now) -> list:
    sex = Sex.MALE if client.sex == "male" else Sex.FEMALE
    patient = Patient(
        id=new_id(), org_id=BRANCH, number=f"P101{number:07d}", name=client.name, sex=sex,
        birth_date=client.birth_date, id_type="01", id_number=client.id_number, phone=client.phone, ver=1,
    )  # fmt: skip
    rows: list = [patient]
    person = Person(patient.id, sex, client.birth_date)
    visit = None
    urgency = 0
    for ago in range(YEARS - 1 if results else 0, -1, -1):
        day = date(NOW.year - ago, 11, 20)
        visit = Visit(
            id=new_id(), org_id=BRANCH, number=f"V{ago}{number:08d}", patient_id=patient.id, visit_date=day,
            package="职工年度体检 A 套餐", state="finished", state_since=NOW, ver=1,
        )  # fmt: skip
        rows.append(visit)
        if results:
            made, urgency = _results(catalog, chance, client, person, visit, ago)
            rows += made
    return rows + _report(chance, patient, visit, number, urgency, open_now=open_now)


def _results(catalog, chance, client, person, visit, ago) -> tuple[list, int]:
    rows, urgency = [], 0
    at = datetime(visit.visit_date.year, 11, 20, 1, tzinfo=UTC)
    for key, value in client.values.items():
        if not isinstance(value, float):
            continue
        definition = catalog.observation(key)
        low, high = definition.plausible
        number = min(high, max(low, value * chance.uniform(0.92, 1.08)))
        line = line_for(catalog, key, round(number, definition.decimals), definition.ucum, at=at)
        found = take_in(
            line, person, catalog, visit_id=visit.id, source=ResultSource.INTERFACE, now=at
        ).observation
        found.id, found.org_id, found.ver = new_id(), BRANCH, 1
        rows.append(found)
        if ago == 0 and found.important_class:
            rows.append(
                Finding(id=new_id(), org_id=BRANCH, visit_id=visit.id, patient_id=person.patient_id,
                        observation_id=found.id, important_class=found.important_class, rule="report",
                        sentence=finding_sentence(found.label, found.value_text, found.ucum, found.range_text),
                        unverified=bool(found.unverified), found_at=at, ver=1)
            )  # fmt: skip
            urgency = max(urgency, 1 if found.important_class == "A" else 0)
        if ago == 0 and found.critical_level:
            rows.append(
                CriticalValue(id=new_id(), org_id=BRANCH, visit_id=visit.id, patient_id=person.patient_id,
                              observation_id=found.id, label=found.label, value_text=found.value_text,
                              level=found.critical_level, unverified=False, state="reported", state_since=NOW,
                              due_at=NOW, ver=1)
            )  # fmt: skip
            urgency = 2
    return rows, urgency


def _report(chance, patient, visit, number, urgency, *, open_now) -> list:
    state = ("second_review", "final_review")[number % 2] if open_now else "issued"
    due = NOW + timedelta(minutes=chance.randint(-300, 2000)) if open_now else None
    report = Report(
        id=new_id(), org_id=BRANCH, number=f"R101{number:07d}", visit_id=visit.id, patient_id=patient.id, revision=1,
        conclusion="空腹血糖偏高，低密度脂蛋白胆固醇升高。\n其余指标未见明显异常。",
        advice="两周内复查空腹血糖。\n低脂饮食，规律运动。", urgency=urgency, returns=0, state=state, state_since=NOW,
        due_at=due, issued_at=None if open_now else NOW - timedelta(days=chance.randint(1, 300)), ver=1,
    )  # fmt: skip
    steps = [
        ReviewStep(id=new_id(), org_id=BRANCH, report_id=report.id, revision=1, level=level, action=action,
                   staff_name="陈立群", staff_title="主治医师", acted_at=NOW - timedelta(hours=hours), ver=1)
        for level, action, hours in (
            ("drafting", ReviewAction.SUBMIT, 9), ("first_review", ReviewAction.PASS, 6),
        )
    ]  # fmt: skip
    return [report, *(steps if open_now else [])]
