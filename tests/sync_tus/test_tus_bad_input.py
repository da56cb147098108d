"""Requests that nobody honest sends: the right status, nothing written, the others unharmed."""

import base64
import socket

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.tus.protocol import MOST_METADATA, OFFSET_OCTET_STREAM, Request, encode_metadata
from sync.tus.source import BytesSource
from tests.fixtures.patience import PATIENCE_S
from tests.sync_tus.centre import DEVICE
from tests.sync_tus.test_tus_engine import CONTENT, code_of, declared, desk  # noqa: F401 (fixture)

TUS = {**DEVICE, "Tus-Resumable": "1.0.0"}
NUMBERS = ["-1", "1e3", "0x10", "9" * 19, "18446744073709551616", "٣", " ", "", "1,2", "NaN", "+1"]
HEADERS = ["upload-offset", "upload-length", "upload-defer-length", "upload-metadata", "upload-checksum",
           "content-length", "content-type", "tus-resumable", "x-http-method-override", "upload-dedup"]  # fmt: skip
LIKELY = [*NUMBERS, "1.0.0", "1", "0", OFFSET_OCTET_STREAM, "sha256", "crc32 AAAA", "HEAD"]
VALUES = st.sampled_from(LIKELY) | st.text(st.characters(max_codepoint=255), max_size=40)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_that_is_none_is_refused_and_nothing_is_made(desk, number):  # noqa: F811
    assert desk.call("POST", upload_length=number).status == 400
    assert list(desk.files.iterdir()) == []
    url = desk.create()
    answer = desk.patch(url, number, CONTENT)
    assert answer.status == 400
    assert desk.offset(url) == 0


def test_metadata_beyond_its_limit_is_refused_and_nothing_is_made(desk):  # noqa: F811
    answer = desk.call("POST", upload_length="1", upload_metadata=encode_metadata({"n": "x" * MOST_METADATA}))
    assert (answer.status, code_of(answer)) == (431, "transfer.metadata_too_long")
    assert list(desk.files.iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "C:\\x", "\x00", "..", "名" * 200])
def test_a_file_name_is_never_a_path(desk, name):  # noqa: F811
    metadata = encode_metadata({"filename": name, "sha256": BytesSource(CONTENT).sha256})
    desk.patch(desk.create(upload_metadata=metadata), 0, CONTENT)
    assert desk.received[0][1]["filename"] == name
    assert list(desk.files.iterdir()) == []


@pytest.mark.parametrize("upload_id", ["../state.db", "..", "a/b", "%2e%2e", "x" * 300, "\x00"])
def test_an_id_that_nobody_gave_is_unknown(desk, upload_id):  # noqa: F811
    for method in ("HEAD", "PATCH", "DELETE"):
        headers = {"tus-resumable": "1.0.0", "upload-offset": "0", "content-type": OFFSET_OCTET_STREAM}
        assert desk.engine.handle(Request(method, upload_id, headers, "branch-1", "/files")).status == 404
    assert desk.state.get(upload_id) is None


def test_a_device_gone_wild_is_stopped_and_the_others_work_on(desk):  # noqa: F811
    answers = [desk.call("POST", upload_length="10", owner="wild").status for _ in range(300)]
    assert answers.count(201) == 256
    refused = desk.call("POST", upload_length="10", owner="wild")
    assert (refused.status, code_of(refused)) == (429, "transfer.too_many")
    assert int(refused.headers["Retry-After"]) > 0
    url = desk.create(upload_metadata=declared())
    assert desk.patch(url, 0, CONTENT).status == 204


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["POST", "HEAD", "PATCH", "DELETE", "OPTIONS", "GET", "PUT"]), known=st.booleans(),
    headers=st.dictionaries(st.sampled_from(HEADERS), VALUES, max_size=6), body=st.binary(max_size=200),
)  # fmt: skip
def test_no_request_whatever_crashes_or_changes_another_upload(desk, method, known, headers, body):  # noqa: F811
    kept = desk.create(owner="branch-2")
    desk.patch(kept, 0, b"abc", owner="branch-2")
    mine = desk.create(owner="branch-3") if known else "/files/none"
    told = {"tus-resumable": "1.0.0", **headers}
    upload_id = None if method == "POST" else mine.rpartition("/")[2]
    answer = desk.engine.handle(Request(method, upload_id, told, "branch-3", "/files"), [body])
    assert answer.status < 500
    assert desk.row(kept).offset == 3
    for url in (kept, mine):
        desk.state.remove(url.rpartition("/")[2])


@pytest.mark.parametrize("path", ["/", "/elsewhere"])
def test_a_head_without_end_is_refused_and_the_server_lives(centre, path):
    with socket.create_connection(("127.0.0.1", centre.port), timeout=PATIENCE_S) as line:
        line.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nUpload-Metadata: n ".encode())
        line.sendall(base64.b64encode(b"x" * (1 << 20)))
        assert b" 431 " in line.recv(4096).splitlines()[0]
    answer = requests.post(centre.url, headers={**TUS, "Upload-Length": "1"}, timeout=PATIENCE_S)
    assert answer.status_code == 201
