"""Files in an object store: sealed there, alike for every machine, and what was deleted is nowhere any more."""

import contextlib
import os

import pytest

from domain.kernel.errors import DomainError, UnavailableError
from server.object_store import Bucket, ObjectBlobs
from server.settings import Settings
from server.storage_key import centre_blobs

pytest_plugins = ["tests.fixtures.neighbours"]
PICTURE = b"MAGNIFIED " * 30_000


@pytest.fixture
def machine(object_store, tmp_path):
    """Return a function that gives the files as another machine of the centre has them."""
    (tmp_path / "storage.key").write_bytes(bytes(range(32)))

    def make(name, **more):
        home = tmp_path / name
        home.mkdir(exist_ok=True)
        return centre_blobs(
            Settings(
                data_dir=home, storage_key=tmp_path / "storage.key", objects=object_store.url,
                secrets_dir=object_store.secrets, least_free_bytes=0, **more,
            )
        )  # fmt: skip

    return make


def copies(blobs):
    return [path for path in blobs.root.rglob("*") if path.is_file()]


def test_what_one_machine_stored_another_reads_at_any_place(machine):
    first, second = machine("a"), machine("b")
    name = first.put([PICTURE[:100], PICTURE[100:]])
    assert second.has(name)
    assert second.size(name) == len(PICTURE)
    assert copies(second) == [], "asking brings nothing"
    with second.open(name) as file:
        file.seek(123_456)
        assert file.read(1000) == PICTURE[123_456:124_456]
    assert second.get(name) == PICTURE
    assert name in set(second.names())
    assert second.size(name) == len(PICTURE), "the same with a copy here"


def test_the_object_store_sees_sealed_bytes_alone(machine, object_store, tmp_path):
    name = machine("a").put([PICTURE])
    bucket = Bucket(object_store.url, "clinic", "clinic", "us-east-1")
    assert bucket.fetch(name, tmp_path / "raw")
    assert b"MAGNIFIED" not in (tmp_path / "raw").read_bytes()


def test_what_was_deleted_is_gone_from_every_machine_that_had_a_copy(machine):
    first, second = machine("a"), machine("b")
    name = first.put([PICTURE])
    second.get(name)
    first.remove(name)
    assert not second.has(name)
    with pytest.raises(UnavailableError, match=r"blob\.missing"):
        second.open(name)
    assert copies(second) == []


def test_a_copy_nobody_asks_for_goes_with_the_daily_sweep(machine):
    first, second = machine("a"), machine("b")
    name, kept = first.put([PICTURE]), first.put([PICTURE, b"2"])
    second.get(name)
    second.get(kept)
    os.utime(second.path(name), (1, 1))
    first.remove(name)
    second.sweep(0)
    assert [path.name for path in copies(second)] == [kept]


def test_copies_stay_within_their_room_and_come_again(machine):
    blobs = machine("c")
    names = [blobs.put([os.urandom(1000)]) for _ in range(6)]
    for age, name in enumerate(names):
        os.utime(blobs.path(name), (1_000_000 + age * 1000,) * 2)
    small = ObjectBlobs(blobs.root, blobs._key, 0, blobs._bucket, 3 * 1200)
    assert small.trim() == 3
    assert {path.name for path in copies(small)} == set(names[3:])
    assert len(small.get(names[0])) == 1000


def test_a_wrong_content_is_refused_and_stored_nowhere(machine):
    blobs = machine("a")
    with pytest.raises(DomainError, match=r"blob\.hash_mismatch"):
        blobs.put([b"other"], "0" * 64)
    assert not blobs.has("0" * 64)


def test_what_is_away_is_said_and_never_taken_for_missing(tmp_path):
    (tmp_path / "tmp").mkdir()
    blobs = ObjectBlobs(
        tmp_path, bytes(32), 0, Bucket("http://127.0.0.1:9/none", "a", "b", "us-east-1"), 1 << 20
    )
    for ask in (
        lambda: blobs.has("0" * 64),
        lambda: blobs.size("0" * 64),
        lambda: blobs.put([b"x"]),
        blobs.check,
    ):
        with pytest.raises(UnavailableError, match=r"blob\.store_unreachable"):
            ask()
    with contextlib.suppress(UnavailableError):
        blobs.remove("0" * 64)
    assert copies(blobs) == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("s3://bucket", "settings.bad_address"),
        ("https://host", "settings.bad_address"),
        ("http://objects.example/bucket", "settings.objects_in_clear"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_at_the_start(tmp_path, url, code):
    with pytest.raises(DomainError, match=code.replace(".", r"\.")):
        Settings(data_dir=tmp_path, objects=url, secrets_dir=tmp_path)
    with pytest.raises(DomainError, match=r"settings\.attest_pair"):
        Settings(data_dir=tmp_path, objects="https://host/bucket")
