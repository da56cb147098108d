"""Parts of a snapshot: forms of older and newer programs, files nobody of ours made, and the index in them."""

import hashlib
import shutil
import tracemalloc

import msgspec
import pytest
import zstandard
from sqlcipher3 import dbapi2 as sqlcipher

from domain.exchange.rules import from_jsonable
from domain.kernel.errors import DomainError
from sync.device_auth import public_text
from sync.identity import set_identity
from sync.search import SearchIndex
from sync.snapshot_file import examined, unpacked
from sync.snapshot_format import (
    BLOCKS,
    FILES,
    MANIFEST,
    MAX_RAW,
    SEALED,
    Sealed,
    key_of,
    message_of,
    opened,
    sealed,
    unsealed,
)
from sync.snapshots import manifest_of
from tests.fixtures.golden_bundles import CENTRE_KEY, FOLDER, ORG
from tests.sync.test_bootstrap import QUIET, fill, full, numbers, stick_of  # noqa: F401 (a fixture)
from tests.sync.world import NORTH, SOUTH
from tests.sync_tus.seeded import seeded

EVERYBODY = SOUTH.__class__(int=0)


def knowing(station, server_key):
    with station.store.write() as connection:
        set_identity(connection, server_key=server_key)
    return station


def indexed(store):
    """Return the terms of each client as the index has them."""
    with store.write() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS temp.words")
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, search_index, instance)"
        )
        rows = connection.exec_driver_sql(
            "SELECT r.record_id, w.term FROM temp.words w LEFT JOIN search_row r ON r.number = w.doc"
        ).all()
        connection.exec_driver_sql("DROP TABLE temp.words")
    return sorted((bytes(record_id), term) for record_id, term in rows)


def made_anew(store):
    """Return the same after the store has made its index from its rows."""
    SearchIndex().rebuild(store)
    return indexed(store)


# Forms


@pytest.mark.parametrize("form", [BLOCKS, FILES, SEALED])
def test_a_snapshot_of_each_form_that_was_ever_made_is_loaded(world, north, form):
    knowing(north, public_text(CENTRE_KEY))
    assert ORG == NORTH
    folder = FOLDER / f"snapshot-form-{form}"
    assert manifest_of(folder).form == form
    north.sync.bootstrap.run(stick_of(CENTRE_KEY, folder), *QUIET)
    assert numbers(north) == ["P1", "P2", "P3", "P4"]
    assert [row.raw for row in north.rows("observation")] == [b"\x00\xff"] * 2
    found = indexed(north.store)
    assert len({record_id for record_id, _ in found}) == 4
    assert found == made_anew(north.store)


class Older:
    """The line to a centre, for a program that knows the first form alone."""

    def __init__(self, centre):
        self._centre = centre

    def __getattr__(self, name):
        return getattr(self._centre, name)

    def snapshot(self, request):
        asked = msgspec.msgpack.encode({"oldest_s": request.oldest_s})
        return self._centre.snapshot(msgspec.msgpack.decode(asked, type=type(request)))


def test_an_older_program_is_given_what_it_can_load(full):  # noqa: F811
    station = full.add_branch(NORTH, wrap=Older)
    fill(full, station)
    orgs = [NORTH, EVERYBODY]
    assert full.sync.snapshots.newest(orgs) is None
    made = manifest_of(full.sync.snapshots.newest(orgs, BLOCKS))
    assert made.form == BLOCKS
    assert full.differing(station) == []
    assert len(numbers(station)) == 40
    assert indexed(station.store) == made_anew(station.store)


def test_a_form_of_a_newer_program_is_refused(full):  # noqa: F811
    folder = full.sync.snapshots.make([NORTH, EVERYBODY])
    station = knowing(full.add_branch(NORTH), full.sync.server_key)
    signed(full, folder, form=SEALED + 1)
    with pytest.raises(DomainError, match=r"snapshot\.newer"):
        station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    assert numbers(station) == []


