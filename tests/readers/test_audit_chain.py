import dataclasses
import time
import uuid

import msgspec
import pytest
from sqlalchemy import text

import resources
from domain.audit.chain import AuditReader, Head, head_of
from domain.audit.trail import AuditQuery, audit_lines
from domain.audit.verification import Break, Tampering, verify
from domain.kernel.change_log import Body, append_entry, encode_body
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.texts import Texts
from domain.people.patient_commands import EditPatient


@pytest.fixture
def audit(day):
    return Follower(day.store, AuditReader())


@pytest.fixture
def chain(day, audit, new_visit, technician, nurse):
    """Ten entries, one of them refused, in the chain."""
    for _ in range(3):
        new_visit()
    with pytest.raises(DomainError):
        day.run(EditPatient(patient_id=uuid.uuid4(), name="x"), technician)
    audit.catch_up()
    return day.store


def tamper(store, statement, **values):
    """Change the store behind the program's back, as somebody with the file and the key could."""
    with store.write() as connection:
        connection.execute(text(statement), values)


def broken(store, known=None):
    with store.read() as connection:
        return verify(connection, known)


def test_every_entry_is_in_the_chain_refused_ones_too(chain):
    with chain.read() as connection:
        rows = connection.execute(text("SELECT * FROM audit_entry ORDER BY number")).all()
        entries = connection.execute(text("SELECT count(*) FROM change_log")).scalar_one()
        assert verify(connection) is None
        assert verify(connection, head_of(connection)) is None
    assert [r.number for r in rows] == list(range(1, len(rows) + 1))
    assert len({r.position for r in rows}) == entries == 10
    assert (rows[-1].outcome, rows[-1].command, rows[-1].entity) == ("refused", "people.edit", None)


def test_a_chain_read_in_pieces_is_the_chain_read_at_once(chain):
    with chain.read() as connection:
        before = head_of(connection)
    tamper(chain, "DELETE FROM audit_entry")
    tamper(chain, "DELETE FROM log_reader")
    Follower(chain, AuditReader(), batch=1).catch_up()
    with chain.read() as connection:
        assert head_of(connection) == before


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE audit_entry SET command = 'people.view' WHERE number = 4"], Break(4, Tampering.EDITED, 4)),
        (
            ["UPDATE audit_entry SET actor_id = zeroblob(16) WHERE number = 10"],
            Break(10, Tampering.EDITED, 10),
        ),
        (["UPDATE audit_entry SET at = at + 1 WHERE number = 1"], Break(1, Tampering.EDITED, 1)),
        (["DELETE FROM audit_entry WHERE number = 4"], Break(4, Tampering.DELETED, 5)),
        (["DELETE FROM audit_entry WHERE number = 1"], Break(1, Tampering.DELETED, 2)),
        (
            [
                "DELETE FROM audit_entry WHERE number = 4",
                "UPDATE audit_entry SET number = -number WHERE number > 4",
                "UPDATE audit_entry SET number = -number - 1 WHERE number < 0",
            ],
            Break(4, Tampering.DELETED, 5),
        ),
        (
            [
                "UPDATE audit_entry SET number = -number WHERE number > 4",
                "UPDATE audit_entry SET number = -number + 1 WHERE number < 0",
                "INSERT INTO audit_entry SELECT 5, position, at, actor_id, role, device_id, org_id, command, entity,"
                " record_id, outcome, content_sha256, hash FROM audit_entry WHERE number = 4",
            ],
            Break(5, Tampering.INSERTED, 4),
        ),
        (
            [
                "UPDATE audit_entry SET number = -4 WHERE number = 4",
                "UPDATE audit_entry SET number = 4 WHERE number = 5",
                "UPDATE audit_entry SET number = 5 WHERE number = -4",
            ],
            Break(4, Tampering.REORDERED, 5),
        ),
        (["DELETE FROM audit_entry WHERE number > 8"], Break(9, Tampering.TRUNCATED)),
        (["UPDATE change_log SET at = at + 1 WHERE position = 6"], Break(6, Tampering.LOG_CHANGED, 6)),
        (
            ["UPDATE change_log SET outcome = 'done' WHERE position = 10"],
            Break(10, Tampering.LOG_CHANGED, 10),
        ),
        (["DELETE FROM change_log WHERE position = 6"], Break(6, Tampering.LOG_MISSING, 6)),
        (["DELETE FROM change_log"], Break(1, Tampering.LOG_MISSING, 1)),
    ],
)
def test_tampering_is_found_and_named(chain, statements, found):
    for statement in statements:
        tamper(chain, statement)
    assert broken(chain) == found


