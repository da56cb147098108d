import dataclasses
import time
import uuid

import pytest
from sqlalchemy import text

import resources
from domain.audit.chain import COLUMNS, AuditReader, Head, entry_digest, head_of, link
from domain.audit.trail import AuditQuery, audit_lines
from domain.audit.verification import Break, Tampering, verify
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.kernel.change_log import Body, append_entry, encode_body, entries_after, move_cursor
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.texts import Texts
from domain.people.patient_commands import EditPatient


@pytest.fixture
def audit(day):
    return Follower(day.store, AuditReader())


FIRST = {"first format": 10, "both formats": 5, "second format": 0, "first format and SM3": 5, "SM3": 0}
"""How many of ten entries the first release wrote; the others are written by what follows."""


@pytest.fixture(params=FIRST)
def chain(request, day, audit, new_visit, technician, nurse):
    """Ten entries, one of them refused, in the chain: by the first release, by both, by this one, by SM3."""
    for _ in range(3):
        new_visit()
    with pytest.raises(DomainError):
        day.run(EditPatient(patient_id=uuid.uuid4(), name="x"), technician)
    write_first_format(day.store, FIRST[request.param])
    (Follower(day.store, AuditReader(guomi=True)) if "SM3" in request.param else audit).catch_up()
    return day.store


def write_first_format(store, count):
    """Chain the first entries as the first release did: one row a record, named in the row."""
    names = (*COLUMNS, "hash")
    insert = f"INSERT INTO audit_entry ({', '.join(names)}) VALUES ({', '.join(f':{n}' for n in names)})"
    with store.write() as connection:
        number, end = 0, bytes(32)
        for entry in entries_after(connection, 0, count) if count else []:
            digest = entry_digest(entry.txn_id, entry.at, entry.outcome, entry.data)
            body = entry.body
            for entity, record_id in [(c.entity, c.record_id) for c in body.changes] or [(None, None)]:
                number += 1
                values = (
                    number, entry.position, entry.at, body.actor_id, body.role, entry.device_id, body.org_id,
                    body.command, entity, record_id, entry.outcome, digest,
                )  # fmt: skip
                end = link(end, values, (), 1)
                row = {**dict(zip(COLUMNS, values, strict=True)), "hash": end}
                connection.execute(text(insert), row)
        move_cursor(connection, "audit", count)


def clear(store):
    for table in ("audit_entry", "audit_subject", "log_reader"):
        tamper(store, f"DELETE FROM {table}")


def moved(sql):
    """Return a statement on the numbers of the chain for both of its tables."""
    return [sql.format("audit_entry"), sql.format("audit_subject")]


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
    assert [r.position for r in rows] == list(range(1, entries + 1))
    assert (rows[-1].outcome, rows[-1].command, rows[-1].entity) == ("refused", "people.edit", None)


