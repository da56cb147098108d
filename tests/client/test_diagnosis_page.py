"""What each check of the diagnosis tells, the page by its keys, and a bundle with nothing of a person."""

import dataclasses
import io
import json
import logging
import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QTableWidget
from shiboken6 import isValid
from sqlalchemy import select

import resources
from client.devices_hub import hub_of
from client.main import start_log
from client.navigation import entries, found_by
from client.pages.diagnosis.looked_at import line_of, logs_of, place_of
from client.pages.diagnosis.view import View
from client.pages.diagnosis.viewmodel import ViewModel
from client.ports import Refused, SyncState
from client.settings import Settings
from domain.kernel.errors import UnavailableError
from domain.kernel.texts import Texts
from domain.outgoing.records import Outgoing
from domain.people.records import Patient
from sync.diagnosis import checks
from sync.diagnosis.bundle import bundle
from sync.diagnosis.looking import (
    Device,
    Finding,
    LabelPrinter,
    Level,
    Line,
    Place,
    Reason,
    Watch,
    all_checks,
    look_at,
)
from sync.diagnosis.scrubbing import scrubbed
from tests.client.conftest import KEY

TEXTS = Texts.load(resources.folder("texts") / "zh")
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SHOTS = os.environ.get("AFTERCHECK_SHOTS", "")
PLANTED = (
    "欧阳诗涵",
    "13912345678",
    "440106198802033344",
    "P26-000123",
    "hunter2",
    "Zx9kQ2mLpR7tVw3sYbN8cF4h",
)


def look(name, place, watch=None):
    check = next(c for c in all_checks() if c.name == name)
    return look_at(check, place, watch)


def codes(findings):
    return [(one.level.value, one.code) for one in findings]


@pytest.fixture
def bare(tmp_path):
    return Place(tmp_path, 2 << 30, AT)


@pytest.mark.parametrize(
    ("free_mib", "expected"),
    [
        (900, ("bad", "diagnosis.disk.full")), (2500, ("warning", "diagnosis.disk.low")),
        (4000, ("ok", "diagnosis.disk.ok")),
    ],
)  # fmt: skip
def test_room_on_the_disk_is_judged_by_what_records_and_attachments_need(
    bare, monkeypatch, free_mib, expected
):
    usage = type("Usage", (), {"free": free_mib << 20, "total": 100 << 30})
    monkeypatch.setattr("sync.diagnosis.checks.disk.shutil.disk_usage", lambda _folder: usage)
    assert codes(look("disk", bare)) == [expected]


@pytest.mark.parametrize(
    ("skew", "expected"),
    [
        (None, ("warning", "diagnosis.clock.unknown")), (12.0, ("ok", "diagnosis.clock.ok")),
        (61.0, ("warning", "diagnosis.clock.behind")), (-400.0, ("bad", "diagnosis.clock.ahead")),
    ],
)  # fmt: skip
def test_the_clock_is_compared_with_the_centres(bare, skew, expected):
    assert codes(look("clock", dataclasses.replace(bare, line=Line("idle", skew_s=skew)))) == [expected]


def test_a_line_says_since_when_it_is_gone_and_why(bare):
    reason = Reason("sync.unreachable", {})
    hour, days = AT - timedelta(hours=1), AT - timedelta(days=2)
    for line, expected in (
        (Line("idle", last_contact=hour), ("ok", "diagnosis.line.ok")),
        (Line("connecting"), ("warning", "diagnosis.line.waits")),
        (Line("offline", reason, hour, waiting=7), ("warning", "diagnosis.line.offline")),
        (Line("offline", reason, days), ("bad", "diagnosis.line.offline")),
        (Line("failed", reason, hour), ("bad", "diagnosis.line.failed")),
        (None, ("bad", "diagnosis.line.absent")),
    ):
        assert codes(look("line", dataclasses.replace(bare, line=line))) == [expected]
    alone = dataclasses.replace(bare, has_centre=False)
    assert codes(look("line", alone)) == [("ok", "diagnosis.line.none")]
    assert look("clock", alone) == ()


