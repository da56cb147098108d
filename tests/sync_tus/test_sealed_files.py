"""Files lie sealed: nothing of them in the clear, no changed bit read, and fetching goes on where it stopped."""

import hashlib
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sync.blobs
from domain.kernel.errors import DomainError, UnavailableError
from sync.blobs import BlobSource, BlobStore, Landing
from sync.sealed_files import (
    CHUNK,
    MAGIC,
    SM4_MAGIC,
    SealBrokenError,
    SealedWriter,
    is_sealed,
    open_sealed,
    plain_size,
    seal_by,
)

KEY, OTHER = bytes(range(32)), bytes(32)
KNOWN = "王建国 110105196506018810".encode()
LONG = KNOWN * 6000  # of three chunks
SIZES = st.one_of(
    st.integers(0, 300), st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5])
)


@pytest.fixture(scope="module", autouse=True, params=[False, True], ids=["AES", "SM4"])
def guomi(request):
    """Everything here holds for both algorithms."""
    seal_by(guomi=request.param)
    yield request.param
    seal_by(guomi=False)


@pytest.fixture
def store(tmp_path):
    return BlobStore(tmp_path / "blobs", KEY)


def everything(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@given(size=SIZES, cuts=st.lists(st.integers(0, 2 * CHUNK), max_size=4), data=st.data())
def test_what_was_sealed_is_read_at_any_place(tmp_path_factory, size, cuts, data):
    store = BlobStore(tmp_path_factory.mktemp("s"), KEY)
    plain = (KNOWN * (size // len(KNOWN) + 1))[:size]
    ends = sorted(min(cut, size) for cut in cuts)
    name = store.put([plain[a:b] for a, b in zip([0, *ends], [*ends, size], strict=True)])
    assert name == hashlib.sha256(plain).hexdigest()
    assert store.get(name) == plain
    assert store.size(name) == plain_size(store.path(name).stat().st_size) == size
    at, count = data.draw(st.integers(0, size)), data.draw(st.integers(0, CHUNK + 7))
    with store.open(name) as file:
        file.seek(at)
        assert file.read(count) == plain[at : at + count]
    source, room = BlobSource(store, name), bytearray(min(count, size - at))
    source.read_into(at, memoryview(room))
    assert room == plain[at : at + len(room)]


def test_nothing_of_a_file_lies_in_the_clear(store):
    name = store.put([LONG])
    found = everything(store.root)
    assert len(found) > len(LONG)
    assert KNOWN not in found
    assert store.get(name) == LONG


def test_a_bit_anywhere_a_missing_end_or_exchanged_chunks_are_noticed(store):
    name = store.put([LONG])
    path = store.path(name)
    sealed = path.read_bytes()
    whole = CHUNK + 28
    damaged = [
        sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in (12, 30, 90_000, len(sealed) - 1)
    ]
    damaged += [sealed[: 24 + whole], sealed[:24] + sealed[24 + whole : 24 + 2 * whole] + sealed[24:]]
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(UnavailableError, match=r"blob\.damaged"):
            store.get(name)
    path.write_bytes(sealed)
    with pytest.raises(UnavailableError, match=r"blob\.damaged"):
        BlobStore(store.root, OTHER).get(name)
    with pytest.raises(SealBrokenError), open_sealed(path, OTHER) as file:
        file.read(1)


@pytest.mark.parametrize("step", ["blob-before-rename", "blob-renamed"])
def test_a_crash_between_the_steps_leaves_a_whole_file_or_none(store, monkeypatch, step):
    def crash(at):
        if at == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(sync.blobs, "reached", crash)
    with pytest.raises(KeyboardInterrupt):
        store.put([LONG])
    monkeypatch.undo()
    name = hashlib.sha256(LONG).hexdigest()
    assert store.has(name) == (step == "blob-renamed")
    assert store.put([LONG]) == name
    assert store.get(name) == LONG
    assert KNOWN not in everything(store.root)


@given(kept=st.integers(0, len(LONG)), torn=st.integers(0, 90), finished=st.booleans())
def test_a_file_that_comes_goes_on_behind_what_is_proven(tmp_path_factory, kept, torn, finished):
    store = BlobStore(tmp_path_factory.mktemp("blobs"), KEY)
    folder = tmp_path_factory.mktemp("incoming")
    name = hashlib.sha256(LONG).hexdigest()
    landing = store.landing(folder, name)
    assert landing.open() == 0
    landing.write(LONG[:kept])
    landing.close(whole=finished)
    if torn and landing.path.stat().st_size > 24 + torn:
        os.truncate(landing.path, landing.path.stat().st_size - torn)
    again = store.landing(folder, name)
    start = again.open()
    assert kept - 2 * CHUNK <= start <= kept
    again.write(LONG[start:])
    again.close(whole=True)
    assert KNOWN not in everything(folder)
    store.land(again, name)
    assert store.get(name) == LONG
    assert not list(folder.iterdir())


def test_what_came_wrong_is_not_taken_in(store, tmp_path):
    name = hashlib.sha256(LONG).hexdigest()
    landing = store.landing(tmp_path, name)
    landing.open()
    landing.write(LONG[:-1])
    landing.close(whole=True)
    with pytest.raises(DomainError, match=r"blob\.hash_mismatch"):
        store.land(landing, name)
    assert not store.has(name)


def test_what_an_older_program_left_in_the_clear_is_read_and_then_sealed(tmp_path):
    plain = BlobStore(tmp_path / "blobs")
    names = [plain.put([LONG]), plain.put([b""])]
    damaged = plain.put([b"film"])
    plain.path(damaged).write_bytes(b"firm")
    store = BlobStore(tmp_path / "blobs", KEY)
    assert [store.get(name) for name in names] == [LONG, b""]
    half = tmp_path / f"{names[0]}.part"
    half.write_bytes(LONG[:1000])
    landing = Landing(half, KEY)
    assert landing.open() == 0, "half a file from before is fetched anew"
    landing.close(whole=False)
    assert store.seal_plain() == 2
    assert store.seal_plain() == 0
    assert [store.get(name) for name in names] == [LONG, b""]
    assert KNOWN not in everything(tmp_path)
    with pytest.raises(UnavailableError, match=r"blob\.damaged"):
        store.get(damaged)


def test_readers_and_the_sealing_do_not_disturb_each_other(tmp_path):
    name = BlobStore(tmp_path).put([LONG])
    store = BlobStore(tmp_path, KEY)
    failed = []

    def read():
        failed.extend(name for _ in range(20) if store.get(name) != LONG)

    thread = threading.Thread(target=read)
    thread.start()
    store.seal_plain()
    thread.join()
    assert not failed


def test_a_writer_of_one_key_keeps_nothing_of_another(tmp_path):
    with SealedWriter(tmp_path / "f", KEY) as file:
        file.write(LONG)
    with SealedWriter(tmp_path / "f", OTHER, resume=True) as file:
        assert file.size == 0


def test_a_site_that_changes_the_algorithm_reads_what_it_had(store, guomi):
    """By the first bytes of each file; what is new is sealed by what is set now."""
    name = store.put([LONG])
    assert store.path(name).read_bytes().startswith(SM4_MAGIC if guomi else MAGIC)
    seal_by(guomi=not guomi)
    try:
        assert store.get(name) == LONG
        other = store.put([KNOWN])
        assert store.path(other).read_bytes().startswith(MAGIC if guomi else SM4_MAGIC)
        assert is_sealed(store.path(name))
        assert is_sealed(store.path(other))
    finally:
        seal_by(guomi=guomi)
    assert store.get(other) == KNOWN


def test_sm4_gcm_is_that_of_the_published_vector():
    """RFC 8998, A.1: key, nonce, additional data, text and what comes of them."""
    from sync.sealed_files import _Sm4Gcm

    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    nonce, about = (
        bytes.fromhex("00001234567800000000ABCD"),
        bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2"),
    )
    plain = bytes.fromhex(
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD"
        "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
    )
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert _Sm4Gcm(key).encrypt(nonce, plain, about) == sealed
    assert _Sm4Gcm(key).decrypt(nonce, sealed, about) == plain
