"""Large bodies that come straight from their socket: over real connections to a real HTTP server."""

import socket
import struct
import threading

import pytest
import requests

from sync.tus.protocol import encode_metadata
from sync.tus.source import BytesSource
from tests.fixtures.patience import PATIENCE_S, until
from tests.sync_tus.centre import DEVICE, arrived
from tests.sync_tus.seeded import seeded

CONTENT = seeded(11).randbytes(3_000_003)
HEADERS = {**DEVICE, "Tus-Resumable": "1.0.0"}


@pytest.fixture
def taken(centre, monkeypatch):
    """Return the lengths of the bodies that were taken from their sockets."""
    found, store = [], centre.app._direct.store

    async def counted(offer, body, begin):
        found.append(len(body.begun) + body.left)
        return await store(offer, body, begin)

    monkeypatch.setattr(centre.app._direct, "store", counted)
    return found


@pytest.fixture
def upload(centre):
    """Return the path of a new upload of `CONTENT`."""
    metadata = encode_metadata({"sha256": BytesSource(CONTENT).sha256})
    headers = {**HEADERS, "Upload-Length": str(len(CONTENT)), "Upload-Metadata": metadata}
    return requests.post(centre.url, headers=headers, timeout=PATIENCE_S).headers["Location"]


class Line:
    """A connection on which requests are written by hand."""

    def __init__(self, centre):
        self.socket = socket.create_connection(("127.0.0.1", centre.port), timeout=PATIENCE_S)
        self._file = self.socket.makefile("rb")

    def head(self, method, path, **headers):
        told = {"Host": "x", **HEADERS, **{k.replace("_", "-"): v for k, v in headers.items()}}
        rows = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"{method} {path} HTTP/1.1\r\n{rows}\r\n".encode()

    def patch(self, path, offset, length, **headers):
        kind = "application/offset+octet-stream"
        return self.head(
            "PATCH", path, Upload_Offset=offset, Content_Length=length, Content_Type=kind, **headers
        )

    def send(self, *parts):
        self.socket.sendall(b"".join(parts))

    def answer(self):
        """Return status and headers of the next answer; its body is read over."""
        status = int(self._file.readline().split()[1])
        headers = {}
        while row := self._file.readline().strip():
            name, _, value = row.decode().partition(":")
            headers[name.lower()] = value.strip()
        if status not in {100, 204}:
            self._file.read(int(headers.get("content-length", 0)))
        return status, headers

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._file.close()
        self.socket.close()

    def close(self):
        self._file.close()
        self.socket.close()


@pytest.fixture
def line(centre):
    made = Line(centre)
    yield made
    made.close()


def offset_of(centre, path):
    answer = requests.head(centre.url.rstrip("/") + path, headers=HEADERS, timeout=PATIENCE_S)
    return int(answer.headers["Upload-Offset"])


def in_file(centre, path):
    return arrived(centre.root, path.strip("/"))


def test_bodies_follow_each_other_on_one_connection(centre, taken, upload, line):
    middle = 1_500_001
    line.send(line.patch(upload, 0, middle), CONTENT[:middle])
    assert line.answer()[1]["upload-offset"] == str(middle)
    line.send(line.patch(upload, middle, len(CONTENT) - middle), CONTENT[middle:])
    assert line.answer()[1]["upload-offset"] == str(len(CONTENT))
    assert taken == [middle, len(CONTENT) - middle]
    assert centre.blobs.get(BytesSource(CONTENT).sha256) == CONTENT


def test_a_request_that_follows_its_body_without_a_pause_is_answered(centre, taken, upload, line):
    half = 1_000_000
    line.send(
        line.patch(upload, 0, half), CONTENT[:half], line.head("HEAD", upload),
        line.patch(upload, half, len(CONTENT) - half), CONTENT[half:],
    )  # fmt: skip
    assert [line.answer()[0] for _ in range(3)] == [204, 200, 204]
    assert centre.blobs.get(BytesSource(CONTENT).sha256) == CONTENT


