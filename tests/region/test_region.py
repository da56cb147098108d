"""A small region through a bad week: every branch ends like the centre, and no confirmed value is gone."""

import shutil
from collections import Counter

import pytest

from server.settings import Settings
from server.storage_key import store_key
from sync.stores import open_embedded_store
from tests.region.centre import mariadb_address
from tests.region.ledger import missing
from tests.region.plan import IDLE, LINE_FAULTS, Plan
from tests.region.region import Region

DAYS = 4
"""With a server killed on day 1 and put back to last night's backup on day 2."""


def lived(home, plan, days, **options):
    told = []
    region = Region(home, plan, say=told.append, **options)
    outcome = region.run(days)
    assert outcome.holds, "\n".join(
        [f"seed {plan.seed}", *told[-4:], *outcome.crashes[:3], *outcome.unequal, *outcome.restless[:5],
         *map(str, outcome.lost[:10]), *outcome.files_lost]
    )  # fmt: skip
    return region


@pytest.fixture(scope="module")  # with one worker the order in which things happen follows from the seed
def region(tmp_path_factory):
    home, disks = tmp_path_factory.mktemp("region"), tmp_path_factory.mktemp("disks")
    return lived(home, Plan(6, seed=1, troubles=2), DAYS, workers=1, disks=disks)


def test_a_region_comes_to_rest_with_nothing_lost(region):
    """Killed clients and servers, copied disks, backups put back on both sides, clocks years off, broken lines."""
    found = region.outcome
    assert found.typed > 100
    for what in ("server_killed", "server_restored", "back_up", "clock_off_by_years", "exchanges"):
        assert found.counts[what] > 0, found.counts
    assert sum(found.counts[f"fault_{fault}"] for fault in LINE_FAULTS) > 0
    assert found.memory_mib
    assert len(found.idle["exchange_ms"]) > 0, found.idle


def test_the_same_seed_brings_the_same_days():
    days = [[Plan(40, seed=7).day(n, list(range(1, 45))) for n in range(3)] for _ in range(2)]
    assert days[0] == days[1]
    assert days[0] != [Plan(40, seed=8).day(n, list(range(1, 45))) for n in range(3)]


def test_every_trouble_has_its_turn_within_some_weeks():
    plan, met = Plan(300, seed=1), Counter()
    stations = sorted(plan.posts)
    for number in range(21):
        day = plan.day(number, stations)
        met.update(job.fault for job in day.jobs)
        met.update(job.trouble for job in day.jobs)
        for name in ("restored", "cloned", "skewed", "backed_up", "revoked", "moved"):
            met[name] += len(getattr(day, name))
        met["killed"] += day.kill_server_at is not None
        met["put back"] += day.restore_server_at is not None
        assert not {job.station for job in day.jobs} & set(plan.idle)
    assert len(plan.idle) == IDLE
    assert all(met[name] for name in (*LINE_FAULTS, "poison", "newer", "restored", "cloned", "skewed", "backed_up",
                                      "revoked", "moved", "killed", "put back")), met  # fmt: skip


@pytest.fixture
def spoilt(region, tmp_path):
    """A copy of the centre's store, to be spoilt."""
    shutil.copyfile(region.home / "centre" / "centre.db", tmp_path / "centre.db")
    store = open_embedded_store(tmp_path / "centre.db", store_key(Settings(data_dir=region.home / "centre")))
    yield store
    store.close()


def test_one_value_dropped_everywhere_is_told_as_lost(region, spoilt):
    """The proof can fail: without this value in row and history it names exactly this one."""
    with spoilt.read() as connection:
        gone = missing(connection, region.typed())  # with a disk, before it was sent
        query = "SELECT id, name FROM patient"
        names = {bytes(row.id).hex(): row.name for row in connection.exec_driver_sql(query)}
        tables = ("conflict", "parked_txn")
        elsewhere = repr([connection.exec_driver_sql(f"SELECT * FROM {table}").all() for table in tables])
    victim = next(
        one for one in region.typed()
        if one.field == "name" and names.get(one.record) == one.value and one.value not in elsewhere
    )  # fmt: skip
    word, other = victim.value.encode(), b"#" * len(victim.value)
    with spoilt.write() as connection:
        update = "UPDATE patient SET name = ? WHERE name = ?"
        connection.exec_driver_sql(update, (other.decode(), victim.value))
        for position, body in connection.exec_driver_sql("SELECT position, body FROM change_log").all():
            changed = (bytes(body).replace(word, other), position)
            connection.exec_driver_sql("UPDATE change_log SET body = ? WHERE position = ?", changed)
    with spoilt.read() as connection:
        assert set(missing(connection, region.typed())) == {victim, *gone}
        region.check(connection)
    assert region.outcome.lost == [victim]
    assert region.outcome.unequal, "the branches that have it differ from the centre as well"


def test_a_row_that_differs_at_the_centre_alone_is_told(region, spoilt):
    with spoilt.read() as connection:
        region.check(connection)
    before = region.outcome.unequal  # the centre may have written of itself when it stopped
    with spoilt.write() as connection:
        connection.exec_driver_sql(
            "UPDATE patient SET ver = ver + 1 WHERE id = (SELECT min(id) FROM patient)"
        )
    with spoilt.read() as connection:
        region.check(connection)
    assert region.outcome.lost == []
    told = set(region.outcome.unequal) - set(before)
    assert told
    assert all("'patient'" in one for one in told)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(10, 16))
def test_more_regions_come_to_rest(tmp_path, seed):
    lived(tmp_path, Plan(12, seed=seed, troubles=3), 12)


@pytest.mark.deep
@pytest.mark.mariadb
def test_a_region_on_mariadb_comes_to_rest(tmp_path):
    pymysql = pytest.importorskip("pymysql")
    try:
        with mariadb_address() as address:
            lived(tmp_path, Plan(8, seed=3, troubles=3), 6, address=address)
    except pymysql.err.OperationalError as error:
        pytest.skip(f"no MariaDB on 127.0.0.1:3306 for root: {error.args[0]}")
