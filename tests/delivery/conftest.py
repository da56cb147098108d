"""A branch, its people and the head office's, on one store, and a report that waits for its signature."""

import hashlib
from datetime import date

import pytest

import resources
from domain.catalog.content import load_catalog
from domain.checkup.report_commands import PassFirstReview, PassSecondReview, SubmitReport, WriteReport
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.errors import UnavailableError
from domain.kernel.texts import Texts
from domain.messaging.templates import TEMPLATES, load_templates
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Organization, Sex
from domain.people.staff_commands import CreateStaff
from forms.documents import load_documents
from forms.final_versions import FILES
from forms.issuing import issue_report
from tests.conftest import BRANCH, DEVICE
from tests.fixtures.followup_day import keep

SYSTEM = system_actor(BRANCH, DEVICE)
STAFF = (
    ("nurse", "nurse", "周护士"), ("physician", "physician", "陈医生"), ("head", "department_head", "高主任"),
    ("expert", "chief_physician", "郑专家"), ("chief", "chief_physician", "李主任"),
)  # fmt: skip
CATALOG = load_catalog(resources.folder("catalog"))
DOCUMENTS = load_documents(resources.folder("documents"))
TEXTS = Texts.load(resources.folder("texts") / "zh")
MESSAGES = load_templates(resources.folder("messages"))


class Signed:
    """The store with who works on it; files lie in `files`."""

    def __init__(self, desk, clock, authority):
        self.desk, self.clock, self.files = desk, clock, {}
        desk.content |= {
            "catalog": CATALOG, "texts": TEXTS, TEMPLATES: MESSAGES, FILES: self.read, "authority": authority,
        }  # fmt: skip
        keep(desk, SYSTEM, Organization(id=BRANCH, code="B01", name="滨江分院", kind="branch"))
        self.who = {}
        for login, role, name in STAFF:
            order = CreateStaff(
                login=login, name=name, role=role, org_id=BRANCH, password="Xk7#mQ2p-Lw9", title="主任医师",
                licence_no="110330100012345",
            )  # fmt: skip
            staff = desk.run(order, SYSTEM).receipt
            self.who[login] = authority.actor(
                staff_id=staff, name=name, role=role, org_id=BRANCH, device_id=DEVICE, subtree=()
            )
        born = RegisterPatient(
            name="欧阳䶮明", sex=Sex.MALE, birth_date=date(1979, 3, 8), phone="13800005678",
            id_number="330106197903084535",
        )  # fmt: skip
        self.patient = self.run(born, "nurse").patient_id
        self.visit = self.run(OpenVisit(patient_id=self.patient), "nurse").visit_id
        self.fpg = 7.62
        values = [
            Measured(item="fpg", value=self.fpg, unit="mmol/L"),
            Measured(item="sbp", value=128, unit="mm[Hg]"),
        ]
        self.run(RecordMeasurement(visit_id=self.visit, values=values), "nurse")
        self.report = self.written("空腹血糖 7.62 mmol/L 升高，提示糖尿病可能", "两周内到内分泌科复查")
        self.submitted("PassFirst")

    def run(self, order, who):
        return self.desk.run(order, self.who.get(who, SYSTEM)).receipt

    def written(self, conclusion, advice):
        return self.run(
            WriteReport(visit_id=self.visit, conclusion=conclusion, advice=advice), "physician"
        ).report_id

    def submitted(self, *first):
        self.run(SubmitReport(report_id=self.report, reason="已核对"), "physician")
        if first:
            self.run(PassFirstReview(report_id=self.report), "head")
        self.run(PassSecondReview(report_id=self.report), "expert")

    def read(self, sha256):
        if sha256 not in self.files:
            raise UnavailableError("blob.missing", sha256=sha256)
        return self.files[sha256]

    def kept(self, pdf):
        sha256 = hashlib.sha256(pdf).hexdigest()
        self.files[sha256] = pdf
        return sha256

    def sign(self):
        return issue_report(self.desk, self.who["chief"], DOCUMENTS["final_report"], self.report, self.kept)

    def rows(self, record, **values):
        table = record.__table__
        with self.desk.store.read() as connection:
            wanted = [table.c[name] == value for name, value in values.items()]
            return connection.execute(table.select().where(*wanted).order_by(table.c.id)).all()


@pytest.fixture
def signed(desk, clock, authority):
    return Signed(desk, clock, authority)
