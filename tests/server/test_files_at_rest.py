"""The centre's files lie sealed, under a key that is told when it is lost; ranges are read over the seal."""

import asyncio
import uuid
from contextlib import closing

import pytest

from domain.kernel.clock import utc_now
from domain.kernel.errors import UnavailableError
from server.blob_answer import BlobResponse
from server.channels.incoming import Pushed
from server.interfaces.inbox import Arrival, Inbox, InboxPlace
from server.settings import Settings
from server.storage_key import centre_blobs, queue_key, seal_queues, storage_key
from sync.passing_file import PassingFile

KNOWN = "肺部结节 8 mm".encode()
CONTENT = KNOWN * 9000


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "data").mkdir()
    return Settings(data_dir=tmp_path / "data")


def asked(response, method, headers):
    """Return status, headers and body of a response to a request, as a server that could send paths would see it."""
    told = []

    async def send(message):
        told.append(message)

    async def receive():
        await asyncio.Event().wait()

    scope = {
        "type": "http", "method": method, "path": "/f", "asgi": {"spec_version": "2.4"},
        "extensions": {"http.response.pathsend": {}},
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip
    asyncio.run(response(scope, receive, send))
    start, *rest = told
    found = {k.decode().lower(): v.decode() for k, v in start["headers"]}
    return start["status"], found, b"".join(m.get("body", b"") for m in rest)


def test_any_part_of_a_sealed_file_is_answered_and_nothing_lies_in_the_clear(settings):
    blobs = centre_blobs(settings)
    name = blobs.put([CONTENT])
    assert all(KNOWN not in path.read_bytes() for path in settings.data_dir.rglob("*") if path.is_file())

    def ask(method="GET", **headers):
        return asked(BlobResponse(blobs, name, media_type="application/pdf"), method, headers)

    status, headers, body = ask()
    assert (status, body, headers["etag"]) == (200, CONTENT, f'"{name}"')
    status, headers, body = ask("HEAD")
    assert (status, body, headers["content-length"]) == (200, b"", str(len(CONTENT)))
    status, _, body = ask(**{"range": "bytes=70000-70009", "if-range": f'"{name}"'})
    assert (status, body) == (206, CONTENT[70000:70010])
    assert ask(range="bytes=-5")[2] == CONTENT[-5:]
    assert ask(range=f"bytes={len(CONTENT)}-")[0] == 416


def test_a_lost_or_exchanged_key_is_told_and_none_is_made_anew(settings):
    key = storage_key(settings)
    assert storage_key(settings) == key
    path = settings.storage_key_path
    assert path.stat().st_mode & 0o077 == 0
    path.unlink()
    with pytest.raises(UnavailableError, match=r"server\.storage_key_lost"):
        storage_key(settings)
    assert not path.exists()
    path.write_bytes(bytes(32))
    with pytest.raises(UnavailableError, match=r"server\.storage_key_lost"):
        storage_key(settings)
    path.write_bytes(key)
    assert storage_key(settings) == key


def test_the_key_may_lie_on_another_disk(tmp_path):
    (tmp_path / "data").mkdir()
    elsewhere = Settings(data_dir=tmp_path / "data", storage_key=tmp_path / "lent.key")
    name = centre_blobs(elsewhere).put([CONTENT])
    assert not (tmp_path / "data" / "storage.key").exists()
    assert centre_blobs(elsewhere).get(name) == CONTENT


ARRIVAL = Arrival(
    sender="LIS|B01",
    control_id="M1",
    org_id=uuid.UUID(int=1),
    received_us=1,
    raw=KNOWN,
    work=KNOWN,
    ack=KNOWN,
)


def test_what_devices_and_vendors_sent_lies_sealed_until_it_is_worked_off(settings):
    with closing(Inbox(settings.inbox_path, queue_key(settings))) as inbox:
        assert inbox.keep([ARRIVAL]) == [True]
        pushed = Pushed(settings.data_dir / "channel-inbox.db", utc_now, queue_key(settings))
        assert pushed.keep("1", "wecom", "text", {"text": KNOWN.decode()})
        lying = [path for path in settings.data_dir.rglob("*") if path.is_file()]
        assert {"hl7-inbox.db", "hl7-inbox.db-wal", "channel-inbox.db-wal"} <= {path.name for path in lying}
        assert all(KNOWN not in path.read_bytes() for path in lying)
        pushed.close()
    with closing(InboxPlace(settings.inbox_path, queue_key(settings)).open()) as again:
        assert [one.work for one in again.waiting(1, 10)] == [KNOWN]
    with pytest.raises(UnavailableError, match=r"server\.file_unavailable"):
        Inbox(settings.inbox_path, bytes(32))


def test_a_queue_an_older_program_left_in_the_clear_works_on_and_is_sealed_when_asked(settings):
    with closing(Inbox(settings.inbox_path)) as older:
        older.keep([ARRIVAL])
    with closing(Inbox(settings.inbox_path, queue_key(settings))) as now:
        assert [one.work for one in now.waiting(1, 10)] == [KNOWN], (
            "nothing that was acknowledged is out of reach"
        )
    assert KNOWN in settings.inbox_path.read_bytes()
    assert seal_queues(settings) == ["hl7-inbox.db"]
    assert KNOWN not in settings.inbox_path.read_bytes()
    with closing(Inbox(settings.inbox_path, queue_key(settings))) as sealed:
        assert [one.work for one in sealed.waiting(1, 10)] == [KNOWN]
    assert seal_queues(settings) == []


def test_a_file_from_a_phone_passes_through_unread(tmp_path, monkeypatch):
    named = tmp_path / "named"
    monkeypatch.setattr(
        "sync.passing_file.tempfile.TemporaryFile", lambda **_: named.open("w+b", buffering=0)
    )
    passing = PassingFile(tmp_path)
    for piece in (CONTENT[:7], CONTENT[7:100_003], CONTENT[100_003:]):
        passing.write(piece)
    assert KNOWN not in named.read_bytes()
    assert named.stat().st_size == len(CONTENT)
    assert b"".join(passing.pieces(8191)) == CONTENT
    passing.close()
