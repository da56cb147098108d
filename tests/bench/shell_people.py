"""Who signs in on a bench home, and rows for the pages they open."""

import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from client.home import Home
from domain import features
from domain.alerts.records import Alert, Severity
from domain.biobank.records import PrimaryContainer, Specimen, SpecimenType
from domain.checkup.records import Finding, Report, Visit
from domain.kernel.ids import new_id
from domain.people.passwords import hash_password
from domain.people.records import Patient, RunningNumber, Staff
from sync.schema import prepare_store
from sync.stores import open_branch_store
from tests.bench.homes import ORG, PASSWORD, home_key, insert_records

LOGINS = {"zhou": "nurse", "sun": "department_head", "wu": "biobank_technician"}
"""Who goes through their pages: together they see every list and every station."""
VISITS = 2000


def add_people(home: Home) -> None:
    """Add the accounts and a day's rows to a home that has only clients and the nurse; once."""
    done = home.folder / "people"
    if done.exists():
        return
    features.load()
    store = open_branch_store(home.store, home_key(home))
    prepare_store(store)
    now = datetime.now(UTC)
    staff = [
        Staff(
            id=new_id(), org_id=ORG, login=login, name=login, role=role, password_hash=hash_password(PASSWORD),
            password_set_at=now, must_change=False, active=True, ver=1,
        )
        for login, role in LOGINS.items() if login != "zhou"
    ]  # fmt: skip
    with store.read() as connection:
        clients = connection.execute(select(Patient.__table__.c.id).limit(VISITS)).scalars().all()
    rows = [row for number, client in enumerate(clients) for row in _day(number, client, now)]
    insert_records(store, [*staff, *rows])
    with store.write() as connection:  # the invented clients have taken the first numbers
        connection.execute(
            RunningNumber.__table__.insert(),
            {"id": new_id(), "org_id": ORG, "purpose": "patient", "next_value": 9_000_000, "ver": 0},
        )
    store.close()
    done.touch()


def _day(number: int, client: uuid.UUID, now: datetime) -> list:
    due = now + timedelta(minutes=number % 900 - 60)
    visit = Visit(
        id=new_id(), org_id=ORG, number=f"V101{number:08d}", patient_id=client, visit_date=now.date(),
        package="职工年度体检", state="finished", state_since=now, ver=1,
    )  # fmt: skip
    observation = new_id()
    rows: list = [
        visit,
        Specimen(id=new_id(), org_id=ORG, number=f"S101{number:08d}", type=SpecimenType.SERUM,
                 container=PrimaryContainer.SERUM_SEPARATOR, patient_id=client, visit_id=visit.id,
                 state=("collected", "received", "stored")[number % 3], state_since=now,
                 due_at=due if number % 3 < 2 else None, ver=1),
        Report(id=new_id(), org_id=ORG, number=f"R101{number:08d}", visit_id=visit.id, patient_id=client, revision=1,
               conclusion="空腹血糖偏高。", advice="两周内复查。", urgency=number % 3 // 2, returns=0,
               state=("first_review", "issued", "returned")[number % 3], state_since=now,
               due_at=None if number % 3 == 1 else due, issued_at=now if number % 3 == 1 else None, ver=1),
    ]  # fmt: skip
    if number % 5 == 0:
        rows += [
            Finding(id=new_id(), org_id=ORG, visit_id=visit.id, patient_id=client, observation_id=observation,
                    important_class="B", rule="report", sentence="空腹血糖 7.8 mmol/L", unverified=False,
                    found_at=now, ver=1),
            Alert(id=new_id(), org_id=ORG, rule="D03", name="报告审核超时", rule_version=1, severity=Severity.GENERAL,
                  subject="visit", subject_id=visit.id, patient_id=client, summary="报告审核超时",
                  receivers=["nurse", "department_head"], step=0, opened_at=now, state="handled", state_since=now,
                  ver=1),
        ]  # fmt: skip
    return rows
