"""A scan works with any focus and reaches no field; typing is never lost, also with a Chinese input method."""

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget

from client.key_timing import EventClock
from client.scan_router import ScanRouter
from client.settings import Settings


class Window(QWidget):
    def __init__(self):
        super().__init__()
        column = QVBoxLayout(self)
        self.first, self.second, self.button = QLineEdit(), QLineEdit(), QPushButton("ok")
        for widget in (self.first, self.second, self.button):
            column.addWidget(widget)


@pytest.fixture
def now():
    return [1000.0]


@pytest.fixture
def window(qtbot):
    made = Window()
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(lambda: made.windowHandle() is not None and made.isActiveWindow())
    made.first.setFocus()
    return made


@pytest.fixture
def router(qapp, window, now):
    made = ScanRouter(Settings(), now_ms=lambda: now[0])
    made.scans, made.refusals = [], []
    made.scanned.connect(made.scans.append)
    made.refused.connect(lambda code, facts: made.refusals.append(code))
    # Stamps of simulated keys are of the machine's clock; the tests have their own.
    made._clock.at = lambda stamp: now[0]
    made.listen(qapp)
    yield made
    made.stop()


def press(window, now, text, gap_ms):
    for char in text:
        now[0] += gap_ms
        QTest.keyClick(window.windowHandle(), char if char != "\r" else Qt.Key.Key_Return)


def commit(now, text, gap_ms=5):
    from PySide6.QtGui import QGuiApplication

    now[0] += gap_ms
    event = QInputMethodEvent()
    event.setCommitString(text)
    QCoreApplication.sendEvent(QGuiApplication.focusObject(), event)


def compose(now, text, gap_ms):
    from PySide6.QtGui import QGuiApplication

    now[0] += gap_ms
    QCoreApplication.sendEvent(QGuiApplication.focusObject(), QInputMethodEvent(text, []))


def later(router, now, ms=500):
    now[0] += ms
    router._tick()


def test_a_scan_reaches_no_field_whatever_has_the_focus(router, window, now):
    for focus in (window.first, window.second, window.button):
        focus.setFocus()
        press(window, now, "~101000000198\r", 4)
        now[0] += 1000
    assert router.scans == ["101000000198"] * 3
    assert (window.first.text(), window.second.text()) == ("", "")


def test_a_scan_without_prefix_is_known_by_its_speed(router, window, now):
    press(window, now, "V1010000001\r", 6)
    assert router.scans == ["V1010000001"]
    assert window.first.text() == ""


def test_enter_of_a_scan_presses_no_button(router, window, now, qtbot):
    clicked = []
    window.button.clicked.connect(lambda: clicked.append(1))
    window.button.setAutoDefault(True)
    window.button.setFocus()
    press(window, now, "~101000000198\r", 4)
    assert clicked == []


def test_tab_of_a_scan_does_not_move_the_focus(router, window, now):
    press(window, now, "~101000000198", 4)
    now[0] += 4
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Tab)
    assert router.scans == ["101000000198"]
    assert window.first.hasFocus()


def test_typing_arrives_unchanged_and_in_order(router, window, now):
    press(window, now, "hello123", 90)
    later(router, now)
    assert window.first.text() == "hello123"
    assert router.scans == []


def test_a_fast_typist_loses_no_letter(router, window, now):
    for gap, char in zip((60, 20, 70, 15, 80, 33, 60, 25), "fasttype", strict=True):
        press(window, now, char, gap)
    later(router, now)
    assert window.first.text() == "fasttype"


def test_enter_after_typing_is_enter(router, window, now):
    entered = []
    window.first.returnPressed.connect(lambda: entered.append(window.first.text()))
    press(window, now, "abc", 90)
    press(window, now, "\r", 90)
    assert entered == ["abc"]


def test_arrows_and_backspace_keep_their_place_between_letters(router, window, now):
    press(window, now, "ab", 20)
    now[0] += 20
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Backspace)
    press(window, now, "c", 20)
    now[0] += 20
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Home)
    press(window, now, "d", 20)
    later(router, now)
    assert window.first.text() == "dac"


def test_control_keys_are_left_alone(router, window, now):
    window.first.setText("abc")
    now[0] += 100
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert window.first.selectedText() == "abc"


def test_full_width_forms_of_an_input_method_are_read_as_keys(router, window, now):
    for char in "～１０１０００００１９８":
        commit(now, char)
    press(window, now, "\r", 4)
    assert router.scans == ["10100000198"]
    assert window.first.text() == ""


def test_a_scan_with_composed_characters_is_refused_and_leaves_no_trace(router, window, now):
    press(window, now, "~101", 4)
    commit(now, "标本", 4)
    press(window, now, "0198\r", 4)
    assert router.refusals == ["scan.ime_active"]
    assert router.scans == []
    assert window.first.text() == ""


