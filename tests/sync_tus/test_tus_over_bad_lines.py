"""Our client and our server over a real port and a line that breaks in every way."""

import socket
import threading
from dataclasses import replace

import pytest
import requests

from domain.kernel.errors import DomainError, UnavailableError
from sync.tus.client_state import Lane
from sync.tus.pacing import BandwidthLimit
from sync.tus.protocol import encode_metadata
from sync.tus.source import BytesSource, FileSource
from tests.fixtures.patience import PATIENCE_S, until
from tests.sync_tus.centre import DEVICE, arrived
from tests.sync_tus.seeded import seeded

MIB = 1 << 20


def some_bytes(count, seed=1):
    return seeded(seed).randbytes(count)


def test_a_file_arrives_and_progress_is_told(centre, branch, tmp_path):
    content = some_bytes(3 * MIB + 17)
    path = tmp_path / "scan.dcm"
    path.write_bytes(content)
    transfer = branch.upload(centre.url, FileSource(path))
    assert transfer.done
    assert centre.blobs.get(transfer.sha256) == content
    assert branch.progress[-1] == (len(content), len(content))
    assert [done for done, _ in branch.progress] == sorted(done for done, _ in branch.progress)
    assert branch.pauses == []


@pytest.mark.parametrize("size", [0, 1, 256 << 10])
def test_a_small_content_is_one_request(centre, branch, proxy, through, size):
    transfer = branch.upload(through, BytesSource(some_bytes(size)))
    assert transfer.done
    assert len(branch.progress) == 1
    assert centre.blobs.size(transfer.sha256) == size


def test_what_the_centre_has_is_not_sent_again(centre, branch, proxy, through, tmp_path):
    content = some_bytes(2 * MIB)
    branch.upload(centre.url, BytesSource(content))
    branch.state.remove(BytesSource(content).sha256)
    assert branch.upload(through, BytesSource(content)).done
    assert proxy.up_bytes < 2000
    assert len(centre.received) == 1


def test_a_branch_that_lost_its_state_resumes_the_unfinished_upload(centre, branch, proxy, through):
    content = some_bytes(2 * MIB)
    proxy.fin_after(MIB)
    branch.on_pause = lambda: branch.state.remove(BytesSource(content).sha256)
    branch.settings = branch.client(through).settings
    assert branch.upload(through, BytesSource(content)).done
    assert centre.blobs.has(BytesSource(content).sha256)
    assert proxy.up_bytes < len(content) + 300_000


@pytest.mark.parametrize("seed", range(6))
def test_cuts_at_random_bytes_cost_at_most_a_chunk_each(centre, branch, proxy, through, seed):
    chance = seeded(seed)
    content = some_bytes(2 * MIB, seed)
    cuts = 0

    def mend():
        nonlocal cuts
        proxy.restore()
        if cuts < 8:
            cuts += 1
            chance.choice([proxy.cut_after, proxy.fin_after])(chance.randrange(1, 400_000))

    branch.on_pause = mend
    mend()
    transfer = branch.upload(through, BytesSource(content))
    assert centre.blobs.get(transfer.sha256) == content
    assert len(centre.received) == 1
    assert proxy.up_bytes <= len(content) + cuts * (256 << 10) + 60 * 1000
    assert len(branch.pauses) >= 5


@pytest.mark.parametrize("small", [True, False])
def test_lost_acknowledgements_double_nothing(centre, branch, proxy, through, small):
    content = some_bytes(100_000 if small else MIB)
    branch.on_pause = lambda: len(branch.pauses) < 4 and proxy.lose_answers(1)
    proxy.lose_answers(1)
    transfer = branch.upload(through, BytesSource(content))
    assert centre.blobs.get(transfer.sha256) == content
    assert len(centre.received) == 1
    assert len(branch.pauses) >= 4


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_bit_is_refused_and_sent_again(centre, branch, proxy, through, seed):
    content = some_bytes(MIB, seed)
    branch.upload(through, BytesSource(b"connect first"))
    proxy.flip(1500 + seeded(seed).randrange(200_000))
    transfer = branch.upload(through, BytesSource(content))
    assert centre.blobs.get(transfer.sha256) == content
    assert len(branch.pauses) == 1
    assert proxy.up_bytes < len(content) + (256 << 10) + 20_000


def test_a_half_open_line_is_left_and_taken_over(centre, branch, proxy, through):
    content = some_bytes(2 * MIB)
    branch.on_pause = proxy.restore
    branch.settings = replace(branch.settings, stall_s=1.0)
    proxy.watch_up = lambda _line, _data: proxy.up_bytes > MIB and not branch.pauses and stall(proxy)
    transfer = branch.upload(through, BytesSource(content))
    assert centre.blobs.get(transfer.sha256) == content
    assert len(branch.pauses) >= 1


def stall(proxy):
    """As `FaultProxy.stall`, from within its thread."""
    proxy._faults.stalled = True
    proxy._going.clear()


def test_a_slow_line_does_not_look_like_a_dead_one(centre, branch, proxy, through):
    """It takes twice as long as the silence after which a line is given up."""
    for stall_s in (0.5, 2, 8):  # a machine that itself is silent for so long is given more
        branch.pauses.clear()
        branch.settings = replace(branch.settings, stall_s=stall_s)
        content = some_bytes(512 << 10, int(stall_s * 10))
        proxy.throttle(int(2_000_000 / stall_s))
        transfer = branch.upload(through, BytesSource(content))
        assert centre.blobs.get(transfer.sha256) == content
        if branch.pauses == []:
            return
    pytest.fail("a slow line was given up")


