"""Programs of others from npm against ours: tus-js-client uploads to our server, our client to @tus/server."""

import hashlib
import json
import subprocess

import pytest

from sync.tools.fault_proxy import FaultProxy
from sync.tus.source import BytesSource
from tests import peers
from tests.fixtures.patience import PATIENCE_S
from tests.sync_tus.centre import DEVICE
from tests.sync_tus.seeded import seeded

CONTENT = seeded(17).randbytes(2_500_003)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def npm():
    try:
        return peers.npm_folder()
    except (peers.MissingPeerError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"the npm packages cannot be installed: {error}")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "片.dcm"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def js_upload(npm, file):
    """Return a function that uploads the file with tus-js-client and gives what it says at the end."""

    def run(endpoint, chunk=0, **metadata):
        command = [
            "node", str(npm / "tus_upload.mjs"), endpoint, str(file), str(chunk), json.dumps(metadata),
            json.dumps(DEVICE),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def node_server(npm, tmp_path):
    (tmp_path / "node").mkdir()
    served = peers.tus_node_server(tmp_path / "node")
    yield served
    served.stop()


@pytest.mark.parametrize("chunk", [0, 300_000, 1 << 20])
def test_tus_js_client_uploads(centre, js_upload, chunk):
    told = js_upload(centre.url, chunk, filename="片.dcm", sha256=SHA256)
    assert "url" in told, told
    assert centre.blobs.get(SHA256) == CONTENT
    assert centre.received[0].metadata["filename"] == "片.dcm"


def test_tus_js_client_goes_on_where_its_line_was_cut(centre, js_upload):
    proxy = FaultProxy("127.0.0.1", centre.port).start()
    proxy.reset_every(700_000)
    try:
        told = js_upload(f"http://127.0.0.1:{proxy.port}/", filename="a")
        assert "url" in told, told
        assert centre.blobs.get(SHA256) == CONTENT
        assert proxy.up_bytes < 1.5 * len(CONTENT)
    finally:
        proxy.stop()


def test_tus_js_client_is_told_of_a_wrong_content(centre, js_upload):
    assert "460" in js_upload(centre.url, sha256="0" * 64)["error"]
    assert centre.received == []


def test_our_client_uploads_to_the_server_of_others(node_server, branch, tmp_path):
    transfer = branch.upload(f"http://127.0.0.1:{node_server.port}/files", BytesSource(CONTENT))
    assert transfer.done
    stored = tmp_path / "node" / transfer.url.rpartition("/")[2]
    assert stored.read_bytes() == CONTENT


def test_our_client_goes_on_at_the_server_of_others_after_cuts(node_server, branch, tmp_path):
    proxy = FaultProxy("127.0.0.1", node_server.port).start()
    proxy.reset_every(700_000)
    try:
        transfer = branch.upload(f"http://127.0.0.1:{proxy.port}/files", BytesSource(CONTENT))
        assert transfer.done
    finally:
        proxy.stop()
    stored = tmp_path / "node" / transfer.url.rpartition("/")[2]
    assert stored.read_bytes() == CONTENT
