"""Sessions, wrong passwords and spent requests are one for all machines of a centre."""

import uuid
from datetime import timedelta

import pytest

from domain.kernel.clock import ManualClock
from domain.kernel.errors import DomainError, UnavailableError
from server.settings import Settings
from server.shared_state import SharedFailures, SharedNonces, SharedSessions, SharedState
from tests.server.conftest import START

pytest_plugins = ["tests.fixtures.neighbours"]
NURSE = uuid.UUID(int=5)


@pytest.fixture
def machines(redis_url):
    """Two machines of a centre with one clock."""
    clock, name = ManualClock(START), uuid.uuid4().hex
    states = [SharedState(redis_url, name) for _ in range(2)]
    yield clock, states
    for state in states:
        state.close()


def test_a_session_is_good_at_every_machine_and_ends_at_every_machine(machines):
    clock, states = machines
    here, there = (SharedSessions(state, clock) for state in states)
    token = here.open(NURSE)
    assert there.find(token).staff_id == NURSE
    there.close(token)
    with pytest.raises(DomainError, match=r"session\.ended"):
        here.find(token)


def test_a_session_ends_when_idle_and_after_twelve_hours_of_use(machines):
    clock, states = machines
    here, there = (SharedSessions(state, clock) for state in states)
    idle, used = here.open(NURSE), here.open(NURSE)
    for _ in range(2):
        clock.advance(timedelta(minutes=10))
        there.find(used)
    with pytest.raises(DomainError, match=r"session\.ended"):
        there.find(idle)
    for _ in range(71):
        clock.advance(timedelta(minutes=10))
        if clock() - START > timedelta(hours=12):
            break
        there.find(used)
    with pytest.raises(DomainError, match=r"session\.ended"):
        here.find(used)


def test_a_third_session_of_an_account_ends_its_oldest(machines):
    clock, states = machines
    here, there = (SharedSessions(state, clock) for state in states)
    tokens = []
    for machine in (here, there, here):
        tokens.append(machine.open(NURSE))
        clock.advance(timedelta(seconds=1))
    with pytest.raises(DomainError, match=r"session\.ended"):
        there.find(tokens[0])
    assert [there.find(token).staff_id for token in tokens[1:]] == [NURSE, NURSE]
    assert here.find(SharedSessions(states[1], clock).open(uuid.UUID(int=6))).staff_id == uuid.UUID(int=6)


def test_failures_add_up_over_machines_and_pass(machines):
    clock, states = machines
    here, there = (
        SharedFailures(state, "sign_in.too_many", 3, timedelta(minutes=15), clock) for state in states
    )
    for machine in (here, there, here):
        machine.check("192.0.2.7")
        machine.note("192.0.2.7")
        clock.advance(timedelta(minutes=1))
    with pytest.raises(DomainError, match=r"sign_in\.too_many") as refused:
        there.check("192.0.2.7")
    assert refused.value.facts["seconds"] == 12 * 60
    there.check("192.0.2.8")
    clock.advance(timedelta(minutes=12, seconds=1))
    there.check("192.0.2.7")


def test_a_request_is_spent_once_for_all(machines):
    _, states = machines
    here, there = (SharedNonces(state) for state in states)
    assert here.spend(NURSE, "n1", 1)
    assert not there.spend(NURSE, "n1", 2)
    assert there.spend(uuid.UUID(int=6), "n1", 2)


def test_two_centres_on_one_redis_know_nothing_of_each_other(machines, redis_url):
    clock, states = machines
    token = SharedSessions(states[0], clock).open(NURSE)
    other = SharedState(redis_url, "other")
    with pytest.raises(DomainError, match=r"session\.ended"):
        SharedSessions(other, clock).find(token)
    other.close()


def test_a_redis_that_is_away_is_said(machines):
    clock, _ = machines
    away = SharedState("redis://127.0.0.1:9/0", "c")
    for ask in (
        away.check,
        lambda: SharedSessions(away, clock).find("x"),
        lambda: SharedNonces(away).spend(NURSE, "n", 1),
        lambda: SharedFailures(away, "sign_in.too_many", 3, timedelta(minutes=1), clock).check("a"),
    ):
        with pytest.raises(UnavailableError, match=r"server\.shared_unreachable"):
            ask()
    away.close()


def test_a_redis_in_the_network_has_a_password(tmp_path):
    with pytest.raises(DomainError, match=r"settings\.default_secret"):
        Settings(data_dir=tmp_path, redis="redis://10.0.0.9:6379/0")
    with pytest.raises(DomainError, match=r"settings\.bad_address"):
        Settings(data_dir=tmp_path, redis="10.0.0.9:6379")
    assert Settings(data_dir=tmp_path, redis="redis://127.0.0.1:6379/0").redis
