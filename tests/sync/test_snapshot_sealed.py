"""Nothing of a snapshot can be read where its files lie: at the centre, on a stick, at a workstation half-filled."""

import contextlib
import shutil
import threading

import msgspec
import pytest
import zstandard
from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.errors import DomainError
from sync import bootstrap as bootstrap_module
from sync import snapshot_rows, snapshots
from sync.page_cipher import KEY_BYTES, NotPagesError, clear_image, said_key, seal_pages
from sync.protocol import SnapshotAsk, SnapshotKeyAsk
from sync.snapshot_format import FILES, MANIFEST, key_of
from sync.snapshot_sources import FromCentre
from sync.snapshots import manifest_of
from tests.fixtures.patience import PATIENCE_S, until
from tests.sync.test_bootstrap import QUIET, full, numbers, stick_of  # noqa: F401 (a fixture)
from tests.sync.test_snapshot_forms import EVERYBODY, indexed, made_anew, stick  # noqa: F401 (a fixture)
from tests.sync.world import NORTH, SOUTH

NAME = "欧阳独一"
FRAME = bytes.fromhex("28b52ffd")


def clear_of(data):
    """Yield the bytes of a file, and what any zstd frame in it unpacks to."""
    yield data
    at = data.find(FRAME)
    while at >= 0:
        with contextlib.suppress(zstandard.ZstdError):
            yield zstandard.ZstdDecompressor().decompressobj().decompress(data[at:])
        at = data.find(FRAME, at + 1)


def telling(folder, pattern="**/*"):
    """Return the files below a folder that tell the name to whoever has the disk."""
    told = []
    for path in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):  # some go while we look
            if any(NAME.encode() in some for some in clear_of(path.read_bytes())):
                told.append(path.name)
    return told


@pytest.fixture
def named(full):  # noqa: F811
    """A centre with clients of one name, those of this year and of long ago."""
    for row in full.centre.rows("patient"):
        full.centre.set("patient", row.id, name=NAME)
    return full


def test_a_stick_tells_nobody_a_name(named, tmp_path):
    folder = named.sync.snapshots.make([NORTH, EVERYBODY])
    assert telling(folder) == []
    older = named.sync.snapshots.make([NORTH, EVERYBODY], FILES)
    assert any(name.endswith(".zst") for name in telling(older)), "the search itself works"


def test_what_a_crash_leaves_while_a_snapshot_is_made_tells_nobody_a_name(named, monkeypatch):
    seen = []

    def looking(original):
        def looked(*given):
            found = original(*given)
            seen.extend(telling(named.sync.snapshots.folder))
            seen.append(None)
            return found

        return looked

    monkeypatch.setattr(snapshots, "gather", looking(snapshots.gather))
    monkeypatch.setattr(snapshots, "index", looking(snapshots.index))
    monkeypatch.setattr("sync.snapshot_making.clear_image", looking(clear_image))
    named.sync.snapshots.make([NORTH, EVERYBODY])
    assert len(seen) > 4
    assert set(seen) == {None}


def test_a_workstation_that_is_being_filled_tells_nobody_a_name(named, monkeypatch):
    station = named.add_branch(NORTH)
    named.sync.snapshots.make([NORTH, EVERYBODY])
    station.sync._greet()
    seen, files = [], set()

    def looked(_place):
        folder = station.sync.bootstrap._folder
        if folder.is_dir() and list(folder.iterdir()):
            files.update(path.suffix for path in folder.iterdir())
            seen.extend(telling(folder))
            seen.extend(telling(station.path.parent, f"{station.path.stem}*"))

    monkeypatch.setattr(bootstrap_module, "reached", looked)
    station.sync.bootstrap.run(FromCentre(station.sync.centre), *QUIET)
    assert {".part", ".rows"} <= files
    assert seen == []
    assert {row.name for row in station.rows("patient")} == {NAME}


def test_the_key_is_for_those_who_may_see_the_rows(full, tmp_path):  # noqa: F811
    north, south = full.add_branch(NORTH), full.add_branch(SOUTH)
    folder = full.sync.snapshots.make([NORTH, EVERYBODY])
    sealed = (folder / MANIFEST).read_bytes()
    key = key_of(full.sync._key, manifest_of(folder).salt)
    shutil.rmtree(folder)  # the centre has it no more: the stick is as good as before
    assert full.sync.snapshot_key(north.device_id, SnapshotKeyAsk(sealed)).key == key
    other = bytearray(sealed)
    other[-1] ^= 1
    for device, asked in ((south, sealed), (north, bytes(other)), (north, b"x")):
        with pytest.raises(DomainError, match=r"snapshot\.unknown"):
            full.sync.snapshot_key(device.device_id, SnapshotKeyAsk(asked))
    again = manifest_of(full.sync.snapshots.make([NORTH, EVERYBODY]))
    assert key_of(full.sync._key, again.salt) != key, "each snapshot has a key of its own"


def test_a_part_under_another_key_is_damaged(full, stick):  # noqa: F811
    folder, station = stick
    wrong = stick_of(full.sync._key, folder)
    wrong.key = lambda _manifest: bytes(KEY_BYTES)
    with pytest.raises(DomainError, match=r"snapshot\.damaged"):
        station.sync.bootstrap.run(wrong, *QUIET)
    assert numbers(station) == []


