"""What looks wrong is noticed once, with its numbers; not below the limit, not twice, nothing of elsewhere."""

import dataclasses
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from domain.audit.chain import AuditReader, Head
from domain.audit.trail import AuditQuery, audit_lines
from domain.conversations.commands import LabelConversation, ReceiveMessage
from domain.conversations.keeping import conversation_id
from domain.conversations.records import ConversationMessage
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.messaging.records import Channel
from domain.people.patient_commands import EditPatient, RegisterPatient
from domain.people.records import Sex
from domain.people.staff_commands import CreateOrganization
from domain.security.anchors import ChainCheck, against, anchors_of, contradicts
from domain.security.checking import check_rows
from domain.security.commands import ConcludeFinding, NoteLook, NoteReading
from domain.security.records import SecurityConclusion, SecurityFinding, Suspicion
from tests.readers.security_cases import LIMITS, TEXTS, watch_of


@pytest.fixture
def watch(desk, nurse):
    return watch_of(desk, nurse)


@pytest.fixture
def system(nurse):
    return system_actor(nurse.org_id, nurse.device_id)


def findings(desk):
    with desk.store.read() as connection:
        return connection.execute(select(SecurityFinding.__table__)).all()


def look(desk, who, *numbers):
    for number in numbers:
        desk.run(NoteLook(patient_id=uuid.UUID(int=number), page="record"), who)


def ask_too_much(desk, who, count):
    for number in range(count):
        with pytest.raises(DomainError):
            desk.run(CreateOrganization(code=f"X{number}", name="x"), who)


def test_asking_for_what_one_may_not_is_noticed_the_third_time(desk, watch, nurse):
    ask_too_much(desk, nurse, 2)
    watch.catch_up()
    assert findings(desk) == []
    ask_too_much(desk, nurse, 1)
    watch.catch_up()
    [found] = findings(desk)
    assert (found.kind, found.count, found.staff_id) == (Suspicion.BEYOND_RIGHTS, 3, nurse.staff_id)
    assert found.detail == "10 分钟内 3 次请求无权的操作或列表"


def test_the_same_client_again_is_no_other_client_and_old_looks_are_forgotten(desk, watch, nurse, clock):
    look(desk, nurse, *range(1, 101), *range(1, 101))
    clock.advance(timedelta(minutes=11))
    look(desk, nurse, 500)
    watch.catch_up()
    assert findings(desk) == []


def test_pages_of_a_list_count_with_their_rows(desk, watch, nurse):
    desk.run(NoteReading(listing="people.clients", rows=100), nurse)
    watch.catch_up()
    assert findings(desk) == []
    look(desk, nurse, 1)
    watch.catch_up()
    assert [f.count for f in findings(desk)] == [101]


def test_a_start_in_between_forgets_nothing_and_reading_twice_notes_once(desk, watch, nurse):
    look(desk, nurse, *range(60))
    watch.catch_up()
    look(desk, nurse, *range(60, 120))
    watch_of(desk, nurse).catch_up()
    assert [f.count for f in findings(desk)] == [101]
    with desk.store.write() as connection:
        connection.execute(text("UPDATE log_reader SET position = 0 WHERE name = 'security'"))
    watch_of(desk, nurse).catch_up()
    assert len(findings(desk)) == 1


def test_what_another_installation_did_is_not_noticed_here(desk, nurse):
    ask_too_much(desk, nurse, 5)
    elsewhere = dataclasses.replace(nurse, device_id=uuid.UUID(int=0xD9))
    watch_of(desk, elsewhere).catch_up()
    assert findings(desk) == []


def test_many_changes_at_once_are_noticed_and_new_records_are_none(desk, watch, nurse):
    made = []
    for number in range(201):
        order = RegisterPatient(
            name="王美娜", sex=Sex.FEMALE, birth_date=date(1950, 1, 1) + timedelta(number)
        )
        made.append(desk.run(order, nurse).receipt.patient_id)
    watch.catch_up()
    assert findings(desk) == []
    for number, patient_id in enumerate(made):
        desk.run(EditPatient(patient_id=patient_id, name=f"李{number}"), nurse)
    watch.catch_up()
    [found] = findings(desk)
    assert (found.kind, found.count) == (Suspicion.MASS_CHANGE, 201)


def test_an_operation_at_night_is_unlike_a_person_who_works_by_day(desk, watch, as_role, clock, system):
    head = as_role("department_head")
    assert LIMITS.habit.least == 200
    hear(desk, system)
    for number in range(201):
        label(desk, head, number)
        clock.advance(timedelta(minutes=1))
        if number % 40 == 39:
            clock.advance(timedelta(days=1) - timedelta(minutes=40))
    watch.catch_up()
    assert findings(desk) == []
    clock.advance(timedelta(hours=15))
    label(desk, head, 999)
    label(desk, head, 998)
    watch.catch_up()
    [found] = findings(desk)
    assert found.kind == Suspicion.UNLIKE_HABIT
    assert "少见" in found.detail


