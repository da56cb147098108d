"""R3.1.6, R5.2.1: what HIS, LIS, PACS and ECG say is taken in; nothing is merged or dropped by itself."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from domain.checkup.records import Attachment, CriticalValue, Finding, Observation, Visit
from domain.checkup.workflow import visit_life
from domain.interop.code_commands import (
    EditPartnerCode,
    MapWaitingCode,
    RestorePartnerCode,
    WithdrawPartnerCode,
)
from domain.interop.code_records import PartnerCode, PartnerCodeChange, UnmappedCode
from domain.interop.in_commands import ReplayMessage
from domain.interop.in_records import ParkedMessage
from domain.interop.item_commands import SetServiceItem
from domain.interop.order_commands import OrderItems, SettleUnordered
from domain.interop.order_records import ImagingStudy, ServiceRequest, UnorderedResult
from domain.interop.partner_commands import RegisterPartner
from domain.interop.partner_records import Charset, PartnerRole, PartnerState
from domain.interop.person_records import ExternalNumber, HospitalVisit, PersonProposal, SamePerson
from domain.interop.proposal_commands import ConfirmProposal, RefuseProposal
from domain.kernel.authority import system_actor
from domain.kernel.change_log import change_log
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Organization, Patient
from tests.server.test_hl7_reception import PDF, ear, oru, rows, said, take

__all__ = ["ear"]
MINUTE = timedelta(minutes=1)
UID = "1.2.840.113619.2.55.3.604688119"


@pytest.fixture
def house(ear):
    """The listener, and what people at the branch and the machine room do."""
    [org_id] = [row.id for row in rows(ear, Organization) if row.code == "B01"]
    desk = ear.consumer._dispatcher
    person = system_actor(org_id, ear.identity.device_id, "信息员")
    ear.reception._partners._read_s = -100.0

    def run(order):
        made = desk.run(order, person).receipt
        ear.reception._partners._read_s = -100.0
        return made

    def partner(role, application, **facts):
        return run(
            RegisterPartner(
                system_name=application,
                role=role,
                application=application,
                facility="B01",
                reason="测试",
                **facts,
            )
        )

    return SimpleNamespace(run=run, partner=partner, org_id=org_id, desk=desk, person=person)


def adt(event, control_id, *, number="H1", name="王^小明", birth="19851212", sex="F", card="440306198512120042",
        phone="13800000000", app="HIS", more=()):  # fmt: skip
    numbers = f"{number}^^^HIS^MR" + (f"~{card}^^^GA^NI" if card else "")
    return "\r".join([
        f"MSH|^~\\&|{app}|B01|AFTERCHECK|HQ|20261123083000||ADT^{event}|{control_id}|P|2.5.1||||||UNICODE UTF-8",
        f"EVN|{event}|20261123083000",
        f"PID|1||{numbers}||{name}||{birth}|{sex}|||青云巷 17 号^^南京市^江苏省||{phone}", *more,
    ]).encode() + b"\r"  # fmt: skip


def apply(ear, data):
    answer = said(take(ear, data).answer)
    assert answer[0] == "AA", answer
    ear.consumer.step()


def one(ear, kind):
    [row] = rows(ear, kind)
    return row


def test_a_registration_makes_a_client_and_an_update_its_contact_data(ear, house):
    house.partner(PartnerRole.HIS, "HIS")
    apply(ear, adt("A04", "A1"))
    patient = one(ear, Patient)
    assert (patient.name, patient.id_number, patient.address) == (
        "王小明", "440306198512120042", "江苏省南京市青云巷 17 号",
    )  # fmt: skip
    apply(ear, adt("A08", "A2", phone="13900000001"))
    assert one(ear, Patient).phone == "13900000001"
    assert one(ear, ExternalNumber).patient_id == patient.id
    apply(ear, adt("A08", "A2b", phone="", card=""))
    assert one(ear, Patient).phone == "13900000001", "what a message leaves out stays"


def test_an_identity_that_is_otherwise_here_waits_for_a_person(ear, house):
    apply(ear, adt("A04", "A1"))
    apply(ear, adt("A08", "A2", birth="19851213", card=""))
    assert str(one(ear, Patient).birth_date) == "1985-12-12", "nothing changes by itself"
    proposal = one(ear, PersonProposal)
    assert (proposal.kind, proposal.state) == ("identity", "pending")
    assert "1985-12-12 → 1985-12-13" in proposal.summary
    apply(ear, adt("A08", "A3", birth="19851213", card=""))
    assert len(rows(ear, PersonProposal)) == 1, "said twice it is one"
    with pytest.raises(DomainError, match=r"patient\.identity_differs"):
        house.run(ConfirmProposal(person_proposal_id=proposal.id, basis="看过身份证"))
    house.run(ConfirmProposal(person_proposal_id=proposal.id, basis="看过身份证", difference_confirmed=True))
    assert str(one(ear, Patient).birth_date) == "1985-12-13"
    with pytest.raises(DomainError, match=r"person_proposal\.wrong_state"):
        house.run(RefuseProposal(person_proposal_id=proposal.id, basis="再"))


def test_a_merge_is_proposed_and_confirmed_leads_to_who_stays(ear, house):
    apply(ear, adt("A04", "A1"))
    apply(ear, adt("A04", "A2", number="H2", name="王^晓明", card="", birth="19851212"))
    stays, given_up = (next(p for p in rows(ear, Patient) if p.name == name) for name in ("王小明", "王晓明"))
    apply(ear, adt("A40", "A3", more=["MRG|H2^^^HIS^MR"]))
    proposal = one(ear, PersonProposal)
    assert (proposal.kind, proposal.patient_id, proposal.other_id) == ("merge", stays.id, given_up.id)
    assert len(rows(ear, Patient)) == 2
    assert rows(ear, SamePerson) == []
    house.run(ConfirmProposal(person_proposal_id=proposal.id, basis="本人持证件到场"))
    link = one(ear, SamePerson)
    assert (link.patient_id, link.other_id) == (stays.id, given_up.id)
    apply(ear, adt("A08", "A4", number="H2", phone="13700000007"))
    assert {p.name: p.phone for p in rows(ear, Patient)}["王小明"] == "13700000007"
    assert len(rows(ear, Patient)) == 2, "both keep their history"


def test_a_merge_of_nobody_here_cannot_be_confirmed_and_can_be_refused(ear, house):
    apply(ear, adt("A40", "A1", number="X1", card="", more=["MRG|X2^^^HIS^MR"]))
    proposal = one(ear, PersonProposal)
    with pytest.raises(DomainError, match=r"person_proposal\.nobody"):
        house.run(ConfirmProposal(person_proposal_id=proposal.id, basis="x"))
    house.run(RefuseProposal(person_proposal_id=proposal.id, basis="本院无此人"))
    assert one(ear, PersonProposal).state == "refused"


def test_visits_to_the_hospital_are_kept_with_their_diagnoses(ear, house):
    house.partner(PartnerRole.HIS, "HIS")
    pv1 = "PV1|1|I|^^^心内科" + "|" * 16 + "Z77" + "|" * 25
    more = [f"{pv1}20261101090000", "DG1|1||I10.x00x002^高血压病^ICD-10"]
    apply(ear, adt("A01", "A1", more=more))
    apply(ear, adt("A03", "A2", more=[f"{pv1}20261101090000|20261109100000"]))
    stay = one(ear, HospitalVisit)
    assert (stay.kind, stay.department, stay.diagnoses) == ("I", "心内科", "高血压病（I10.x00x002）")
    assert stay.started_at.isoformat() == "2026-11-01T01:00:00+00:00"
    assert stay.ended_at.isoformat() == "2026-11-09T02:00:00+00:00"
    assert rows(ear, Visit) == [], "a visit to the hospital is no checkup"


def test_what_a_checkup_system_registers_is_a_checkup_and_its_orders_are_ours(ear, house):
    house.partner(PartnerRole.CHECKUP, "PEIS")
    apply(ear, adt("A04", "A1", app="PEIS", more=["PV1|1|O|||||||||||||||||T2026001"]))
    assert one(ear, Visit).number == "T2026001"
    order = adt("X", "A2", app="PEIS", more=[
        "PV1|1|O|||||||||||||||||T2026001", "ORC|NW|R77", "OBR|1|R77||GLU^空腹血糖^L",
        "ORC|NW|R78", "OBR|1|R78||CXR^胸片^L||||||||||||||||||||DX",
    ]).replace(b"ADT^X", b"ORM^O01")  # fmt: skip
    apply(ear, order)
    made = {row.placer_number: (row.code, row.role, row.state) for row in rows(ear, ServiceRequest)}
    assert made == {"R77": ("GLU", "LIS", "ordered"), "R78": ("CXR", "PACS", "ordered")}
    apply(ear, order.replace(b"|A2|", b"|A3|").replace(b"ORC|NW|R78", b"ORC|CA|R78"))
    assert {row.placer_number: row.state for row in rows(ear, ServiceRequest)} == {
        "R77": "ordered", "R78": "cancelled",
    }  # fmt: skip
    apply(ear, oru("R1", "NM|1558-6^空腹血糖^LN||5.1|mmol/L|||||F", visit="R77", name="王^小明"))
    assert len(rows(ear, Visit)) == 1, "the order's number leads to the visit"
    assert {row.state for row in rows(ear, ServiceRequest)} == {"resulted", "cancelled"}


def test_a_code_nobody_knows_waits_and_its_results_flow_in_when_it_is_mapped(ear, house):
    house.partner(PartnerRole.LIS, "LIS")
    apply(ear, oru("M1", "NM|K+^血钾^99LIS||7.1|mmol/L|3.5-5.3||||F", visit="V1"))
    apply(ear, oru("M2", "NM|K+^血钾^99LIS||4.2|mmol/L|3.5-5.3||||F", visit="V2"))
    apply(ear, oru("M3", "ST|K+^血钾^99LIS||溶血||||||F", visit="V3"))
    code = one(ear, UnmappedCode)
    assert (code.system, code.code, code.name, code.waiting, code.why) == (
        "LIS|B01", "K+", "血钾", 3, "unknown_code",
    )  # fmt: skip
    assert rows(ear, CriticalValue) == [], "what nobody knows is not judged by our limits"
    with pytest.raises(DomainError, match=r"partner_code\.no_item"):
        house.run(MapWaitingCode(unmapped_code_id=code.id, item="没有的项目", reason="x"))
    with pytest.raises(DomainError, match=r"partner_code\.unit"):
        house.run(MapWaitingCode(unmapped_code_id=code.id, item="2823-3", unit="cm", reason="x"))
    done = house.run(MapWaitingCode(unmapped_code_id=code.id, item="2823-3", reason="检验科确认"))
    assert (done.number, done.taken, done.left) == (1, 2, 1)
    results = [r for r in rows(ear, Observation) if r.item == "k"]
    assert sorted((r.value_text, r.ucum, r.status) for r in results) == [
        ("4.2", "mmol/L", "C"), ("7.1", "mmol/L", "C"),
    ]  # fmt: skip
    assert [c.value_text for c in rows(ear, CriticalValue)] == ["7.1 mmol/L"], "judged like any other"
    assert one(ear, UnmappedCode).waiting == 1, "words where a number should be still wait"
    apply(ear, oru("M4", "NM|K+^血钾^99LIS||4.4|mmol/L|||||F", visit="V4"))
    assert len([r for r in rows(ear, Observation) if r.item == "k"]) == 3, "from now on it is read at once"
    again = house.run(MapWaitingCode(unmapped_code_id=code.id, item="k", reason="再次"))
    assert (again.taken, again.left) == (0, 1), "nothing flows in twice"


def test_what_a_laboratory_calls_critical_is_told_at_once_and_only_once(ear, house):
    apply(ear, oru("M1", "NM|K+^血钾^99LIS||7.1|mmol/L|3.5-5.3|HH|||F"))
    assert len(rows(ear, CriticalValue)) == 1, "known code or not"
    house.run(MapWaitingCode(unmapped_code_id=one(ear, UnmappedCode).id, item="k", reason="检验科确认"))
    assert len(rows(ear, CriticalValue)) == 1


def test_a_mapping_has_a_history_and_an_earlier_one_comes_back(ear, house):
    apply(ear, oru("M1", "NM|XX^某项^99LIS||5.0|mmol/L|||||F"))
    code = one(ear, UnmappedCode)
    house.run(MapWaitingCode(unmapped_code_id=code.id, item="fpg", reason="一"))
    mapped = one(ear, PartnerCode)
    house.run(EditPartnerCode(partner_code_id=mapped.id, item="tc", reason="二：原来对错了"))
    house.run(WithdrawPartnerCode(partner_code_id=mapped.id, reason="三"))
    with pytest.raises(DomainError, match=r"partner_code\.withdrawn"):
        house.run(WithdrawPartnerCode(partner_code_id=mapped.id, reason="四"))
    changes = {row.number: row for row in rows(ear, PartnerCodeChange)}
    assert [(changes[n].before, changes[n].item) for n in (1, 2, 3)] == [
        (None, "fpg"), ("fpg", "tc"), ("tc", None),
    ]  # fmt: skip
    with pytest.raises(DomainError, match=r"partner_code\.withdrawn"):
        house.run(RestorePartnerCode(partner_code_change_id=changes[3].id, reason="x"))
    house.run(RestorePartnerCode(partner_code_change_id=changes[1].id, reason="恢复"))
    assert (one(ear, PartnerCode).item, one(ear, PartnerCode).number) == ("fpg", 4)


def test_a_unit_that_is_missing_or_strange_is_said_once(ear, house):
    apply(ear, oru("M1", "NM|GLU9^血糖^99LIS||90||||||F"))
    apply(ear, oru("M2", "NM|GLU9^血糖^99LIS||95|毫克每分升|||||F", visit="V2"))
    code = one(ear, UnmappedCode)
    done = house.run(
        MapWaitingCode(unmapped_code_id=code.id, item="fpg", unit="mg/dL", reason="该仪器用 mg/dL")
    )
    assert (done.taken, done.left) == (2, 0)
    apply(ear, oru("M3", "NM|GLU9^血糖^99LIS||100||||||F", visit="V3"))
    values = [r.value_text for r in rows(ear, Observation) if r.item == "fpg"]
    assert values == ["5.00", "5.27", "5.55"]
    assert {r.ucum for r in rows(ear, Observation) if r.item == "fpg"} == {"mmol/L"}


def test_images_that_are_ready_are_attached_to_their_visit_by_number(ear, house):
    house.partner(PartnerRole.PACS, "PACS")
    apply(ear, oru("M1", visit="V1"))
    apply(ear, notice("P1"))
    study = one(ear, ImagingStudy)
    assert (study.study_uid, study.visit_number, study.modality, study.description) == (
        UID,
        "V1",
        "DX",
        "胸部正位",
    )
    apply(ear, notice("P2").replace("胸部正位".encode(), "胸部正侧位".encode()))
    assert one(ear, ImagingStudy).description == "胸部正侧位"
    assert len(rows(ear, Visit)) == 1


def notice(control_id, visit="V1", name="王^小明"):
    return "\r".join([
        f"MSH|^~\\&|PACS|B01|AFTERCHECK|HQ|20261123090000||ORM^O01|{control_id}|P|2.4||||||UNICODE UTF-8",
        f"PID|1||P9^^^PACS^MR||{name}||19851212|F", "ORC|SC|" + visit, f"OBR|1|{visit}|ACC1|DX1^胸部正位^L"
        + "|" * 18 + "20261123085900||DX", f"ZDS|{UID}^PACS^Application^DICOM",
    ]).encode() + b"\r"  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"), [({"visit": "V9"}, "找不到体检"), ({"name": "张^三丰"}, "客户不符")]
)
def test_images_that_cannot_be_placed_wait_for_a_person_and_come_in_when_told(ear, house, change, words):
    house.partner(PartnerRole.PACS, "PACS")
    apply(ear, oru("M1", visit="V1"))
    apply(ear, notice("P1", **change))
    for _ in range(6):
        ear.moved.advance(MINUTE)
        ear.consumer.step()
    assert rows(ear, ImagingStudy) == [], "never by the name, never to another"
    ear.consumer.told.look()
    parked = one(ear, ParkedMessage)
    assert (parked.control_id, parked.state) == ("P1", "parked")
    assert words in parked.sentence
    if "visit" in change:
        apply(ear, oru("M2", visit="V9"))
    house.run(ReplayMessage(parked_message_id=parked.id, note="已登记"))
    for _ in range(2):
        ear.consumer.told.look()
        for _ in range(6):
            ear.moved.advance(MINUTE)
            ear.consumer.step()
    ear.consumer.told.look()
    placed = "visit" in change
    assert one(ear, ParkedMessage).state == ("applied" if placed else "parked")
    assert len(rows(ear, ImagingStudy)) == placed


@pytest.mark.parametrize("role", [PartnerRole.PACS, PartnerRole.ECG])
def test_the_report_of_images_and_ecg_is_kept_as_text_with_its_document(ear, house, role):
    house.partner(role, "PACS")
    report = oru(
        "M1", "FT|FIND^影像所见^99PACS||两肺纹理清晰||||||F", "FT|FIND^影像所见^99PACS||右上肺见 8 mm 结节||||||F",
        "TX|IMP^诊断意见^99PACS||右上肺结节||||||F", f"HD|113014^Study UID^DCM||{UID}||||||F",
        f"ED|PDF^影像报告^99PACS||^application^pdf^Base64^{PDF}||||||F",
    )  # fmt: skip
    report = report.replace(b"|LIS|B01|", b"|PACS|B01|").replace(
        "TJ^体检检验^99LIS".encode(), "CT1^胸部 CT^L".encode()
    )
    apply(ear, report)
    found = {r.label: (r.value_text, r.status) for r in rows(ear, Observation)}
    assert found == {
        "胸部 CT 影像所见": ("两肺纹理清晰\n右上肺见 8 mm 结节", "F"), "胸部 CT 诊断意见": ("右上肺结节", "F"),
    }  # fmt: skip
    assert rows(ear, UnmappedCode) == []
    assert rows(ear, Finding) == []
    assert one(ear, Attachment).name == "影像报告"
    assert one(ear, ImagingStudy).study_uid == UID


def test_results_nobody_ordered_are_listed_and_settled(ear, house):
    house.partner(PartnerRole.LIS, "LIS", host="127.0.0.1", port=9, tls=False, orders=True)
    apply(ear, oru("M1", visit="V1"))
    stray = one(ear, UnorderedResult)
    assert (stray.visit_number, stray.service, stray.results, stray.state) == ("V1", "体检检验", 1, "open")
    house.run(SettleUnordered(unordered_result_id=stray.id, note="检验科加做"))
    assert one(ear, UnorderedResult).state == "settled"


def test_an_order_is_answered_by_its_item_where_a_laboratory_sends_the_visit_alone(ear, house):
    house.partner(PartnerRole.LIS, "LIS", host="127.0.0.1", port=9, tls=False, orders=True)
    for code, name, results in (("HB", "血红蛋白", "hgb"), ("GLU", "血糖", "fpg")):
        house.run(SetServiceItem(code=code, name=name, role=PartnerRole.LIS, results=results, reason="测试"))
    apply(ear, adt("A04", "A0", card="", number="H9"))
    patient = one(ear, Patient)
    with house.desk.store.write() as connection:
        work = UnitOfWork(connection, house.person, now=house.desk.clock(), new_id=house.desk.ids)
        visit = Visit(number="V1", patient_id=patient.id, visit_date=house.desk.clock().date())
        work.start(visit_life, visit)
        visit_id = work.add(visit).id
        work.commit_entry("test.visit", txn_id=house.desk.ids())
        work.close()
    house.run(OrderItems(visit_id=visit_id, items="HB、GLU"))
    apply(ear, oru("M1", visit="V1"))
    assert {r.code: r.state for r in rows(ear, ServiceRequest)} == {"HB": "resulted", "GLU": "ordered"}
    assert rows(ear, UnorderedResult) == []


def test_a_partner_that_does_not_say_its_characters_is_read_in_those_it_is_set_to(ear, house):
    """Some GBK bytes are good UTF-8 of other characters: guessing would change a name."""
    name = "联^通"
    data = oru("M1", name=name).decode().replace("||||||UNICODE UTF-8", "").encode("gb18030")
    house.partner(PartnerRole.LIS, "LIS", charset=Charset.GB18030)
    apply(ear, data)
    assert one(ear, Patient).name == "联通"


def test_how_receiving_fares_is_told_of_each_partner(ear, house):
    partner = house.partner(PartnerRole.LIS, "LIS")
    ear.listener._counts.clear()

    async def heard():
        commits = asyncio.create_task(ear.listener._commit())
        for data in (oru("M1"), oru("M1"), oru("M2", visit="")):
            await ear.listener.answer(data)
        commits.cancel()

    asyncio.run(heard())
    ear.listener._flush()
    ear.consumer.step()
    ear.consumer.told.look()
    [state] = [row for row in rows(ear, PartnerState) if row.id == partner]
    assert (state.received, state.stored, state.refused, state.parked) == (1, 1, 1, 0)
    assert state.last_received_at is not None
    with ear.store.read() as connection:
        before = len(connection.execute(select(change_log.c.position)).all())
    ear.consumer.told.look()
    with ear.store.read() as connection:
        assert len(connection.execute(select(change_log.c.position)).all()) == before, (
            "nothing new, nothing written"
        )
