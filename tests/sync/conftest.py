import pytest

from sync.schema import prepare_store
from sync.stores import open_embedded_store
from tests.sync.mariadb import temporary_database
from tests.sync.world import NORTH, SOUTH, World


@pytest.fixture(scope="session")
def empty_centre(tmp_path_factory):
    path = tmp_path_factory.mktemp("centre") / "empty.db"
    store = open_embedded_store(path)
    prepare_store(store)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path


@pytest.fixture
def world(tmp_path, empty_store, empty_centre):
    made = World(tmp_path, empty_store, empty_centre)
    yield made
    made.close()


@pytest.fixture
def north(world):
    return world.add_branch(NORTH)


@pytest.fixture
def south(world):
    return world.add_branch(SOUTH)


@pytest.fixture
def north_too(world, north):
    """A second workstation of the same branch."""
    return world.add_branch(NORTH)


@pytest.fixture(scope="session")
def mariadb_server():
    yield from temporary_database()


@pytest.fixture
def mariadb(mariadb_server):
    """A prepared, empty database; skips without a server."""
    mariadb_server.empty()
    return mariadb_server


@pytest.fixture
def mariadb_world(tmp_path, empty_store, mariadb):
    made = World(tmp_path, empty_store, None, centre_store=mariadb.open())
    yield made
    made.close()