def hear(desk, system):
    order = ReceiveMessage(
        channel=Channel.WECOM,
        account="w",
        peer="p",
        key="m1",
        org_id=system.org_id,
        text="您好",
        at=desk.clock(),
    )
    desk.run(order, system)


def label(desk, who, number):
    desk.run(
        LabelConversation(conversation_id=conversation_id(Channel.WECOM, "w", "p"), labels=f"标签{number}"),
        who,
    )


def test_a_conclusion_needs_another_person_and_an_explanation(desk, watch, nurse, as_role):
    head = as_role("department_head")
    ask_too_much(desk, head, 3)
    watch.catch_up()
    [found] = findings(desk)
    order = ConcludeFinding(
        finding_id=found.id, conclusion=SecurityConclusion.JUSTIFIED, explanation="已核实本人误点"
    )
    with pytest.raises(DomainError) as refused:
        desk.run(order, head)
    assert refused.value.code == "security_finding.own"
    admin = as_role("administrator")
    with pytest.raises(DomainError) as refused:
        desk.run(dataclasses.replace(order, explanation="误点"), admin)
    assert refused.value.code == "security_finding.unexplained"
    desk.run(order, admin)
    [found] = findings(desk)
    assert (found.state, found.concluded_name, found.due_at) == ("concluded", admin.name, None)


def test_the_trail_says_who_did_what_and_when_in_messaging(desk, system, as_role, clock):
    head = as_role("department_head")
    auditor = dataclasses.replace(as_role("auditor"), orgs=None)
    hear(desk, system)
    label(desk, head, 1)
    Follower(desk.store, AuditReader()).catch_up()
    with desk.store.read() as connection:
        [line] = audit_lines(connection, auditor, AuditQuery(commands=("conversation.label",)))
    assert (line.staff_id, line.at, line.records_label) == (head.staff_id, clock(), "会话")


def test_a_row_changed_behind_the_program_is_found_and_honest_ones_are_not(desk, system):
    chain = Follower(desk.store, AuditReader())
    hear(desk, system)
    chain.catch_up()
    assert check_rows(desk, system, TEXTS) == 0
    with desk.store.write() as connection:
        connection.execute(text("UPDATE conversation_message SET text = '改过'"))
    assert check_rows(desk, system, TEXTS) == 1
    [found] = findings(desk)
    assert (found.kind, found.count) == (Suspicion.UNLOGGED, 1)
    assert found.detail.startswith(f"{ConversationMessage.record_info.label}：1 条")


def test_a_row_put_in_behind_the_program_is_found(desk, system):
    Follower(desk.store, AuditReader()).catch_up()
    hear(desk, system)  # the chain has not read it: as if no entry told of it
    assert check_rows(desk, system, TEXTS) > 0
    assert {f.kind for f in findings(desk)} == {Suspicion.UNLOGGED}


def test_every_day_has_its_anchor_and_a_removed_line_is_found(desk, system, nurse, clock):
    chain = Follower(desk.store, AuditReader())
    check = ChainCheck(desk, system, TEXTS)
    for _ in range(3):
        look(desk, nurse, *range(5))
        chain.catch_up()
        check.tick()
        check.tick()
        clock.advance(timedelta(days=1))
    chain.catch_up()
    with desk.store.read() as connection:
        anchored = anchors_of(connection, system.device_id)
        assert against(connection, anchored) is None
    assert len(anchored) == 3
    with desk.store.write() as connection:  # a line goes, and the chain is worked out anew from what is left
        connection.execute(text("DELETE FROM audit_entry"))
        connection.execute(text("DELETE FROM audit_subject"))
        connection.execute(text("DELETE FROM change_log WHERE position = 4"))
        connection.execute(text("UPDATE log_reader SET position = 0 WHERE name = 'audit'"))
    chain.catch_up()
    assert check.check().kind == "rewritten"
    assert {f.kind for f in findings(desk)} == {Suspicion.CHAIN_BROKEN}


def test_anchors_that_grow_shorter_contradict_each_other(desk, system):
    one, two, other = Head(5, b"a" * 32), Head(9, b"b" * 32), Head(9, b"c" * 32)
    assert contradicts([one, two, two]) is None
    assert contradicts([two, one]) == one
    assert contradicts([two, other]) == other
