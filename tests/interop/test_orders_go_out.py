"""R3.1.6, R5.2.1: what is ordered at a desk reaches the laboratory, in order, once, whatever fails when."""

import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.interop.day_records import InterfaceDay
from domain.interop.order_commands import CancelOrder, ChangeOrder, OrderItems
from domain.interop.out_records import OutMessage
from domain.interop.partner_commands import EditPartner, PausePartner, ResumePartner
from domain.interop.partner_records import Charset, OrderForm, PartnerRole
from domain.interop.queue_commands import NoteAnswer, NoteSending, ResendMessage, WriteOffMessage
from domain.kernel.errors import DomainError
from domain.people.patient_commands import EditPatient
from server.interfaces.daily import count_days
from server.interfaces.inbox import InboxPlace
from server.interfaces.outbound.lanes import Lanes
from server.interfaces.simulators.partner import acknowledge
from tests.fixtures.patience import until
from tests.interop.conftest import SYSTEM

HOUR = timedelta(hours=1)


def said(message):
    """Return (what, order control, our number, item, client) of an order that came."""
    orc, obr, pid = message.first("ORC"), message.first("OBR"), message.first("PID")
    what = f"{message.msh.text(9)}^{message.msh.text(9, 2)}"
    return what, orc.text(1), orc.text(2), obr.text(4), pid.text(5) + pid.text(5, 2)


def test_a_visit_with_a_package_is_ordered_from_the_laboratory_and_accepted(house, simulator):
    lis = simulator()
    partner = house.partner(lis)
    house.item()
    house.item("LIP", "血脂", results="tc、tg")
    visit = house.visit(house.client())
    house.flow()
    first, second = lis.messages()
    orders = house.requests()
    assert said(first) == ("ORM^O01", "NW", orders[0].number, "GLU", "王小明")
    assert said(second)[1:4] == ("NW", orders[1].number, "LIP")
    assert first.first("PV1").text(19) == visit.number
    assert [row.state for row in house.requests()] == ["accepted", "accepted"]
    assert [row.state for row in house.messages()] == ["accepted", "accepted"]
    assert {bytes(row.payload) for row in house.sent()} == set(lis.received), "the exact bytes are kept"
    state = house.state(partner)
    assert (state.sent, state.waiting, state.dead, state.trouble) == (2, 0, 0, 0)
    house.flow()
    assert len(lis.received) == 2, "nothing is told twice"


def test_items_added_changed_and_cancelled_are_told_under_one_number(house, simulator):
    lis = simulator()
    house.partner(lis, order_form=OrderForm.OML)
    house.item(packages=None)
    visit = house.visit(house.client())
    [number] = house.run(OrderItems(visit_id=visit.id, items="空腹血糖"), house.nurse)
    house.flow()
    [request] = house.requests()
    house.run(ChangeOrder(service_request_id=request.id, remark="已禁食 8 小时"), house.nurse)
    house.flow()
    house.run(CancelOrder(service_request_id=request.id, reason="客户不做"), house.nurse)
    house.flow()
    assert [said(m)[:3] for m in lis.messages()] == [
        ("OML^O21", "NW", number), ("OML^O21", "XO", number), ("OML^O21", "CA", number),
    ]  # fmt: skip
    assert lis.messages()[1].first("NTE").text(3) == "已禁食 8 小时"
    assert house.requests()[0].state == "cancelled"
    with pytest.raises(DomainError, match=r"service_request\.closed"):
        house.run(CancelOrder(service_request_id=request.id, reason="再撤"), house.nurse)


def test_what_cannot_be_ordered_is_named_and_nothing_is_ordered(house):
    house.item(packages=None)
    visit = house.visit(house.client())
    with pytest.raises(DomainError, match=r"service_request\.no_item") as error:
        house.run(OrderItems(visit_id=visit.id, items="空腹血糖、没有的项目"), house.nurse)
    assert (error.value.field, error.value.facts["given"]) == ("items", "没有的项目")
    assert house.requests() == []
    house.run(OrderItems(visit_id=visit.id, items="GLU"), house.nurse)
    with pytest.raises(DomainError, match=r"service_request\.all_open"):
        house.run(OrderItems(visit_id=visit.id, items="GLU"), house.nurse)


