"""Whatever a broken or hostile program sends: each transaction gets an outcome, the next good one is applied."""

import uuid

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from domain.kernel.change_log import Body, Change, encode_body
from sync.apply import Applier, Sender
from sync.entries import SentTxn
from sync.protocol import PullRequest
from tests.sync.test_refusals import an_insert, apply, bundle_of
from tests.sync.world import NORTH, SOUTH

OUTCOMES = {"applied", "merged", "conflict", "rejected", "deferred", "parked"}
RECORDS = [uuid.UUID(int=n).bytes for n in (1, 2, 3)]
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=40)
    | st.binary(max_size=40) | st.sampled_from(["P1", "A1", "stored", RECORDS[0], 0, 2**63]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", 1]), inner, max_size=3),
    max_leaves=3,
)  # fmt: skip
names = st.sampled_from(
    ["number", "name", "sex", "phone", "allergy", "state", "slot", "type", "patient_id", "specimen_id", "id",
     "org_id", "ver", "extra", "unknown", "mine", "birth_date", "state_since"]
)  # fmt: skip
fields = st.dictionaries(names, values, max_size=4)
WHOLE = {
    "patient": {"number": "P1", "name": "王", "sex": "2", "id_type": "01"},
    "specimen": {"number": "S1", "type": "SER", "container": "SST", "patient_id": RECORDS[1], "state": "planned",
                 "state_since": 5, "slot": "A1"},
    "specimen_event": {"specimen_id": RECORDS[1], "kind": "stored", "occurred_at": 5, "staff_name": "张"},
}  # fmt: skip
records = st.sampled_from(RECORDS)
orgs = st.sampled_from([NORTH.bytes] * 9 + [SOUTH.bytes])


@st.composite
def inserts(draw):
    entity = draw(st.sampled_from(sorted(WHOLE)))
    return Change(entity, draw(records), draw(orgs), "ins", 0, {**WHOLE[entity], **draw(fields)}, {})


edits = st.builds(
    Change,
    st.sampled_from(["patient", "specimen", "specimen_event", "conflict", "organization", "workstation", "hologram"]),
    records, orgs, st.sampled_from(["upd", "upd", "upd", "del", "evict"]), st.integers(-5, 5), fields, fields,
)  # fmt: skip
good_inserts = st.sampled_from(sorted(WHOLE)).flatmap(
    lambda entity: st.builds(
        Change, st.just(entity), records, st.just(NORTH.bytes), st.just("ins"), st.just(0),
        st.just(WHOLE[entity]), st.just({}),
    )
)  # fmt: skip
bodies = st.builds(
    Body, st.just("test"), st.none() | st.just(bytes(16)), st.just("nurse"), st.just(NORTH.bytes),
    st.integers(0, 99), st.lists(inserts() | good_inserts | edits, max_size=3), fields,
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hostile=st.lists(bodies, min_size=1, max_size=5))
def test_every_transaction_gets_an_outcome_and_good_ones_are_applied(world, hostile):
    txns = [SentTxn(n, uuid.uuid4().bytes, 0, encode_body(body)) for n, body in enumerate(hostile, 1)]
    body = Body("test", None, "nurse", NORTH.bytes, 1, [an_insert()])
    good = SentTxn(99, uuid.uuid4().bytes, 0, encode_body(body))
    orgs = frozenset({NORTH})
    with world.centre.store.write() as connection:
        applier = Applier(connection, world.centre.device_id, lambda _device: orgs, 1)
        told = applier.apply(Sender(uuid.UUID(int=0xD1), 1, orgs), [*txns, good])
        outcomes = applier.known([*txns, good])
    assert {outcome.outcome for outcome in outcomes.values()} <= OUTCOMES
    assert len(outcomes) == len(txns) + 1
    assert outcomes[good.txn_id].outcome == "applied"
    assert [outcomes[one.txn_id.bytes] for one in told] == told
    assert len(told) == sum(outcome.outcome != "applied" for outcome in outcomes.values())
    for entity in ("patient", "specimen", "conflict", "alert", "finding"):
        world.centre.rows(entity)
    for outcome in outcomes.values():
        event(f"{outcome.outcome} {outcome.code}")
    world.sync.pull(uuid.UUID(int=0xD1), PullRequest(cursors=[]))


@pytest.fixture(autouse=True)
def _station(world):
    world.add_branch(NORTH)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=60))
@example(data=bytes([0x97, 0xA1, 0xFF]))
def test_bytes_that_are_no_body_are_rejected(world, data):
    branch = world.branches[0]
    [(outcome, code)] = apply(world, branch, bundle_of(branch, body=data or b"\xc1"))
    assert (outcome, code) == ("rejected", "sync.unreadable")


@pytest.mark.parametrize(
    ("body", "at"),
    [
        (Body("x" * 81, None, "nurse", NORTH.bytes, 1, []), 0),
        (Body("x", b"five!", "nurse", NORTH.bytes, 1, []), 0),
        (Body("x", None, "n" * 41, NORTH.bytes, 1, []), 0),
        (Body("x", None, "nurse", b"", 1, []), 0),
        (
            Body(
                "x", None, "nurse", NORTH.bytes, 1, [Change("patient", b"1", NORTH.bytes, "ins", 0, {}, {})]
            ),
            0,
        ),
        (Body("x", None, "nurse", NORTH.bytes, 1, [Change("patient", bytes(16), b"", "ins", 0, {}, {})]), 0),
        (Body("x", None, "nurse", NORTH.bytes, 1, []), -1),
        (Body("x", None, "nurse", NORTH.bytes, 1, []), 2**62),
    ],
)
def test_what_no_program_of_ours_writes_is_unreadable(world, body, at):
    branch = world.branches[0]
    txn = SentTxn(1, uuid.uuid4().bytes, at, encode_body(body))
    assert apply(world, branch, txn) == [("rejected", "sync.unreadable")]
