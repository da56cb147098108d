"""Statements prepared once: they are those the declarations say, and open no door past the guard."""

import uuid

import pytest
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from domain.kernel.errors import UnavailableError
from domain.kernel.prepared import Among, Prepared, insert_into
from domain.kernel.record import Record, record_classes
from domain.kernel.unit_of_work import UnitOfWork, all_columns, stored_values, table_of
from domain.people.records import Patient, RunningNumber, Sex
from tests.conftest import BRANCH, OTHER_BRANCH

pytest_plugins = ["tests.fixtures.mariadb"]
PATIENT = table_of(Patient)


@pytest.fixture(params=["encrypted", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def any_store(request):
    return request.getfixturevalue("store" if request.param == "encrypted" else "mariadb_store")


def a_patient(number="P1", **values):
    facts = {
        "id": uuid.uuid4(),
        "org_id": BRANCH,
        "name": "王美娜",
        "sex": Sex.FEMALE,
        "id_type": "01",
        "ver": 0,
    }
    return Patient(number=number, **{**facts, **values})


def test_inserts_name_every_declared_column_in_the_order_of_the_row(any_store):
    dialect = any_store.engine.dialect
    for kind in record_classes().values():
        said, names, fixed = insert_into(table_of(kind)).text(dialect)
        by_sqlalchemy = insert(table_of(kind)).inline().compile(dialect=dialect)
        assert names == all_columns(kind)
        assert fixed == {}
        assert said.split(" VALUES ")[0] == str(by_sqlalchemy).split(" VALUES ")[0]
        assert said.count("?" if any_store.is_sqlite else "%s") == len(names)


def test_a_prepared_row_is_the_row_sqlalchemy_writes(any_store):
    """The same record by both ways gives the same bytes in the table."""
    first, second = a_patient("P1", name="李'--%s;?"), a_patient("P2", name="李'--%s;?")
    with any_store.write() as connection:
        insert_into(PATIENT).many(connection, [stored_values(first)])
        connection.execute(insert(PATIENT), {**second.__dict__, "_sa_instance_state": None})
        rows = connection.execute(text("SELECT * FROM patient ORDER BY number")).mappings().all()
    own = {"id", "number"}
    assert [{k: v for k, v in row.items() if k not in own} for row in rows[:1]] == [
        {k: v for k, v in row.items() if k not in own} for row in rows[1:]
    ]


def test_an_unknown_column_is_refused_before_anything_is_sent(store, nurse):
    with pytest.raises(TypeError, match="colour"):
        a_patient(colour="red")
    with pytest.raises(KeyError), store.write() as connection:
        UnitOfWork(connection, nurse, now=None, new_id=uuid.uuid4).find(Patient, colour="red")


def test_a_missing_parameter_and_a_list_are_refused(store):
    by_name = Prepared(select(PATIENT.c.id).where(PATIENT.c.name == bindparam("name")))
    with store.read() as connection:
        with pytest.raises(KeyError, match="name"):
            by_name.rows(connection)
        with pytest.raises(ValueError, match="fixed number"):
            Prepared(select(PATIENT.c.id).where(PATIENT.c.name.in_(["王", "李"]))).rows(connection)


@pytest.mark.parametrize("count", [0, 1, 2, 8, 65, 401])
def test_a_list_of_any_length_is_looked_for_in_pieces(any_store, count):
    there = [a_patient(f"P{number}") for number in range(count)]
    strangers = [uuid.uuid4().bytes for _ in range(3)]
    by_id = Among([PATIENT.c.number], PATIENT.c.id, lock=True)
    with any_store.write() as connection:
        insert_into(PATIENT).many(connection, [stored_values(one) for one in there])
        wanted = [*strangers, *(one.id.bytes for one in there)]
        found = [number for (number,) in by_id.rows(connection, wanted)]
        assert list(by_id.rows(connection, [])) == []
    assert sorted(found) == sorted(f"P{number}" for number in range(count))


def test_only_the_connection_that_writes_may_write(store):
    """Another connection of the same thread is refused by the guard while the write door is open."""
    with store.write(), store.engine.connect() as beside:
        assert beside.exec_driver_sql("SELECT aftercheck_writer()").scalar() == 0
    with store.write() as connection:
        assert connection.exec_driver_sql("SELECT aftercheck_writer()").scalar() == 1
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT aftercheck_writer()").scalar() == 0


def test_the_guard_sees_prepared_statements_too(any_store):
    with pytest.raises(DBAPIError, match="unit of work"), any_store.engine.connect() as connection:
        insert_into(PATIENT).many(connection, [stored_values(a_patient())])
    with any_store.read() as connection:
        assert Prepared(select(PATIENT.c.id)).rows(connection) == []


def test_what_is_refused_is_told_as_sqlalchemy_tells_it_and_rolled_back(any_store):
    rows = [stored_values(a_patient("P1")), stored_values(a_patient("P1"))]
    with pytest.raises(IntegrityError) as refused, any_store.write() as connection:
        insert_into(PATIENT).many(connection, rows)
    assert "王美娜" not in str(refused.value)
    with any_store.read() as connection:
        assert Prepared(select(PATIENT.c.id)).rows(connection) == []


def test_a_lost_connection_is_told_as_one(mariadb_store):
    ask = Prepared(select(PATIENT.c.id))

    def lose_it():
        with mariadb_store.read() as connection:
            [(mine,)] = connection.execute(text("SELECT connection_id()"))
            with mariadb_store.engine.connect() as other:
                other.execute(text(f"KILL {mine}"))
            ask.rows(connection)

    with pytest.raises(UnavailableError, match=r"store\.unreachable"):
        lose_it()
    with mariadb_store.read() as connection:
        assert ask.rows(connection) == []


def test_work_written_by_prepared_statements_alone_is_committed(any_store):
    counter = table_of(RunningNumber)
    row = RunningNumber(id=uuid.uuid4(), org_id=BRANCH, purpose="x", next_value=1, ver=0)
    with any_store.write() as connection:
        insert_into(counter).many(connection, [stored_values(row)])
    with any_store.read() as connection:
        assert Prepared(select(counter.c.purpose)).rows(connection) == [("x",)]


def test_quick_binding_says_the_same_to_sqlite(store):
    given = (b"", b"a\x00b", bytearray(b"x"), True, False, None, 7, 2.5, "王\x00美")
    with store.read() as connection:
        marks = ", ".join(f"typeof(?{n}), ?{n}" for n in range(1, len(given) + 1))
        got = connection.exec_driver_sql(f"SELECT {marks}", given).one()
    assert tuple(zip(got[::2], got[1::2], strict=True)) == (
        ("blob", b""), ("blob", b"a\x00b"), ("blob", b"x"), ("integer", 1), ("integer", 0), ("null", None),
        ("integer", 7), ("real", 2.5), ("text", "王\x00美"),
    )  # fmt: skip


def test_finding_by_a_value_and_an_organisation_does_not_walk_the_organisation(store, nurse):
    from domain.kernel.unit_of_work import _finder

    for names in (("id_number", "org_id"), ("org_id", "id_number")):
        said = _finder(Patient, names).text(store.engine.dialect)[0]
        with store.read() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", ("x", b"x", 1, 0)).all()
        assert "ix_patient_id_number" in str(plan)


def test_looking_for_the_same_person_does_not_walk_all_clients(store):
    from domain.kernel.unit_of_work import _finder

    said = _finder(Patient, ("name", "birth_date")).text(store.engine.dialect)[0]
    with store.read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", ("x", "1980-01-01", 1, 0)).all()
    assert "ix_patient_birth_date_name" in str(plan)


def test_a_record_out_of_scope_does_not_hide_one_within(store, nurse):
    with store.write() as connection:
        for number, org_id in (("P1", OTHER_BRANCH), ("P2", BRANCH)):
            work = UnitOfWork(connection, nurse, now=None, new_id=uuid.uuid4)
            work.add(a_patient(number, org_id=org_id, id_number="11010519491231002X"))
            work.flush()
            work.close()
        work = UnitOfWork(connection, nurse, now=None, new_id=uuid.uuid4)
        assert work.find(Patient, id_number="11010519491231002X").number == "P2"
        work.close()


def test_an_empty_value_is_found_as_empty(store, nurse):
    with store.write() as connection:
        work = UnitOfWork(connection, nurse, now=None, new_id=uuid.uuid4)
        work.add(a_patient("P1", id_number="11010519491231002X"))
        work.add(a_patient("P2"))
        work.flush()
        work.close()
        work = UnitOfWork(connection, nurse, now=None, new_id=uuid.uuid4)
        assert work.find(Patient, id_number=None, org_id=BRANCH).number == "P2"
        work.close()


def test_every_table_has_the_place_its_rows_are_made_for():
    for name, kind in record_classes().items():
        assert Record.metadata.tables[name] is table_of(kind)
