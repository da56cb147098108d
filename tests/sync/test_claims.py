"""A number that two records claim is found by one look, and what is right beside it is tried once."""

import threading
import uuid

import pytest
from sqlalchemy import Connection

from domain.kernel.change_log import Body, Change, encode_body
from sync.claims import runs, suspects
from sync.entries import SentTxn
from sync.graves import Graves
from sync.settle import Settler, _Opened
from sync.verdicts import Judge
from tests.sync.world import CENTRE_DEVICE, NORTH

HERE, THERE, NEW, NEWER = (uuid.UUID(int=n).bytes for n in (1, 2, 3, 4))


def claim(record_id, number, op="upd"):
    fields = {} if op == "del" else {"number": number}
    return [Change("patient", record_id, NORTH.bytes, op, 0, fields, {})]


@pytest.mark.parametrize(
    ("transactions", "found"),
    [
        ([claim(NEW, "P3", "ins"), claim(NEWER, "P4", "ins")], set()),
        ([claim(NEW, "P3", "ins"), claim(NEWER, "P1", "ins")], {1}),
        ([claim(NEW, "P3", "ins"), claim(NEWER, "P3", "ins")], {0, 1}),
        ([claim(HERE, "P1"), claim(THERE, "P2")], set()),
        ([claim(HERE, "P2"), claim(THERE, "P1")], set()),
        ([[*claim(HERE, "P2"), *claim(THERE, "P1")]], set()),
        ([claim(HERE, "P9"), claim(NEW, "P1", "ins")], set()),
        ([claim(HERE, None, "del"), claim(NEW, "P1", "ins")], set()),
        ([claim(NEW, "P1", "ins"), claim(NEW, "P3")], set()),
        ([claim(NEW, "P3", "ins"), claim(NEW, "P1")], {0, 1}),
        ([claim(HERE, "P2")], {0}),
        ([claim(NEW, ["P1"], "ins"), claim(NEWER, {"P1": 1}, "ins")], set()),
        ([[Change("hologram", NEW, NORTH.bytes, "ins", 0, {"number": "P1"}, {})]], set()),
    ],
)
def test_who_may_find_a_number_taken(world, transactions, found):
    world.centre.add_patient("P1", org_id=NORTH, record_id=uuid.UUID(bytes=HERE))
    world.centre.add_patient("P2", org_id=NORTH, record_id=uuid.UUID(bytes=THERE))
    with world.centre.store.read() as connection:
        assert suspects(connection, transactions) == found


@pytest.mark.parametrize(
    ("count", "apart", "expected"),
    [
        (0, set(), []),
        (3, set(), [(0, 3)]),
        (3, {1}, [(0, 1), (1, 2), (2, 3)]),
        (3, {0, 2}, [(0, 1), (1, 2), (2, 3)]),
        (1, {0}, [(0, 1)]),
    ],
)
def test_places_in_runs(count, apart, expected):
    assert list(runs(count, apart)) == expected


def test_one_taken_number_among_many_costs_the_others_nothing(world, north, north_too, monkeypatch):
    """Each of the others is judged once: the work of a slice does not grow with what is wrong in it."""
    world.centre.add_patient("P7", org_id=NORTH)
    judged = []
    judge = Judge.judge
    monkeypatch.setattr(
        Judge, "judge", lambda self, txn, *rest: judged.append(txn.seq) or judge(self, txn, *rest)
    )
    monkeypatch.setattr(
        Settler, "_halved", lambda self, opened: pytest.fail("nothing was to be searched for")
    )
    for number in range(40):
        north.add_patient(f"P{number}")
    north.exchange()
    assert sorted(set(judged)) == list(range(1, 41))
    assert len(judged) == 40, "the refused one is judged once too: the rest is a look at who has its number"
    assert len(world.centre.rows("patient")) == 40
    north_too.exchange()
    assert world.differing(north_too) == []


def test_a_new_record_with_a_taken_number_is_refused_without_being_tried(world, north, monkeypatch):
    """No savepoint: one that is rolled back makes the rest of the slice dearer."""
    north.exchange()
    world.centre.add_patient("P7", org_id=NORTH)
    for number in range(10):
        north.add_patient(f"N{number}")
    mine = north.add_patient("P7")
    north.add_patient("N7 too")
    with monkeypatch.context() as patched:
        patched.setattr(Connection, "begin_nested", lambda _: pytest.fail("nothing had to be tried"))
        packed = north.sync.outbox.next_bundle()
        receipt = north.sync.centre.push(packed.data(), packed.bundle_id, lambda *_: None, threading.Event())
    [outcome] = receipt.outcomes
    assert (outcome.outcome, outcome.code, outcome.facts["fields"]) == (
        "rejected",
        "sync.duplicate",
        "档案号",
    )
    assert world.centre.row("patient", mine) is None
    assert len(world.centre.rows("patient")) == 12


def test_what_lets_go_of_a_number_and_gives_it_to_a_new_record_is_taken(world, north):
    """One transaction: the owner is changed in it, so that its number is taken proves nothing."""
    owner, new = north.add_patient("P1"), north.desk.ids()
    north.exchange()
    changes = [
        Change("patient", owner.bytes, NORTH.bytes, "upd", 1, {"number": "P9"}, {"number": "P1"}),
        Change("patient", new.bytes, NORTH.bytes, "ins", 0, {"number": "P1", "name": "王", "sex": "2"}, {}),
    ]
    with world.centre.store.write() as connection:
        settler = Settler(connection, Graves(connection, CENTRE_DEVICE), frozenset({NORTH}), 0)
        body = Body("test", None, "system", NORTH.bytes, 2, changes)
        opened = _Opened(SentTxn(1, uuid.uuid4().bytes, 0, encode_body(body)), body)
        [verdict] = settler._suspected(opened)
    assert verdict.outcome == "applied"
    assert world.centre.row("patient", new).number == "P1"


def test_a_branch_takes_in_what_its_unsent_number_stands_in_the_way_of(world, north, monkeypatch):
    """The pulled record waits; the forty beside it are made once."""
    from sync.rebase import Rebase

    north.exchange()
    for number in range(40):
        world.centre.add_patient(f"P{number}", org_id=NORTH)
    north.add_patient("P7")
    made = []
    make = Rebase._make
    monkeypatch.setattr(Rebase, "_make", lambda self, read: made.append(len(read)) or make(self, read))
    north.sync._greet()
    north.sync.inbox.follow([NORTH])
    north.sync._pull(lambda *_: None, threading.Event())
    assert len(north.rows("patient")) == 40
    assert sum(made) <= 45, made