def test_a_store_from_a_snapshot_is_the_one_that_read_the_log(full, monkeypatch):  # noqa: F811
    station = full.add_branch(NORTH)
    fill(full, station)
    monkeypatch.setattr("sync.branch.SNAPSHOT_FROM", 1 << 60)
    reader = full.add_branch(NORTH)
    full.settle(reader, station)
    assert station.digest([NORTH]) == reader.digest([NORTH]) == full.centre.digest([NORTH])


# Files nobody of ours made, signed as if the centre had: nothing of them is loaded


def signed(world, folder, parts=None, **changes):
    """Sign a manifest anew, with other parts or members."""
    manifest = msgspec.structs.replace(
        manifest_of(folder), **changes, **({} if parts is None else {"parts": parts})
    )
    data = msgspec.msgpack.encode(manifest)
    signature = world.sync._key.sign(message_of(data))
    (folder / MANIFEST).write_bytes(msgspec.msgpack.encode(Sealed(data, signature)))


def image_of(packed, key):
    return zstandard.ZstdDecompressor().decompress(unsealed(packed.read_bytes(), key, packed.name))


def forged(world, folder, at, change, raw=None, more_rows=0):
    """Let `change` do something to the file of a part, and sign what comes of it."""
    parts = manifest_of(folder).parts
    key = key_of(world.sync._key, manifest_of(folder).salt)
    packed = folder / parts[at].name
    path = folder / "forged"
    path.write_bytes(image_of(packed, key))
    change(path)
    data = sealed(zstandard.ZstdCompressor().compress(path.read_bytes()), key, packed.name)
    packed.write_bytes(data)
    size = path.stat().st_size if raw is None else raw
    path.unlink()
    sha256 = hashlib.sha256(data).hexdigest()
    rows = parts[at].rows + more_rows
    parts[at] = msgspec.structs.replace(parts[at], sha256=sha256, size=len(data), raw=size, rows=rows)
    signed(world, folder, parts)


def statement(*texts):
    def change(path):
        database = sqlcipher.connect(str(path), isolation_level=None)
        for one in texts:
            database.execute(one)
        database.close()

    return change


def pages_mixed_up(path):
    data = bytearray(path.read_bytes())
    page = int.from_bytes(data[16:18], "big")
    at = data.index(b"P3")  # a page of rows: its cells are no cells any more
    start = at - at % page
    data[start + 3 : start + 11] = b"\xff" * 8
    path.write_bytes(data)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-4096])


HOSTILE = {
    "trigger": statement("CREATE TRIGGER t BEFORE INSERT ON patient BEGIN SELECT 1; END"),
    "view": statement("ALTER TABLE patient RENAME TO others", "CREATE VIEW patient AS SELECT * FROM others"),
    "index": statement("CREATE INDEX i ON patient(upper(name))"),
    "generated": statement("CREATE TABLE visit2 (id, x AS (upper(id)))"),
    "default": statement("CREATE TABLE visit2 (id DEFAULT (randomblob(1000000000)))"),
    "virtual": statement("CREATE VIRTUAL TABLE visit2 USING fts5(a)"),
    "statistics": statement("ANALYZE"),
    "no ids": statement("ALTER TABLE patient RENAME COLUMN id TO id_number2"),
    "no database": lambda path: path.write_bytes(b"x" * 16384),
    "empty": lambda path: path.write_bytes(b""),
    "mixed up": pages_mixed_up,
    "cut short": cut_short,
}


@pytest.fixture
def stick(full, tmp_path):  # noqa: F811
    """A stick with a snapshot, and a workstation that knows its centre."""
    full.sync.snapshots._raw_part = 6000
    folder = full.sync.snapshots.make([NORTH, EVERYBODY])
    copied = shutil.copytree(folder, tmp_path / "stick")
    return copied, knowing(full.add_branch(NORTH), full.sync.server_key)