def test_a_partner_that_is_down_for_an_hour_gets_everything_in_order_afterwards(house, simulator):
    lis = simulator()
    partner = house.partner(lis)
    house.item()
    clients = [house.client(name) for name in ("甲一", "乙二", "丙三")]
    port = lis.port
    lis.stop()
    house.visit(clients[0])
    house.follower.catch_up()
    waits = []
    until = house.clock() + HOUR
    while house.clock() < until:
        if house.lanes.step(partner):
            waits.append(house.state(partner).retry_at - house.clock())
        house.clock.advance(timedelta(seconds=5))
        if len(waits) == 4 and len(house.messages()) == 1:
            house.visit(clients[1])
            house.visit(clients[2])
            house.follower.catch_up()
    seconds = [wait.total_seconds() for wait in waits]
    assert seconds[:6] == [5, 10, 20, 40, 80, 160]
    assert set(seconds[6:]) == {300}
    state = house.state(partner)
    assert (state.trouble, state.waiting, state.dead, state.reason) == (2, 3, 0, "no_connection")
    assert state.oldest_at == house.messages()[0].queued_at
    again = simulator(port=port)
    house.clock.advance(timedelta(minutes=5))
    house.flow()
    assert [said(m)[4] for m in again.messages()] == ["甲一", "乙二", "丙三"]
    state = house.state(partner)
    assert (state.trouble, state.waiting, state.failures, state.reason) == (0, 0, 0, None)


def test_no_answer_after_sending_means_the_same_bytes_again(house, simulator):
    """The partner has it and dies before it acknowledges; what it gets next is the same message."""
    lis = simulator(lambda message, number: None if number == 1 else acknowledge(message))
    house.partner(lis)
    house.item()
    house.visit(house.client())
    house.flow()
    [message] = house.messages()
    assert (message.state, message.reason, message.tries) == ("waiting", "closed", 1)
    house.clock.advance(timedelta(seconds=5))
    house.flow()
    assert lis.received[0] == lis.received[1]
    assert house.messages()[0].state == "accepted"
    assert len(house.sent()) == 1


def test_we_are_killed_between_sending_and_the_answer(house, simulator, monkeypatch):
    lis = simulator()
    partner = house.partner(lis)
    house.item()
    house.visit(house.client())
    house.follower.catch_up()

    def dies(*_facts):
        raise KeyboardInterrupt

    monkeypatch.setattr(house.lanes, "_report", dies)
    with pytest.raises(KeyboardInterrupt):
        house.lanes.step(partner)
    assert house.messages()[0].state == "sending"
    house.clock.advance(HOUR)
    others = Lanes(house.desk, SYSTEM, house._no_tls)
    assert others.step(partner)
    others.stop()
    assert lis.received[0] == lis.received[1], "another process sends the same bytes under the same number"
    [message] = house.messages()
    assert (message.state, message.tries) == ("accepted", 2)


def test_an_answer_to_a_try_long_past_changes_nothing(house, simulator):
    house.partner(simulator())
    house.item()
    house.visit(house.client())
    house.follower.catch_up()
    [message] = house.messages()
    for _ in range(2):
        house.run(NoteSending(message_id=message.id, payload=None), SYSTEM)
    assert house.run(NoteAnswer(message_id=message.id, attempt=1, answer="AE"), SYSTEM) == "sending"
    assert house.run(NoteAnswer(message_id=message.id, attempt=2, answer="AA"), SYSTEM) == "accepted"


def test_refused_content_waits_for_a_person_and_holds_up_its_own_client_alone(house, simulator):
    lis = simulator(
        lambda message, _number: (
            acknowledge(message, "AE", "王小明的项目代码未知")
            if "甲" not in message.first("PID").text(5)
            else acknowledge(message)
        )
    )
    partner = house.partner(lis)
    house.item()
    mine, other = house.client(), house.client("甲一")
    visit = house.visit(mine)
    house.flow()
    [request] = house.requests()
    house.run(CancelOrder(service_request_id=request.id, reason="不做"), house.nurse)
    house.visit(other)
    house.flow()
    house.clock.advance(HOUR)
    house.flow()
    assert [said(m)[4] for m in lis.messages()] == ["王小明", "甲一"], "AE is not sent again by itself"
    order, cancel, _ = house.messages()
    assert (order.state, order.answer, order.reason) == ("dead", "AE", "refused")
    assert order.detail == "＊＊的项目代码未知；Table value not found；OBR^1^4", (
        "whose it is need not be known"
    )
    assert cancel.state == "waiting", "an order is never cancelled before it is made"
    assert (house.state(partner).dead, house.state(partner).trouble) == (1, 0), "a refusal is an answer"
    lis.answer = lambda message, _number: acknowledge(message)
    with pytest.raises(DomainError, match=r"out_message\.not_dead"):
        house.run(ResendMessage(out_message_id=cancel.id, note="x"))
    house.run(ResendMessage(out_message_id=order.id, note="已在 LIS 登记项目"))
    house.flow()
    first, again = (lis.messages()[at] for at in (0, 2))
    assert first.msh.text(10) != again.msh.text(10), "written anew, it has a number of its own"
    assert len([row for row in house.sent() if row.message_id == order.id]) == 2, "both are kept"
    assert [said(m)[1] for m in lis.messages()[2:]] == ["NW", "CA"], "what waited behind it follows"
    assert visit.number == first.first("PV1").text(19)


