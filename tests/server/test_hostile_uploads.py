"""Uploads that nobody honest makes, at the real door: the right status, nothing kept, the others unharmed."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sync.tus.protocol import MOST_METADATA, OFFSET_OCTET_STREAM, encode_metadata
from tests.server.sync_station import UPLOADS, Station, state_of

DEEP = bool(os.environ.get("AFTERCHECK_DEEP"))
CREATIONS = 10_000 if DEEP else 1_000
HANDS = 32
BAD_NUMBERS = [
    "-1",
    "1e3",
    "0x10",
    str(2**63),
    str(2**64),
    str(10**30),
    "nan",
    "",
    "1,2",
    "+1",
    "\u0663".encode().decode("latin-1"),
]


@pytest.fixture
def station(server):
    return Station(server)


@pytest.fixture
def other(server):
    return Station(server, "B02")


def kept(server):
    """Return the files of uploads that lie at the server."""
    return sorted(p.name for p in (server.settings.data_dir / "uploads").rglob("*") if p.is_file())


def patch(station, url, offset, body):
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": offset, "Content-Type": OFFSET_OCTET_STREAM}
    return station.ask("PATCH", url, body, headers=headers)


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_a_length_or_offset_that_is_no_count_is_refused(server, station, number):
    before = kept(server)
    assert station.create(number).status_code in {400, 413}
    assert kept(server) == before
    url = station.create(100).headers["Location"]
    answer = patch(station, url, number, b"x" * 100)
    assert answer.status_code in {400, 409}, answer.text
    told = station.ask("HEAD", url, headers={"Tus-Resumable": "1.0.0"})
    assert told.headers["Upload-Offset"] == "0"


def test_a_mebibyte_of_metadata_is_refused_and_nothing_is_made(server, station):
    before = kept(server)
    for size in (MOST_METADATA, 1 << 20):
        answer = station.create(1, Upload_Metadata=encode_metadata({"filename": "x" * size}))
        assert answer.status_code == 431, answer.text
    assert kept(server) == before
    assert station.create(1).status_code == 201


@pytest.mark.parametrize("name", ["../../centre.key", "/etc/passwd", "C:\\x", "..", "a\x00b", "名" * 500])
def test_a_path_in_a_file_name_is_only_a_name(server, station, name):
    before = {p for p in server.settings.data_dir.rglob("*") if p.suffix not in {".sealed", ".tail"}}
    data = os.urandom(50)
    metadata = encode_metadata({"filename": name, "kind": "blob"})
    assert station.create(len(data), data, Upload_Metadata=metadata).status_code == 201
    made = {p for p in server.settings.data_dir.rglob("*") if p.suffix not in {".sealed", ".tail"}} - before
    assert all(p.is_relative_to(server.settings.data_dir / "blobs") for p in made if "uploads" not in p.parts)


def test_ten_thousand_parallel_creations_stop_their_sender_alone(server, station, other):
    """In a short run a thousand; meanwhile another workstation sends its bundle and is served."""
    before, files = state_of(server), len(kept(server))
    begun, statuses = threading.Event(), []

    def create(number):
        statuses.append(hands[number % HANDS].create(1000).status_code)
        if len(statuses) > HANDS:
            begun.set()

    hands = [Hand(station) for _ in range(HANDS)]
    with ThreadPoolExecutor(HANDS) as pool:
        done = [pool.submit(create, number) for number in range(CREATIONS)]
        assert begun.wait(120)
        receipt = other.deliver(other.bundle(other.transaction(1)))
        assert receipt.status_code == 200, receipt.text
        for one in done:
            one.result()
    assert set(statuses) == {201, 429}
    assert statuses.count(201) == 256
    assert len(kept(server)) - files <= 2 * 256
    after = state_of(server)
    assert (after.patients, after.receipts) == (before.patients + 1, before.receipts + 1)
    refused = station.create(1)
    assert (refused.status_code, refused.json()["code"]) == (429, "transfer.too_many")
    assert int(refused.headers["Retry-After"]) > 0
    assert other.create(1, b"x").status_code == 201


class Hand(Station):
    """One more connection of a workstation."""

    def __init__(self, station):
        self.server, self.key, self.device_id = station.server, station.key, station.device_id
        self.http = requests.Session()


def test_an_upload_of_another_workstation_looks_like_none(server, station, other):
    url = station.create(100).headers["Location"]
    assert other.ask("HEAD", url, headers={"Tus-Resumable": "1.0.0"}).status_code == 404
    assert patch(other, url, "0", b"x" * 100).status_code == 404
    assert other.ask("DELETE", url, headers={"Tus-Resumable": "1.0.0"}).status_code in {404, 405}


def test_an_unsigned_upload_is_refused_before_its_body(server, station):
    before = kept(server)
    answer = station.http.post(
        server.api.url + UPLOADS, data=b"x" * 100, headers={"Tus-Resumable": "1.0.0", "Upload-Length": "100"}
    )
    assert answer.status_code == 401
    assert kept(server) == before
