import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, InvalidRequestError

from domain.kernel.change_log import entries_after, log_head
from domain.kernel.commands import ask, command, handles
from domain.kernel.errors import DomainError
from domain.people.records import Organization, Patient, Sex


@command("test.register", "登记测试客户", permission="people.register")
class RegisterForTest:
    number: str = ask("档案号")
    name: str = ask("姓名")
    age: int = ask("年龄", default=30, low=0, high=150)
    fail: bool = ask("失败", default=False)


@handles(RegisterForTest)
def register(order, work):
    patient = work.add(Patient(number=order.number, name=order.name, sex=Sex.FEMALE))
    if order.fail:
        work.flush()
        raise DomainError("test.refused", field="fail")
    return patient.id


@command("test.rename", "改名", permission="people.edit")
class RenameForTest:
    number: str = ask("档案号")
    name: str = ask("姓名")


@handles(RenameForTest)
def rename(order, work):
    work.find(Patient, number=order.number).name = order.name


def test_a_command_leaves_its_rows_and_one_log_entry(desk, nurse):
    done = desk.run(RegisterForTest(number="P1", name="王美娜"), nurse)
    with desk.store.read() as connection:
        [entry] = entries_after(connection, 0, 10)
        assert connection.execute(select(Patient.name)).scalar_one() == "王美娜"
    assert entry.position == done.position == 1
    assert entry.dev_seq == 1
    assert entry.body.command == "test.register"
    assert entry.body.actor_id == nurse.staff_id.bytes
    [change] = entry.body.changes
    assert (change.entity, change.op, change.fields["sex"]) == ("patient", "ins", "2")


def test_an_update_says_what_the_person_saw(desk, nurse):
    desk.run(RegisterForTest(number="P1", name="王美娜"), nurse)
    desk.run(RenameForTest(number="P1", name="王美丽"), nurse)
    with desk.store.read() as connection:
        change = entries_after(connection, 1, 10)[0].body.changes[0]
    assert change.fields == {"name": "王美丽"}
    assert change.base == {"name": "王美娜"}


def test_a_refused_command_changes_nothing(desk, nurse):
    with pytest.raises(DomainError) as refused:
        desk.run(RegisterForTest(number="P1", name="王美娜", fail=True), nurse)
    assert refused.value.field == "fail"
    with desk.store.read() as connection:
        assert entries_after(connection, 0, 10) == []
        assert connection.execute(select(Patient)).first() is None


def test_a_command_without_permission_is_refused_and_noted(desk, technician):
    with pytest.raises(DomainError, match=r"permission\.denied"):
        desk.run(RegisterForTest(number="P1", name="王"), technician)
    with desk.store.read() as connection:
        [entry] = entries_after(connection, 0, 10)
    assert entry.outcome == "refused"
    assert entry.body.changes == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE patient SET name = 'x'",
        "DELETE FROM patient",
        "DELETE FROM change_log",
        "INSERT INTO organization (id, org_id, code, name, kind, ver) VALUES (x'00', x'00', 'c', 'n', 'branch', 0)",
    ],
)
def test_raw_statements_on_shared_tables_fail_loudly(desk, nurse, statement):
    desk.run(RegisterForTest(number="P1", name="王美娜"), nurse)
    with pytest.raises(DatabaseError, match="unit of work"), desk.store.engine.connect() as connection:
        connection.execute(text(statement))
    with desk.store.read() as connection:
        assert connection.execute(select(Patient.name)).scalar_one() == "王美娜"


def test_records_of_other_organisations_are_not_found(desk, nurse, other_nurse):
    desk.run(RegisterForTest(number="P1", name="王美娜"), nurse)
    with pytest.raises(AttributeError):
        desk.run(RenameForTest(number="P1", name="李"), other_nurse)


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ({"name": "王"}, "input.missing", "number"),
        ({"number": "P1", "name": "王", "age": 151}, "input.range", "age"),
        ({"number": "P1", "name": "王", "age": "abc"}, "input.type", "age"),
        ({"number": "P1", "name": "王" * 300}, "input.too_long", "name"),
        ({"number": "P1", "name": "王\x00"}, "input.control", "name"),
        ({"number": "P1", "name": "王", "colour": "red"}, "input.unknown", "colour"),
    ],
)
def test_bad_input_names_the_field(desk, nurse, data, code, field):
    with pytest.raises(DomainError) as refused:
        desk.run_named("test.register", data, nurse)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_an_order_built_in_code_is_held_to_what_is_required(desk, nurse):
    for empty in ("", None):
        with pytest.raises(DomainError) as refused:
            desk.run(RegisterForTest(number="P1", name=empty), nurse)
        assert (refused.value.code, refused.value.field) == ("input.missing", "name")


def test_bulk_statements_in_a_unit_of_work_are_refused(desk, nurse):
    from sqlalchemy import update

    from domain.kernel.unit_of_work import UnitOfWork

    with desk.store.write() as connection:
        work = UnitOfWork(connection, nurse, now=desk.clock(), new_id=desk.ids)
        with pytest.raises(InvalidRequestError, match="change log"):
            work.list(update(Organization).values(name="x"))
        work.close()


def test_positions_are_dense(desk, nurse):
    for number in range(5):
        desk.run(RegisterForTest(number=f"P{number}", name="王"), nurse)
        with pytest.raises(DomainError):
            desk.run(RegisterForTest(number=f"Q{number}", name="王", fail=True), nurse)
    with desk.store.read() as connection:
        assert [e.position for e in entries_after(connection, 0, 100)] == [1, 2, 3, 4, 5]
        assert connection.execute(select(log_head.c.position)).scalar_one() == 5