def test_a_scan_whose_first_letters_became_a_character_is_refused(router, window, now):
    """Without a prefix: t composes, 2 picks the second candidate, the rest is a number of its own."""
    compose(now, "t", 5)
    commit(now, "他", 5)
    press(window, now, "61130000003\r", 5)
    assert (router.scans, router.refusals) == ([], ["scan.ime_active"])
    now[0] += 1000
    press(window, now, "~101000000198\r", 5)
    assert router.scans == ["101000000198"]


def test_a_scan_some_time_after_a_chinese_word_is_a_scan(router, window, now):
    commit(now, "张伟", 200)
    press(window, now, "101000000198\r", 200)
    press(window, now, "101000000198\r", 5)
    assert window.first.text().startswith("张伟")
    assert router.refusals == []


def test_enter_swallowed_by_the_input_method_is_no_scan_and_leaves_nothing(router, window, now):
    commit(now, "～101000000198")
    later(router, now)
    assert (router.scans, router.refusals) == ([], ["scan.incomplete"])
    assert window.first.text() == ""


def test_a_scan_the_input_method_commits_in_one_piece_with_its_enter_as_a_key(router, window, now):
    commit(now, "～１０１０００００0198")
    press(window, now, "\r", 5)
    assert router.scans == ["101000000198"]
    assert window.first.text() == ""


def test_marks_of_a_chinese_keyboard_in_a_code_are_read_as_their_keys(router, window, now):
    for char in "～ＢＥＮＣＨ。ＳＴＯＲＥ":
        commit(now, char)
    press(window, now, "\r", 4)
    assert router.scans == ["BENCH.STORE"]


def test_chinese_text_goes_straight_to_its_field(router, window, now):
    commit(now, "张伟", 200)
    commit(now, "欧阳娜娜", 200)
    assert window.first.text() == "张伟欧阳娜娜"


def test_the_input_method_is_off_while_a_scan_runs_and_on_again(router, window, now):
    press(window, now, "~101", 4)
    assert not window.first.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
    press(window, now, "000198\r", 4)
    assert window.first.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)


def test_letters_composed_at_a_scanners_speed_are_taken_back(router, window, now):
    for text in ("v", "v1", "v10"):
        compose(now, text, 5)
    press(window, now, "10000001\r", 5)
    assert router.scans == ["v1010000001"]
    assert window.first.text() == ""


def test_letters_composed_by_a_person_are_left_to_the_input_method(router, window, now):
    for text in ("z", "zh", "zha", "zhan", "zhang"):
        compose(now, text, 80)
    commit(now, "张", 80)
    assert window.first.text() == "张"
    assert router.scans == []


def test_a_scan_that_breaks_off_is_told(router, window, now):
    press(window, now, "~10100", 4)
    later(router, now)
    assert router.refusals == ["scan.incomplete"]
    assert window.first.text() == ""


def test_what_is_held_when_the_focus_moves_stays_in_its_field(router, window, now):
    press(window, now, "ab", 20)
    window.second.setFocus()
    assert (window.first.text(), window.second.text()) in {("ab", ""), ("", "ab")}


def test_scans_work_in_a_dialog_as_well(router, window, now, qtbot):
    dialog = QDialog(window)
    line = QLineEdit(dialog)
    dialog.open()
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    line.setFocus()
    press(dialog, now, "~101000000198\r", 4)
    assert router.scans == ["101000000198"]
    assert line.text() == ""
    assert dialog.isVisible()
    dialog.reject()


def test_times_are_those_of_the_events_when_the_screen_was_busy():
    now = [10_000.0]
    clock = EventClock(lambda: now[0])
    assert clock.at(500) == 10_000
    now[0] = 10_400.0  # two keys, 120 ms apart, handled together after a pause
    assert clock.at(620) == 10_120
    assert clock.at(740) == 10_240
    assert clock.at(0) == 10_400
    assert clock.at(600) == 10_400


def test_a_serial_scan_comes_in_the_same_way(router):
    from devices.readings import Scan

    router.take(Scan("101000000198", "code128"))
    assert router.scans == ["101000000198"]


def test_a_scan_outlives_a_focus_that_moves_under_it(router, window, now):
    """A page that is filled in the middle of a scan takes the focus; the code stays whole."""
    press(window, now, "~T", 4)
    window.second.setFocus()
    press(window, now, "26120100000\r", 4)
    assert router.scans == ["T26120100000"]
    assert (window.first.text(), window.second.text()) == ("", "")


def test_the_rest_of_a_code_is_no_code(router, window, now):
    """Without its first letter it could be somebody else's."""
    press(window, now, "~T", 4)
    later(router, now, 200)
    press(window, now, "26120100000\r", 4)
    assert router.scans == []
    assert router.refusals == ["scan.incomplete"]
    now[0] += 2000
    press(window, now, "~T26120100000\r", 4)
    assert router.scans == ["T26120100000"]


def test_keys_that_wait_behind_a_busy_screen_are_heard_before_it_is_decided(router, window, now):
    press(window, now, "~T", 4)
    router._due_ms -= 400  # the screen was busy so long over the deadline
    router._timed_out()
    press(window, now, "26120100000\r", 4)
    assert router.scans == ["T26120100000"]
