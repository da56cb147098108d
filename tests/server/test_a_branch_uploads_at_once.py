"""R4.4: what is confirmed at a branch stands at the centre within seconds, and so it does once a cut line is back.

A real store, the worker's own threads and pace, and HTTP through a proxy that can be cut. The pause between exchanges
is an hour here: only what was written makes it send.
"""

import dataclasses
import time
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.records import Observation, Report, ReportSignature
from domain.checkup.report_commands import (
    PassFirstReview,
    PassSecondReview,
    SignReport,
    SubmitReport,
    WriteReport,
)
from domain.checkup.report_content import read_facts, report_content
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.conversations.commands import ReceiveMessage, ReplyToClient
from domain.conversations.records import Conversation, ConversationMessage
from domain.followup.content import FOLLOWUP, followup_of
from domain.followup.feedback_commands import GiveFeedback
from domain.followup.feedback_records import Feedback
from domain.followup.task_commands import AddTask
from domain.followup.task_records import FollowTask
from domain.kernel.authority import Authority, system_actor
from domain.kernel.canonical import content_digest
from domain.kernel.clock import utc_now
from domain.kernel.dispatcher import Dispatcher
from domain.messaging.records import Channel
from domain.messaging.templates import TEMPLATES, load_templates
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex, Staff
from domain.people.staff_commands import CreateStaff
from domain.risk.content import RISK, load_risk
from domain.scales.reading import load_scales
from sync.blobs import BlobStore
from sync.branch import BranchSync, enrolled_rows
from sync.files import FileExchange
from sync.http_client import HttpCentre
from sync.line import Phase
from sync.local_tables import installation
from sync.tools.fault_proxy import FaultProxy
from sync.tus.client_state import SqliteTransferState
from sync.worker import Pace, SyncWorker
from tests.fixtures.patience import until
from tests.server.conftest import PASSWORD

SECONDS = 30.0
"""On a quiet machine it takes one; a pause of an hour would take an hour."""


@pytest.fixture(scope="module")
def server(run_copy, tmp_path_factory):
    """A centre whose clock goes on."""
    with run_copy(tmp_path_factory.mktemp("home"), clock=utc_now) as found:
        signer = CreateStaff(
            login="signer", name="乙某人", role="chief_physician", password=PASSWORD, must_change=False,
            org_id=found.orgs["B01"],
        )  # fmt: skip
        found.as_system(signer)
        yield found


@pytest.fixture
def proxy(server):
    made = FaultProxy("127.0.0.1", int(server.api.url.rpartition(":")[2])).start()
    yield made
    made.stop()


class Branch:
    """A workstation at work, with its people and the worker that keeps it in step."""

    def __init__(self, server, store, proxy, folder, org="B01"):
        found = server.enrol(org)
        self.server, self.store, self.org = server, store, server.orgs[org]
        self.device_id = found.device_id
        row = enrolled_rows(
            device_id=found.device_id, org_id=self.org, epoch=1, name="前台一", server=server.api.url,
            number_prefix=found.told["number_prefix"],
        )  # fmt: skip
        with store.write() as connection:
            connection.execute(installation.insert(), {**row, "server_key": found.told["server_key"]})
        self.authority = Authority.load(resources.folder("roles.yaml"))
        catalog, forms = load_catalog(resources.folder("catalog")), resources.folder("forms")
        self.desk = Dispatcher(
            store,
            content={
                "number_prefix": found.told["number_prefix"], "authority": self.authority, "catalog": catalog,
                "scales": load_scales(resources.folder("scales")),
                RISK: load_risk(resources.folder("risk"), catalog, forms),
                FOLLOWUP: followup_of(resources.folder("followup"), self.authority.roles, forms),
                TEMPLATES: load_templates(resources.folder("messages")),
            },
        )  # fmt: skip
        self.system = system_actor(self.org, found.device_id)
        self.transfers = SqliteTransferState(folder / "transfers.db")
        self.blobs = BlobStore(folder / "blobs")
        self.lines = [self._line(proxy, found) for _ in range(3)]
        sync = BranchSync(store, self.lines[0], found.key, folder / "bundles")
        files = FileExchange(store, self.lines[1], self.blobs, folder / "incoming")
        pace = dataclasses.replace(Pace(), interval_s=3600.0)
        self.worker = SyncWorker(sync, files, self.lines[2].wait_for_news, pace=pace)
        self.worker.start()
        until(lambda: self.worker.state.phase is Phase.DONE, "the first exchange")
        self._staff = self.rows(Staff)

    def _line(self, proxy, found):
        return HttpCentre(f"http://127.0.0.1:{proxy.port}", found.device_id, found.key, self.transfers)

    def rows(self, record):
        with self.store.read() as connection:
            return connection.execute(select(record.__table__)).all()

    def by(self, login):
        """Return a member of staff, as the account came from the centre."""
        known = next(row for row in self._staff if row.login == login)
        return self.authority.actor(
            staff_id=known.id,
            name=known.name,
            role=known.role,
            org_id=self.org,
            device_id=self.device_id,
            subtree=(),
        )

    def run(self, order, login):
        return self.desk.run(order, self.by(login)).receipt

    def close(self):
        self.worker.stop()
        for line in self.lines:
            line.close()
        self.transfers.close()


