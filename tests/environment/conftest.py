"""A freezer with probes in a real encrypted store."""

from datetime import timedelta

import pytest

from domain.environment.probe_commands import AddProbe
from domain.environment.reading_commands import TakenReading, TakeReadings
from domain.environment.records import EnvironmentExcursion
from tests.biobank.conftest import tubes  # noqa: F401
from tests.storage.conftest import put_up, room  # noqa: F401

MINUTE = timedelta(minutes=1)


class Freezer:
    """One probe at -80 °C, limits -90 and -60, ten minutes of delay; `read` is one reading a minute."""

    def __init__(self, desk, clock, who):
        self.desk, self.clock, self.who = desk, clock, who
        desk.run(
            AddProbe(code="P1", name="1 号冰箱", container="F1", low=-90, high=-60, rise=8.0, rise_min=10),
            who,
        )

    def read(self, *values, source="modbus"):
        """One reading a minute; the last is of now."""
        receipt = None
        for value in values:
            self.clock.advance(MINUTE)
            order = TakeReadings(readings=[TakenReading("P1", self.clock(), value, source)])
            receipt = self.desk.run(order, self.who).receipt
        return receipt

    def excursions(self):
        with self.desk.store.read() as connection:
            table = EnvironmentExcursion.__table__
            return connection.execute(table.select().order_by(table.c.begun_at)).all()


@pytest.fixture
def freezer(desk, clock, technician, room):  # noqa: F811
    return Freezer(desk, clock, technician)
