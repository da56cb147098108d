"""A case at the centre for reviewers in a browser: two years of results, images, people of the head office."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace

from domain.checkup.attachment_commands import AttachFile
from domain.checkup.intake import line_for
from domain.checkup.report_commands import PassFirstReview, SubmitReport, WriteReport
from domain.checkup.result_commands import Identity, ReceiveResults
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.authority import system_actor
from domain.people.organizations import subtree
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.people.staff_commands import CreateStaff
from tests.imaging.dicom_files import ct, ecg
from tests.server.conftest import PASSWORD

BEFORE = {"fpg": 5.2, "ldl": 2.9, "tg": 1.4, "ua": 352.0, "alt": 24.0, "k": 4.2, "hgb": 148.0, "wbc": 6.1}
NAMES = {"author": "陈立群", "second": "吴晓", "expert": "郑远", "final": "李文渊"}
NOW = BEFORE | {"fpg": 7.4, "ldl": 4.3, "tg": 2.6}


class Reviewing:
    """What reviewers look at, made once a server through the product's own commands."""

    def __init__(self, server):
        self.server, self.centre = server, server.centre
        self.people = {}
        for login, role, org, title in (
            ("author", "physician", "B01", "主治医师"), ("second", "physician", "B01", "副主任医师"),
            ("author2", "physician", "B02", "主治医师"), ("second2", "physician", "B02", "主治医师"),
            ("expert", "chief_physician", "HQ", "主任医师"), ("final", "chief_physician", "HQ", "主任医师"),
        ):  # fmt: skip
            order = CreateStaff(
                login=login, name=NAMES[login.rstrip("2")],
                role=role, password=PASSWORD, org_id=server.orgs[org], must_change=False, title=title,
                licence_no="110330100012345",
            )  # fmt: skip
            staff = server.as_system(order, "HQ")
            with self.centre.store.read() as connection:
                below = subtree(connection, server.orgs[org])
            self.people[login] = self.centre.authority.actor(
                staff_id=staff, name=order.name, role=role, org_id=server.orgs[org],
                device_id=self.centre.identity.device_id, subtree=below,
            )  # fmt: skip

    def case(self, name="王建国", org="B01"):
        """A report in the second review; returns its ids."""
        system = system_actor(self.server.orgs[org], self.centre.identity.device_id)
        run, there = self.centre.dispatcher.run, "" if org == "B01" else "2"
        born = date(1969, 4, 12)
        patient = run(
            RegisterPatient(name=name, sex=Sex.MALE, birth_date=born, allergy="青霉素"), system
        ).receipt
        today = self.centre.clock().date()
        for ago, values in ((1, BEFORE), (0, NOW)):
            day = today - timedelta(days=365 * ago)
            visit = run(OpenVisit(patient_id=patient.patient_id, visit_date=day), system).receipt
            catalog = self.centre.dispatcher.content["catalog"]
            at = datetime.combine(day, datetime.min.time(), self.centre.clock().tzinfo) + timedelta(hours=1)
            lines = [line_for(catalog, k, v, catalog.observation(k).ucum, at=at) for k, v in values.items()]
            order = ReceiveResults(
                message_id=f"M{visit.number}", org_id=self.server.orgs[org], visit_number=visit.number, lines=lines,
                patient=Identity(name=name, sex=Sex.MALE, birth_date=born),
            )  # fmt: skip
            run(order, system)
        order = WriteReport(
            visit_id=visit.visit_id, advice="两周内复查空腹血糖。\n低脂饮食。",
            conclusion="空腹血糖升高（7.40 mmol/L），请排除糖尿病。\n低密度脂蛋白胆固醇升高。",
        )  # fmt: skip
        report = run(order, self.people[f"author{there}"]).receipt.report_id
        run(SubmitReport(report_id=report, reason="已核对"), self.people[f"author{there}"])
        run(PassFirstReview(report_id=report), self.people[f"second{there}"])
        return SimpleNamespace(report=report, visit=visit.visit_id, patient=patient.patient_id)

    def attach(self, case, name, content, media_type="application/dicom"):
        """Add a file whose bytes are here, or only its record where `content` is a number of bytes."""
        here = isinstance(content, bytes)
        sha256 = self.centre.blobs.put([content]) if here else f"{content:064x}"
        order = AttachFile(
            visit_id=case.visit, sha256=sha256, size=len(content) if here else content, media_type=media_type,
            name=name,
        )  # fmt: skip
        return self.server.as_system(order)

    def with_images(self, name="王建国"):
        """A case with a CT, an ECG, an image of somebody else and one that has not come yet."""
        case = self.case(name)
        case.ct = self.attach(case, "胸部CT 001.dcm", ct(1, size=256, name=name))
        case.next = self.attach(case, "胸部CT 002.dcm", ct(2, size=256, name=name))
        case.ecg = self.attach(case, "静息心电图.dcm", ecg(name=name))
        case.foreign = self.attach(case, "错传.dcm", ct(3, name="李强"))
        case.coming = self.attach(case, "腹部B超.dcm", 40_000_000)
        return case
