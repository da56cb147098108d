"""Blobs: named by their content, whole or absent, proven when read."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sync.blobs
from domain.kernel.errors import DomainError, UnavailableError
from sync.blobs import BlobStore

CONTENT = b"chest x-ray" * 1000
NAME = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path):
    return BlobStore(tmp_path / "blobs")


@given(st.lists(st.binary(max_size=300), max_size=10))
def test_what_was_put_is_got_under_its_hash(tmp_path_factory, pieces):
    store = BlobStore(tmp_path_factory.mktemp("blobs"))
    name = store.put(pieces)
    assert name == hashlib.sha256(b"".join(pieces)).hexdigest()
    assert store.get(name) == b"".join(pieces)
    assert store.size(name) == sum(map(len, pieces))
    assert store.put(pieces) == name
    assert list(store.names()) == [name]


def test_a_content_that_is_not_the_expected_one_is_not_stored(store):
    with pytest.raises(DomainError, match=r"blob\.hash_mismatch"):
        store.put([CONTENT], expected="0" * 64)
    assert not store.has(NAME)
    assert not list((store.path(NAME).parents[1] / "tmp").iterdir())


@pytest.mark.parametrize("position", [0, 5000, len(CONTENT) - 1])
def test_a_flipped_bit_is_detected_and_a_new_delivery_heals_it(store, tmp_path, position):
    store.put([CONTENT])
    damaged = bytearray(CONTENT)
    damaged[position] ^= 0x10
    store.path(NAME).write_bytes(damaged)
    for use in (store.get, store.verify):
        with pytest.raises(UnavailableError, match=r"blob\.damaged"):
            use(NAME)
    upload = tmp_path / "upload"
    upload.write_bytes(CONTENT)
    store.adopt(upload, NAME)
    assert store.get(NAME) == CONTENT
    assert not upload.exists()


def test_adopting_twice_is_adopting_once(store, tmp_path):
    upload = tmp_path / "upload"
    upload.write_bytes(CONTENT)
    store.adopt(upload, NAME)
    store.adopt(upload, NAME)
    with pytest.raises(UnavailableError, match=r"blob\.missing"):
        store.adopt(upload, "0" * 64)


def test_adopting_from_another_disk_copies_and_proves(tmp_path):
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system")
    store = BlobStore(tmp_path / "blobs")
    upload = shared / f"blob-test-{os.getpid()}"
    upload.write_bytes(CONTENT)
    store.adopt(upload, NAME)
    assert store.get(NAME) == CONTENT
    assert not upload.exists()


def test_an_absent_blob_is_told(store):
    assert not store.has(NAME)
    for use in (store.get, store.size, store.verify):
        with pytest.raises(UnavailableError, match=r"blob\.missing"):
            use(NAME)
    store.remove(NAME)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_a_name_that_is_no_hash_never_becomes_a_path(store, name):
    with pytest.raises(DomainError, match=r"blob\.bad_name"):
        store.has(name)


def test_the_rename_comes_after_the_bytes_are_on_the_disk(store, monkeypatch):
    steps = []
    sync_file, replace = os.fsync, type(store.path(NAME)).replace
    monkeypatch.setattr(sync.blobs.os, "fsync", lambda fd: (steps.append("fsync"), sync_file(fd))[1])
    monkeypatch.setattr(
        type(store.path(NAME)), "replace", lambda self, to: (steps.append("rename"), replace(self, to))[1]
    )
    store.put([CONTENT])
    assert steps == ["fsync", "fsync", "rename", "fsync"]


def test_what_a_crashed_writer_left_is_swept(store):
    def crash():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put(crash())
    left = store.path(NAME).parents[1] / "tmp" / "left"
    left.write_bytes(b"half")
    os.utime(left, (1000, 1000))
    assert store.sweep(older_than=2000) == 1
    assert not left.exists()
    assert store.free_bytes() > 0
