"""Tubes of a real encrypted store, and the store room around them."""

import pytest

from domain.biobank.records import StorageContainer
from domain.kernel.readers import Follower
from domain.storage.container_commands import ContainerKind, PutUpContainer
from domain.storage.filling import FillReader
from tests.biobank.conftest import tubes  # noqa: F401


@pytest.fixture
def put_up(desk, technician):
    """Return a function that puts up a container and returns its id."""

    def make(code, kind, parent=None, **facts):
        order = PutUpContainer(
            code=code, name=facts.pop("name", code), kind=ContainerKind(kind), parent=parent, **facts
        )
        return desk.run(order, technician).receipt

    return make


@pytest.fixture
def room(put_up):
    """A freezer with two shelves, a rack of boxes on the first, one box on the second; two boxes in the rack."""
    put_up("S1", "site")
    put_up("F1", "freezer", "S1")
    put_up("L2", "shelf", "F1", door_order=2, rows=1, columns=3)
    put_up("L1", "shelf", "F1", door_order=1, rows=1, columns=3)
    put_up("R1", "rack", "L1", rows=2, columns=2)
    put_up("B10", "box", "R1", rows=2, columns=3, at="B1")
    put_up("B2", "box", "R1", rows=2, columns=3, at="A1")
    put_up("B3", "box", "L2", rows=3, columns=3)


@pytest.fixture
def counted(desk):
    """Return a function that lets the counts catch up."""
    follower = Follower(desk.store, FillReader())
    return follower.catch_up


def container(desk, code):
    with desk.store.read() as connection:
        table = StorageContainer.__table__
        return connection.execute(table.select().where(table.c.code == code)).one()
