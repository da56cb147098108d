"""What is owed stays owed until it is answered; a half hour an owner; nobody reads another's."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.conversations.binding_commands import BindToMe
from domain.conversations.commands import (
    BindClient,
    CloseConversation,
    HandOnOverdue,
    HandOver,
    LabelConversation,
    NoteFollowing,
    ReceiveMessage,
    RegisterFromConversation,
    ReplyToClient,
)
from domain.conversations.records import Conversation, ConversationKind, ConversationMessage
from domain.conversations.worklists import conversations
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.worklists import Pages
from domain.messaging.records import Channel, ContactAddress
from domain.messaging.sending_commands import ReportOutcome, TakeDue
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex, Staff
from domain.people.tie_commands import AssignClient
from tests.channels.conftest import bound
from tests.conftest import BRANCH, DEVICE


@pytest.fixture
def org():
    return BRANCH


@pytest.fixture
def people(desk, system, org, authority):
    """Two operators, a physician and the head of the department, by their login."""
    roles = {
        "op1": "messaging_operator",
        "op2": "messaging_operator",
        "doc": "physician",
        "head": "department_head",
    }
    with desk.store.write() as connection:
        work = UnitOfWork(connection, system, now=desk.clock(), new_id=desk.ids)
        rows = {
            login: work.add(
                Staff(
                    org_id=org, login=login, name=f"员工{login}", role=role, password_hash="x",
                    password_set_at=desk.clock(), active=True,
                )
            )
            for login, role in roles.items()
        }  # fmt: skip
        work.commit_entry("test.staff", txn_id=desk.ids())
        work.close()
    return {
        login: authority.actor(
            staff_id=row.id, name=row.name, role=row.role, org_id=org, device_id=DEVICE, subtree=()
        )
        for login, row in rows.items()
    }


@pytest.fixture
def hear(desk, system, org, people, clock):
    count = iter(range(1000))

    def receive(text="您好", peer="oZhou", key=None, **more):
        order = ReceiveMessage(
            channel=more.pop("channel", Channel.OFFICIAL_ACCOUNT), account="oa", peer=peer,
            key=key or f"m{next(count)}", org_id=org, text=text, at=clock(), **more,
        )  # fmt: skip
        return desk.run(order, system).receipt

    return receive


@pytest.fixture
def look(desk):
    def read(record=Conversation, **wanted):
        table = record.__table__
        with desk.store.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.id)).all()
        return [r for r in rows if all(getattr(r, n) == v for n, v in wanted.items())]

    return read


def owner_of(people, row):
    return next(actor for actor in people.values() if actor.staff_id == row.owner_id)


@pytest.fixture
def accept(desk, system):
    """Return a function that lets the vendor answer what is waiting."""

    def run(outcome="accepted", **more):
        parcels = desk.run(TakeDue(channels=["official_account"]), system).receipt
        for parcel in parcels:
            order = ReportOutcome(
                message_id=parcel.message_id, attempt=parcel.attempt, outcome=outcome, **more
            )
            desk.run(order, system)
        return parcels

    return run


def test_what_comes_three_times_is_kept_once(hear, look):
    assert [hear(key="1"), hear(key="1"), hear(key="1")] == [True, False, False]
    assert len(look(ConversationMessage)) == 1
    (row,) = look()
    assert (row.state, row.last_text) == ("owed", "您好")
    assert row.owner_id is not None


def test_it_is_owed_until_the_answer_was_accepted(hear, look, people, desk, accept, clock):
    hear()
    (row,) = look()
    assert row.due_at == clock() + timedelta(minutes=30)
    clock.advance(timedelta(minutes=5))
    hear("还在吗")
    assert look()[0].owed_since == clock() - timedelta(minutes=5), "the clock goes on from the first question"
    desk.run(ReplyToClient(conversation_id=row.id, text="在的"), owner_of(people, row))
    assert look()[0].state == "replying"
    (parcel,) = accept()
    assert (parcel.address, parcel.text) == ("oZhou", "在的")
    assert (look()[0].state, look()[0].owed_since, look()[0].due_at) == ("answered", None, None)


def test_an_answer_that_did_not_arrive_is_owed_from_where_it_was(hear, look, people, desk, accept, clock):
    hear()
    (row,) = look()
    clock.advance(timedelta(minutes=10))
    desk.run(ReplyToClient(conversation_id=row.id, text="在的"), owner_of(people, row))
    accept("failed", reason="bad_address")
    again = look()[0]
    assert (again.state, again.owed_since, again.due_at) == ("owed", row.owed_since, row.due_at)


def test_each_owner_has_half_an_hour_then_it_is_handed_on(hear, look, people, desk, system, clock):
    hear()
    first = look()[0].owner_id
    clock.advance(timedelta(minutes=29))
    assert desk.run(HandOnOverdue(), system).receipt == 0
    clock.advance(timedelta(minutes=1))
    assert desk.run(HandOnOverdue(), system).receipt == 1
    row = look()[0]
    assert row.owner_id != first
    assert (row.handed_on, row.due_at) == (1, clock() + timedelta(minutes=30))
    assert row.state_since == row.owed_since, "what the alert counts goes on"
    assert desk.run(HandOnOverdue(), system).receipt == 0
    notes = look(ConversationMessage, direction="note")
    assert "30 分钟未回复" in notes[0].text


def test_closing_stops_the_clock_and_says_why(hear, look, people, desk, system, clock):
    hear()
    (row,) = look()
    actor = owner_of(people, row)
    with pytest.raises(DomainError, match="note_missing"):
        desk.run(CloseConversation(conversation_id=row.id), actor)
    desk.run(CloseConversation(conversation_id=row.id, note="已电话答复"), actor)
    clock.advance(timedelta(hours=1))
    assert desk.run(HandOnOverdue(), system).receipt == 0
    assert (look()[0].state, look()[0].due_at) == ("closed", None)
    hear("又来了")
    assert look()[0].state == "owed"


def test_operators_see_and_answer_only_their_own(hear, look, people, desk):
    hear()
    hear(peer="oLi")
    mine, theirs = look()
    assert mine.owner_id != theirs.owner_id, "the one with the least to answer gets the next"
    actor = owner_of(people, mine)
    rows = Pages(desk.store).page(conversations, actor).rows
    assert [r.id for r in rows] == [mine.id]
    with pytest.raises(DomainError, match=r"conversation\.unknown"):
        desk.run(ReplyToClient(conversation_id=theirs.id, text="x"), actor)
    with pytest.raises(DomainError, match=r"conversation\.unknown"):
        desk.run(LabelConversation(conversation_id=theirs.id, labels="a"), actor)
    assert len(Pages(desk.store).page(conversations, people["head"]).rows) == 2
    desk.run(HandOver(conversation_id=theirs.id, staff_id=actor.staff_id), people["head"])
    assert len(Pages(desk.store).page(conversations, actor).rows) == 2


def test_a_known_address_is_recognised(hear, look, desk, operator, client):
    bound(desk, operator, client, "official_account", "oZhou")
    hear()
    assert look()[0].patient_id == client
    assert look(ConversationMessage)[0].patient_id == client


def test_somebody_unknown_gets_a_record_with_one_key(hear, look, people, desk):
    hear(nickname="小周")
    (row,) = look()
    actor = owner_of(people, row)
    patient_id = desk.run(
        RegisterFromConversation(conversation_id=row.id, name="周新", phone="13800000077"), actor
    ).receipt
    (patient,) = look(Patient, id=patient_id)
    assert (patient.name, patient.org_id) == ("周新", row.org_id)
    assert look(ConversationMessage)[0].patient_id == patient_id
    assert look(ContactAddress)[0].patient_id == patient_id
    hear(peer="oOther")
    other = next(r for r in look() if r.patient_id is None)
    with pytest.raises(DomainError, match=r"conversation\.known"):
        desk.run(
            RegisterFromConversation(conversation_id=other.id, name="周新", phone="13800000077"),
            people["head"],
        )
    desk.run(BindClient(conversation_id=other.id, patient_id=patient_id), people["head"])
    order = RegisterPatient(name="他人", sex=Sex.MALE, birth_date=date(1970, 1, 1), another_person=True)
    stranger = desk.run(order, people["doc"]).receipt.patient_id
    with pytest.raises(DomainError, match=r"conversation\.bound"):
        desk.run(BindClient(conversation_id=other.id, patient_id=stranger), people["head"])


def test_who_left_is_not_written_to(hear, look, people, desk, system, org):
    hear()
    (row,) = look()
    gone = {"channel": Channel.OFFICIAL_ACCOUNT, "account": "oa", "peer": "oZhou", "org_id": org}
    desk.run(NoteFollowing(**gone, follows=False), system)
    with pytest.raises(DomainError, match="left_us"):
        desk.run(ReplyToClient(conversation_id=row.id, text="x"), owner_of(people, row))
    desk.run(NoteFollowing(**gone, follows=True), system)
    desk.run(ReplyToClient(conversation_id=row.id, text="x"), owner_of(people, row))


def test_on_the_clients_own_page_an_answer_needs_no_sending(hear, look, people, desk, client):
    hear(peer=client.hex, channel=Channel.PAGE, patient_id=client, kind=ConversationKind.CONSULTATION)
    (row,) = look()
    assert row.owner_id == people["doc"].staff_id, "a consultation goes to a physician"
    desk.run(ReplyToClient(conversation_id=row.id, text="好的"), people["doc"])
    assert look()[0].state == "answered"


def test_with_one_key_a_client_is_somebodys_own_and_all_they_write_goes_there(
    hear, look, people, desk, client, system, clock
):
    hear(peer="oZhou", patient_id=client)
    (row,) = look()
    other = next(people[login] for login in ("op1", "op2") if people[login].staff_id != row.owner_id)
    for at in range(3):  # the other one has more to answer, and is the client's own all the same
        hear(peer=f"oFull{at}")
    with pytest.raises(DomainError, match=r"client\.not_yours"):
        desk.run(BindToMe(patient_id=client), other)
    login = next(login for login in ("op1", "op2") if people[login] is other)
    desk.run(AssignClient(patient_id=client, login=login, reason="原负责人休假"), people["head"])
    assert desk.run(BindToMe(patient_id=client), other).receipt == 1
    assert look(patient_id=client)[0].owner_id == other.staff_id
    hear(peer="pZhou", channel=Channel.MINI_PROGRAM, patient_id=client)
    assert {r.owner_id for r in look(patient_id=client)} == {other.staff_id}
    clock.advance(timedelta(minutes=31))
    desk.run(HandOnOverdue(), system)
    assert other.staff_id not in {r.owner_id for r in look(patient_id=client)}, (
        "who does not answer has had a turn"
    )


def test_a_consultation_goes_to_the_physician_the_client_is_bound_to(hear, look, people, desk, client):
    desk.run(AssignClient(patient_id=client, login="op1", reason="新客户"), people["head"])
    desk.run(BindToMe(patient_id=client), people["op1"])
    desk.run(BindToMe(patient_id=client), people["doc"])
    hear(peer="oZhou", patient_id=client, kind=ConversationKind.CONSULTATION)
    hear(peer="oZhou2", patient_id=client, kind=ConversationKind.SERVICE)
    owners = {str(r.kind): r.owner_id for r in look(patient_id=client)}
    assert owners == {"consultation": people["doc"].staff_id, "service": people["op1"].staff_id}
