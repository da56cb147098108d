"""A signed request is good once for all server processes of a machine, and after a restart too."""

import uuid

import pytest

from domain.kernel.clock import ManualClock
from domain.kernel.errors import DomainError
from server.app import build_centre
from server.nonces import FileNonces
from server.settings import Settings
from sync.device_auth import EMPTY_DIGEST, REMEMBERED_US, new_key, public_text, signed_headers
from tests.server.conftest import START

DEVICE, OTHER = uuid.UUID(int=7), uuid.UUID(int=8)
TARGET = "/sync/v1/wait?position=0"


@pytest.fixture
def processes(home, monkeypatch):
    """Return a function that builds one more server process over the same folder."""
    made, key = [], new_key()
    monkeypatch.setattr("sync.centre.CentreSync.public_key", lambda _self, _device: public_text(key))

    def build():
        made.append(build_centre(Settings(data_dir=home, least_free_bytes=0), ManualClock(START)))
        return made[-1]

    build.key = key
    yield build
    for centre in made:
        centre.close()


def test_a_request_that_one_process_has_seen_no_other_takes(processes):
    first, second = processes(), processes()
    made = signed_headers(processes.key, DEVICE, "GET", TARGET, EMPTY_DIGEST, first.sync.now_us())
    assert first.verifier.verify("GET", TARGET, made).device_id == DEVICE
    for centre in (first, second, processes()):
        with pytest.raises(DomainError, match=r"auth\.replayed"):
            centre.verifier.verify("GET", TARGET, made)
    made = signed_headers(processes.key, DEVICE, "GET", TARGET, EMPTY_DIGEST, first.sync.now_us())
    assert second.verifier.verify("GET", TARGET, made).device_id == DEVICE


def test_a_nonce_is_one_devices_and_kept_as_long_as_it_could_be_shown(tmp_path):
    nonces = FileNonces(tmp_path / "n.db")
    assert nonces.spend(DEVICE, "a", 1)
    assert nonces.spend(OTHER, "a", 1)
    assert nonces.spend(DEVICE, "b" * 100_000, 2)
    assert not nonces.spend(DEVICE, "a", 2)
    assert nonces.sweep(1 + REMEMBERED_US) == 0
    assert nonces.sweep(2 + REMEMBERED_US) == 2
    assert not nonces.spend(DEVICE, "b" * 100_000, 3)
    nonces.close()