def test_filling_goes_on_without_asking_for_the_key_again(full, stick):  # noqa: F811
    folder, station = stick
    stop = threading.Event()
    with pytest.raises(Exception, match=r"snapshot\.stopped"):
        station.sync.bootstrap.run(
            stick_of(full.sync._key, folder), lambda done, total: done * 3 > total and stop.set(), stop
        )
    away = stick_of(full.sync._key, folder)
    away.key = None
    station.sync.bootstrap.run(away, *QUIET)
    assert full.differing(station) == []


def test_a_newer_form_is_asked_for_and_a_newer_one_still_is_answered_with_ours(full):  # noqa: F811
    station = full.add_branch(NORTH)
    full.sync.snapshots.make([NORTH, EVERYBODY])
    found = full.sync.snapshot(station.device_id, SnapshotAsk(form=9))
    manifest = msgspec.msgpack.decode(msgspec.msgpack.decode(found.sealed)["manifest"])
    assert manifest["form"] == 3


# Pages


def filled(path, key, rows):
    database = sqlcipher.connect(str(path), isolation_level=None)
    database.execute(f'PRAGMA key = "{said_key(key)}"')
    database.execute('CREATE TABLE "t" ("a", "b")')
    database.executemany("INSERT INTO t VALUES (?, ?)", [(n, NAME * (n % 40)) for n in range(rows)])
    database.close()
    return path.read_bytes()


@pytest.mark.parametrize("rows", [0, 1, 5000, pytest.param(40_000, marks=pytest.mark.deep)])
def test_pages_sealed_here_are_what_sqlcipher_reads_and_the_other_way_round(tmp_path, rows):
    first, second = bytes(range(32)), bytes(range(1, 33))
    image = clear_image(filled(tmp_path / "one", first, rows), first)
    with (tmp_path / "two").open("wb") as file:
        seal_pages(image, file, second)
    assert clear_image((tmp_path / "two").read_bytes(), second) == image
    database = sqlcipher.connect(str(tmp_path / "two"), isolation_level=None)
    database.execute(f'PRAGMA key = "{said_key(second)}"')
    assert database.execute("PRAGMA cipher_integrity_check").fetchall() == []
    assert database.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    assert database.execute("SELECT count(*), coalesce(sum(length(b)), 0) FROM t").fetchone() == (
        rows, sum(4 * (n % 40) for n in range(rows))
    )  # fmt: skip
    database.close()


def test_what_has_no_room_for_a_seal_is_refused(tmp_path):
    database = sqlcipher.connect(str(tmp_path / "plain"))
    database.execute("CREATE TABLE t (a)")
    database.close()
    plain = (tmp_path / "plain").read_bytes()
    sealed = clear_image(filled(tmp_path / "one", bytes(32), 10), bytes(32))
    for image in (plain, b"", b"x" * 4096, sealed[:-1]):
        with (tmp_path / "two").open("wb") as file, pytest.raises(NotPagesError):
            seal_pages(image, file, bytes(32))


# Who writes meanwhile


def test_somebody_who_writes_is_let_in_while_a_part_is_loaded(full, stick, monkeypatch):  # noqa: F811
    """Somebody comes in the middle of a part, and is done before the part is."""
    folder, station = stick
    for limit in ("_FIRST_ROWS", "_FEWEST_ROWS", "_MOST_ROWS"):
        monkeypatch.setattr(snapshot_rows, limit, 2)
    told, people = [], []
    copy, note = snapshot_rows.FilePart._copy, bootstrap_module._note_loaded

    def save(number):
        station.add_patient(number)
        told.append(number)

    def copied(part, entity, span, connection, pending):
        copy(part, entity, span, connection, pending)
        if station.sync.bootstrap.usable and entity == "patient" and span.last < part.tables[entity].last:
            number = f"N{len(people)}"
            people.append(threading.Thread(target=save, args=(number,)))
            people[-1].start()
            until(station.store.is_waited_for)
            told.append("come")

    def noted(connection, part):
        note(connection, part)
        told.append("part")

    monkeypatch.setattr(snapshot_rows.FilePart, "_copy", copied)
    monkeypatch.setattr(bootstrap_module, "_note_loaded", noted)
    station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    for person in people:
        person.join(PATIENCE_S)
    assert len(people) > 3
    comings = [n for n, one in enumerate(told) if one == "come"]
    for number, come in enumerate(comings):
        done = told.index(f"N{number}")
        assert come < done
        assert "part" not in told[come:done], "nobody waited for the end of a part"
    full.settle(station)
    assert full.differing(station) == []
    assert len(numbers(station)) == 40 + len(people)
    mine = {row.id.bytes for row in station.rows("patient") if row.number.startswith("N")}
    assert indexed(station.store) == [found for found in made_anew(station.store) if found[0] not in mine]


def test_nobody_who_waits_costs_no_transaction(full, stick, monkeypatch):  # noqa: F811
    folder, station = stick
    for limit in ("_FIRST_ROWS", "_FEWEST_ROWS", "_MOST_ROWS"):
        monkeypatch.setattr(snapshot_rows, limit, 2)
    begun = []
    writing = snapshot_rows.FilePart.writing
    monkeypatch.setattr(
        snapshot_rows.FilePart, "writing", lambda part, store: begun.append(part) or writing(part, store)
    )
    station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    assert len(begun) == len(manifest_of(folder).parts)