def test_the_server_keeps_what_a_dying_connection_brought(centre):
    content = some_bytes(300_000)
    headers = {**DEVICE, "Tus-Resumable": "1.0.0", "Upload-Length": str(len(content))}
    url = requests.post(centre.url, headers=headers, timeout=PATIENCE_S).headers["Location"]
    request = (
        f"PATCH {url} HTTP/1.1\r\nHost: x\r\nX-Device: branch-1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", centre.port)) as line:
        line.sendall(request.encode() + content[:200_001])
    until(lambda: centre.state.get(url[1:]).offset == 200_001)


def test_a_silent_connection_is_cut_by_its_successor_at_once(centre):
    content = some_bytes(1000)
    metadata = encode_metadata({"sha256": BytesSource(content).sha256})
    headers = {**DEVICE, "Tus-Resumable": "1.0.0", "Upload-Length": "1000", "Upload-Metadata": metadata}
    url = requests.post(centre.url, headers=headers, timeout=PATIENCE_S).headers["Location"]
    with socket.create_connection(("127.0.0.1", centre.port)) as line:
        line.settimeout(PATIENCE_S)
        line.sendall(
            f"PATCH {url} HTTP/1.1\r\nHost: x\r\nX-Device: branch-1\r\nTus-Resumable: 1.0.0\r\n"
            "Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 1000\r\n\r\n"
            .encode() + content[:400]
        )  # fmt: skip
        until(lambda: any((centre.root / "uploads").glob("*.sealed")) and _size(centre) == 400)
        head = requests.head(centre.url + url[1:], headers=headers, timeout=PATIENCE_S)
        assert head.headers["Upload-Offset"] == "400"
        assert b" 409 " in line.recv(4096).splitlines()[0]


def _size(centre):
    return arrived(centre.root, next((centre.root / "uploads").glob("*.sealed")).stem)


def test_an_unknown_device_is_told_so(centre, branch):
    branch.session.headers.clear()
    with pytest.raises(DomainError) as refused:
        branch.upload(centre.url, BytesSource(b"abc"))
    assert refused.value.code == "transfer.not_authorised"


def test_giving_up_names_the_reason_and_a_later_call_resumes(centre, branch, proxy, through):
    content = some_bytes(MIB)
    branch.settings = type(branch.settings)(attempts=3, largest_patch=256 << 10)
    proxy.cut_after(600_000)
    with pytest.raises(UnavailableError) as failed:
        branch.upload(through, BytesSource(content))
    assert failed.value.code == "transfer.no_connection"
    proxy.restore()
    kept = branch.state.pending()
    assert [transfer.offset > 0 for transfer in kept] == [True]
    before = proxy.up_bytes
    assert branch.upload(through, BytesSource(content)).done
    assert proxy.up_bytes - before <= len(content) - kept[0].offset + 5000
    assert branch.state.pending() == []


def test_cancelling_stops_while_sending_and_keeps_what_was_acknowledged(centre, branch, proxy, through):
    content = some_bytes(2 * MIB)
    cancel = threading.Event()

    def stop_at_half(count):
        if branch.progress and branch.progress[-1][0] >= MIB:
            cancel.set()
        return 0.0

    with pytest.raises(UnavailableError) as cancelled:
        branch.upload(through, BytesSource(content), cancel=cancel, bandwidth_delay_s=stop_at_half)
    assert cancelled.value.code == "transfer.cancelled"
    before = proxy.up_bytes
    with pytest.raises(UnavailableError):
        branch.upload(through, BytesSource(content), cancel=cancel)
    assert proxy.up_bytes == before
    assert branch.state.pending()[0].offset >= MIB
    assert branch.upload(through, BytesSource(content)).done
    assert centre.blobs.get(BytesSource(content).sha256) == content


def test_the_bandwidth_hook_holds_the_rate(centre, branch):
    limit = BandwidthLimit(100_000, lambda: 0.0)  # no time passes, so all but the first second's worth waits
    asked = []

    def delay(count):
        asked.append((count, limit.delay(count)))
        return asked[-1][1]

    branch.upload(centre.url, BytesSource(some_bytes(400_000)), bandwidth_delay_s=delay)
    assert sum(count for count, _ in asked) == 400_000
    assert max(wait for _, wait in asked) == 3.0


def test_a_file_that_shrinks_is_noticed(centre, branch, tmp_path):
    path = tmp_path / "scan"
    path.write_bytes(some_bytes(MIB))
    source = FileSource(path)
    path.write_bytes(b"short")
    with pytest.raises(DomainError) as changed:
        branch.upload(centre.url, source)
    assert changed.value.code == "transfer.source_changed"


def test_a_file_that_changed_in_place_never_becomes_a_blob(centre, branch, tmp_path):
    path = tmp_path / "scan"
    path.write_bytes(some_bytes(MIB, 1))
    source = FileSource(path)
    path.write_bytes(some_bytes(MIB, 2))
    with pytest.raises(DomainError) as mismatch:
        branch.upload(centre.url, source)
    assert mismatch.value.code == "transfer.content_mismatch"
    assert centre.received == []


def test_records_go_before_images(branch):
    for lane in (Lane.IMAGES, Lane.RECORDS, Lane.ATTACHMENTS):
        source = BytesSource(some_bytes(600_000, lane))
        branch.settings = type(branch.settings)(attempts=1, connect_s=0.2)
        with pytest.raises(UnavailableError):
            branch.client("http://127.0.0.1:9/").upload(source, lane=lane)
    assert [transfer.lane for transfer in branch.state.pending()] == [
        Lane.RECORDS, Lane.ATTACHMENTS, Lane.IMAGES,
    ]  # fmt: skip