def test_what_the_centre_did_not_take_is_counted_by_its_kind(bare):
    refused = (Refused(1, "x", {}), Refused(2, "x", {}, kind="merged"), Refused(3, "x", {}, kind="parked"))
    line = line_of(SyncState("idle", refused=refused, conflicts=4, last_contact=AT, skew_s=3.0))
    found = look("refused", dataclasses.replace(bare, line=line))
    assert [(one.code, one.facts["count"]) for one in found] == [
        ("diagnosis.refused.lost", 2), ("diagnosis.refused.parked", 1), ("diagnosis.refused.conflicts", 4),
    ]  # fmt: skip
    assert line.skew_s == 3.0
    assert line_of(SyncState("offline")).skew_s is None


def test_devices_and_printers_say_each_how_they_are(bare):
    place = dataclasses.replace(
        bare,
        devices=(
            Device("血压计", "ready", "device.state.ready"), Device("身高体重", "absent", "device.state.unplugged"),
        ),
        printers=(LabelPrinter("采血标签机", lambda: "printer.media_out"), LabelPrinter("旧机", lambda: None)),
        device_problems=1,
    )  # fmt: skip
    assert codes(look("devices", place)) == [
        ("bad", "diagnosis.devices.settings"), ("ok", "diagnosis.devices.ok"),
        ("warning", "diagnosis.devices.absent"),
        ("warning", "diagnosis.devices.printer"), ("ok", "diagnosis.devices.mute"),
    ]  # fmt: skip


def test_a_kept_key_that_is_not_the_stores_is_told_while_the_store_is_still_open(open_desk):
    place = place_of(open_desk)
    assert codes(look("key", dataclasses.replace(place, key=lambda: KEY))) == [("ok", "diagnosis.key.ok")]
    assert codes(look("key", dataclasses.replace(place, key=lambda: bytes(32)))) == [
        ("bad", "diagnosis.key.other")
    ]

    def none():
        raise UnavailableError("key.no_keyring")

    (found,) = look("key", dataclasses.replace(place, key=none))
    assert (found.level, found.reason.code) == (Level.BAD, "key.no_keyring")


def test_a_store_is_read_to_its_end_says_how_far_and_stops_when_nobody_waits(open_desk):
    place, told = place_of(open_desk), []
    (found,) = look("store", place, Watch(lambda done, total: told.append((done, total))))
    assert (found.level, found.code) == (Level.OK, "diagnosis.store.ok")
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] == found.facts["count"]
    assert look("store", place, Watch(stopped=lambda: True)) == ()
    assert codes(look("chain", place)) == [("ok", "diagnosis.chain.ok")]
    assert codes(look("versions", place)) == [("ok", "diagnosis.versions.ok"), ("ok", "diagnosis.rules.ok")]


