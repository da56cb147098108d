"""The tus 1.0.0 rules, clause by clause, on the engine without HTTP; the table is docs/tus.md."""

import base64
import dataclasses
import hashlib
import json

import pytest

from domain.kernel.errors import DomainError, UnavailableError
from sync.tus.engine import TusEngine
from sync.tus.keeper import Clock, Limits
from sync.tus.protocol import OFFSET_OCTET_STREAM, Request, encode_metadata
from sync.tus.receiver import Receiver
from sync.tus.state import SqliteUploadState, UploadPhase

CONTENT = bytes(range(256)) * 40


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def checksum(algorithm, data):
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


class Desk:
    """An engine with a clock that stands still, and short words for requests."""

    def __init__(self, root, **limits):
        self.now = 1_800_000_000.0
        self.seconds = 0.0
        self.free = 1 << 40
        self.received = []
        self.refuse_with = None
        self.stored = set()
        self.state = SqliteUploadState(root / "state.db")
        self.engine = TusEngine(
            root / "uploads", self.state, self._receive,
            already_have=lambda sha256, owner: (sha256, owner) in self.stored,
            free_bytes=lambda: self.free,
            limits=Limits(**{"spare_bytes": 0, "max_size": 1 << 30, **limits}),
            clock=Clock(lambda: self.now, lambda: self.seconds),
        )  # fmt: skip
        self.files = root / "uploads"

    def _receive(self, upload):
        if self.refuse_with:
            raise self.refuse_with
        self.received.append((upload.owner, upload.metadata, upload.path.read_bytes()))

    def request(self, method, url=None, owner="branch-1", body=b"", **headers):
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        told = {"tus-resumable": "1.0.0", **told}
        upload_id = url.rpartition("/")[2] if url else None
        if body and "transfer-encoding" not in told:
            told.setdefault("content-length", str(len(body)))
        return Request(method, upload_id, told, owner, "/files"), body

    def call(self, *args, **kwargs):
        request, body = self.request(*args, **kwargs)
        return self.engine.handle(request, [body[i : i + 1000] for i in range(0, len(body), 1000)])

    def create(self, length=None, **kwargs):
        length = len(CONTENT) if length is None else length
        answer = self.call("POST", upload_length=str(length), **kwargs)
        assert answer.status == 201
        return answer.headers["Location"]

    def patch(self, url, offset, body, **headers):
        headers = {"content_type": OFFSET_OCTET_STREAM, "upload_offset": str(offset), **headers}
        return self.call("PATCH", url, body=body, **headers)

    def begin_patch(self, url, offset, length, **headers):
        headers = {"content_type": OFFSET_OCTET_STREAM, "upload_offset": str(offset), **headers}
        request, _ = self.request("PATCH", url, content_length=str(length), **headers)
        receiver = self.engine.begin(request)
        assert isinstance(receiver, Receiver), receiver
        return receiver

    def offset(self, url):
        return int(self.call("HEAD", url).headers["Upload-Offset"])

    def row(self, url):
        return self.state.get(url.rpartition("/")[2])


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    desk.state.close()


def code_of(answer):
    return json.loads(answer.body)["code"]


def declared(data=CONTENT):
    return encode_metadata({"sha256": sha256_hex(data)})


def test_options_tells_what_the_server_can_do(desk):
    answer = desk.engine.handle(Request("OPTIONS", None, {}, ""))
    assert answer.status == 204
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(1 << 30)
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")
    for extension in ("creation", "creation-with-upload", "checksum", "expiration", "termination"):
        assert extension in answer.headers["Tus-Extension"].split(",")


@pytest.mark.parametrize("headers", [{"tus_resumable": "0.2.2"}, {"tus_resumable": ""}])
def test_another_protocol_version_is_refused_with_412(desk, headers):
    answer = desk.call("POST", upload_length="3", **headers)
    assert (answer.status, answer.headers["Tus-Version"]) == (412, "1.0.0")


def test_an_upload_in_two_patches_reaches_the_receiver_with_its_metadata(desk):
    metadata = encode_metadata({"filename": "胸片.dcm"})
    url = desk.create(upload_metadata=metadata)
    assert desk.patch(url, 0, CONTENT[:1000]).headers["Upload-Offset"] == "1000"
    head = desk.call("HEAD", url)
    assert head.status == 200
    assert head.headers["Cache-Control"] == "no-store"
    assert head.headers["Upload-Metadata"] == metadata
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("1000", str(len(CONTENT)))
    assert not desk.received
    answer = desk.patch(url, 1000, CONTENT[1000:])
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(len(CONTENT)))
    assert desk.received == [("branch-1", {"filename": "胸片.dcm"}, CONTENT)]
    assert desk.offset(url) == len(CONTENT)
    assert list(desk.files.iterdir()) == []


