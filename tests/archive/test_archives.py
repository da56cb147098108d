"""R4.3: every client has one standard health record, kept over all sites; what it lacks is named."""

from datetime import date

import msgspec
import pytest
from sqlalchemy import select

import resources
from domain.archive.follower import ArchiveFollower
from domain.archive.records import HealthArchive
from domain.catalog.content import load_catalog
from domain.checkup.intake import ResultLine
from domain.checkup.records import Report
from domain.checkup.result_commands import ReceiveResults
from domain.conversations.commands import ReceiveMessage
from domain.conversations.records import Conversation, ConversationKind
from domain.interop.code_commands import MapWaitingCode
from domain.interop.code_records import UnmappedCode
from domain.interop.person_commands import HospitalStay, ReceivePerson, remember
from domain.interop.waiting_results import Given
from domain.kernel.authority import system_actor
from domain.kernel.change_log import change_log
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.worklists import Pages, worklists
from domain.messaging.records import Channel
from domain.people.identity import Identity
from domain.people.patient_commands import EditPatient
from domain.people.records import Organization, Patient, Sex
from domain.reception.records import Appointment, ReceptionKind
from domain.tags.records import ClientTag, TagKind
from tests.conftest import BRANCH, DEVICE, HEAD_OFFICE, OTHER_BRANCH

SYSTEM = system_actor(BRANCH, DEVICE, "体检接口")
SAID = Identity(name="王小明", sex=Sex.FEMALE, birth_date=date(1985, 12, 12))


@pytest.fixture
def house(desk):
    desk.content["catalog"] = load_catalog(resources.folder("catalog"))
    desk.reads = Follower(desk.store, ArchiveFollower(desk, SYSTEM))
    return desk


def keeps(desk, *records, org_id=BRANCH):
    with desk.store.write() as connection:
        work = UnitOfWork(connection, system_actor(org_id, DEVICE), now=desk.clock(), new_id=desk.ids)
        for record in records:
            work.add(record)
        work.commit_entry("test.keep", txn_id=desk.ids())
        work.close()


def results(desk, *lines):
    order = ReceiveResults(
        message_id="m", org_id=BRANCH, patient=SAID, visit_number="T1", lines=list(lines), system="LIS|B01"
    )
    return desk.run(order, SYSTEM).receipt


def known(text="5.1", item="fpg", ucum="mmol/L"):
    return ResultLine(item=item, code=item, label=item, text=text, number=float(text), ucum=ucum)


def unknown():
    given = Given(text="4.2", unit="mmol/L", name="血钾", why="hl7.unknown_code")
    return ResultLine(
        item=None,
        code="K+",
        label="血钾",
        text="4.2 mmol/L",
        reason="代码未知",
        raw=msgspec.json.encode(given),
    )


def archive(desk):
    desk.reads.catch_up()
    with desk.store.read() as connection:
        [row] = connection.execute(select(HealthArchive.__table__)).all()
    return row


def test_everything_kept_of_a_client_is_one_record(house):
    received = results(house, known())
    patient, visit = received.patient_id, received.visit_id
    order = ReceivePerson(
        message_id="a", org_id=BRANCH, system="HIS|B01", patient=SAID, number="H1",
        hospital=HospitalStay(number="Z1", kind="O", department="心内科"),
    )  # fmt: skip
    with house.store.read() as connection:
        assert connection.execute(select(Patient.id)).scalars().all() == [patient]
    with house.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=house.clock(), new_id=house.ids)
        remember(work, "HIS|B01", "H1", work.get(Patient, patient))
        work.commit_entry("test.number", txn_id=house.ids())
        work.close()
    house.run(order, SYSTEM)
    now, some = house.clock(), house.ids()
    keeps(
        house,
        Report(
            number="R1", visit_id=visit, patient_id=patient, conclusion="x", advice="x", state="issued",
            state_since=now, issued_at=now,
        ),
        Appointment(
            block_id=some, slot=1, patient_id=patient, kind=ReceptionKind.CONSULTATION, staff_id=some,
            staff_name="甲", starts_at=now, ends_at=now, state="ended", state_since=now,
        ),
        ClientTag(patient_id=patient, kind=TagKind.DISEASE, name="高血压", since=now),
    )  # fmt: skip
    house.run(
        ReceiveMessage(
            channel=Channel.OFFICIAL_ACCOUNT, account="oa", peer="oWang", key="m1", org_id=BRANCH, text="您好",
            at=now, kind=ConversationKind.SERVICE,
        ),
        SYSTEM,
    )  # fmt: skip
    with house.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=now, new_id=house.ids)
        talk = work.list(select(Conversation))[0]
        talk.patient_id = patient
        work.commit_entry("test.talk", txn_id=house.ids())
        work.close()
    row = archive(house)
    assert (row.visits, row.reports, row.hospital, row.receptions, row.talks, row.tags) == (1, 1, 1, 1, 1, 1)
    assert (row.last_visit, row.last_reception, row.last_talk) == (date(2026, 11, 23), now, now)
    head = len(_log(house))
    house.reads.catch_up()
    assert len(_log(house)) == head, "its own news is no news"


def _log(desk):
    with desk.store.read() as connection:
        return connection.execute(select(change_log.c.position)).all()


def test_what_a_standard_record_has_and_this_one_has_not_is_named_until_it_has(house, nurse):
    received = results(house, known(), unknown())
    row = archive(house)
    assert row.missing == "证件号码、联系电话、1 项结果未编码"
    assert (row.results, row.coded, row.coded_percent) == (2, 1, 50.0)
    with house.store.read() as connection:
        code = connection.execute(select(UnmappedCode.id)).scalar_one()
    house.run(MapWaitingCode(unmapped_code_id=code, item="2823-3", reason="检验科确认"), SYSTEM)
    order = EditPatient(
        patient_id=received.patient_id, id_number="440306198512120042", phone="13800000001", reason="补录证件"
    )
    house.run(order, nurse)
    row = archive(house)
    assert row.missing is None
    assert (row.results, row.coded_percent) == (2, 100.0), "the corrected one counts, the waiting one no more"


def test_the_head_office_sees_all_records_and_a_branch_its_own(house, as_role):
    def client(org_id, number):
        return Patient(org_id=org_id, number=number, name=number, sex=Sex.MALE, birth_date=date(1980, 1, 1))

    keeps(house, Organization(id=BRANCH, org_id=BRANCH, code="B01", name="城东分院"), client(BRANCH, "P1"))
    keeps(
        house,
        Organization(id=OTHER_BRANCH, org_id=OTHER_BRANCH, code="B02", name="城西分院"),
        client(OTHER_BRANCH, "P2"),
        org_id=OTHER_BRANCH,
    )
    Follower(house.store, ArchiveFollower(house, system_actor(HEAD_OFFICE, DEVICE))).catch_up()
    listing = worklists()["people.archives"]
    names = [c.name for c in listing.columns]
    head = as_role("department_head", HEAD_OFFICE, subtree=(HEAD_OFFICE, BRANCH, OTHER_BRANCH))

    def sites(actor):
        rows = Pages(house.store).page(listing, actor).rows
        return {dict(zip(names, row.values, strict=True))["site_name"] for row in rows}

    assert sites(head) == {"城东分院", "城西分院"}
    assert sites(as_role("nurse")) == {"城东分院"}
    gaps = Pages(house.store).page(worklists()["people.archive_gaps"], head).rows
    assert len(gaps) == 2
