"""Looking through a long audit: what is asked together begins at its newest row in one index, and reads no other."""

import argparse
import uuid

import pytest
from sqlalchemy import event, text

from domain.audit.chain import AuditReader
from domain.audit.trail import OUTCOMES, AuditQuery, audit_lines
from domain.kernel import change_log
from domain.kernel.authority import system_actor
from domain.kernel.clock import utc_now
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.people.patient_commands import EditPatient
from server.audit_commands import query_of
from tests.fixtures.refusals import TEXTS

SOMEBODY = uuid.UUID(int=7)


@pytest.fixture
def everybody():
    return system_actor(uuid.UUID(int=1), uuid.UUID(int=1))


def plans(store, actor, query):
    """Return how SQLite would answer every statement that is sent for the newest rows."""
    sent = []

    def look(_connection, _cursor, sql, values, *_rest):
        if sql.startswith("SELECT") and "audit_entry" in sql:
            sent.append((sql, values))

    event.listen(store.engine, "after_cursor_execute", look)
    try:
        with store.read() as connection:
            audit_lines(connection, actor, query)
    finally:
        event.remove(store.engine, "after_cursor_execute", look)
    found = []
    with store.read() as connection:
        for sql, values in sent:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            found.append(" / ".join(row[3] for row in rows))
    return found


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (AuditQuery(), "ix_audit_entry_at"),
        (AuditQuery(staff_id=SOMEBODY), "actor_id=?"),
        (AuditQuery(commands=("people.edit",)), "command=?"),
        (AuditQuery(outcome="refused"), "outcome=?"),
        (AuditQuery(staff_id=SOMEBODY, outcome="refused"), "actor_id=? AND outcome=?"),
        (AuditQuery(commands=("people.edit",), outcome="refused"), "command=? AND outcome=?"),
        (AuditQuery(staff_id=SOMEBODY, commands=("people.edit",)), "actor_id=? AND command=? AND outcome=?"),
        (
            AuditQuery(staff_id=SOMEBODY, commands=("people.edit",), outcome="done", since=utc_now()),
            "actor_id=? AND command=? AND outcome=? AND at>?",
        ),
    ],
)
def test_what_is_asked_together_stands_together_in_an_index(store, everybody, query, index):
    found = plans(store, everybody, query)
    assert found
    for plan in found:
        assert index in plan
        assert "TEMP B-TREE FOR ORDER" not in plan, "nothing is sorted: the newest come first by themselves"


def test_every_outcome_of_the_log_is_looked_for():
    names = {change_log.DONE, change_log.REFUSED, change_log.MERGED, change_log.REJECTED}
    assert set(OUTCOMES) == names
    assert all(TEXTS.say(f"audit.outcome.{name}") for name in OUTCOMES)


def test_a_persons_function_is_found_whatever_came_of_it(day, new_visit, nurse, technician, everybody):
    new_visit()
    with pytest.raises(DomainError):
        day.run(EditPatient(patient_id=uuid.uuid4(), name="x"), technician)
    Follower(day.store, AuditReader()).catch_up()
    with day.store.read() as connection:
        rows = connection.execute(
            text("SELECT DISTINCT actor_id, command FROM audit_entry WHERE actor_id IS NOT NULL")
        )
        for actor_id, command in rows.all():
            asked = AuditQuery(staff_id=uuid.UUID(bytes=actor_id), commands=(command,))
            found = audit_lines(connection, everybody, asked)
            whole = [
                line
                for line in audit_lines(connection, everybody, AuditQuery(), limit=500)
                if (line.staff_id, line.command) == (asked.staff_id, command)
            ]
            assert found == whole
            assert found


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"who": "没有这个人"}, "trail.nobody"), ({"command": "不存在"}, "trail.no_command"),
        ({"record": "V1"}, "trail.no_record"), ({"since": "昨天"}, "trail.no_day"),
    ],
)  # fmt: skip
def test_what_the_console_does_not_know_is_named(store, given, code):
    asked = dict.fromkeys(("who", "command", "record", "outcome", "since", "until")) | given
    with store.read() as connection, pytest.raises(DomainError) as refused:
        query_of(connection, argparse.Namespace(**asked))
    assert refused.value.code == code
    assert "?" not in TEXTS.explain(refused.value)