def test_a_wrong_offset_is_answered_409_and_changes_nothing(desk):
    url = desk.create()
    desk.patch(url, 0, b"abc")
    answer = desk.patch(url, 2, b"zzz")
    assert (answer.status, answer.headers["Upload-Offset"], code_of(answer)) == (
        409, "3", "transfer.offset_mismatch",
    )  # fmt: skip
    assert desk.offset(url) == 3


def test_a_patch_of_another_content_type_is_refused_with_415(desk):
    url = desk.create()
    assert desk.patch(url, 0, b"abc", content_type="application/octet-stream").status == 415
    assert desk.offset(url) == 0


@pytest.mark.parametrize("value", ["-1", "1.5", "abc", "", "9" * 30])
def test_lengths_and_offsets_that_are_no_counts_are_refused(desk, value):
    assert desk.call("POST", upload_length=value).status == 400
    assert desk.patch(desk.create(), value, b"abc").status == 400


@pytest.mark.parametrize(
    "metadata", ["key !!!", "a YQ==,a YQ==", "sha256 YWJj", encode_metadata({"sha256": "0" * 63})]
)
def test_metadata_that_is_not_well_formed_is_refused(desk, metadata):
    answer = desk.call("POST", upload_length="3", upload_metadata=metadata)
    assert (answer.status, code_of(answer)) == (400, "transfer.bad_header")


def test_metadata_may_have_a_key_without_value(desk):
    url = desk.create(3, upload_metadata="is_confidential,filename YQ==")
    desk.patch(url, 0, b"abc")
    assert desk.received[0][1] == {"is_confidential": "", "filename": "a"}


def test_method_override_is_obeyed(desk):
    url = desk.create(3)
    request, body = desk.request(
        "POST", url, body=b"abc", content_type=OFFSET_OCTET_STREAM, upload_offset="0",
        x_http_method_override="PATCH",
    )  # fmt: skip
    assert desk.engine.handle(request, [body]).status == 204


@pytest.mark.parametrize(
    ("method", "on_upload"), [("GET", True), ("PUT", True), ("GET", False), ("HEAD", False)]
)
def test_other_methods_are_answered_405(desk, method, on_upload):
    answer = desk.call(method, desk.create() if on_upload else None)
    assert answer.status == 405
    assert answer.headers["Allow"]


def test_creation_with_upload_tells_what_was_accepted(desk):
    answer = desk.call("POST", upload_length="6", content_type=OFFSET_OCTET_STREAM, body=b"abc")
    assert (answer.status, answer.headers["Upload-Offset"]) == (201, "3")
    assert desk.patch(answer.headers["Location"], 3, b"def").status == 204
    assert desk.received[0][2] == b"abcdef"


def test_a_body_of_another_type_at_creation_is_refused(desk):
    assert desk.call("POST", upload_length="6", content_type="text/plain", body=b"abc").status == 415


def test_an_empty_upload_is_complete_when_created(desk):
    url = desk.create(0)
    assert desk.received[0][2] == b""
    assert desk.offset(url) == 0


def test_the_length_may_be_told_later_but_once(desk):
    answer = desk.call("POST", upload_defer_length="1")
    url = answer.headers["Location"]
    assert answer.headers["Upload-Defer-Length"] == "1"
    desk.patch(url, 0, b"abc")
    head = desk.call("HEAD", url)
    assert head.headers["Upload-Defer-Length"] == "1"
    assert "Upload-Length" not in head.headers
    assert desk.patch(url, 3, b"d", upload_length="6").status == 204
    assert desk.patch(url, 4, b"e", upload_length="7").status == 400
    assert desk.patch(url, 4, b"ef").status == 204
    assert desk.received[0][2] == b"abcdef"


def test_a_deferred_length_below_what_came_is_refused(desk):
    url = desk.call("POST", upload_defer_length="1").headers["Location"]
    desk.patch(url, 0, b"abc")
    assert desk.patch(url, 3, b"d", upload_length="2").status == 400
    assert desk.call("POST", upload_defer_length="2").status == 400
    assert desk.call("POST").status == 400