def test_damaged_pages_are_found(open_desk, home):
    open_desk.store.close()
    with home.store.open("r+b") as file:
        file.seek(home.store.stat().st_size // 2)
        file.write(os.urandom(8192))
    (found,) = look("store", place_of(open_desk))
    assert found.level is Level.BAD


def test_a_check_that_crashes_is_a_finding_and_hides_no_other(bare):
    broken = dataclasses.replace(bare, printers=(LabelPrinter("x", lambda: 1 / 0),))
    assert codes(look("devices", broken)) == [("bad", "diagnosis.crashed")]


def test_every_finding_has_its_sentence_and_what_to_do():
    written = [p.read_text("utf-8") for p in Path(checks.__path__[0]).glob("*.py")]
    named = {part.split('"')[0] for text in written for part in text.split('"diagnosis.')[1:]}
    assert len(named) > 25
    for code in named:
        assert f"diagnosis.{code}" in TEXTS, code


@pytest.fixture
def page(context_for, open_desk, qtbot):
    context, _ = context_for("receptionist")
    hub_of(open_desk)
    model = ViewModel(context, look=lambda desk: dataclasses.replace(place_of(desk), key=lambda: KEY))
    view = View(model)
    qtbot.addWidget(view)
    yield model, view
    if isValid(model) and not model.is_closed:
        model.close()


def shown_active(view, qtbot):
    with qtbot.waitActive(view):
        view.show()
        view.activateWindow()
    view.focus_first()


def ended(model, qtbot):
    qtbot.waitUntil(lambda: model.running is None and not model.context.jobs.busy, timeout=20_000)


def test_everybody_finds_the_page_and_sees_the_worst_first_with_a_remedy(page, qtbot, context_for):
    model, view = page
    actor = context_for("account_manager")[0].actor
    found = found_by("xtzd", entries(actor, TEXTS.say))
    assert [entry.page for entry in found] == ["diagnosis"]
    seen = []
    model.changed.connect(lambda: seen.append(model.summary))
    model.on_open()
    assert model.running is not None
    assert not model.action_set.is_enabled("again")
    ended(model, qtbot)
    assert any("本机数据库（" in text for text in seen)
    table = view.findChild(QTableWidget, "diagnosis")
    shown = [[table.item(row, at).text() for at in range(4)] for row in range(table.rowCount())]
    assert len(shown) == len(model.findings) >= 8
    assert [row[0][2:] for row in shown] == sorted(
        (row[0][2:] for row in shown), key=["故障", "注意", "正常"].index
    )
    assert all(bool(row[3]) == (row[0][2:] != "正常") for row in shown)
    shown_active(view, qtbot)
    qtbot.keyClick(view, Qt.Key.Key_F5)
    assert model.running is not None
    model.close()
    qtbot.waitUntil(lambda: not model.context.jobs.busy)


def test_one_key_saves_a_bundle_that_is_on_record_and_holds_nothing_of_a_person(
    page, qtbot, home, open_desk, seeded, tmp_path, monkeypatch
):
    model, view = page
    root = logging.getLogger()
    before = root.handlers[:], root.level
    start_log(home)
    try:
        log = logging.getLogger("planted")
        log.warning("client %s phone %s id %s number %s", *PLANTED[:4])
        log.error("Authorization: Bearer %s password=%s", PLANTED[5], PLANTED[4])
        try:
            raise ValueError(PLANTED[0])
        except ValueError:
            log.exception("a command failed", extra={"code": PLANTED[1]})
    finally:
        for handler in root.handlers:
            if handler not in before[0]:
                handler.close()
        root.handlers[:], root.level = before[0], before[1]
    with home.log.open("a", encoding="utf-8") as file:
        file.write(f"{PLANTED[0]} {PLANTED[1]} no line of ours\n")
    devices = home.log.parent / "devices"
    devices.mkdir()
    (devices / "card.log").write_text(" ".join(PLANTED), encoding="utf-8")
    open_desk.settings = dataclasses.replace(open_desk.settings, key_file=f"/secret/{PLANTED[5]}")

    target = tmp_path / "stick" / "b.zip"
    target.parent.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(target), ""))
    model.on_open()
    ended(model, qtbot)
    shown_active(view, qtbot)
    said = []
    model.message.connect(lambda text, tone: said.append((text, tone)))
    qtbot.keyClick(view, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: bool(said), timeout=10_000)
    assert said[0][1] == "success"

    with zipfile.ZipFile(target) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {"report.txt", "findings.json", "versions.json", "settings.json", "devices.json"} < files.keys()
    assert [name for name in files if name.startswith("logs/")] == ["logs/client.log"]
    assert "a command failed" in files["logs/client.log"]
    assert "ValueError" in files["logs/client.log"]
    whole = "\n".join(files.values())
    with open_desk.store.read() as connection:
        people = connection.execute(select(Patient.name, Patient.number)).all()
        rows = connection.execute(select(Outgoing.what, Outgoing.destination)).all()
    assert people
    for planted in (*PLANTED, *(p.name for p in people), *(p.number for p in people), KEY.hex()):
        assert planted not in whole, planted
    assert json.loads(files["settings.json"])["key_file"] == {"set": True}
    assert ("b.zip", "file") in [(what, where.value) for what, where in rows]


