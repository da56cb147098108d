"""A workstation's home with people, clients, visits and tubes: what the tests and the pictures look at."""

import uuid
from datetime import date, timedelta

from client.home import Home
from domain.biobank.commands import CollectSpecimen, PlanSpecimen
from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.checkup.records import CriticalValue, Observation, ResultSource
from domain.checkup.visit_commands import OpenVisit
from domain.checkup.workflow import critical_handling
from domain.kernel.authority import system_actor
from domain.kernel.commands import ask, command, handles
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.people.passwords import hash_password
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Organization, OrganizationKind, Sex, Staff
from sync.local_tables import installation

HEAD_OFFICE, BRANCH, DEVICE = uuid.UUID(int=0xA0), uuid.UUID(int=0xB1), uuid.UUID(int=0xD1)
PASSWORD = "Rain-2026-fall"
LOGINS = {
    "nurse": ("nurse1", "李护士"), "biobank_technician": ("tech1", "周技师"), "physician": ("doctor1", "王医生"),
    "it": ("it1", "陈信息"), "administrator": ("admin1", "赵管理"), "department_head": ("head1", "孙主任"),
}  # fmt: skip
PEOPLE = (
    ("张伟", Sex.MALE, date(1976, 3, 2), "110101197603020019", "青霉素"),
    ("王秀英", Sex.FEMALE, date(1968, 7, 15), None, None),
    ("欧阳娜娜", Sex.FEMALE, date(1990, 1, 8), None, None), ("刘洋", Sex.MALE, date(1985, 11, 30), None, None),
    ("陈静", Sex.FEMALE, date(1979, 5, 21), None, "海鲜"), ("䶮新宇", Sex.MALE, date(2001, 9, 9), None, None),
)  # fmt: skip


@command("test.seed_people", "填入人员", permission="test.seed", place="internal")
class SeedPeople:
    """Organisations and accounts as the centre would have sent them."""

    password_hash: str = ask("口令摘要")


@handles(SeedPeople)
def _seed_people(order, work):
    for org_id, code, name, kind, parent in (
        (HEAD_OFFICE, "HQ", "康泰健康集团总院", OrganizationKind.HEAD_OFFICE, None),
        (BRANCH, "B01", "城西分院", OrganizationKind.BRANCH, HEAD_OFFICE),
    ):
        work.add(Organization(id=org_id, org_id=org_id, code=code, name=name, kind=kind, parent_id=parent))
    for role, (login, name) in LOGINS.items():
        work.add(
            Staff(
                org_id=BRANCH, login=login, name=name, role=role, password_hash=order.password_hash,
                password_set_at=work.now,
            )
        )  # fmt: skip


@command("test.seed_critical", "报告危急值", permission="test.seed", place="internal")
class SeedCritical:
    """A critical potassium, as the judging of a result would report it."""

    patient_id: uuid.UUID = ask("客户")


@handles(SeedCritical)
def _seed_critical(order, work):
    observation = work.add(
        Observation(
            org_id=BRANCH, patient_id=order.patient_id, item="potassium", label="钾", value_number=6.8,
            value_text="6.8 mmol/L", effective_at=work.now, source=ResultSource.INTERFACE, critical_level=1,
        )
    )  # fmt: skip
    critical = CriticalValue(
        org_id=BRANCH, patient_id=order.patient_id, observation_id=observation.id, label="血钾",
        value_text="6.8 mmol/L", level=1,
    )  # fmt: skip
    work.start(critical_handling, critical)
    return work.add(critical).id


def system():
    return system_actor(BRANCH, DEVICE)


def prepare_home(folder, empty_store) -> Home:
    """Return a home with an empty but enrolled store."""
    home = Home(folder)
    home.folder.mkdir(parents=True, exist_ok=True)
    home.store.write_bytes(empty_store.read_bytes())
    return home


def fill(store, clock, *, clients=None, tubes=True):
    """Enrol the store and write people, clients, visits and collected tubes; returns what was made."""
    with store.write() as connection:
        connection.execute(
            installation.insert(),
            {"id": 1, "device_id": DEVICE, "epoch": 1, "org_id": BRANCH, "name": "城西分院 1 号工作站",
             "server": "https://centre.example", "number_prefix": "101", "db_nonce": "n"},
        )  # fmt: skip
    desk = Dispatcher(store, clock=clock, content={"number_prefix": "101"})
    desk.run(SeedPeople(password_hash=_hash()), system())
    made = []
    for name, sex, born, id_number, allergy in PEOPLE[:clients]:
        patient = desk.run(
            RegisterPatient(name=name, sex=sex, birth_date=born, id_number=id_number, allergy=allergy),
            system(),
        ).receipt
        visit = desk.run(OpenVisit(patient_id=patient.patient_id), system()).receipt
        numbers = _tubes(desk, visit.visit_id) if tubes else []
        made.append((patient, visit, numbers))
        if hasattr(clock, "advance"):
            clock.advance(timedelta(minutes=7))
    return made


def _tubes(desk, visit_id):
    numbers = []
    for kind, container in (
        (SpecimenType.SERUM, PrimaryContainer.SERUM_SEPARATOR), (SpecimenType.BLOOD, PrimaryContainer.POTASSIUM_EDTA),
    ):  # fmt: skip
        tube = desk.run(PlanSpecimen(visit_id=visit_id, type=kind, container=container), system()).receipt
        desk.run(CollectSpecimen(number=tube.number), system())
        numbers.append(tube.number)
    return numbers


def _hash():
    return hash_password(PASSWORD)


class CentreHere:
    """The centre as a desk asks it, on the desk's own store: no line, no exchange. `asked` keeps who signed in."""

    def __init__(self, desk):
        self._desk = desk
        self.asked = []

    def knows(self, actor):
        return False

    def sign_in(self, actor, login, password, code=""):
        self.asked.append((login, code))
        if password != PASSWORD:
            raise DomainError("sign_in.refused", left=4)

    def run(self, order, actor):
        if not self.asked:
            raise DomainError("centre.sign_in_first")
        return at_the_centre(self._desk, order, actor)

    def forget_all(self):
        self.asked.clear()

    def close(self):
        pass


def at_the_centre(desk, order, actor):
    """Run an order as the centre does, on the desk's own store."""
    here = Dispatcher(desk.store, clock=desk.clock)
    here.content = desk.dispatcher.content
    return here.run(order, actor)