def test_more_than_the_maximum_is_refused_with_413(desk):
    answer = desk.call("POST", upload_length=str((1 << 30) + 1))
    assert (answer.status, code_of(answer)) == (413, "transfer.too_large")


@pytest.mark.parametrize("framing", [{}, {"transfer_encoding": "chunked"}])
def test_bytes_beyond_the_length_are_refused_and_not_kept(desk, framing):
    url = desk.create(5)
    desk.patch(url, 0, b"ab")
    answer = desk.patch(url, 2, b"cdef", **framing)
    assert (answer.status, code_of(answer)) == (413, "transfer.beyond_length")
    assert desk.offset(url) == 2


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_matching_checksum_is_accepted_and_a_wrong_one_answered_460(desk, algorithm):
    url = desk.create(6)
    answer = desk.patch(url, 0, b"abX", upload_checksum=checksum(algorithm, b"abc"))
    assert (answer.status, answer.headers["Upload-Offset"]) == (460, "0")
    assert desk.offset(url) == 0
    assert desk.patch(url, 0, b"abc", upload_checksum=checksum(algorithm, b"abc")).status == 204
    assert desk.offset(url) == 3


def test_bytes_under_a_wrong_checksum_are_not_taken_back_by_a_take_over(desk):
    url = desk.create(upload_metadata=declared())
    assert desk.patch(url, 0, CONTENT[:3000], upload_checksum=checksum("sha1", b"other")).status == 460
    assert desk.offset(url) == 0


def test_a_row_can_be_saved_only_by_the_latest_holder(desk):
    url = desk.create()
    old = desk.row(url)
    new = desk.state.take(old.id)
    assert not desk.state.save(dataclasses.replace(old, offset=5))
    assert desk.row(url).offset == 0
    assert desk.state.save(dataclasses.replace(new, offset=6))
    assert desk.row(url).offset == 6


def test_an_unknown_or_malformed_checksum_is_answered_400(desk):
    url = desk.create(6)
    assert desk.patch(url, 0, b"abc", upload_checksum="md5 AAAA").status == 400
    assert desk.patch(url, 0, b"abc", upload_checksum="sha1 ***").status == 400
    assert desk.offset(url) == 0


def test_a_content_that_is_not_the_declared_one_goes_back_to_the_last_proven_byte(desk):
    url = desk.create(9, upload_metadata=declared(b"abcdefghi"))
    desk.patch(url, 0, b"abc", upload_checksum=checksum("sha256", b"abc"))
    answer = desk.patch(url, 3, b"dXfghi")
    assert (answer.status, code_of(answer)) == (460, "transfer.sha256_mismatch")
    assert answer.headers["Upload-Offset"] == "3"
    assert desk.offset(url) == 3
    assert desk.patch(url, 3, b"defghi").status == 204
    assert desk.received[0][2] == b"abcdefghi"


def test_a_wrong_content_without_any_proven_byte_starts_anew(desk):
    url = desk.create(3, upload_metadata=declared(b"abc"))
    assert desk.patch(url, 0, b"abX", upload_checksum=checksum("sha1", b"abX")).status == 460
    assert desk.offset(url) == 0
    assert not desk.received


def test_an_upload_of_another_device_looks_like_none(desk):
    url = desk.create()
    for method in ("HEAD", "PATCH", "DELETE"):
        answer = desk.call(method, url, owner="branch-2", content_type=OFFSET_OCTET_STREAM, upload_offset="0")
        assert answer.status == 404
        assert "Upload-Offset" not in answer.headers
    assert desk.offset(url) == 0


@pytest.mark.parametrize("upload_id", ["nothing", "../state.db", "a" * 32])
def test_an_unknown_upload_is_answered_404(desk, upload_id):
    request = Request("HEAD", upload_id, {"tus-resumable": "1.0.0"}, "branch-1")
    assert desk.engine.handle(request).status == 404


def test_termination_removes_the_upload_and_its_bytes(desk):
    url = desk.create()
    desk.patch(url, 0, b"abc")
    assert desk.call("DELETE", url).status == 204
    assert desk.call("HEAD", url).status == 404
    assert list(desk.files.iterdir()) == []


def test_an_upload_that_is_terminated_while_it_runs_is_cut(desk):
    url = desk.create(9)
    receiver = desk.begin_patch(url, 0, 9)
    assert receiver.feed(b"abc") is None
    desk.call("DELETE", url)
    assert receiver.feed(b"def").status == 409