def part_of_old_clients(folder):
    return next(n for n, part in enumerate(manifest_of(folder).parts) if not part.hot)


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("form", [FILES, SEALED])
def test_a_file_that_is_no_plain_table_of_rows_is_damaged(tmp_path, what, form):
    folder = FOLDER / f"snapshot-form-{form}"
    part = next(part for part in manifest_of(folder).parts if not part.hot)
    data = (folder / part.name).read_bytes()
    if form == SEALED:
        data = unsealed(data, key_of(CENTRE_KEY, manifest_of(folder).salt), part.name)
    path = tmp_path / "rows"
    path.write_bytes(unpacked(data, part))
    assert examined(path.read_bytes(), part)["patient"].rows > 0
    HOSTILE[what](path)
    with pytest.raises(DomainError, match=r"snapshot\.damaged"):
        examined(path.read_bytes(), part)


@pytest.mark.parametrize("what", ["trigger", "no ids"])
def test_nothing_of_such_a_file_is_loaded_though_the_centre_signed_it(full, stick, what):  # noqa: F811
    folder, station = stick
    at = part_of_old_clients(folder)
    forged(full, folder, at, HOSTILE[what])
    with pytest.raises(DomainError, match=r"snapshot\.damaged"):
        station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    assert numbers(station) == sorted(f"P{n}" for n in range(0, 40, 2)), "the parts before it, no more"
    assert not list((station.sync.bootstrap._folder).glob("*.rows"))


def test_a_part_that_unpacks_to_more_than_it_says_fills_neither_disk_nor_memory(full, stick):  # noqa: F811
    folder, station = stick
    for raw in (32768, MAX_RAW + 1):
        forged(full, folder, 0, lambda path: path.write_bytes(bytes(64 << 20)), raw=raw)
        tracemalloc.start()
        with pytest.raises(DomainError, match=r"snapshot\.damaged"):
            station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
        tracemalloc.stop()
        assert not list(station.sync.bootstrap._folder.glob("*.rows"))
        station.sync.bootstrap.forget()
    assert numbers(station) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_flipped_bit_or_a_missing_end_costs_another_copy_of_the_part(full, stick, seed):  # noqa: F811
    folder, station = stick
    chance = seeded(seed)
    part = folder / chance.choice(manifest_of(folder).parts).name
    good = part.read_bytes()
    flipped = bytearray(good)
    flipped[chance.randrange(len(good))] ^= 1 << chance.randrange(8)
    for bad in (bytes(flipped), good[: chance.randrange(len(good))], good + b"x"):
        part.write_bytes(bad)
        with pytest.raises(DomainError, match=r"snapshot\.damaged"):
            station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    part.write_bytes(good)
    station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    assert full.differing(station) == []


def test_columns_and_tables_of_a_newer_program_are_kept_or_passed_over(full, stick):  # noqa: F811
    folder, station = stick
    newer = statement(
        'ALTER TABLE patient ADD COLUMN "nickname"', "UPDATE patient SET nickname = x'00ff' WHERE number = 'P1'",
        'CREATE TABLE "unheard_of" ("id", "org_id", "extra")', "INSERT INTO unheard_of VALUES (1, 2, 3)",
        'ALTER TABLE patient DROP COLUMN "allergy"',
    )  # fmt: skip
    forged(full, folder, part_of_old_clients(folder), newer, more_rows=1)
    station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    assert len(numbers(station)) == 40
    rows = {row.number: row for row in station.rows("patient")}
    assert from_jsonable(rows["P1"].extra) == {"nickname": b"\x00\xff"}
    assert rows["P3"].extra is None
    assert indexed(station.store) == made_anew(station.store)


def test_a_manifest_says_what_its_parts_unpack_to(full, stick):  # noqa: F811
    folder, station = stick
    manifest = opened((folder / MANIFEST).read_bytes(), public_text_of(station))
    assert manifest.form == SEALED
    for part in manifest.parts:
        assert len(image_of(folder / part.name, key_of(full.sync._key, manifest.salt))) == part.raw


def public_text_of(station):
    from sync.identity import identity_of

    with station.store.read() as connection:
        return identity_of(connection).server_key