def test_a_chain_read_in_pieces_is_the_chain_read_at_once(chain):
    heads = []
    for batch in (1000, 1):
        clear(chain)
        Follower(chain, AuditReader(), batch=batch).catch_up()
        with chain.read() as connection:
            heads.append(head_of(connection))
    assert heads[0] == heads[1]
    assert heads[0].number == 10


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
                *moved("DELETE FROM {} WHERE number = 4"),
                *moved("UPDATE {} SET number = -number WHERE number > 4"),
                *moved("UPDATE {} SET number = -number - 1 WHERE number < 0"),
            ],
            Break(4, Tampering.DELETED, 5),
        ),
        (
            [
                *moved("UPDATE {} SET number = -number WHERE number > 4"),
                *moved("UPDATE {} SET number = -number + 1 WHERE number < 0"),
                "INSERT INTO audit_entry SELECT 5, position, at, actor_id, role, device_id, org_id, command, entity,"
                " record_id, outcome, content_sha256, hash, format FROM audit_entry WHERE number = 4",
                "INSERT INTO audit_subject SELECT 5, record_id, entity FROM audit_subject WHERE number = 4",
            ],
            Break(5, Tampering.INSERTED, 4),
        ),
        (
            [
                *moved("UPDATE {} SET number = -4 WHERE number = 4"),
                *moved("UPDATE {} SET number = 4 WHERE number = 5"),
                *moved("UPDATE {} SET number = 5 WHERE number = -4"),
            ],
            Break(4, Tampering.REORDERED, 5),
        ),
        (["DELETE FROM audit_entry WHERE number > 8"], Break(9, Tampering.TRUNCATED)),
        (moved("DELETE FROM {} WHERE number > 8"), Break(9, Tampering.TRUNCATED)),
        (["UPDATE audit_entry SET format = 3 - format WHERE number = 4"], Break(4, Tampering.EDITED, 4)),
        (["UPDATE audit_entry SET format = 5 - format WHERE number = 4"], Break(4, Tampering.EDITED, 4)),
        (["UPDATE audit_entry SET entity = 'staff' WHERE number = 4"], Break(4, Tampering.EDITED, 4)),
        (["UPDATE audit_entry SET record_id = zeroblob(16) WHERE number = 4"], Break(4, Tampering.EDITED, 4)),
        (["INSERT INTO audit_subject VALUES (4, zeroblob(16), 'staff')"], Break(4, Tampering.EDITED, 4)),
        (["INSERT INTO audit_subject VALUES (0, zeroblob(16), 'staff')"], Break(0, Tampering.INSERTED)),
        (["INSERT INTO audit_subject VALUES (11, zeroblob(16), 'staff')"], Break(11, Tampering.TRUNCATED)),
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


@pytest.mark.parametrize("chain", ["both formats", "second format"], indirect=True)
def test_a_tail_cut_with_the_cursor_shows_against_a_known_head(chain, audit):
    with chain.read() as connection:
        known = head_of(connection)
    for statement in moved("DELETE FROM {} WHERE number > 8"):
        tamper(chain, statement)
    tamper(chain, "UPDATE log_reader SET position = 8 WHERE name = 'audit'")
    assert broken(chain) is None
    assert broken(chain, known) == Break(9, Tampering.TRUNCATED)
    audit.catch_up()
    assert broken(chain, known) is None


def test_a_chain_computed_anew_shows_against_a_known_head(chain, audit):
    with chain.read() as connection:
        known = head_of(connection)
    clear(chain)
    tamper(chain, "UPDATE change_log SET at = at + 1 WHERE position = 2")
    audit.catch_up()
    assert broken(chain) is None
    assert broken(chain, known) == Break(known.number, Tampering.REWRITTEN, 10)


def test_entries_archived_from_the_start_of_the_log_break_nothing(chain):
    tamper(chain, "DELETE FROM change_log WHERE position < 5")
    assert broken(chain) is None


def test_an_empty_chain_holds(store):
    assert broken(store) is None
    assert broken(store, Head(1, bytes(32))) == Break(1, Tampering.TRUNCATED)


def test_a_hundred_thousand_rows_are_verified_in_no_longer_than_they_were_chained(day, system):
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
    started = time.thread_time()
    assert Follower(day.store, AuditReader(), batch=2000).catch_up() == 98_000
    written = time.thread_time() - started
    started = time.thread_time()
    assert broken(day.store) is None
    verified = time.thread_time() - started
    assert verified < 2 * written
    tamper(day.store, "UPDATE audit_entry SET role = 'x' WHERE number = 99000")
    assert broken(day.store) == Break(99000, Tampering.EDITED, 99000)


