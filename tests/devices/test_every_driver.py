"""The shared suite, run for each driver."""

from devices.registry import drivers, simulator_of
from devices.simulated import DeviceSimulator
from tests.devices.driver_suite import CASES, DriverSuite


class TestEveryDriver(DriverSuite):
    pass


def test_every_driver_has_a_case():
    assert {case.driver for case in CASES} == set(drivers())


def test_every_driver_has_a_simulator_and_a_chinese_name():
    for name, profile in drivers().items():
        assert issubclass(simulator_of(name), DeviceSimulator)
        assert any("一" <= char <= "鿿" for char in profile.label), name
        assert profile.kind in {"bp", "scale", "idcard", "scanner"}
        assert ("未经实机验证" in profile.shown_label) == (not profile.confirmed), name
