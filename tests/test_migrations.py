"""Stores of every version come up to date with what is in them, keep their guard, and refuse what is too new."""

import contextlib
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DatabaseError

from domain.kernel.change_log import log_head
from domain.kernel.errors import UnavailableError
from domain.kernel.record import Record
from sync.guard import MESSAGE, guarded_tables
from sync.migrations import third
from sync.schema import HEAD, current_version, known_versions, prepare_store, upgrade
from sync.stores import open_embedded_store
from tests.fixtures.engines import ENGINES, contents, opened, triggers
from tests.fixtures.store_dumps import fill, reflected, row_of

UNSIZED = {"Id16", "JsonText", "LargeBinary", "Text"}  # each database has its own word for the longest
pytest_plugins = ["tests.fixtures.mariadb"]


@pytest.fixture(params=ENGINES)
def blank(request, tmp_path):
    yield from opened(request, tmp_path, migrated=False)


@pytest.fixture(params=ENGINES)
def current(request, tmp_path):
    yield from opened(request, tmp_path, migrated=True)


def test_migrations_build_what_is_declared(current):
    with current.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Record.metadata) == []
        assert current_version(connection) == HEAD
        assert connection.execute(select(log_head)).one() == (1, 0, 0)


def test_column_sizes_are_those_declared(current):
    """A text shorter in the migration than in the declaration would cut what people write, on MariaDB."""
    wrong = []
    with current.read() as connection:
        inspector = inspect(connection)
        for table in Record.metadata.sorted_tables:
            there = {c["name"]: c for c in inspector.get_columns(table.name)}
            for column in table.columns:
                declared = column.type.dialect_impl(connection.dialect)
                found = there[column.name]
                sizes = getattr(declared, "length", None), getattr(found["type"], "length", None)
                if sizes[0] != sizes[1] and type(column.type).__name__ not in UNSIZED:
                    wrong.append((f"{table.name}.{column.name}", *sizes))
                if bool(found["nullable"]) != bool(column.nullable) and not column.primary_key:
                    wrong.append((f"{table.name}.{column.name}", "nullable", found["nullable"]))
    assert wrong == []


def test_long_texts_are_texts_of_any_length_in_the_migration_too():
    """MariaDB holds 65,535 bytes a row without them: four columns of 4,000 characters cannot be created there."""
    for file in sorted(Path(third.__path__[0]).glob("*.py")):
        for size in re.findall(r"String\((\d+)\)", file.read_text("utf-8")):
            assert int(size) <= 2000, (
                f"{file.name}: String({size}): `steps.long_text()`, as `storage_type` has it"
            )


def test_the_head_is_the_newest_migration():
    assert known_versions()[-1] == HEAD


def test_an_up_to_date_store_is_left_alone(current):
    assert prepare_store(current) is False


def test_the_guard_stands_on_every_shared_table(current):
    with current.read() as connection:
        found = triggers(connection)
    expected = {f"guard_{t.name}_{e}" for t in guarded_tables() for e in ("insert", "update", "delete")}
    assert found >= expected


@pytest.mark.parametrize("version", known_versions())
def test_a_store_of_each_version_is_brought_up_to_date_with_its_rows(blank, version):
    upgrade(blank, version)
    before = contents(blank, fill(blank))
    prepare_store(blank)
    after = contents(blank, before)
    for name, rows in before.items():
        assert rows, name
        kept = [{k: v for k, v in row.items() if k in rows[0]} for row in after[name]]
        for row in rows:
            assert row in [{k: v for k, v in one.items() if k in row} for one in kept], name
    with blank.read() as connection:
        assert current_version(connection) == HEAD
        assert triggers(connection) >= {f"guard_{t.name}_delete" for t in guarded_tables()}


def statements(table):
    columns = ", ".join(f"`{name}`" for name in row_of(table))
    marks = ", ".join(f":{name}" for name in row_of(table))
    yield f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", row_of(table)
    yield f"UPDATE {table.name} SET {next(iter(table.columns)).name} = {next(iter(table.columns)).name}", {}
    yield f"DELETE FROM {table.name}", {}


def test_whatever_passes_the_unit_of_work_by_is_refused_on_every_table(current):
    fill(current)
    with current.read() as connection:
        tables = {t.name: t for t in reflected(connection)}
    passed = []
    for declared in guarded_tables():
        for statement, values in statements(tables[declared.name]):
            with contextlib.suppress(DatabaseError), current.engine.connect() as connection:
                connection.execute(text(statement), values)
                passed.append(statement)
                connection.rollback()
    assert passed == []
    with pytest.raises(DatabaseError, match=MESSAGE), current.engine.connect() as connection:
        connection.execute(text("DELETE FROM patient"))
    names = [t.name for t in guarded_tables()]
    assert all(len(rows) == 1 for rows in contents(current, names).values())


def test_a_console_without_our_function_is_refused_too(tmp_path):
    """A SQLite console on the embedded store has no ``aftercheck_writer``: the statement fails, loudly."""
    import sqlite3

    path = tmp_path / "s.db"
    store = open_embedded_store(path)
    prepare_store(store)
    store.close()
    values = {"id": b"", "org_id": b"", "ver": 0, "number": "P1", "name": "x", "sex": "1", "id_type": "01"}
    statement = f"INSERT INTO patient ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"
    console = sqlite3.connect(path)
    with pytest.raises(sqlite3.OperationalError, match="aftercheck_writer"), contextlib.closing(console):
        console.execute(statement, list(values.values()))


def test_a_store_of_a_newer_program_is_refused_and_left_as_it_is(current):
    with current.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnavailableError) as refused:
        prepare_store(current)
    assert refused.value.code == "store.newer"
    assert refused.value.facts == {"found": "9999", "known": HEAD}
    with current.read() as connection:
        assert current_version(connection) == "9999"
