"""Whatever a broken or hostile program sends: each transaction gets an outcome, the next good one is applied."""

import uuid

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.kernel.change_log import Body, Change, encode_body
from sync.apply import Applier, Sender
from sync.entries import SentTxn
from tests.sync.test_refusals import an_insert, apply, bundle_of
from tests.sync.world import NORTH, SOUTH

OUTCOMES = {"applied", "merged", "conflict", "rejected", "deferred", "parked"}
RECORDS = [uuid.UUID(int=n).bytes for n in (1, 2, 3)]
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=40)
    | st.binary(max_size=40) | st.sampled_from(["P1", "A1", "stored", RECORDS[0], 0, 2**63]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers(0, 3), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
names = st.sampled_from(
    ["number", "name", "sex", "phone", "allergy", "state", "slot", "type", "patient_id", "specimen_id", "id",
     "org_id", "ver", "extra", "unknown", "mine", "birth_date", "state_since"]
)  # fmt: skip
fields = st.dictionaries(names, values, max_size=5)
changes = st.builds(
    Change,
    st.sampled_from(["patient", "specimen", "specimen_event", "finding", "conflict", "alert", "organization",
                     "workstation", "sign_in_state", "hologram", ""]),
    st.sampled_from(RECORDS) | st.binary(max_size=20),
    st.sampled_from([NORTH.bytes, NORTH.bytes, SOUTH.bytes, b"", b"\x00" * 16]),
    st.sampled_from(["ins", "upd", "upd", "del", "evict", ""]),
    st.integers(-5, 5),
    fields,
    fields,
)  # fmt: skip
bodies = st.builds(
    Body, st.text(max_size=90), st.none() | st.binary(max_size=17) | st.just(bytes(16)), st.text(max_size=50),
    st.just(NORTH.bytes) | st.binary(max_size=3), st.integers(0, 99), st.lists(changes, max_size=4), fields,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hostile=st.lists(bodies, min_size=1, max_size=4), at=st.integers(-(2**62), 2**62))
def test_every_transaction_gets_an_outcome_and_good_ones_are_applied(world, hostile, at):
    txns = [SentTxn(n, uuid.uuid4().bytes, at, encode_body(body)) for n, body in enumerate(hostile, 1)]
    good = SentTxn(
        99, uuid.uuid4().bytes, 0, encode_body(Body("test", None, "nurse", NORTH.bytes, 1, [an_insert()]))
    )
    orgs = frozenset({NORTH})
    with world.centre.store.write() as connection:
        applier = Applier(connection, world.centre.device_id, lambda _device: orgs, 1)
        outcomes = applier.apply(Sender(uuid.UUID(int=0xD1), 1, orgs), [*txns, good])
    assert {outcome.outcome for outcome in outcomes} <= OUTCOMES
    assert outcomes[-1].outcome == "applied"
    for entity in ("patient", "specimen", "conflict", "alert", "finding"):
        world.centre.rows(entity)
    world.sync.pull(uuid.UUID(int=0xD1), msgspec.convert({"cursors": []}, _pull_request()))


def _pull_request():
    from sync.protocol import PullRequest

    return PullRequest


@pytest.fixture(autouse=True)
def _station(world):
    world.add_branch(NORTH)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=60))
def test_bytes_that_are_no_body_are_rejected(world, data):
    branch = world.branches[0]
    [(outcome, code)] = apply(world, branch, bundle_of(branch, body=data or b"\xc1"))
    assert (outcome, code) == ("rejected", "sync.unreadable")