def test_an_unfinished_upload_expires_and_is_swept(desk):
    url = desk.create()
    desk.now += 3600
    told = desk.patch(url, 0, b"abc").headers["Upload-Expires"]
    assert told.endswith("GMT")
    assert desk.engine.sweep(desk.now) == 0
    desk.now += 31 * 86_400
    assert desk.call("HEAD", url).status == 410
    assert desk.engine.sweep(desk.now) == 1
    assert desk.call("HEAD", url).status == 404
    assert list(desk.files.iterdir()) == []


def test_space_is_promised_only_once(desk):
    desk.free = 1000
    first = desk.create(600)
    answer = desk.call("POST", upload_length="600")
    assert (answer.status, code_of(answer)) == (507, "transfer.no_space")
    assert int(answer.headers["Retry-After"]) > 0
    desk.call("DELETE", first)
    desk.create(600)


def test_bytes_that_came_no_longer_count_as_promised(desk):
    desk.free = 1000
    url = desk.create(600)
    desk.patch(url, 0, b"x" * 500)
    desk.free = 500
    desk.create(400)
    assert desk.call("POST", upload_length="1").status == 507


def test_a_content_that_is_stored_need_not_be_sent_if_the_client_understands(desk):
    desk.stored.add((sha256_hex(CONTENT), "branch-1"))
    ask = {"upload_length": str(len(CONTENT)), "upload_metadata": declared(), "upload_dedup": "sha256"}
    answer = desk.call("POST", **ask)
    assert (answer.status, answer.headers["Upload-Offset"]) == (200, str(len(CONTENT)))
    assert "Location" not in answer.headers
    assert desk.call("POST", owner="branch-2", **ask).status == 201
    assert desk.call("POST", **{**ask, "upload_dedup": ""}).status == 201


def test_a_client_that_lost_its_memory_gets_its_unfinished_upload_back(desk):
    url = desk.create(upload_metadata=declared())
    desk.patch(url, 0, CONTENT[:5000])
    ask = {"upload_length": str(len(CONTENT)), "upload_metadata": declared(), "upload_dedup": "sha256"}
    answer = desk.call("POST", body=CONTENT, content_type=OFFSET_OCTET_STREAM, **ask)
    assert (answer.status, answer.headers["Location"]) == (200, url)
    assert answer.headers["Upload-Offset"] == "5000"
    assert desk.call("POST", owner="branch-2", **ask).headers["Location"] != url


def test_a_new_request_takes_over_and_keeps_what_its_predecessor_wrote(desk):
    url = desk.create(upload_metadata=declared())
    dead = desk.begin_patch(url, 0, len(CONTENT))
    assert dead.feed(CONTENT[:3000]) is None
    assert desk.row(url).offset == 0
    assert desk.offset(url) == 3000
    assert dead.superseded()
    assert desk.patch(url, 3000, CONTENT[3000:]).status == 204
    late = dead.feed(b"\xff" * 100)
    assert (late.status, code_of(late)) == (409, "transfer.superseded")
    assert desk.received[0][2] == CONTENT


def test_without_a_declared_hash_a_take_over_trusts_only_committed_bytes(desk):
    url = desk.create()
    dead = desk.begin_patch(url, 0, len(CONTENT))
    dead.feed(CONTENT[:3000])
    assert desk.offset(url) == 0
    assert desk.patch(url, 0, CONTENT).status == 204
    assert desk.received[0][2] == CONTENT


def test_a_cut_patch_keeps_what_came(desk):
    url = desk.create()
    receiver = desk.begin_patch(url, 0, len(CONTENT))
    receiver.feed(CONTENT[:1234])
    receiver.cut()
    assert desk.row(url).offset == 1234
    short = desk.patch(url, 1234, b"abc", content_length="4")
    assert (short.status, desk.offset(url)) == (408, 1237)


def test_a_cut_patch_with_checksum_is_kept_only_if_the_whole_will_be_proven(desk):
    for metadata, kept in ((declared(), 1234), ("", 0)):
        url = desk.create(upload_metadata=metadata)
        receiver = desk.begin_patch(url, 0, len(CONTENT), upload_checksum=checksum("sha256", CONTENT))
        receiver.feed(CONTENT[:1234])
        receiver.cut()
        assert desk.offset(url) == kept


