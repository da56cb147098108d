"""What answers instead of the centre: portals, proxies, busy servers, a clock that is wrong."""

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from domain.kernel.errors import DomainError, UnavailableError
from sync.blobs import Landing
from sync.device_auth import CLOCK_HEADER, TIME_HEADER, new_key
from sync.http_client import HttpCentre
from sync.protocol import MEDIA_TYPE, BlobList, DigestRequest, encode
from sync.tus.client_state import SqliteTransferState


class Answers(BaseHTTPRequestHandler):
    """Gives the answers it is told to, in order; the last one again and again."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.seen.append(dict(self.headers))
        status, headers, body = (
            self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        )
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.answers, made.seen = [], []
    thread = threading.Thread(target=made.serve_forever, args=[0.05])
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def centre(server, tmp_path):
    state = SqliteTransferState(tmp_path / "transfers.db")
    made = HttpCentre(
        f"http://127.0.0.1:{server.server_port}", uuid.UUID(int=7), new_key(), state, now_us=lambda: 1_000_000
    )
    yield made
    made.close()
    state.close()


def problem(code, status, **facts):
    body = json.dumps({"code": code, "status": status, "facts": facts}).encode()
    return status, {"Content-Type": "application/problem+json", CLOCK_HEADER: "5000000"}, body


PORTAL = (200, {"Content-Type": "text/html"}, b"<html>log in</html>")
GOOD = (200, {"Content-Type": MEDIA_TYPE}, encode(BlobList(["ab"])))


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (PORTAL, UnavailableError, "transfer.not_a_centre"),
        ((302, {"Location": "http://portal"}, b""), UnavailableError, "transfer.not_a_centre"),
        ((502, {}, b"bad gateway"), UnavailableError, "transfer.centre_busy"),
        ((429, {"Retry-After": "7"}, b""), UnavailableError, "transfer.centre_busy"),
        ((200, {"Content-Type": MEDIA_TYPE}, b"\xc1"), UnavailableError, "transfer.not_a_centre"),
        (problem("sync.device_revoked", 403, name="站"), DomainError, "sync.device_revoked"),
        (problem("store.unreachable", 503), UnavailableError, "store.unreachable"),
        (problem("blob.missing", 404, sha256="ab"), UnavailableError, "blob.missing"),
        (problem("auth.clock", 401, now=5_000_000), DomainError, "auth.clock"),
    ],
)
def test_each_answer_has_its_meaning(server, centre, answer, kind, code):
    server.answers = [answer]
    with pytest.raises(kind) as error:
        centre.lacking_blobs(["ab"])
    assert error.value.code == code


def test_a_wrong_clock_is_mended_by_the_first_answer(server, centre):
    server.answers = [problem("auth.clock", 401, now=5_000_000), GOOD]
    assert centre.lacking_blobs(["ab"]) == ["ab"]
    assert [seen[TIME_HEADER] for seen in server.seen] == ["1000000", "5000000"]


def test_nobody_there(server, centre, tmp_path):
    state = SqliteTransferState(tmp_path / "other.db")
    nobody = HttpCentre("http://127.0.0.1:9", uuid.UUID(int=7), new_key(), state)
    with pytest.raises(UnavailableError, match=r"transfer\.no_connection"):
        nobody.digest(DigestRequest([]))
    nobody.close()
    state.close()


def test_a_file_goes_on_where_it_stopped(server, centre, tmp_path):
    target = tmp_path / "a.part"
    target.write_bytes(b"12345")
    server.answers = [(206, {"Content-Type": "application/octet-stream"}, b"678")]
    told = []
    centre.fetch_blob(
        "ab", Landing(target, None), lambda done, total: told.append((done, total)), threading.Event()
    )
    assert target.read_bytes() == b"12345678"
    assert told == [(8, 8)]
    assert server.seen[0]["Range"] == "bytes=5-"


def test_a_centre_that_ignores_the_range_sends_all_of_it(server, centre, tmp_path):
    target = tmp_path / "a.part"
    target.write_bytes(b"12345")
    server.answers = [(200, {"Content-Type": "application/octet-stream"}, b"12345678")]
    centre.fetch_blob("ab", Landing(target, None), lambda *_: None, threading.Event())
    assert target.read_bytes() == b"12345678"