def test_rejected_is_tried_five_times_and_no_more(house, simulator):
    lis = simulator(lambda message, _number: acknowledge(message, "AR", "系统维护"))
    partner = house.partner(lis)
    house.item()
    house.visit(house.client())
    for _ in range(9):
        house.flow()
        house.clock.advance(HOUR)
    assert len(lis.received) == 5
    assert len(set(lis.received)) == 1
    [message] = house.messages()
    assert (message.state, message.reason) == ("dead", "rejected")
    house.run(WriteOffMessage(out_message_id=message.id, note="电话告知"))
    assert house.state(partner).dead == 0
    with pytest.raises(DomainError, match=r"out_message\.over"):
        house.run(WriteOffMessage(out_message_id=message.id, note="再次"))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda m: acknowledge(m, about="SOMETHING"), "answer_of_another"),
        (lambda m: b"no HL7 at all", "answer_unreadable"),
        (lambda m: acknowledge(m, "ZZ"), "answer_unreadable"),
        (lambda m: acknowledge(m).split(b"\rMSA")[0] + b"\r", "answer_unreadable"),
        (lambda m: b"MSH|^~\\&|" + b"\xff\xfe" * 30, "answer_unreadable"),
    ],
)
def test_what_is_no_acknowledgment_of_it_is_no_answer(house, simulator, answer, reason):
    lis = simulator(lambda message, _number: answer(message))
    house.partner(lis)
    house.item()
    house.visit(house.client())
    house.flow()
    [message] = house.messages()
    assert (message.state, message.reason) == ("waiting", reason)


def test_a_line_the_partner_closed_while_idle_is_no_failure(house, simulator):
    lis = simulator()
    partner = house.partner(lis)
    house.item()
    house.visit(house.client("甲一"))
    house.flow()
    lis.hang_up()
    house.visit(house.client("乙二"))
    house.flow()
    assert [said(m)[4] for m in lis.messages()] == ["甲一", "乙二"]
    assert house.state(partner).recent[-1] % 2 == 1


def test_characters_are_those_of_the_partner_and_never_replaced(house, simulator):
    lis = simulator()
    partner = house.partner(lis, charset=Charset.GB18030)
    house.item()
    house.visit(house.client("欧阳䶮明"))
    house.flow()
    assert "阳䶮明".encode("gb18030") in lis.received[0]
    assert b"GB 18030-2000" in lis.received[0]
    assert said(lis.messages()[0])[4] == "欧阳䶮明"
    house.run(EditPartner(partner_id=partner, charset=Charset.UTF8, reason="改用 UTF-8"))
    house.visit(house.client("龘文"))
    house.flow()
    assert "龘".encode() in lis.received[1]


def test_a_pause_keeps_everything_and_who_was_told_is_told_of_changes(house, simulator):
    his = simulator()
    partner = house.partner(his, role=PartnerRole.HIS, application="HIS", orders=False, persons=True)
    mine = house.client(phone="13800000001")
    house.run(PausePartner(partner_state_id=partner, note="对方升级"))
    house.flow()
    assert his.received == []
    house.run(ResumePartner(partner_state_id=partner))
    house.flow()
    house.run(EditPatient(patient_id=mine, phone="13900000002"), house.nurse)
    house.run(EditPatient(patient_id=mine, allergy="青霉素"), house.nurse)
    house.flow()
    assert [m.msh.text(9, 2) for m in his.messages()] == ["A31", "A31"], "of an allergy the HIS is not told"
    assert [m.first("PID").text(13) for m in his.messages()] == ["13800000001", "13900000002"]


def test_the_lanes_run_by_themselves(house, simulator):
    lis = simulator()
    house.lanes.start()
    house.partner(lis)
    house.item()
    house.visit(house.client())
    house.follower.catch_up()
    until(lambda: house.rows(OutMessage, OutMessage.state == "accepted"), "the message to be accepted")
    assert len(lis.received) == 1


def test_the_account_of_a_day_names_what_the_partner_has_not_taken(house, simulator, tmp_path):
    lis = simulator(lambda message, number: acknowledge(message, "AA" if number == 1 else "AR", ""))
    house.partner(lis)
    house.item()
    house.item("LIP", "血脂", results="tc、tg")
    visit = house.visit(house.client())
    for _ in range(6):
        house.flow()
        house.clock.advance(HOUR)
    house.clock.advance(24 * HOUR)
    count_days(house.desk, SYSTEM, InboxPlace(tmp_path / "no-inbox.db"), Ed25519PrivateKey.generate())
    newest = max(house.rows(InterfaceDay), key=lambda row: row.due)
    assert (newest.due, newest.delivered, newest.undelivered, newest.differs) == (2, 1, 1, 1)
    assert (newest.ordered, newest.resulted) == (2, 0)
    assert json.loads(newest.statement)["visits"] == {visit.number: [2, 0, 0]}
    [dead] = [row for row in house.messages() if row.state == "dead"]
    assert dead.control_id in newest.findings