def test_the_offset_is_committed_by_bytes_and_by_time(tmp_path):
    desk = Desk(tmp_path, commit_bytes=1000, commit_s=5.0)
    url = desk.create()
    receiver = desk.begin_patch(url, 0, len(CONTENT))
    receiver.feed(CONTENT[:999])
    assert desk.row(url).offset == 0
    receiver.feed(CONTENT[999:1000])
    assert desk.row(url).offset == 1000
    desk.seconds += 5
    receiver.feed(CONTENT[1000:1001])
    assert desk.row(url).offset == 1001
    receiver.cut()
    desk.state.close()


def test_a_body_that_ends_soon_is_committed_at_its_end_alone(tmp_path):
    desk = Desk(tmp_path, commit_bytes=1000, commit_s=5.0)
    url = desk.create()
    receiver = desk.begin_patch(url, 0, 3001)
    receiver.feed(CONTENT[:1500])
    assert desk.row(url).offset == 1500  # 1501 bytes are left: the end is near
    receiver.feed(CONTENT[1500:2900])
    assert desk.row(url).offset == 1500
    receiver.feed(CONTENT[2900:3001])
    assert (receiver.finish().status, desk.row(url).offset) == (204, 3001)
    desk.state.close()


def test_a_restart_goes_back_to_the_committed_offset(tmp_path):
    desk = Desk(tmp_path, commit_bytes=1000)
    url = desk.create(upload_metadata=declared())
    receiver = desk.begin_patch(url, 0, len(CONTENT))
    receiver.feed(CONTENT[:1000])
    receiver.feed(CONTENT[1000:1500])
    (desk.files / "0f.data").write_bytes(b"nobody knows me")
    assert desk.engine.recover() == 1
    assert desk.offset(url) == 1000
    assert desk.row(url).offset == (desk.files / f"{url.rpartition('/')[2]}.data").stat().st_size
    assert not (desk.files / "0f.data").exists()
    assert receiver.feed(b"late").status == 409
    desk.state.close()


def test_bytes_the_disk_lost_are_asked_for_again(desk):
    url = desk.create(upload_metadata=declared())
    desk.patch(url, 0, CONTENT[:4000])
    data = desk.files / f"{url.rpartition('/')[2]}.data"
    data.write_bytes(CONTENT[:100])
    assert desk.offset(url) == 100
    assert desk.patch(url, 100, CONTENT[100:]).status == 204
    assert desk.received[0][2] == CONTENT


def test_a_receiver_that_cannot_take_the_upload_now_gets_it_later(desk):
    url = desk.create(3)
    desk.refuse_with = UnavailableError("blob.disk_full", reason="")
    answer = desk.patch(url, 0, b"abc")
    assert (answer.status, code_of(answer)) == (503, "blob.disk_full")
    assert desk.row(url).phase is UploadPhase.VERIFIED
    assert desk.call("HEAD", url).status == 503
    desk.refuse_with = None
    assert desk.engine.sweep(desk.now) == 0
    assert desk.received[0][2] == b"abc"
    assert desk.offset(url) == 3


def test_a_content_the_receiver_refuses_stays_refused_with_its_reason(desk):
    url = desk.create(3)
    desk.refuse_with = DomainError("bundle.bad_crc", at=7)
    answer = desk.patch(url, 0, b"abc")
    assert answer.status == 422
    desk.refuse_with = None
    for again in (desk.call("HEAD", url), desk.patch(url, 3, b"")):
        assert again.status == 422
        assert json.loads(again.headers["Problem"])["facts"] == {"at": 7}
    assert list(desk.files.iterdir()) == []


def test_a_finished_upload_can_be_asked_after_and_is_forgotten_in_the_end(desk):
    url = desk.create(3)
    desk.patch(url, 0, b"abc")
    assert desk.patch(url, 3, b"").status == 204
    assert desk.patch(url, 3, b"d").status == 413
    assert desk.engine.recover() == 0
    assert len(desk.received) == 1
    desk.now += 8 * 86_400
    assert desk.engine.sweep(desk.now) == 1


def test_a_complete_upload_whose_hand_over_was_interrupted_is_handed_over_at_the_next_start(desk):
    url = desk.create(3)
    receiver = desk.begin_patch(url, 0, 3)
    receiver.feed(b"abc")
    desk.refuse_with = RuntimeError("a bug in the receiver")
    with pytest.raises(RuntimeError):
        receiver.finish()
    desk.refuse_with = None
    assert desk.engine.recover() == 1
    assert desk.received[0][2] == b"abc"
    assert desk.row(url).phase is UploadPhase.DONE
