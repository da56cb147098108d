"""MLLP framing: split anywhere, doubled up, garbage, cut off, too large."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.errors import DomainError
from server.interfaces.hl7.mllp import Framer, frame


def clean(message):
    return b"\x0b" not in message and (message + b"\x1c\r").find(b"\x1c\r") == len(message)


def feed_all(framer, *chunks):
    return [message for chunk in chunks for message in framer.feed(chunk)]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60).filter(clean), max_size=4), st.integers(0, 300), st.integers(0, 300))
def test_messages_split_at_any_two_points_arrive_whole(messages, first, second):
    line = b"".join(frame(message) for message in messages)
    a, b = sorted((min(first, len(line)), min(second, len(line))))
    framer = Framer()
    assert feed_all(framer, line[:a], line[a:b], line[b:]) == messages
    framer.close()
    assert (framer.garbage, framer.truncated) == (0, 0)


def test_one_byte_at_a_time():
    framer = Framer()
    line = frame(b"MSH|1") + frame(b"MSH|2")
    assert feed_all(framer, *(line[i : i + 1] for i in range(len(line)))) == [b"MSH|1", b"MSH|2"]


def test_two_messages_in_one_packet_and_garbage_before():
    framer = Framer()
    assert feed_all(framer, b"\r\nGET / HTTP" + frame(b"MSH|1") + b"\r\n" + frame(b"MSH|2")) == [
        b"MSH|1",
        b"MSH|2",
    ]
    assert framer.garbage == 14


def test_a_lone_1c_does_not_end_a_message():
    assert feed_all(Framer(), b"\x0bMSH|a\x1c", b"b\x1c\x1c", b"\r") == [b"MSH|a\x1cb\x1c"]


def test_a_new_start_gives_up_the_unfinished_message():
    framer = Framer()
    assert feed_all(framer, b"\x0bMSH|half", frame(b"MSH|whole")) == [b"MSH|whole"]
    assert framer.truncated == 1


def test_an_end_inside_a_message_is_told():
    framer = Framer()
    assert feed_all(framer, b"\x0bMSH|ha") == []
    with pytest.raises(DomainError, match=r"hl7\.truncated"):
        framer.close()
    framer.close()


@pytest.mark.parametrize("end", [b"", b"\x1c\r"])
def test_a_message_over_the_limit_is_refused(end):
    framer = Framer(most_bytes=100)
    assert feed_all(framer, frame(b"x" * 100)) == [b"x" * 100]
    with pytest.raises(DomainError, match=r"hl7\.too_large"):
        feed_all(framer, b"\x0b" + b"x" * 102 + end)


def test_garbage_alone_takes_no_memory():
    framer = Framer(most_bytes=100)
    assert feed_all(framer, *[b"no start here"] * 100) == []
    assert framer.garbage == 1300
