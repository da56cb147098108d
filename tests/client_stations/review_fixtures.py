"""Two branches and a head office with clients of three years: what the review desk is tested and looked at with."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import msgspec

import resources
from client.background import Jobs
from client.desk import Desk, Installation
from client.formatting import Formatter
from client.home import Home
from client.live import Live
from client.settings import Settings
from client.station import Context
from domain.catalog.content import load_catalog
from domain.checkup.attachment_commands import AttachFile
from domain.checkup.form_commands import AnswerForm
from domain.checkup.intake import ResultLine, line_for
from domain.checkup.report_commands import (
    PassFirstReview,
    PassSecondReview,
    ReturnReport,
    SubmitReport,
    WriteReport,
)
from domain.checkup.result_commands import Identity, ReceiveResults
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.clock import ManualClock
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.texts import Texts
from domain.kernel.worklists import Pages
from domain.linting.definitions import LINTING, load_rules
from domain.people.organizations import subtree
from domain.people.patient_commands import RegisterPatient
from domain.people.records import OrganizationKind, Sex
from domain.people.staff_commands import CreateOrganization, CreateStaff
from forms.questionnaire_reader import load_forms
from forms.response import to_json
from forms.session import FormSession
from sync.stores import open_branch_store
from tests.conftest import DEVICE, KEY

START = datetime(2024, 11, 18, 1, 0, tzinfo=UTC)
STAFF = (
    ("nurse", "nurse", "周敏", "主管护师"), ("doctor", "physician", "陈立群", "主治医师"),
    ("colleague", "physician", "吴晓", "主治医师"), ("chief", "chief_physician", "李文渊", "主任医师"),
    ("manager", "health_manager", "何佳", "健康管理师"), ("head", "department_head", "孙志高", "副主任医师"),
    ("deputy", "chief_physician", "郑远", "主任医师"), ("third", "chief_physician", "许静", "主任医师"),
)  # fmt: skip
ROUTINE = {
    "wbc": 6.1, "rbc": 4.9, "hgb": 148.0, "plt": 221.0, "alt": 24.0, "ast": 23.0, "ggt": 28.0, "alb": 45.2,
    "tbil": 13.1, "crea": 78.0, "urea": 5.1, "ua": 352.0, "fpg": 5.2, "hba1c": 5.4, "tc": 4.8, "tg": 1.3,
    "hdl": 1.28, "ldl": 2.9, "k": 4.2, "na": 141.0, "cl": 103.0, "tsh": 2.1, "afp": 2.4, "cea": 1.7,
    "sbp": 124.0, "dbp": 78.0, "bmi": 23.4,
}  # fmt: skip


@dataclass
class Cast:
    """A store with organisations and staff, made once: its file, the ids, and the actors by login."""

    path: Path
    head_office: UUID
    branch: UUID
    other: UUID
    actors: dict


def staffed(folder, empty_store, authority):
    """Make the store that every world begins with; hashing passwords takes longer than copying a file."""
    path = folder / "staffed.db"
    path.write_bytes(empty_store.read_bytes())
    store = open_branch_store(path, KEY)
    system = system_actor(DEVICE, DEVICE)
    run = Dispatcher(
        store, clock=ManualClock(START), content={"number_prefix": "101", "authority": authority}
    ).run
    above = run(
        CreateOrganization(code="HQ", name="康泰健康集团总院", kind=OrganizationKind.HEAD_OFFICE), system
    ).receipt
    branch, other = (
        run(CreateOrganization(code=code, name=name, parent_id=above), system).receipt
        for code, name in (("B01", "滨江分院"), ("B02", "城西分院"))
    )
    actors = {}
    for login, role, name, title in STAFF:
        org = above if role == "chief_physician" else branch
        order = CreateStaff(
            login=login, name=name, role=role, org_id=org, password="Xk7#mQ2p-Lw9", title=title,
            licence_no="110330100012345",
        )  # fmt: skip
        staff_id = run(order, system).receipt
        with store.read() as connection:
            below = subtree(connection, org)
        actors[login] = authority.actor(
            staff_id=staff_id, name=name, role=role, org_id=org, device_id=DEVICE, subtree=below
        )
    store.close()
    return Cast(path, above, branch, other, actors)


class World:
    """A workstation's store with its people; `actors` by login. All goes through the product's commands."""

    def __init__(self, folder, cast, authority):
        self.clock = ManualClock(START)
        self.home = Home(folder / "home")
        self.home.folder.mkdir(parents=True)
        self.home.store.write_bytes(cast.path.read_bytes())
        key_file = folder / "key"
        key_file.touch(0o600)
        key_file.write_text(KEY.hex())
        self.store = open_branch_store(self.home.store, KEY)
        self.catalog = load_catalog(resources.folder("catalog"))
        content = {
            "number_prefix": "101", "catalog": self.catalog, "authority": authority,
            LINTING: load_rules(resources.folder("linting")),
        }  # fmt: skip
        self.dispatcher = Dispatcher(self.store, clock=self.clock, content=content)
        self.authority = authority
        self.branch, self.other, self.actors = cast.branch, cast.other, dict(cast.actors)
        self._system = system_actor(cast.branch, DEVICE)
        self.desk = Desk(
            home=self.home, settings=Settings(key_file=str(key_file)), store=self.store, dispatcher=self.dispatcher,
            texts=Texts.load(resources.folder("texts") / "zh"), pages=Pages(self.store), authority=authority,
            installation=Installation(DEVICE, self.branch, "审核一", "", "101"), clock=self.clock,
        )  # fmt: skip
        self._open = []

    @property
    def blobs(self):
        return self.desk.blobs

    def run(self, order, login=None):
        actor = self.actors[login] if login else self._system
        return self.dispatcher.run(order, actor).receipt

    # Cases

    def client(self, name="王建国", sex=Sex.MALE, born=date(1969, 4, 12), allergy=None):
        return self.run(
            RegisterPatient(name=name, sex=sex, birth_date=born, allergy=allergy), "nurse"
        ).patient_id

    def visit(self, patient_id, values, *, words=None, package="职工年度体检 A 套餐"):
        """A visit today with results by catalogue key; returns its id."""
        opened = self.run(
            OpenVisit(patient_id=patient_id, visit_date=self.clock().date(), package=package), "nurse"
        )
        lines = [self._line(key, value) for key, value in values.items()]
        lines += [
            ResultLine(item=key, code=key, label=self.catalog.observation(key).name, text=text,
                       number=self.catalog.grade(text), ucum=self.catalog.observation(key).ucum)
            for key, text in (words or {}).items()
        ]  # fmt: skip
        person = self._identity(patient_id)
        self.run(
            ReceiveResults(
                message_id=f"M{opened.number}", org_id=self.branch, patient=person, visit_number=opened.number,
                lines=lines,
            )
        )  # fmt: skip
        return opened.visit_id

    def _identity(self, patient_id):
        from domain.people.records import Patient

        table = Patient.__table__
        with self.store.read() as connection:
            row = connection.execute(table.select().where(table.c.id == patient_id)).one()
        return Identity(name=row.name, sex=row.sex, birth_date=row.birth_date)

    def _line(self, key, value):
        definition = self.catalog.observation(key)
        return line_for(self.catalog, key, value, definition.ucum, at=self.clock())

    def years(
        self,
        *,
        name="王建国",
        sex=Sex.MALE,
        born=date(1969, 4, 12),
        now=None,
        before=(),
        allergy=None,
        words=None,
    ):
        """A client with a visit in each of the years before and one today; returns the id of today's."""
        patient = self.client(name, sex, born, allergy)
        here = self.clock()
        for ago, values in zip(range(len(before), 0, -1), before, strict=True):
            self._at(here - timedelta(days=365 * ago))
            self.visit(patient, ROUTINE | values)
        self._at(here)
        return self.visit(patient, ROUTINE | (now or {}), words=words)

    def _at(self, moment):
        self.clock.advance(moment - self.clock())

    def report(self, visit_id, state, conclusion="空腹血糖升高（6.70 mmol/L）", advice="两周内复查空腹血糖"):
        """A report of a visit, brought to a state by the people it needs; returns its id."""
        written = self.run(WriteReport(visit_id=visit_id, conclusion=conclusion, advice=advice), "doctor")
        report = written.report_id
        way = {
            "drafting": (), "first_review": ("submit",), "second_review": ("submit", "pass_first"),
            "final_review": ("submit", "pass_first", "pass_second"), "returned": ("submit", "pass_first", "return"),
        }  # fmt: skip
        orders = {
            "submit": (SubmitReport(report_id=report, reason="已核对"), "doctor"),
            "pass_first": (PassFirstReview(report_id=report), "colleague"),
            "pass_second": (PassSecondReview(report_id=report), "deputy"),
            "return": (
                ReturnReport(report_id=report, remark="请写明数值和复查时间", anchor="conclusion:0-6"),
                "chief",
            ),
        }
        for step in way[state]:
            self.run(*orders[step])
        return report

    def answer(self, visit_id):
        """A filled-in pre-visit form."""
        form = load_forms(resources.folder("forms"))["pre_visit"]
        session = FormSession(form)
        for link_id, value in (
            ("fasting-hours", "10"), ("medicine-today", False), ("pregnant-or-preparing", "not-applicable"),
            ("known-diseases", "hypertension"), ("hypertension-treated", True), ("allergy", False),
            ("anticoagulant", False), ("sleep-hours", Decimal("6.5")), ("exercise-days", 2),
        ):  # fmt: skip
            self._say(session, link_id, value)
        response = session.draft(self.clock())
        self.run(
            AnswerForm(
                visit_id=visit_id, form="pre_visit", form_version=form.version,
                answers=msgspec.json.decode(to_json(response)),
            ),
            "nurse",
        )  # fmt: skip

    def _say(self, session, link_id, value):
        item = next(i for i in session.form.walk() if i.link_id == link_id)
        options = {getattr(o.value, "code", o.value): o for o in item.options}
        if item.options and value not in options:
            value = next(iter(options))
        session.set_answer(link_id, value)

    def attach(self, visit_id, name, media_type="application/pdf", *, content=None, size=400_000):
        sha256 = self.blobs.put([content]) if content else hashlib.sha256(name.encode()).hexdigest()
        size = len(content) if content else size
        self.run(
            AttachFile(visit_id=visit_id, sha256=sha256, size=size, media_type=media_type, name=name), "nurse"
        )

    # Looking

    def context(self, login):
        """What the station of a person is given; ends with `close`."""
        jobs = Jobs()
        live = Live(self.store, jobs)
        self._open.append((jobs, live))
        return Context(
            self.desk, self.actors[login], jobs, live, Formatter(self.desk.texts), None, lambda *a, **k: None
        )

    def state_of(self, report_id):
        from domain.checkup.records import Report

        table = Report.__table__
        with self.store.read() as connection:
            return connection.execute(table.select().where(table.c.id == report_id)).one()

    def close(self):
        for jobs, live in self._open:
            live.stop()
            jobs.close()
        self.store.close()