def test_one_row_stands_for_a_whole_transaction_and_any_change_of_it_is_found(day, audit, new_visit, nurse):
    visit = new_visit()
    values = [Measured(item="sbp", value=128, unit="mm[Hg]"), Measured(item="dbp", value=82, unit="mm[Hg]")]
    done = day.run(RecordMeasurement(visit_id=visit, values=values), nurse)
    audit.catch_up()
    with day.store.read() as connection:
        row = connection.execute(
            text("SELECT * FROM audit_entry WHERE position = :p"), {"p": done.position}
        ).one()
        subjects = connection.execute(
            text("SELECT record_id, entity FROM audit_subject WHERE number = :n"), {"n": row.number}
        ).all()
        assert verify(connection) is None
    assert {s.record_id for s in subjects} == {i.bytes for i in done.receipt}
    assert (row.entity, row.record_id, row.format) == (None, None, 2)
    mine = f"WHERE number = {row.number}"
    edits = [f"UPDATE audit_entry SET {name} = x'00' {mine}" for name in (*COLUMNS[2:], "hash", "format")]
    for subject in subjects:
        this = f"{mine} AND record_id = x'{subject.record_id.hex()}'"
        edits += [
            f"UPDATE audit_subject SET entity = 'x' {this}",
            f"UPDATE audit_subject SET record_id = zeroblob(16) {this}",
            f"DELETE FROM audit_subject {this}",
        ]
    edits.append(f"INSERT INTO audit_subject VALUES ({row.number}, zeroblob(16), 'observation')")
    with day.store.write() as connection:
        for edit in edits:
            undo = connection.begin_nested()
            assert connection.execute(text(edit)).rowcount == 1
            assert verify(connection) == Break(row.number, Tampering.EDITED, row.position), edit
            undo.rollback()
        assert verify(connection) is None


def test_the_trail_answers_by_person_record_and_time(chain, as_role, nurse, technician, clock):
    auditor = as_role("administrator")
    with chain.read() as connection, pytest.raises(DomainError, match=r"permission\.denied"):
        audit_lines(connection, nurse, AuditQuery())
    seeing = dataclasses.replace(auditor, rights=_auditor_rights(auditor.rights))
    with chain.read() as connection:
        everything = audit_lines(connection, seeing, AuditQuery())
        assert [line.number for line in everything] == list(range(10, 0, -1))
        fourth = everything[6]
        next_page = audit_lines(connection, seeing, AuditQuery(), before=(fourth.at, fourth.number), limit=2)
        assert [line.number for line in next_page] == [3, 2]
        refused = audit_lines(connection, seeing, AuditQuery(staff_id=technician.staff_id))
        assert [line.outcome for line in refused] == ["refused"]
        [[kind, record]] = everything[-1].records
        about = audit_lines(connection, seeing, AuditQuery(record_id=record))
        assert [line.records for line in about] == [((kind, record),)]
        assert audit_lines(connection, seeing, AuditQuery(since=clock(), outcome="refused"))
        assert audit_lines(connection, seeing, AuditQuery(until=clock())) == []
        assert audit_lines(connection, dataclasses.replace(seeing, orgs=frozenset()), AuditQuery()) == []
    texts = Texts.load(resources.folder("texts") / "zh")
    assert everything[-1].sentence(texts).endswith("登记客户 客户（已完成）")
    assert "被拒绝（无权限或不合流程次序）" in refused[0].sentence(texts)


def _auditor_rights(role):
    return dataclasses.replace(role, permissions=[*role.permissions, "audit.view"])


def test_every_break_has_its_sentence():
    texts = Texts.load(resources.folder("texts") / "zh")
    assert not [k for k in Tampering if Break(1, k).code not in texts]


def test_a_chain_goes_on_across_a_change_of_the_algorithm_and_back(day, new_visit):
    formats = []
    for guomi in (False, True, False):
        new_visit()
        Follower(day.store, AuditReader(guomi=guomi)).catch_up()
        with day.store.read() as connection:
            assert verify(connection) is None
            rows = connection.execute(text("SELECT format FROM audit_entry ORDER BY number")).scalars().all()
            formats.append(rows[-1])
    assert formats == [2, 3, 2]


def test_the_national_digest_is_that_of_the_standard():
    """GB/T 32905-2016, A.1: the digest of "abc"."""
    from domain.audit.chain import SM3_FORMAT, _digest

    assert _digest(b"abc", SM3_FORMAT).hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )
