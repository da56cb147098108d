"""A workstation that sends by hand what an honest program never would: signed requests, uploads, bundles."""

import hashlib
import uuid
from types import SimpleNamespace

import requests
from sqlalchemy import func, select

from domain.kernel.change_log import Body, Change, change_log, encode_body
from domain.people.records import Patient
from sync.bundle import BundleHeader, pack
from sync.device_auth import EMPTY_DIGEST, signed_headers
from sync.entries import SentTxn, encode_txn
from sync.local_tables import inbound_bundle, parked_txn
from sync.tus.protocol import encode_metadata
from tests.fixtures.patience import PATIENCE_S

UPLOADS = "/sync/v1/uploads"


class Station:
    """An enrolled workstation of a branch of a running server (`tests.server.conftest.Running`)."""

    def __init__(self, server, org="B01"):
        found = server.enrol(org)
        self.server, self.key, self.device_id = server, found.key, found.device_id
        self.org_id = server.orgs[org]
        self.http = requests.Session()

    def ask(self, method, path, body=b"", *, headers=None, digest=None, key=None, device_id=None):
        """Send one request signed for exactly this path; `requests` does not tidy it up."""
        told = signed_headers(
            key or self.key, device_id or self.device_id, method, path,
            digest or (hashlib.sha256(body).hexdigest() if body else EMPTY_DIGEST), self.server.centre.sync.now_us(),
        )  # fmt: skip
        request = requests.Request(
            method, self.server.api.url, data=body or None, headers=told | (headers or {})
        )
        prepared = self.http.prepare_request(request)
        prepared.url = self.server.api.url + path
        return self.http.send(prepared, timeout=PATIENCE_S, allow_redirects=False)

    def create(self, size, body=b"", **headers):
        """Make an upload, with its content if there is one."""
        more = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        more = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size)} | more
        if body:
            more["Content-Type"] = "application/offset+octet-stream"
        return self.ask("POST", UPLOADS, body, headers=more)

    def upload(self, data, kind="bundle"):
        """Send a whole content; returns its name."""
        name = hashlib.sha256(data).hexdigest()
        metadata = encode_metadata({"kind": kind, "sha256": name})
        answer = self.create(len(data), data, Upload_Metadata=metadata)
        assert answer.status_code == 201, answer.text
        assert answer.headers["Upload-Offset"] == str(len(data))
        return name

    def apply(self, name):
        return self.ask("POST", f"/sync/v1/bundles/{name}")

    def deliver(self, data):
        return self.apply(self.upload(data))

    def transaction(self, seq, name="王美娜"):
        """Return one transaction that registers a client, and the client's id."""
        patient = uuid.uuid4().bytes
        fields = {"number": f"P{uuid.uuid4().hex[:8]}", "name": name, "sex": "2", "id_type": "01"}
        change = Change("patient", patient, self.org_id.bytes, "ins", 0, fields, {})
        body = Body("people.register", None, "nurse", self.org_id.bytes, 1, [change])
        return SentTxn(seq, uuid.uuid4().bytes, 0, encode_body(body))

    def bundle(self, *txns, key=None, **header):
        """Return the bytes of a bundle of transactions, or of bytes that stand for them."""
        told = {
            "schema_ver": 1, "scope": "branch", "device": str(self.device_id), "epoch": 1,
            "first": 1, "last": len(txns), "key_id": "device",
        } | header  # fmt: skip
        records = [encode_txn(t) if isinstance(t, SentTxn) else t for t in txns]
        return pack(BundleHeader(**told), records, (key or self.key).sign).data


def state_of(server):
    """Return what must not move when something is refused: the log, the clients, receipts, what waits."""
    own = server.centre.identity.device_id  # the centre's readers count on their own time
    counted = {
        "log": select(func.count()).select_from(change_log).where(change_log.c.device_id != own),
        "patients": select(func.count()).select_from(Patient.__table__),
        "receipts": select(func.count()).select_from(inbound_bundle),
        "parked": select(func.count()).select_from(parked_txn),
    }
    with server.centre.store.read() as connection:
        return SimpleNamespace(
            **{name: connection.execute(asked).scalar_one() for name, asked in counted.items()}
        )