def test_a_client_that_asks_first_is_told_to_go_on(centre, taken, upload, line):
    line.send(line.patch(upload, 0, len(CONTENT), Expect="100-continue"))
    assert line.answer()[0] == 100
    line.send(CONTENT)
    assert line.answer()[0] == 204
    assert taken == [len(CONTENT)]


def test_what_a_silent_line_delivered_is_found_by_who_takes_over(centre, taken, upload, line):
    line.send(line.patch(upload, 0, len(CONTENT)), CONTENT[:1_234_567])
    until(lambda: in_file(centre, upload) >= 1_234_567)
    assert offset_of(centre, upload) == 1_234_567


def test_the_rest_of_a_superseded_body_is_passed_over_and_the_connection_lives(centre, taken, upload, line):
    line.send(line.patch(upload, 0, len(CONTENT)), CONTENT[:1_000_000])
    until(lambda: in_file(centre, upload) >= 1_000_000)
    assert offset_of(centre, upload) == 1_000_000
    line.send(CONTENT[1_000_000:], line.head("HEAD", upload))
    assert line.answer()[0] == 409
    status, headers = line.answer()
    assert (status, headers["upload-offset"]) == (200, "1000000")


def test_a_reset_line_keeps_what_had_come(centre, taken, upload):
    line = Line(centre)
    line.send(line.patch(upload, 0, len(CONTENT)), CONTENT[:2_000_000])
    until(lambda: in_file(centre, upload) >= 2_000_000)
    line.reset()
    until(lambda: centre.state.get(upload.strip("/")).offset == 2_000_000)


def test_a_reset_line_keeps_even_what_nobody_had_read(centre, taken, upload, monkeypatch):
    begin, go = centre.app._engine.begin, threading.Event()
    monkeypatch.setattr(centre.app._engine, "begin", lambda request: (go.wait(PATIENCE_S), begin(request))[1])
    line = Line(centre)
    line.send(line.patch(upload, 0, len(CONTENT)), CONTENT[:50_000])
    line.reset()
    go.set()
    until(lambda: centre.state.get(upload.strip("/")).offset == 50_000)


def test_a_line_that_ends_politely_in_mid_body_keeps_every_byte(centre, taken, upload, line):
    line.send(line.patch(upload, 0, len(CONTENT)), CONTENT[:2_000_001])
    line.socket.shutdown(socket.SHUT_WR)
    until(lambda: centre.state.get(upload.strip("/")).offset == 2_000_001)


def test_more_slow_lines_than_threads_all_arrive(centre, taken):
    contents = [seeded(100 + n).randbytes(600_000) for n in range(20)]
    lines = [Line(centre) for _ in contents]
    for line, content in zip(lines, contents, strict=True):
        line.send(line.head("POST", "/", Upload_Length=len(content)))
        path = line.answer()[1]["location"]
        line.send(line.patch(path, 0, len(content)))
    for start in range(0, 600_000, 50_000):
        for line, content in zip(lines, contents, strict=True):
            line.send(content[start : start + 50_000])
    assert [line.answer()[0] for line in lines] == [204] * 20
    assert all(centre.blobs.has(BytesSource(content).sha256) for content in contents)
    assert taken == [600_000] * 20
    for line in lines:
        line.close()


@pytest.mark.parametrize("algorithm", ["crc32", "sha256"])
def test_a_wrong_checksum_is_found_and_the_next_try_counts(centre, taken, upload, line, algorithm):
    from sync.tus.ahead import checksum_of

    right, wrong = checksum_of(CONTENT, algorithm), checksum_of(CONTENT[1:], algorithm)
    line.send(line.patch(upload, 0, len(CONTENT), Upload_Checksum=wrong), CONTENT)
    status, headers = line.answer()
    assert (status, headers["upload-offset"]) == (460, "0")
    line.send(line.patch(upload, 0, len(CONTENT), Upload_Checksum=right), CONTENT)
    assert line.answer()[0] == 204
