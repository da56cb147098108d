"""The write door: in order, seen to be waited for, and never left closed."""

import threading

import pytest

from domain.kernel.door import Door
from tests.fixtures.patience import PATIENCE_S, until


def test_who_came_first_is_next_and_who_gives_it_back_has_to_queue():
    door, order, queue = Door(), [], []

    def come(name):
        with door:
            order.append(name)

    door.__enter__()
    for name in "abc":
        queue.append(threading.Thread(target=come, args=(name,)))
        queue[-1].start()
        until(lambda: len(door._queue) == len(queue))
    assert door.is_waited_for()
    door.__exit__(None, None, None)
    with door:
        order.append("again")
    for thread in queue:
        thread.join(PATIENCE_S)
    assert order == ["a", "b", "c", "again"]
    assert not door.is_waited_for()


def test_its_holder_may_come_through_again():
    door = Door()
    with door, door:
        pass
    other = threading.Thread(target=lambda: door.__enter__())
    other.start()
    other.join(PATIENCE_S)
    assert not other.is_alive()


def test_one_at_a_time_and_an_error_opens_it():
    door, inside, most = Door(), [], []

    def inside_once():
        with door:
            inside.append(1)
            most.append(len(inside))
            inside.pop()
            raise KeyError

    def work():
        for _ in range(200):
            with pytest.raises(KeyError):
                inside_once()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(most) == 1200
    assert max(most) == 1


@pytest.mark.parametrize("called", [False, True])
def test_who_is_interrupted_while_waiting_leaves_the_queue(monkeypatch, called):
    door, said = Door(), []

    class Interrupted:
        """A turn whose owner is interrupted: before it is called, or when it has just been."""

        acquired = 0

        def acquire(self):
            self.acquired += 1
            if self.acquired == 2:
                if called:
                    door.__exit__(None, None, None)
                raise KeyboardInterrupt

        def release(self):
            said.append("called")

    def wait():
        with pytest.raises(KeyboardInterrupt), door:
            pass
        said.append("interrupted")

    door.__enter__()
    with monkeypatch.context() as patched:
        waiting = threading.Thread(target=wait)
        patched.setattr("domain.kernel.door.threading.Lock", Interrupted)
        waiting.start()
        until(lambda: "interrupted" in said)
    waiting.join(PATIENCE_S)
    assert ("called" in said) is called
    assert not door.is_waited_for()
    if not called:
        door.__exit__(None, None, None)
    with door:
        pass
