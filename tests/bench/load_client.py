"""The load of `bench_load`: workstations that wait, send and fetch, and people who look and write; one event loop.

``python -m tests.bench.load_client branches|people FILE URL SECONDS`` writes one line of JSON: how many requests, how
many errors, their times by kind. Only addresses of the loopback range are spoken to, and it ends by itself.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import random
import sys
import time
import urllib.parse
import uuid
from pathlib import Path

import aiohttp
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.kernel.change_log import SCHEMA_VERSION, Body, Change, encode_body
from sync.bundle import BundleHeader, pack
from sync.device_auth import EMPTY_DIGEST, signed_headers
from sync.entries import SentTxn, encode_txn
from sync.protocol import MEDIA_TYPE, Cursor, PullReply, PullRequest, encode
from sync.tus.protocol import encode_metadata

EVERY_S = 30.0
"""A workstation sends what was done since the last time; three clients each."""
THINKS_S = 4.0
"""A person between two looks."""
AT_ONCE = 3


class Told:
    """What came of the requests."""

    def __init__(self):
        self.times, self.errors = {}, {}

    async def timed(self, kind, request):
        began = time.perf_counter()
        try:
            async with request as answer:
                body = await answer.read()
                if answer.status >= 400:
                    self.failed(f"{kind} {answer.status} {body[:80].decode('utf-8', 'replace')}")
                    return None
        except (aiohttp.ClientError, TimeoutError) as error:
            self.failed(f"{kind} {type(error).__name__}")
            return None
        self.times.setdefault(kind, []).append(round(time.perf_counter() - began, 4))
        return body

    def failed(self, what):
        self.errors[what] = self.errors.get(what, 0) + 1


class Workstation:
    """One branch's workstation: waits for news all the time, sends now and then, fetches what is new."""

    def __init__(self, http, url, told, facts):
        self.http, self.url, self.told = http, url, told
        self.key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(facts["key"]))
        self.device, self.org = uuid.UUID(facts["device"]), uuid.UUID(facts["org"])
        self.seq, self.head = 0, facts["head"]
        self.cursors = [Cursor(org, self.head) for org in (self.org, uuid.UUID(int=0))]

    def ask(self, kind, method, path, body=b"", **headers):
        digest = hashlib.sha256(body).hexdigest() if body else EMPTY_DIGEST
        now = time.time_ns() // 1000
        signed = signed_headers(self.key, self.device, method, path, digest, now)
        headers = {"Content-Type": MEDIA_TYPE, **signed, **headers}
        request = self.http.request(method, self.url + path, data=body or None, headers=headers)
        return self.told.timed(kind, request)

    async def send(self):
        txns = []
        for at in range(AT_ONCE):
            number = self.seq + at + 1
            fields = {
                "number": f"L{self.device.hex[-8:]}{number:07d}",
                "name": "负载甲",
                "sex": "2",
                "id_type": "01",
            }
            change = Change("patient", uuid.uuid4().bytes, self.org.bytes, "ins", 0, fields, {})
            body = Body("people.register", None, "nurse", self.org.bytes, 1, [change])
            txns.append(encode_txn(SentTxn(number, uuid.uuid4().bytes, 0, encode_body(body))))
        header = BundleHeader(
            schema_ver=SCHEMA_VERSION, scope="branch", device=str(self.device), epoch=1, first=self.seq + 1,
            last=self.seq + AT_ONCE, key_id="device",
        )  # fmt: skip
        data = pack(header, txns, self.key.sign).data
        name = hashlib.sha256(data).hexdigest()
        sent = await self.ask(
            "upload", "POST", "/sync/v1/uploads", data, **{
                "Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0",
                "Upload-Length": str(len(data)),
                "Upload-Metadata": encode_metadata({"kind": "bundle", "sha256": name}),
            },
        )  # fmt: skip
        if sent is not None and await self.ask("apply", "POST", f"/sync/v1/bundles/{name}") is not None:
            self.seq += AT_ONCE

    async def fetch(self):
        more = True
        while more:
            request = PullRequest(cursors=self.cursors, limit=500)
            found = await self.ask("pull", "POST", "/sync/v1/pull", encode(request))
            if found is None:
                return
            reply = msgspec.msgpack.decode(found, type=PullReply)
            self.cursors, self.head, more = reply.cursors, reply.head, reply.more

    async def work(self, end):
        await asyncio.sleep(random.random() * EVERY_S)  # noqa: S311
        while time.monotonic() < end:
            began = time.monotonic()
            await self.send()
            await self.fetch()
            while (left := EVERY_S - (time.monotonic() - began)) > 0 and time.monotonic() < end:
                waits = min(left, 20.0, end - time.monotonic() + 0.5)
                path = f"/sync/v1/wait?position={self.head}&longest_s={waits:g}"
                before = time.monotonic()
                found = await self.ask("wait", "GET", path)
                if found:
                    await self.fetch()
                if time.monotonic() - before < 1.0:
                    await asyncio.sleep(1.0)


class Person:
    """Somebody in a browser or another program at the API: looks at lists, searches, registers a client at times."""

    def __init__(self, http, url, told, facts):
        self.http, self.url, self.told, self.facts = http, url, told, facts
        self.headers = {"Authorization": f"Bearer {facts['token']}"}
        self.number = 0

    def ask(self, kind, method, path, **options):
        return self.told.timed(
            kind, self.http.request(method, self.url + path, headers=self.headers, **options)
        )

    async def work(self, end):
        await asyncio.sleep(random.random() * THINKS_S)  # noqa: S311
        while time.monotonic() < end:
            self.number += 1
            if self.number % 5 == 0:
                body = {"name": "负载乙", "sex": "2", "birth_date": "1980-01-01", "another_person": True}
                await self.ask("register", "POST", "/api/commands/people.register", json=body)
            elif self.number % 5 == 3:
                await self.ask("search", "POST", "/api/search", json={"text": "负载"})
            else:
                await self.ask("list", "GET", f"/api/worklists/{random.choice(self.facts['lists'])}")  # noqa: S311
            await asyncio.sleep(THINKS_S * (0.5 + random.random()))  # noqa: S311


async def load(kind, parties, url, seconds):
    told, end = Told(), time.monotonic() + seconds
    made = Workstation if kind == "branches" else Person
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as http:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*(made(http, url, told, one).work(end) for one in parties))
    return told


def main():
    kind, file, url, seconds = sys.argv[1:5]
    if urllib.parse.urlsplit(url).hostname != "127.0.0.1":
        sys.exit("only this machine is loaded")
    parties = json.loads(Path(file).read_text("utf-8"))[kind]
    told = asyncio.run(load(kind, parties, url, float(seconds)))
    sys.stdout.write(json.dumps({"times": told.times, "errors": told.errors}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