def test_the_bundle_goes_also_where_the_store_takes_no_record(page, qtbot, tmp_path, monkeypatch):
    model, _view = page

    def full(*_given):
        raise UnavailableError("store.disk_full")

    monkeypatch.setattr(type(model.context.desk.dispatcher), "run", full)
    said = []
    model.message.connect(lambda text, tone: said.append(tone))
    model.save(tmp_path / "b.zip")
    qtbot.waitUntil(lambda: bool(said), timeout=10_000)
    assert said == ["warning"]
    assert zipfile.is_zipfile(tmp_path / "b.zip")
    model.save(tmp_path / "gone" / "b.zip")
    qtbot.waitUntil(lambda: len(said) == 2, timeout=10_000)
    assert said[1] == "danger"


def test_forms_of_names_numbers_and_secrets_go_and_plain_words_stay():
    assert (
        scrubbed("reader audit failed, 3 of 200 rows, 1500 ms")
        == "reader audit failed, 3 of 200 rows, 1500 ms"
    )
    assert scrubbed("no line to the centre: key.missing") == "no line to the centre: key.missing"
    for planted in (*PLANTED, "020-8765 4321", "wang@example.cn", "mysql://root:pw@db"):
        text = scrubbed(f"password={planted}" if planted == "hunter2" else f"met {planted} here")
        assert planted not in text
    windows, linux = (
        "\\".join(["C:", "Users", "张三", "x.py"]),
        "/".join(["", "home", "zhangsan", "app", "x.py"]),
    )
    text = scrubbed(f"{windows} and {linux}")
    assert "张三" not in text
    assert "zhangsan" not in text


def test_only_the_newest_of_long_logs_is_taken(home, monkeypatch):
    monkeypatch.setattr("sync.diagnosis.bundle.MOST_LOG", 3000)
    home.log.parent.mkdir(exist_ok=True)
    line = json.dumps({"at": "2026-11-23T01:00:00.000+00:00", "level": "INFO", "message": "line %s"})
    for name, first in (("client.log", 20), ("client.log.1", 0)):
        (home.log.parent / name).write_text(
            "".join(line % n + "\n" for n in range(first, first + 40)), "utf-8"
        )
    packed = bundle(
        [Finding("disk", Level.OK, "diagnosis.disk.ok", {"free": "1", "total": "2"})], TEXTS.say, at=AT,
        device="d", versions={}, settings=dataclasses.asdict(Settings()), devices=[], logs=logs_of(home.log),
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        newest = archive.read("logs/client.log").decode()
    assert "line 59" in newest
    assert len(newest) < 6000


@pytest.mark.skipif(not SHOTS, reason="pictures are made on purpose")
@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_pictures(page, qtbot, size):
    model, view = page
    view.resize(*size)
    view.show()
    model.on_open()
    ended(model, qtbot)
    extra = dataclasses.replace(
        place_of(model.context.desk), has_centre=True,
        line=Line("offline", Reason("sync.unreachable", {}), AT - timedelta(days=2), -400.0, 32, 2, 1, 3),
        devices=(Device("AND TM-2657P 血压计", "absent", "device.state.unplugged"),),
        printers=(LabelPrinter("采血标签机", lambda: "printer.media_out"),),
    )  # fmt: skip
    model.findings = [f for c in all_checks() if c.name != "store" for f in look_at(c, extra)]
    model.changed.emit()
    view.grab().save(f"{SHOTS}/diagnosis_{size[0]}.png")
