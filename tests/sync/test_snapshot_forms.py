"""Parts of a snapshot: forms of older and newer programs, files nobody of ours made, and the index in them."""

import hashlib
import shutil
import threading

import msgspec
import pytest
import zstandard
from sqlcipher3 import dbapi2 as sqlcipher

from domain.exchange.rules import from_jsonable
from domain.kernel.errors import DomainError, UnavailableError
from domain.people.search_terms import patient_terms
from sync import search_ready, snapshot_rows
from sync.bootstrap import FromCentre, Media
from sync.device_auth import public_text
from sync.identity import set_identity
from sync.local_tables import snapshot_part
from sync.search import INDEX, SearchIndex
from sync.snapshot_file import examined, unpack
from sync.snapshot_format import BLOCKS, FILES, MANIFEST, MAX_RAW, Sealed, message_of, opened
from sync.snapshots import manifest_of
from tests.fixtures.golden_bundles import CENTRE_KEY, FOLDER, ORG
from tests.sync.test_bootstrap import QUIET, fill, full, numbers  # noqa: F401 (a fixture)
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


@pytest.mark.parametrize("form", [BLOCKS, FILES])
def test_a_snapshot_of_each_form_that_was_ever_made_is_loaded(world, north, form):
    knowing(north, public_text(CENTRE_KEY))
    assert ORG == NORTH
    folder = FOLDER / f"snapshot-form-{form}"
    assert manifest_of(folder).form == form
    north.sync.bootstrap.run(Media(folder), *QUIET)
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
    signed(full, folder, form=FILES + 1)
    with pytest.raises(DomainError, match=r"snapshot\.newer"):
        station.sync.bootstrap.run(Media(folder), *QUIET)
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
    sealed = Sealed(data, world.sync._key.sign(message_of(data)))
    (folder / MANIFEST).write_bytes(msgspec.msgpack.encode(sealed))


def forged(world, folder, at, change, raw=None, more_rows=0):
    """Let `change` do something to the file of a part, and sign what comes of it."""
    parts = manifest_of(folder).parts
    packed = folder / parts[at].name
    path = folder / "forged"
    path.write_bytes(zstandard.ZstdDecompressor().decompress(packed.read_bytes()))
    change(path)
    data = zstandard.ZstdCompressor().compress(path.read_bytes())
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
    at = data.index(b"P3")  # a page of rows: its cells are no cells any more
    start = at - at % 16384
    data[start + 3 : start + 11] = b"\xff" * 8
    path.write_bytes(data)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-16384])


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
def test_a_file_that_is_no_plain_table_of_rows_is_damaged(tmp_path, what):
    folder = FOLDER / f"snapshot-form-{FILES}"
    part = next(part for part in manifest_of(folder).parts if not part.hot)
    path = tmp_path / "rows"
    unpack(folder / part.name, path, part)
    assert examined(path, part)["patient"].rows > 0
    HOSTILE[what](path)
    with pytest.raises(DomainError, match=r"snapshot\.damaged"):
        examined(path, part)


@pytest.mark.parametrize("what", ["trigger", "no ids"])
def test_nothing_of_such_a_file_is_loaded_though_the_centre_signed_it(full, stick, what):  # noqa: F811
    folder, station = stick
    at = part_of_old_clients(folder)
    forged(full, folder, at, HOSTILE[what])
    with pytest.raises(DomainError, match=r"snapshot\.damaged"):
        station.sync.bootstrap.run(Media(folder), *QUIET)
    assert numbers(station) == sorted(f"P{n}" for n in range(0, 40, 2)), "the parts before it, no more"
    assert not list((station.sync.bootstrap._folder).glob("*.rows"))


