"""What comes lies sealed from its first byte, whatever cuts it, and is kept as it came."""

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.blobs import BlobStore
from sync.sealed_files import CHUNK
from sync.tus.engine import TusEngine
from sync.tus.keeper import Limits
from sync.tus.protocol import OFFSET_OCTET_STREAM, Request, encode_metadata
from sync.tus.source import BytesSource
from sync.tus.state import SqliteUploadState
from tests.sync_tus.centre import KEY

KNOWN = "王建国 110105196506018810".encode()
LONG = (KNOWN * 40_000)[: 20 * CHUNK + 77]
SHA256 = BytesSource(LONG).sha256
ENDS = st.one_of(
    st.integers(0, len(LONG)), st.integers(0, 20).map(lambda n: n * CHUNK), st.integers(0, 3 * CHUNK)
)


class Desk:
    """A centre on one directory; `restart` is another one after a crash."""

    def __init__(self, root):
        self.root, self.key, self.state = root, KEY, None
        self.restart()

    def restart(self):
        if self.state is not None:
            self.state.close()
        self.blobs = BlobStore(self.root / "blobs", KEY)
        self.state = SqliteUploadState(self.root / "state.db")
        self.engine = TusEngine(
            self.root / "uploads", self.state,
            lambda done: self.blobs.adopt(done.path, done.sha256, sealed=done.sealed), key=self.key,
            limits=Limits(spare_bytes=0, commit_bytes=3 * CHUNK + 5, commit_s=1e9),
        )  # fmt: skip
        self.engine.recover()

    def call(self, method, upload_id=None, body=(), **headers):
        told = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        return self.engine.handle(
            Request(method, upload_id, {"tus-resumable": "1.0.0", **told}, "branch-1"), body
        )

    def create(self, length, sha256):
        made = self.call(
            "POST",
            upload_length=length,
            upload_metadata=encode_metadata({"sha256": sha256} if sha256 else {}),
        )
        return made.headers["Location"].rpartition("/")[2]

    def patch(self, upload_id, offset, body, claimed=None, **headers):
        pieces = [body[at : at + 50_000] for at in range(0, len(body), 50_000)]
        length = len(body) if claimed is None else claimed
        headers = {"content_type": OFFSET_OCTET_STREAM, "content_length": length, **headers}
        return self.call("PATCH", upload_id, pieces, upload_offset=offset, **headers)

    def offset(self, upload_id):
        return int(self.call("HEAD", upload_id).headers["Upload-Offset"])

    def everything(self):
        return b"".join(path.read_bytes() for path in self.root.rglob("*") if path.is_file())


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@settings(max_examples=20)
@given(steps=st.lists(st.tuples(ENDS, st.sampled_from(["whole", "cut", "crash", "wrong"])), max_size=6))
def test_in_whatever_parts_it_comes_it_is_right_and_never_lies_in_the_clear(tmp_path_factory, steps):
    desk = Desk(tmp_path_factory.mktemp("c"))
    upload_id, offset = desk.create(len(LONG), SHA256), 0
    for end, how in steps:
        piece = LONG[offset:end]
        if how == "wrong":  # a checksum that does not fit: what it brought is thrown away
            answer = desk.patch(
                upload_id, offset, bytes(len(piece)), upload_checksum="sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA="
            )
            assert answer.status == 460
        elif offset + len(piece) < len(LONG):
            more = 0 if how == "whole" else 1
            desk.patch(upload_id, offset, piece, claimed=len(piece) + more)
            offset += len(piece)
        if how == "crash":
            desk.restart()
        assert desk.offset(upload_id) == offset
        assert KNOWN not in desk.everything()
    assert desk.patch(upload_id, offset, LONG[offset:]).status == 204
    assert desk.blobs.get(SHA256) == LONG
    assert KNOWN not in desk.everything()
    assert not list((desk.root / "uploads").iterdir())


@pytest.mark.parametrize("good", [0, CHUNK, CHUNK + 9])
def test_what_is_not_what_was_declared_goes_back_to_the_last_proven_byte(desk, good):
    upload_id = desk.create(len(LONG), SHA256)
    offset = 0
    if good:
        checksum = "sha256-content " + base64.b64encode(hashlib.sha256(LONG[:good]).digest()).decode()
        offset = int(desk.patch(upload_id, 0, LONG[:good], upload_checksum=checksum).headers["Upload-Offset"])
    wrong = LONG[offset:-1] + bytes([LONG[-1] ^ 1])
    assert desk.patch(upload_id, offset, wrong).status == 460
    assert desk.offset(upload_id) == good
    desk.restart()
    assert desk.patch(upload_id, good, LONG[good:]).status == 204
    assert desk.blobs.get(SHA256) == LONG


@pytest.mark.parametrize("length", [0, 5, CHUNK, 3 * CHUNK])
def test_an_upload_whose_length_is_told_last_ends_where_a_chunk_does(desk, length):
    content = LONG[:length]
    made = desk.call("POST", upload_defer_length=1)
    upload_id = made.headers["Location"].rpartition("/")[2]
    if content:
        assert desk.patch(upload_id, 0, content).status == 204
    assert desk.patch(upload_id, length, b"", upload_length=length).status == 204
    assert desk.blobs.get(BytesSource(content).sha256) == content


def test_what_an_older_program_began_in_the_clear_is_gone_on_with_and_kept_sealed(desk):
    desk.key = None
    desk.restart()
    upload_id = desk.create(len(LONG), SHA256)
    desk.patch(upload_id, 0, LONG[:100_000])
    desk.key = KEY
    desk.restart()
    assert desk.offset(upload_id) == 100_000
    desk.patch(upload_id, 100_000, LONG[100_000:])
    assert desk.blobs.get(SHA256) == LONG
    assert KNOWN not in desk.everything()