@pytest.fixture
def branch(server, store, proxy, tmp_path):
    made = Branch(server, store, proxy, tmp_path)
    yield made
    made.close()


@pytest.fixture
def conversation(server, branch):
    """A client wrote; the centre gave the conversation to the branch's operator, and the branch has it."""
    order = ReceiveMessage(
        channel=Channel.OFFICIAL_ACCOUNT, account="oa", peer=f"o{uuid.uuid4().hex}", key=uuid.uuid4().hex,
        org_id=branch.org, text="报告出来了吗", at=utc_now(),
    )  # fmt: skip
    server.as_system(order)
    until(lambda: branch.rows(Conversation), "the conversation at the branch")
    return branch.rows(Conversation)[-1].id


def a_day(branch, conversation):
    """Results, a signed report and service for one client; returns what must stand at the centre, and since when."""
    born = date(1950, 1, 1) + timedelta(days=uuid.uuid4().int % 15_000)
    order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=born, another_person=True)
    patient = branch.run(order, "nurse").patient_id
    visit = branch.run(OpenVisit(patient_id=patient), "nurse").visit_id
    branch.run(Arrive(visit_id=visit), "nurse")
    values = [Measured(item="sbp", value=138, unit="mm[Hg]"), Measured(item="dbp", value=86, unit="mm[Hg]")]
    branch.run(RecordMeasurement(visit_id=visit, values=values), "nurse")
    report = branch.run(WriteReport(visit_id=visit, conclusion="血压正常高值"), "physician").report_id
    branch.run(SubmitReport(report_id=report), "physician")
    branch.run(PassFirstReview(report_id=report), "department_head")
    branch.run(PassSecondReview(report_id=report), "chief_physician")
    sign(branch, report)
    planned = utc_now() + timedelta(days=2)
    task = branch.run(AddTask(patient_id=patient, title="血压随访", planned_at=planned), "health_manager")
    branch.run(GiveFeedback(step="follow_task", step_id=task, score=5, comment="很及时"), "health_manager")
    told = branch.run(ReplyToClient(conversation_id=conversation, text="已出，请查看"), "messaging_operator")
    done = time.monotonic()
    wanted = [
        (Observation, {"visit_id": visit, "item": "sbp"}, {"value_number": 138}),
        (Report, {"id": report}, {"state": "issued"}),
        (ReportSignature, {"report_id": report}, {"level": "final_review"}),
        (FollowTask, {"id": task}, {"title": "血压随访"}),
        (Feedback, {"step_id": task}, {"comment": "很及时"}),
        (ConversationMessage, {"id": told}, {"text": "已出，请查看"}),
    ]
    return wanted, done


def sign(branch, report):
    pdf, at = b"%PDF-1.7 " + uuid.uuid4().bytes, utc_now()
    with branch.store.read() as connection:
        facts = read_facts(connection, report)
    digest = content_digest(report_content(facts, branch.desk.content["catalog"], at=at))
    order = SignReport(
        report_id=report, digest=digest, signature="x", public_key="x", document="report", seal="x",
        signed_at=at.isoformat(), document_sha256=branch.blobs.put([pdf]), document_size=len(pdf),
    )  # fmt: skip
    branch.run(order, "signer")


def at_the_centre(branch, wanted):
    """Tell whether all of it stands at the centre."""
    with branch.server.centre.store.read() as connection:
        for record, where, values in wanted:
            table = record.__table__
            found = connection.execute(
                select(table).where(*[table.c[n] == v for n, v in where.items()])
            ).all()
            if len(found) != 1 or any(getattr(found[0], name) != value for name, value in values.items()):
                return False
    return True


def test_results_the_final_review_and_service_are_at_the_centre_within_seconds(branch, conversation):
    wanted, done = a_day(branch, conversation)
    until(lambda: at_the_centre(branch, wanted), "the day at the centre")
    assert time.monotonic() - done < SECONDS


def test_so_they_are_after_the_line_was_cut_and_has_come_back(branch, conversation, proxy):
    proxy.cut()
    wanted, _done = a_day(branch, conversation)
    until(lambda: branch.worker.state.phase is Phase.OFFLINE, "the silence")
    assert not at_the_centre(branch, wanted), "nothing passes a cut line"
    assert branch.worker.state.unsent > 0
    proxy.restore()
    back = time.monotonic()
    until(lambda: at_the_centre(branch, wanted), "the day at the centre")
    assert time.monotonic() - back < SECONDS
    until(lambda: branch.worker.state.unsent == 0, "the receipt")
