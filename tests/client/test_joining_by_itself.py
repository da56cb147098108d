"""An installer was given server, site and code: the first start joins by itself, or says what is wrong and waits."""

import json
import platform

import pytest
from PySide6.QtWidgets import QLineEdit

from client.machine_settings import ENVIRONMENT
from client.preferences import Preferences
from client.settings import Settings
from client.workstation import Workstation
from tests.client.test_enrolment import centre, centres, code_for, empty, sentence, who  # noqa: F401
from tests.server.conftest import prepared  # noqa: F401


@pytest.fixture
def started(qtbot, empty, monkeypatch, tmp_path):  # noqa: F811
    """Return a function that starts an empty machine with what its installer was given."""
    running = []

    def start(**given):
        folder = tmp_path / "machine"
        folder.mkdir()
        (folder / "setup.json").write_text(json.dumps(given), "utf-8")
        monkeypatch.setenv(ENVIRONMENT, str(folder))
        station = Workstation(empty, Settings(), Preferences(empty.preferences))
        running.append(station)
        station.start()
        return station

    yield start
    for station in running:
        station.window.close()
        station.close()
        station.window.deleteLater()


def test_the_first_start_joins_without_a_key_pressed(qtbot, started, empty, centre):  # noqa: F811
    server, made = centre
    station = started(
        server=server.api.url, site="一分院", token=code_for(server), fingerprint=made.fingerprint
    )
    with qtbot.waitSignal(station.desk_completed, timeout=30_000):
        pass
    row = who(empty)
    assert (row.server, row.org_id) == (server.api.url, server.orgs["B01"])
    assert row.name == f"一分院 {platform.node()}"[:60]


def test_what_is_wrong_stands_at_its_field_and_a_person_goes_on(qtbot, started, empty, centre):  # noqa: F811
    server, made = centre
    station = started(server=server.api.url, token="AAAAA-BBBBB", fingerprint=made.fingerprint)
    qtbot.waitUntil(lambda: station.window.enrol is not None, timeout=20_000)
    page = station.window.enrol
    qtbot.waitUntil(lambda: "登记码不正确" in sentence(page, "note_code"), timeout=20_000)
    code = page.findChild(QLineEdit, "field_code")
    qtbot.waitUntil(code.isEnabled)
    code.setText(code_for(server))
    page.submit()
    with qtbot.waitSignal(station.desk_completed, timeout=30_000):
        pass
    assert who(empty).server == server.api.url, "the fingerprint that was laid down still holds"
