"""A shift by keys alone: navigation, lists, dialogs, search, scans, theme, the critical card; nothing blocks."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListWidget, QPushButton, QWidget

from client.alerts_card.viewmodel import CriticalCard
from client.navigation import found_by
from client.ports import Hit, Scanned
from client.scan_lookup import join_scans
from client.stations import stations
from domain.kernel.ids import new_id
from tests.client import seeding
from tests.fixtures.breadth import DEEP

LIST = "worklist:specimen.waiting"


@pytest.fixture(autouse=True)
def no_stations(monkeypatch):
    """The shell alone: stations have tests of their own."""
    for place in ("client.navigation", "client.shell.viewmodel", "client.views.pages"):
        monkeypatch.setattr(f"{place}.stations", dict)


def press(workstation, key, modifiers=Qt.KeyboardModifier.NoModifier):
    window = workstation.app.focusWindow() or workstation.window.windowHandle()
    QTest.keyClick(window, key, modifiers)


def dialog_of_key_1(qtbot, workstation):
    press(workstation, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: workstation.app.activeModalWidget() is not None)
    dialog = workstation.app.activeModalWidget()
    qtbot.waitUntil(
        lambda: workstation.app.focusWindow() is dialog.windowHandle()
    )  # keys go where the focus is
    qtbot.waitUntil(lambda: workstation.app.focusWidget() is not None and not workstation.router.holding)
    return dialog


def idle(qtbot, workstation):
    qtbot.waitUntil(lambda: not workstation.jobs.busy, timeout=10_000)


@pytest.fixture
def shell(qtbot, workstation, sign_in):
    shell = sign_in("biobank_technician")
    shell.open_page(LIST, {})
    idle(qtbot, workstation)
    return shell


def table_of(shell):
    return shell.page.findChild(QWidget, "worklist_table")


def test_the_role_decides_what_is_in_the_navigation(qtbot, workstation, sign_in):
    technician = [e.page for e in sign_in("biobank_technician").model.entries]
    assert LIST in technician
    assert "worklist:checkup.visits" not in technician
    assert "conflicts" not in technician
    workstation.session.sign_out()
    nurse = [e.page for e in sign_in("nurse").model.entries]
    assert {"worklist:checkup.visits", "conflicts", "sync"} <= set(nurse)


def test_every_page_of_every_role_opens_by_its_number(qtbot, workstation, sign_in):
    """In an ordinary run a page that a role before has opened is not opened again."""
    opened = set()
    for role in seeding.LOGINS:
        shell = sign_in(role)
        for number, entry in enumerate(shell.model.entries[:9], start=1):
            press(workstation, Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.ControlModifier)
            assert shell.current == entry.page
            idle(qtbot, workstation)
        for entry in shell.model.entries[9:]:
            if entry.page in opened and not DEEP:
                continue
            opened.add(entry.page)
            shell.open_page(entry.page, {})
            assert shell.current == entry.page
            idle(qtbot, workstation)
        workstation.session.sign_out()
    assert workstation.findings.calls() == []


def test_the_cursor_is_on_the_first_row_and_a_digit_runs_its_command(qtbot, workstation, shell):
    table = table_of(shell)
    assert table.hasFocus()
    assert table.currentIndex().row() == 0
    number = table.currentIndex().siblingAtColumn(0).data()
    dialog = dialog_of_key_1(qtbot, workstation)
    assert dialog.box("number").value() == number
    with qtbot.waitSignal(dialog.completed, timeout=5000):
        press(workstation, Qt.Key.Key_Return)
    idle(qtbot, workstation)
    qtbot.waitUntil(
        lambda: any("已签收" in str(table.model().index(r, 3).data()) for r in range(12)), timeout=5000
    )
    idle(qtbot, workstation)


def test_the_cursor_stays_on_its_tube_when_the_list_changes(qtbot, workstation, shell, seeded):
    table = table_of(shell)
    table.selectRow(5)
    number = table.currentIndex().siblingAtColumn(0).data()
    workstation.desk.dispatcher.run(_receive(seeded[0][2][0]), seeding.system())
    qtbot.waitUntil(
        lambda: table.model().row_of(table.model().row(11).id) == 11 and "已签收" in _states(table),
        timeout=5000,
    )
    idle(qtbot, workstation)
    assert table.currentIndex().siblingAtColumn(0).data() == number


def _receive(number):
    from domain.biobank.commands import ReceiveSpecimen

    return ReceiveSpecimen(number=number)


def _states(table):
    return [table.model().index(r, 3).data() for r in range(table.model().rowCount())]


def test_f3_types_a_filter_and_enter_goes_back_to_the_table(qtbot, workstation, shell, seeded):
    press(workstation, Qt.Key.Key_F3)
    line = shell.page.findChild(QWidget, "filter_text")
    assert line.hasFocus()
    qtbot.keyClicks(line, seeded[2][2][0])
    press(workstation, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: table_of(shell).model().rowCount() == 1)
    assert table_of(shell).hasFocus()
    idle(qtbot, workstation)
    assert shell.page.findChild(QLabel, "worklist_count").text() == "共 1 条"


def test_an_error_stands_beside_its_field_and_takes_the_focus(qtbot, workstation, shell):
    dialog = dialog_of_key_1(qtbot, workstation)
    dialog.box("number").set_value("")
    press(workstation, Qt.Key.Key_Return)
    box = dialog.box("number")
    qtbot.waitUntil(lambda: box.error != "")
    assert "扫描标本条码" in box.error
    assert box.editor.hasFocus()
    assert box.editor.accessibleDescription() == box.error
    press(workstation, Qt.Key.Key_Escape)
    assert workstation.app.activeModalWidget() is None


def test_enter_opens_the_record_with_banner_and_history(qtbot, workstation, shell):
    press(workstation, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shell.current.startswith("record:specimen:"))
    idle(qtbot, workstation)
    page = shell.page
    assert page.findChild(QLabel, "value_state").text() == "已采集"
    assert page.findChild(QLabel, "banner_name").text() == "张*"
    history = page.findChild(QWidget, "record_history").widget().findChildren(QLabel)
    assert any("采集标本" in label.text() and "待采集 → 已采集" in label.text() for label in history)
    page.findChild(QPushButton, "link_visit_id").click()
    assert "权限" in shell.toast.text


def test_ctrl_k_searches_and_enter_opens_what_was_found(qtbot, workstation, shell, seeded):
    tube = workstation.desk.pages.page(
        __import__("domain.kernel.worklists", fromlist=["worklists"]).worklists()["specimen.waiting"],
        workstation.session.actor,
    ).rows[0]
    workstation.desk.searcher = lambda actor, text, limit: [Hit("specimen", tube.id, tube.values[0], text)]
    press(workstation, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    box = shell.bar.search
    assert box.hasFocus()
    qtbot.keyClicks(box, "1010")
    results = workstation.window.findChild(QListWidget, "search_results")
    qtbot.waitUntil(results.isVisible)
    assert results.item(0).text().startswith("标本")
    press(workstation, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shell.current == f"record:specimen:{tube.id}")
    assert not results.isVisible()
    idle(qtbot, workstation)


def test_ctrl_k_finds_pages_too_after_the_records(qtbot, workstation, shell):
    tube = Hit("specimen", new_id(), "1010", "")
    for typed, before in (("dclbb", []), ("dclbb", [tube])):
        workstation.desk.searcher = lambda actor, text, limit, found=before: found
        press(workstation, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClicks(shell.bar.search, typed)
        results = workstation.window.findChild(QListWidget, "search_results")
        qtbot.waitUntil(results.isVisible)
        texts = [results.item(n).text() for n in range(results.count())]
        assert len(texts) == len(before) + 1
        assert texts[-1].startswith("页面   待处理标本   ")
        for _ in before:
            press(workstation, Qt.Key.Key_Down)
        press(workstation, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: shell.current == LIST)
        idle(qtbot, workstation)
    assert found_by("患者身份", shell.model.entries) == []


def test_a_search_that_finds_nothing_says_so(qtbot, workstation, shell):
    workstation.desk.searcher = lambda actor, text, limit: []
    press(workstation, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(shell.bar.search, "zzz")
    results = workstation.window.findChild(QListWidget, "search_results")
    qtbot.waitUntil(results.isVisible)
    assert "zzz" in results.item(0).text()
    press(workstation, Qt.Key.Key_Escape)
    assert not results.isVisible()


def scan(workstation, text):
    """Give a code as a scanner types it: its keys at one moment, however long this process takes for them."""
    clock = workstation.router._clock
    now = clock.now
    moment = now() + 500  # no scan is glued to the one before
    clock.now, clock._offset = lambda: moment, None
    for char in f"~{text}":
        press(workstation, char)
    press(workstation, Qt.Key.Key_Return)
    clock.now, clock._offset = lambda: now() + 600, None  # nor is a key to the scan


def test_a_scan_opens_the_record_it_names(qtbot, workstation, shell, seeded):
    join_scans(workstation.desk)
    scan(workstation, seeded[1][2][0])
    qtbot.waitUntil(lambda: shell.current.startswith("record:specimen:"), timeout=5000)
    idle(qtbot, workstation)
    assert seeded[1][2][0] in shell.page.title.text()


def test_a_foreign_code_is_told_and_opens_nothing(qtbot, workstation, shell):
    join_scans(workstation.desk)
    scan(workstation, "6901234567892")
    qtbot.waitUntil(lambda: "6901234567892" in shell.toast.text)
    assert shell.current == LIST


def test_a_number_of_two_records_is_asked_about_and_a_digit_answers(qtbot, workstation, sign_in, seeded):
    from tests.fixtures.shared_number import GiveCard

    join_scans(workstation.desk)
    shell = sign_in("nurse")
    patient, visit, _ = seeded[0]
    other = seeded[1][0]
    order = GiveCard(patient_id=other.patient_id, card_no=visit.number)
    workstation.desk.dispatcher.run(order, workstation.session.actor)
    idle(qtbot, workstation)
    before = shell.current
    for answer, opened in ((Qt.Key.Key_Escape, before), (Qt.Key.Key_2, f"record:patient:{other.patient_id}")):
        scan(workstation, visit.number)
        qtbot.waitUntil(lambda: workstation.app.activeModalWidget() is not None)
        dialog = workstation.app.activeModalWidget()
        lines = dialog.findChild(QListWidget, "scan_choices")
        texts = [lines.item(row).text() for row in range(lines.count())]
        assert sorted(texts) == texts == [f"1    体检 {visit.number}", f"2    客户 {other.number}"]
        scan(workstation, patient.number)  # a scan behind the question answers nothing
        qtbot.waitUntil(lambda: "请先完成" in shell.toast.text)
        assert workstation.app.activeModalWidget() is dialog
        press(workstation, answer)
        qtbot.waitUntil(lambda: workstation.app.activeModalWidget() is None)
        idle(qtbot, workstation)
        assert shell.current == opened


def test_a_scan_goes_to_the_page_that_is_open_first(qtbot, workstation, shell, seeded):
    join_scans(workstation.desk)
    taken = []
    shell.page.model.on_scan = lambda scanned: taken.append(scanned) or True
    scan(workstation, seeded[1][2][0])
    qtbot.waitUntil(lambda: taken != [])
    assert isinstance(taken[0], Scanned)
    assert (taken[0].kind, taken[0].text) == ("specimen", seeded[1][2][0])
    assert shell.current == LIST


def test_a_scan_fills_the_field_made_for_it_in_a_dialog(qtbot, workstation, shell, seeded):
    dialog = dialog_of_key_1(qtbot, workstation)
    scan(workstation, seeded[4][2][0])
    qtbot.waitUntil(lambda: dialog.box("number").value() == seeded[4][2][0])
    assert dialog.isVisible()
    press(workstation, Qt.Key.Key_Escape)


def test_the_kinds_of_scans_are_told_apart(workstation, sign_in, seeded):
    join_scans(workstation.desk)
    sign_in("nurse")
    look, nurse = workstation.desk.scan_lookup, workstation.session.actor
    patient, visit, tubes = seeded[0]
    assert look(nurse, tubes[0]).kind == "specimen"
    assert look(nurse, visit.number).record_id == visit.visit_id
    assert look(nurse, patient.number).record_id == patient.patient_id
    assert look(nurse, "110101197603020019").record_id == patient.patient_id
    assert look(nurse, "11010119900307123X").kind in {"id_number", "unknown"}
    assert look(nurse, "nothing").kind == "unknown"


def test_the_theme_changes_at_once_and_is_remembered(qtbot, workstation, shell):
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    press(workstation, Qt.Key.Key_T, modifiers)
    assert workstation.theme == "dark"
    assert workstation.preferences.get("theme") == "dark"
    picture = workstation.window.grab().toImage()
    assert picture.pixelColor(600, 700).lightness() < 80
    press(workstation, Qt.Key.Key_T, modifiers)
    assert workstation.theme == "light"


def test_f1_shows_every_key_of_the_page(qtbot, workstation, shell):
    press(workstation, Qt.Key.Key_F1)
    dialog = workstation.app.activeModalWidget()
    shown = " ".join(label.text() for label in dialog.findChildren(QLabel))
    for keys in ("F3", "F4", "F5", "Ctrl+K", "F12"):
        assert keys in shown
    press(workstation, Qt.Key.Key_Escape)


def test_f6_goes_round_between_navigation_and_page(qtbot, workstation, shell):
    press(workstation, Qt.Key.Key_F6)
    assert shell.nav.hasFocus()
    press(workstation, Qt.Key.Key_F6)
    assert table_of(shell).hasFocus()


def test_a_critical_value_covers_the_window_and_takes_two_inputs(qtbot, workstation, sign_in, seeded):
    shell = sign_in("nurse")
    shell.open_page("worklist:checkup.visits", {})
    idle(qtbot, workstation)
    patient = seeded[0][0].patient_id
    job = workstation.jobs.write(
        lambda _job: workstation.desk.dispatcher.run(
            seeding.SeedCritical(patient_id=patient), seeding.system()
        )
    )
    with qtbot.waitSignal(job.finished):
        pass
    card = shell.card
    qtbot.waitUntil(card.isVisible, timeout=5000)
    idle(qtbot, workstation)
    assert card.findChild(QLabel, "critical_patient").text() == "张伟"
    assert card.findChild(QLabel, "critical_value").text() == "6.8 mmol/L"
    line = card.findChild(QWidget, "critical_input")
    assert line.hasFocus()
    qtbot.keyClicks(line, "8.6")
    press(workstation, Qt.Key.Key_Return)
    error = card.findChild(QLabel, "critical_error")
    qtbot.waitUntil(error.isVisible)
    assert card.model.card.state == "reported"
    line.clear()
    qtbot.keyClicks(line, "6.8")
    press(workstation, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: card.model.card is not None and card.model.card.state == "received", timeout=5000)
    qtbot.keyClick(line, Qt.Key.Key_1)
    assert line.text() == "已通知客户立即复查"
    press(workstation, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not card.isVisible(), timeout=5000)
    idle(qtbot, workstation)
    assert table_of(shell).hasFocus()


def test_a_critical_value_put_off_comes_back(qtbot, workstation, sign_in, seeded):
    shell = sign_in("nurse")
    workstation.desk.dispatcher.run(
        seeding.SeedCritical(patient_id=seeded[0][0].patient_id), seeding.system()
    )
    qtbot.waitUntil(shell.card.isVisible, timeout=5000)
    shell.open_page("worklist:checkup.visits", {})  # as it opens beneath, it waits for the keys
    idle(qtbot, workstation)
    press(workstation, Qt.Key.Key_Escape)
    assert not shell.card.isVisible()
    assert shell.page.isAncestorOf(workstation.window.focusWidget())
    shell.card.model._snoozed.start(1)
    qtbot.waitUntil(shell.card.isVisible, timeout=5000)
    idle(qtbot, workstation)


def test_who_does_not_take_critical_values_is_not_disturbed(qtbot, workstation, shell, seeded):
    workstation.desk.dispatcher.run(
        seeding.SeedCritical(patient_id=seeded[0][0].patient_id), seeding.system()
    )
    qtbot.wait(150)
    idle(qtbot, workstation)
    assert not shell.card.isVisible()


def test_a_crash_in_the_background_is_apologised_for_with_its_number(qtbot, workstation, shell, caplog):
    workstation.jobs.read(lambda _job: 1 // 0)
    qtbot.waitUntil(lambda: "报告编号" in shell.toast.text)
    assert shell.toast.text.split("报告编号 ")[1][:8] in caplog.text
    caplog.clear()


def test_a_page_that_does_not_exist_is_told(workstation, shell):
    shell.open_page("worklist:nothing", {})
    assert "worklist:nothing" in shell.toast.text
    assert shell.current == LIST


def test_everything_that_takes_the_focus_has_a_name_for_the_screen_reader(qtbot, workstation, sign_in):
    shell = sign_in("nurse")
    nameless = []
    for entry in shell.model.entries:
        shell.open_page(entry.page, {})
        idle(qtbot, workstation)
        for widget in shell.findChildren(QWidget):
            if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                named = widget.accessibleName() or getattr(widget, "text", str)() or widget.objectName()
                if not named and not widget.objectName().startswith("qt_"):
                    nameless.append((entry.page, type(widget).__name__))
    assert nameless == []


def test_stations_are_found_by_their_folder():
    for name, station in stations().items():
        assert station.id == name


def test_a_list_that_is_empty_keeps_the_keys(qtbot, workstation, shell):
    """Not the hint at the foot of the page: there the next key would press a button."""
    model = shell.page.model
    found = next(c for c in model.filter_columns() if c.name == "number")
    model.add_filter(found, "999", "999")
    qtbot.waitUntil(lambda: model.table.state == "empty")
    note = shell.page.findChild(QLabel, "worklist_note")
    assert workstation.window.focusWidget() is note
    model.remove_filter(0)
    qtbot.waitUntil(lambda: model.table.state == "ready")
    assert table_of(shell).hasFocus()


def test_a_list_that_opens_empty_has_the_keys(qtbot, workstation, sign_in):
    shell = sign_in("nurse")
    empty = [e.page for e in shell.model.entries if e.page.startswith("worklist:")]
    for page in empty:
        shell.open_page(page, {})
        idle(qtbot, workstation)
        table = shell.page.model.table
        qtbot.waitUntil(lambda table=table: table.state != "loading")
        name = "worklist_table" if table.state == "ready" else "worklist_note"
        assert workstation.window.focusWidget().objectName() == name, page


def test_a_critical_value_of_several_lines_is_whole(qtbot, workstation, sign_in):
    """A value whose second line is cut off is another value."""
    shell = sign_in("nurse")
    card = shell.card
    long = CriticalCard(
        new_id(), new_id(), "欧阳买买提·阿不都热合曼·吐尔逊江", "男 · 87 岁 · 体检号 V261129017 " * 3, "肌钙蛋白" * 9,
        "12345.678 ng/mL（参考 0–0.04）", "reported", None, 1, unverified=True,
    )  # fmt: skip
    card.show_card(long, 1)
    qtbot.waitUntil(card.isVisible)
    for name in ("patient", "about", "name", "value"):
        label = card.findChild(QLabel, f"critical_{name}")
        qtbot.waitUntil(lambda label=label: label.height() >= label.heightForWidth(label.width()) > 0)
    value = card.findChild(QLabel, "critical_value")
    assert value.height() > 1.8 * value.fontMetrics().height()
