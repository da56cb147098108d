"""`Upload-Checksum: sha256-content`, ours: the hash of everything up to the end of this body."""

import base64
import hashlib

import pytest
import requests

from sync.tus.ahead import ReadAhead
from sync.tus.client_state import SqliteTransferState
from sync.tus.protocol import CONTENT_SHA256, OFFSET_OCTET_STREAM
from sync.tus.source import BytesSource
from tests.sync_tus.seeded import seeded
from tests.sync_tus.test_tus_client_rules import ok, play  # noqa: F401 (a fixture)
from tests.sync_tus.test_tus_engine import Desk, code_of, declared, desk  # noqa: F401 (a fixture)

CONTENT = seeded(21).randbytes(600_000)
OURS = {"Tus-Checksum-Algorithm": f"sha256,crc32,{CONTENT_SHA256}"}
CREATED = (201, {"Tus-Resumable": "1.0.0", "Location": "u1", **OURS})


def of_content(data):
    return f"{CONTENT_SHA256} {base64.b64encode(hashlib.sha256(data).digest()).decode()}"


def test_each_patch_is_proven_together_with_all_before_it(desk):  # noqa: F811
    url = desk.create(6, upload_metadata=declared(b"abcdef"))
    assert desk.patch(url, 0, b"abc", upload_checksum=of_content(b"abc")).status == 204
    assert desk.row(url).good_offset == 3
    wrong = desk.patch(url, 3, b"dXf", upload_checksum=of_content(b"abcdef"))
    assert (wrong.status, code_of(wrong), wrong.headers["Upload-Offset"]) == (
        460, "transfer.checksum_mismatch", "3",
    )  # fmt: skip
    assert desk.offset(url) == 3
    alone = desk.patch(url, 3, b"def", upload_checksum=of_content(b"def"))
    assert (alone.status, desk.offset(url)) == (460, 3)


def test_it_goes_on_behind_bodies_with_other_checksums_or_none(desk):  # noqa: F811
    url = desk.create(6, upload_metadata=declared(b"abcdef"))
    desk.patch(url, 0, b"ab")
    assert desk.patch(url, 2, b"cd", upload_checksum=of_content(b"abcd")).status == 204
    assert desk.patch(url, 4, b"ef", upload_checksum=of_content(b"abcdef")).status == 204
    assert desk.received[0][2] == b"abcdef"


def test_after_a_restart_the_centre_cannot_tell_and_another_checksum_serves(tmp_path):
    before = Desk(tmp_path)
    url = before.create(6, upload_metadata=declared(b"abcdef"))
    before.patch(url, 0, b"abc", upload_checksum=of_content(b"abc"))
    before.state.close()
    after = Desk(tmp_path)
    asked, _ = after.request(
        "PATCH", url, content_type=OFFSET_OCTET_STREAM, content_length="3", upload_offset="3",
        upload_checksum=of_content(b"abcdef"),
    )  # fmt: skip
    answer = after.engine.begin(asked)  # before anything of the body is taken
    assert (answer.status, answer.headers["Upload-Offset"]) == (460, "3")
    assert after.patch(url, 3, b"def").status == 204
    assert after.received[0][2] == b"abcdef"
    after.state.close()


def test_the_branch_sends_it_where_it_is_taken(play):  # noqa: F811
    transfer, centre, _ = play(
        CREATED, ok(262_144, **OURS), ok(524_288, **OURS), ok(len(CONTENT)), content=CONTENT
    )
    assert transfer.done
    sent = [r.headers["Upload-Checksum"] for r in centre.requests[1:]]
    assert sent == [of_content(CONTENT[:end]) for end in (262_144, 524_288, len(CONTENT))]


def test_after_a_failure_the_branch_proves_each_body_by_itself(play):  # noqa: F811
    transfer, centre, _ = play(
        CREATED, ok(262_144, **OURS), (460, {"Tus-Resumable": "1.0.0"}), ok(300_000, 200, **OURS),
        ok(562_144, **OURS), ok(len(CONTENT)), content=CONTENT,
    )  # fmt: skip
    assert transfer.done
    patches = [r for r in centre.requests if r.method == "PATCH"]
    kinds = [r.headers["Upload-Checksum"].partition(" ")[0] for r in patches]
    assert kinds == [CONTENT_SHA256, CONTENT_SHA256, "crc32", "crc32"]


def test_an_upload_that_an_earlier_process_began_is_gone_on_with_by_another_checksum(play, tmp_path):  # noqa: F811
    play(CREATED, ok(262_144, **OURS), requests.ConnectionError(), content=CONTENT, attempts=1)
    state = SqliteTransferState(tmp_path / "state.db")
    assert state.get(BytesSource(CONTENT).sha256).offset == 262_144
    state.close()
    transfer, centre, _ = play(ok(262_144, 200, **OURS), ok(len(CONTENT)), content=CONTENT)
    assert transfer.done
    assert centre.requests[1].headers["Upload-Checksum"].startswith("crc32 ")


@pytest.mark.parametrize(
    ("read", "offset", "follows"),
    [([], 0, True), ([(0, 100)], 100, True), ([(0, 100)], 50, False), ([(0, 100)], 0, False), ([], 7, False)],
)
def test_the_running_hash_serves_only_behind_what_went_into_it(read, offset, follows):
    ahead = ReadAhead(BytesSource(CONTENT))
    for at, count in read:
        ahead.piece(at, count, CONTENT_SHA256)
    assert ahead.follows(offset) is follows
    ahead.prepare(200, 100, "crc32")
    assert not ahead.follows(200)
    ahead.close()