def test_a_part_that_unpacks_to_more_than_it_says_fills_no_disk(full, stick, monkeypatch):  # noqa: F811
    folder, station = stick
    largest = []
    unlink = type(folder).unlink

    def seen(path, **given):
        if path.suffix == ".rows" and path.exists():
            largest.append(path.stat().st_size)
        unlink(path, **given)

    monkeypatch.setattr(type(folder), "unlink", seen)
    for raw in (32768, MAX_RAW + 1):
        forged(full, folder, 0, lambda path: path.write_bytes(bytes(64 << 20)), raw=raw)
        with pytest.raises(DomainError, match=r"snapshot\.damaged"):
            station.sync.bootstrap.run(Media(folder), *QUIET)
        station.sync.bootstrap.forget()
    assert numbers(station) == []
    assert largest[0] <= 2 << 20
    assert max(largest) <= 64 << 20


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
            station.sync.bootstrap.run(Media(folder), *QUIET)
    part.write_bytes(good)
    station.sync.bootstrap.run(Media(folder), *QUIET)
    assert full.differing(station) == []


def test_columns_and_tables_of_a_newer_program_are_kept_or_passed_over(full, stick):  # noqa: F811
    folder, station = stick
    newer = statement(
        'ALTER TABLE patient ADD COLUMN "nickname"', "UPDATE patient SET nickname = x'00ff' WHERE number = 'P1'",
        'CREATE TABLE "unheard_of" ("id", "org_id", "extra")', "INSERT INTO unheard_of VALUES (1, 2, 3)",
        'ALTER TABLE patient DROP COLUMN "allergy"',
    )  # fmt: skip
    forged(full, folder, part_of_old_clients(folder), newer, more_rows=1)
    station.sync.bootstrap.run(Media(folder), *QUIET)
    assert len(numbers(station)) == 40
    rows = {row.number: row for row in station.rows("patient")}
    assert from_jsonable(rows["P1"].extra) == {"nickname": b"\x00\xff"}
    assert rows["P3"].extra is None
    assert indexed(station.store) == made_anew(station.store)


# The index


def test_what_a_part_brings_of_the_index_is_what_the_store_would_have_made(full, monkeypatch):  # noqa: F811
    """The hot clients' index is taken whole, the others' terms as text; nothing is worked out here."""
    station = full.add_branch(NORTH)
    full.sync.snapshots.make([NORTH, EVERYBODY])
    station.sync._greet()
    monkeypatch.setattr(SearchIndex, "renew", None)
    station.sync.bootstrap.run(FromCentre(station.sync.centre), *QUIET)
    monkeypatch.undo()
    found = indexed(station.store)
    assert len({record_id for record_id, _ in found}) == 40
    assert found == made_anew(station.store)


def rules_of_others(monkeypatch, full, station, folder):  # noqa: F811
    monkeypatch.setattr(search_ready, "RULES", search_ready.RULES + 1)


def an_index_that_is_not_empty(monkeypatch, full, station, folder):  # noqa: F811
    station.add_patient("N1", name="李雷")
    SearchIndex().rebuild(station.store)


def an_index_that_does_not_hold_together(monkeypatch, full, station, folder):  # noqa: F811
    at = next(n for n, part in enumerate(manifest_of(folder).parts) if part.hot and not part.rows)
    forged(
        full, folder, at, statement("UPDATE search_data SET block = zeroblob(length(block)) WHERE id > 10")
    )


def an_index_of_others(monkeypatch, full, station, folder):  # noqa: F811
    at = next(n for n, part in enumerate(manifest_of(folder).parts) if part.hot and not part.rows)
    forged(full, folder, at, statement("DELETE FROM search_docsize WHERE id = 1"))


@pytest.mark.parametrize(
    "hindrance",
    [
        rules_of_others,
        an_index_that_is_not_empty,
        an_index_that_does_not_hold_together,
        an_index_of_others,
    ],
)
def test_where_that_does_not_fit_the_store_makes_its_own(full, stick, monkeypatch, hindrance):  # noqa: F811
    folder, station = stick
    hindrance(monkeypatch, full, station, folder)
    before = len(numbers(station))
    station.sync.bootstrap.run(Media(folder), *QUIET)
    assert len(numbers(station)) == 40 + before
    found = indexed(station.store)
    assert len({record_id for record_id, _ in found}) == 40 + before
    assert found == made_anew(station.store)
    assert full.differing(station) == ([] if not before else ["patient"])


