"""The ASGI adapter: mounting, memory, silence, cancellation."""

import asyncio
import json
import threading

import pytest
from fastapi import FastAPI

from sync.tus.asgi import AHEAD_BYTES, TusApp
from sync.tus.keeper import Limits
from sync.tus.protocol import OFFSET_OCTET_STREAM, answer, encode_metadata
from sync.tus.source import BytesSource
from tests.fixtures.patience import PATIENCE_S, until
from tests.sync_tus.centre import Centre, arrived, authorise

PIECE = b"p" * (256 << 10)


@pytest.fixture
def quiet_centre(tmp_path):
    centre = Centre(tmp_path / "centre", Limits(spare_bytes=0, commit_s=1000.0))
    yield centre
    centre.state.close()


def scope(method, path, root_path="", device="branch-1", **headers):
    told = {"x-device": device, "tus-resumable": "1.0.0", **headers}
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in told.items()]
    return {"type": "http", "method": method, "path": path, "root_path": root_path, "headers": told}


async def talk(app, request, *messages, afterwards=None):
    """Send a request; after its messages the client stays connected and says nothing, or `afterwards`."""
    queue, sent = list(messages), []

    async def receive():
        if queue:
            return queue.pop(0)
        if afterwards:
            return afterwards
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    await app(request, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, sent[1]["body"]


def create(app, length="1000", path="/", **headers):
    request = scope("POST", path, upload_length=length, **headers)
    return asyncio.run(talk(app, request))[1]["location"]


def patch_scope(url, **headers):
    return scope("PATCH", url, upload_offset="0", content_type=OFFSET_OCTET_STREAM, **headers)


def test_the_location_keeps_the_place_where_the_application_is_mounted(quiet_centre):
    outer = FastAPI()
    outer.mount("/sync/v1/uploads", quiet_centre.app)
    url = create(outer, path="/sync/v1/uploads/")
    assert url.startswith("/sync/v1/uploads/")
    status, headers, _ = asyncio.run(talk(outer, scope("HEAD", url)))
    assert (status, headers["upload-offset"]) == (200, "0")


def test_a_device_that_is_not_authorised_gets_only_the_options(quiet_centre):
    status, _, body = asyncio.run(talk(quiet_centre.app, scope("POST", "/", device="", upload_length="1")))
    assert (status, json.loads(body)["code"]) == (401, "transfer.not_authorised")
    assert asyncio.run(talk(quiet_centre.app, scope("OPTIONS", "/", device="")))[0] == 204


def test_other_scopes_are_not_served(quiet_centre):
    with pytest.raises(RuntimeError, match="websocket"):
        asyncio.run(quiet_centre.app({"type": "websocket"}, None, None))


def test_a_silent_body_is_cut_and_kept(quiet_centre):
    app = TusApp(quiet_centre.engine, authorise, idle_s=1.0, watch_s=0.02)
    url = create(app)
    piece = {"type": "http.request", "body": b"x" * 400, "more_body": True}
    status = asyncio.run(talk(app, patch_scope(url, content_length="1000"), piece))[0]
    assert status == 408
    assert quiet_centre.state.get(url[1:]).offset == 400


def test_a_request_that_is_cancelled_keeps_what_came(quiet_centre):
    url = create(quiet_centre.app)
    piece = {"type": "http.request", "body": b"x" * 400, "more_body": True}

    async def cancelled():
        task = asyncio.create_task(talk(quiet_centre.app, patch_scope(url), piece))
        await asyncio.to_thread(until, lambda: arrived(quiet_centre.root, url[1:]) == 400)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert quiet_centre.state.get(url[1:]).offset == 400


def test_a_disconnect_keeps_all_that_was_read_ahead(quiet_centre):
    url = create(quiet_centre.app, length=str(20 * len(PIECE)))
    pieces = [{"type": "http.request", "body": PIECE, "more_body": True}] * 7
    request = patch_scope(url, content_length=str(20 * len(PIECE)))
    asyncio.run(talk(quiet_centre.app, request, *pieces, afterwards={"type": "http.disconnect"}))
    assert quiet_centre.state.get(url[1:]).offset == 7 * len(PIECE)


def test_a_chunked_body_that_breaks_off_is_not_judged_by_its_checksum(quiet_centre):
    metadata = encode_metadata({"sha256": BytesSource(b"x" * 1000).sha256})
    url = create(quiet_centre.app, upload_metadata=metadata)
    request = patch_scope(
        url, transfer_encoding="chunked", upload_checksum="sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="
    )
    piece = {"type": "http.request", "body": b"x" * 400, "more_body": True}
    asyncio.run(talk(quiet_centre.app, request, piece, afterwards={"type": "http.disconnect"}))
    assert quiet_centre.state.get(url[1:]).offset == 400


class SlowDisk:
    """An engine whose disk does not answer until it is let."""

    def __init__(self):
        self.go = threading.Event()

    def begin(self, _request):
        return self

    def feed(self, _data):
        assert self.go.wait(PATIENCE_S)
        return answer(507)


def test_a_slow_disk_bounds_what_is_held_in_memory():
    engine = SlowDisk()
    app = TusApp(engine, authorise)
    taken = []

    async def receive():
        await asyncio.sleep(0)
        taken.append(len(PIECE))
        if sum(taken) > 4 * AHEAD_BYTES:
            engine.go.set()
        return {"type": "http.request", "body": PIECE, "more_body": True}

    async def meet():
        sent = []

        async def send(message):
            sent.append(message)

        asyncio.get_running_loop().call_later(0.3, engine.go.set)
        await app(patch_scope("/u"), receive, send)
        return sent[0]["status"]

    assert asyncio.run(meet()) == 507
    assert sum(taken) <= 2 * AHEAD_BYTES