def test_a_change_inside_a_logged_body_is_found(chain):
    body = encode_body(Body("people.edit", None, "nurse", bytes(16), 1, []))
    tamper(chain, "UPDATE change_log SET body = :body WHERE position = 3", body=body)
    assert broken(chain) == Break(3, Tampering.LOG_CHANGED, 3)


def test_a_tail_cut_with_the_cursor_shows_against_a_known_head(chain, audit):
    with chain.read() as connection:
        known = head_of(connection)
    tamper(chain, "DELETE FROM audit_entry WHERE number > 8")
    tamper(chain, "UPDATE log_reader SET position = 8 WHERE name = 'audit'")
    assert broken(chain) is None
    assert broken(chain, known) == Break(9, Tampering.TRUNCATED)
    audit.catch_up()
    assert broken(chain, known) is None


def test_a_chain_computed_anew_shows_against_a_known_head(chain, audit):
    with chain.read() as connection:
        known = head_of(connection)
    tamper(chain, "DELETE FROM audit_entry")
    tamper(chain, "UPDATE change_log SET at = at + 1 WHERE position = 2")
    tamper(chain, "DELETE FROM log_reader")
    audit.catch_up()
    assert broken(chain) is None
    assert broken(chain, known) == Break(known.number, Tampering.REWRITTEN, 10)


def test_entries_archived_from_the_start_of_the_log_break_nothing(chain):
    tamper(chain, "DELETE FROM change_log WHERE position < 5")
    assert broken(chain) is None


def test_an_empty_chain_holds(store):
    assert broken(store) is None
    assert broken(store, Head(1, bytes(32))) == Break(1, Tampering.TRUNCATED)


def test_a_hundred_thousand_rows_are_verified_in_seconds(day, system):
    body = Body("people.edit", system.staff_id, "nurse", bytes(16), 1, [], {"permission": "x" * 200})
    with day.store.write() as connection:
        for number in range(100_000 // 50):
            append_entry(
                connection, txn_id=uuid.UUID(int=number + 1), device_id=uuid.UUID(int=1), at=number, body=body
            )
    Follower(day.store, AuditReader(), batch=1000).catch_up()
    many = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 49) INSERT INTO change_log SELECT"
        " l.position + 2000 * i, randomblob(16), l.device_id, 1, NULL, l.at, l.outcome, l.body FROM change_log l, n"
    )
    tamper(day.store, many)
    started = time.perf_counter()
    assert Follower(day.store, AuditReader(), batch=2000).catch_up() == 98_000
    read = time.perf_counter() - started
    started = time.perf_counter()
    assert broken(day.store) is None
    assert time.perf_counter() - started < 10, read
    tamper(day.store, "UPDATE audit_entry SET role = 'x' WHERE number = 99000")
    assert broken(day.store) == Break(99000, Tampering.EDITED, 99000)


def test_the_trail_answers_by_person_record_and_time(chain, as_role, nurse, technician, clock):
    auditor = as_role("administrator")
    with chain.read() as connection, pytest.raises(DomainError, match=r"permission\.denied"):
        audit_lines(connection, nurse, AuditQuery())
    seeing = dataclasses.replace(auditor, rights=_auditor_rights(auditor.rights))
    with chain.read() as connection:
        everything = audit_lines(connection, seeing, AuditQuery())
        assert [line.number for line in everything] == list(range(10, 0, -1))
        assert audit_lines(connection, seeing, AuditQuery(), before=4, limit=2)[0].number == 3
        refused = audit_lines(connection, seeing, AuditQuery(staff_id=technician.staff_id))
        assert [line.outcome for line in refused] == ["refused"]
        record = everything[-1].record_id
        assert {line.record_id for line in audit_lines(connection, seeing, AuditQuery(record_id=record))} == {
            record
        }
        assert audit_lines(connection, seeing, AuditQuery(since=clock(), outcome="refused"))
        assert audit_lines(connection, seeing, AuditQuery(until=clock())) == []
        assert audit_lines(connection, dataclasses.replace(seeing, orgs=frozenset()), AuditQuery()) == []
    texts = Texts.load(resources.folder("texts") / "zh")
    assert everything[-1].sentence(texts).endswith("登记客户 客户（已完成）")
    assert "因无权限被拒绝" in refused[0].sentence(texts)


def _auditor_rights(role):
    return msgspec.structs.replace(role, permissions=[*role.permissions, "audit.view"])


def test_every_break_has_its_sentence():
    texts = Texts.load(resources.folder("texts") / "zh")
    assert not [k for k in Tampering if Break(1, k).code not in texts]