def test_a_snapshot_that_goes_before_its_index_has_come_leaves_nobody_who_is_not_found(full, stick):  # noqa: F811
    folder, station = stick
    at = next(n for n, part in enumerate(manifest_of(folder).parts) if part.hot and not part.rows)
    (folder / manifest_of(folder).parts[at].name).unlink()
    with pytest.raises(UnavailableError, match=r"snapshot\.not_on_media"):
        station.sync.bootstrap.run(Media(folder), *QUIET)
    assert numbers(station)
    signed(full, folder, [part for part in manifest_of(folder).parts if not part.hot])
    station.sync.bootstrap.forget()
    station.sync.bootstrap.run(Media(folder), *QUIET)
    assert len(numbers(station)) == 40
    assert indexed(station.store) == made_anew(station.store)


def test_a_full_disk_at_the_centre_is_said_and_leaves_nothing(full, monkeypatch):  # noqa: F811
    def full_up(*_given):
        raise sqlcipher.OperationalError("database or disk is full")

    monkeypatch.setattr("sync.snapshots.index", full_up)
    before = list(full.sync.snapshots.folder.glob("*"))
    with pytest.raises(UnavailableError, match=r"store\.disk_full"):
        full.sync.snapshots.make([NORTH, EVERYBODY])
    assert list(full.sync.snapshots.folder.iterdir()) == before
    monkeypatch.undo()
    full.sync.snapshots.make([NORTH, EVERYBODY])


def test_a_store_filled_before_its_first_start_does_not_make_its_index_again(stick):
    folder, station = stick
    station.sync.bootstrap.run(Media(folder), *QUIET)
    assert SearchIndex().prepare(station.store) is False


def test_who_changes_what_a_client_is_found_by_says_so():
    """The digest belongs to the number: an index made by other rules must not be taken over."""
    terms = patient_terms(
        name="单于 Anna 旅", phone="138-0000 1111", id_number="11010119800501001x", birth_date=None, org="b1"
    )
    told = hashlib.sha256("\n".join([INDEX, *terms]).encode()).hexdigest()[:16]
    assert (search_ready.RULES, told) == (1, "9d1fcdc529c2551d")


# What stands in the way of the quick way


def test_the_guard_stands_again_after_a_part(stick, monkeypatch):
    monkeypatch.setattr(snapshot_rows, "_MANY", 1)
    folder, station = stick

    def guards():
        with station.store.read() as connection:
            return connection.exec_driver_sql(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            ).all()

    before = sorted(tuple(row) for row in guards())
    seen = []
    station.sync.bootstrap.run(
        Media(folder), *QUIET, between=lambda: seen.append(sorted(map(tuple, guards())))
    )
    assert seen
    assert all(one == before for one in [*seen, sorted(map(tuple, guards()))])


def test_what_is_changed_here_stays_while_the_rest_comes(full, stick):  # noqa: F811
    """A client that was edited here comes again and is left alone, and it is found as edited."""
    folder, station = stick
    stop = threading.Event()

    def between():
        if sum(row.state == "loaded" for row in station.all(snapshot_part)) > part_of_old_clients(folder):
            stop.set()

    with pytest.raises(UnavailableError, match=r"snapshot\.stopped"):
        station.sync.bootstrap.run(Media(folder), QUIET[0], stop, between=between)
    row = next(r for r in station.rows("patient") if r.number == "P1")
    station.set("patient", row.id, name="欧阳", phone="13912345678")
    station.sync.bootstrap.forget()
    station.sync.bootstrap.run(Media(folder), *QUIET)
    assert station.row("patient", row.id).name == "欧阳"
    assert len(numbers(station)) == 40
    assert indexed(station.store) == made_anew(station.store)
    full.settle(station)
    assert full.centre.row("patient", row.id).name == "欧阳"
    assert full.differing(station) == []


def test_a_manifest_says_what_its_parts_unpack_to(stick):
    folder, station = stick
    manifest = opened((folder / MANIFEST).read_bytes(), public_text_of(station))
    assert manifest.form == FILES
    for part in manifest.parts:
        data = zstandard.ZstdDecompressor().decompress((folder / part.name).read_bytes())
        assert len(data) == part.raw


def public_text_of(station):
    from sync.identity import identity_of

    with station.store.read() as connection:
        return identity_of(connection).server_key
