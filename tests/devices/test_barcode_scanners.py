"""Serial scanners and keyboard scanners: what is a scan, what is typing, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.readings import Refusal, Scan
from devices.scanner.keys import to_ascii
from devices.scanner.serial_scanner import SerialScanner, SerialScannerSimulator
from devices.scanner.wedge import WedgeDetector, WedgeSettings
from devices.scanner.wedge_simulator import Keystroke, scanned, typed
from tests.devices.driver_suite import accept, code


def only(events):
    (event,) = events
    return event


@pytest.mark.parametrize(
    ("line", "text", "symbology"),
    [
        (b"]C0T0001\r\n", "T0001", "code128"),
        (b"T0001\r\n", "T0001", ""),
        (b"T0001\r", "T0001", ""),
        (b"T0001\n", "T0001", ""),
        (b"]C10106901234567892\x1d10A1\r\n", "0106901234567892\x1d10A1", "gs1-128"),
        (b"]E06901234567892\r\n", "6901234567892", "ean13"),
        (b"]Q1a b\r\n", "a b", "qr"),
        (b"]z9abc\r\n", "abc", ""),
    ],
)
def test_a_serial_scan(line, text, symbology):
    assert only(SerialScanner().feed(line)) == Scan(text, symbology)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"]C0T0001]C0T0002\r\n", "scan.glued"),
        (b"T0\x0001\r\n", "scan.control_character"),
        (b"T0\x1b01\r\n", "scan.control_character"),
        ("标本1".encode() + b"\r\n", "scan.ime_active"),
        (b"T1\r\n", "scan.length"),
        (b"T" * 257 + b"\r\n", "scan.length"),
        (b"]E06901234567893\r\n", "scan.check_digit"),
        (b"]E0690123456789X\r\n", "scan.check_digit"),
    ],
)
def test_a_serial_scan_is_refused(line, told):
    assert only(SerialScanner().feed(line)).code == told


def test_codes_of_ours_are_told_from_others():
    good, other = code(12), code(13)
    assert only(SerialScanner(accept).feed(f"{good}\r\n".encode())).text == good
    for line, told in (
        (good + other, "scan.glued"),
        (good.lower(), "scan.case_swapped"),
        ("X99", "scan.not_ours"),
    ):
        assert only(SerialScanner(accept).feed(f"{line}\r\n".encode())).code == told


def test_a_code_that_lost_its_end_is_thrown_away():
    parser = SerialScanner()
    assert parser.feed(b"]C0T00") == []
    assert parser.drop("silence")[0].count == 6
    assert only(parser.feed(b"]C0T0002\r\n")).text == "T0002"


def test_cr_and_lf_in_two_chunks_are_one_end():
    parser = SerialScanner()
    assert only(parser.feed(b"T0001\r")).text == "T0001"
    assert parser.feed(b"\n") == []
    assert only(parser.feed(b"T0002\r")).text == "T0002"


def test_the_simulated_scanner():
    (said,) = SerialScannerSimulator().act("scan", "T0001")
    assert said.data == b"]C0T0001\r\n"


class Keyboard:
    """A detector and what it did: the text in the focused field, the scans, the refusals, the longest hold."""

    def __init__(self, settings=None, accept=None):
        self.detector = WedgeDetector(settings, accept)
        self.field = ""
        self.scans = []
        self.refused = []
        self.now_ms = 0.0

    def press(self, keys):
        for key in keys:
            self.wait(key.at_ms)
            self.do(self.detector.key(key.text, key.at_ms))
            self.now_ms = key.at_ms
        return self

    def wait(self, until_ms):
        while (deadline := self.detector.deadline_ms) is not None and deadline <= until_ms:
            self.do(self.detector.tick(deadline))

    def rest(self):
        self.wait(float("inf"))
        return self

    def do(self, verdict):
        self.field += verdict.release
        self.scans += [verdict.scan.text] if verdict.scan else []
        self.refused += [verdict.refusal.code] if verdict.refusal else []
        if verdict.refusal:
            assert isinstance(verdict.refusal, Refusal)


NO_PREFIX = WedgeSettings(prefix="")


@pytest.mark.parametrize("gap_ms", [1, 5, 15, 30])
def test_a_scan_with_prefix_never_reaches_the_field(gap_ms):
    keyboard = Keyboard().press(scanned("T0000123", gap_ms=gap_ms)).rest()
    assert (keyboard.scans, keyboard.field, keyboard.refused) == (["T0000123"], "", [])


@pytest.mark.parametrize(
    ("gap_ms", "known"), [(1, True), (5, True), (15, True), (16, False), (30, False), (60, False)]
)
def test_without_a_prefix_only_speed_tells(gap_ms, known):
    keyboard = Keyboard(NO_PREFIX).press(scanned("T0000123", prefix="", gap_ms=gap_ms)).rest()
    assert keyboard.scans == (["T0000123"] if known else [])
    assert keyboard.field == ("" if known else "T0000123\r")


def test_without_a_prefix_six_characters_are_the_least():
    assert Keyboard(NO_PREFIX).press(scanned("T00012", prefix="")).scans == ["T00012"]
    assert Keyboard(NO_PREFIX).press(scanned("T0001", prefix="")).field == "T0001\r"


@pytest.mark.parametrize("settings", [WedgeSettings(), NO_PREFIX])
@given(text=st.text(st.characters(codec="utf-8"), max_size=30), seed=st.integers(0, 999))
def test_typing_arrives_unchanged_and_in_order(settings, text, seed):
    keyboard = Keyboard(settings).press(typed(text, seed=seed)).rest()
    assert (keyboard.field, keyboard.scans, keyboard.refused) == (text, [], [])


@given(st.lists(st.tuples(st.sampled_from("ab1~\r\x08王～"), st.integers(0, 200)), max_size=40))
def test_no_key_is_ever_lost_or_doubled(presses):
    at_ms, keys = 0, []
    for text, gap in presses:
        at_ms += gap
        keys.append(Keystroke(text, at_ms))
    keyboard = Keyboard().press(keys).rest()
    pressed = "".join(key.text for key in keys)
    if not keyboard.scans and not keyboard.refused:
        assert keyboard.field == pressed or keyboard.field == pressed.replace("\r\n", "\r")
    remaining = iter(pressed)
    assert all(char in remaining for char in keyboard.field)
    assert keyboard.detector.deadline_ms is None


@given(st.lists(st.integers(36, 400), min_size=1, max_size=20))
def test_no_typed_key_is_held_longer_than_80_ms(gaps):
    keyboard, at_ms = Keyboard(), 0
    for gap in gaps:
        at_ms += gap
        keyboard.press([Keystroke("a", at_ms)])
        assert keyboard.detector.deadline_ms == at_ms + 80


def test_a_scan_is_not_held_up_by_typing_before_it_and_leaves_typing_after_it():
    keys = [*typed("张三"), *scanned("T0000123", start_ms=2000), *typed("ok", start_ms=2500)]
    keyboard = Keyboard().press(keys).rest()
    assert (keyboard.field, keyboard.scans) == ("张三ok", ["T0000123"])


def test_a_key_typed_just_before_the_prefix_goes_to_the_field():
    keyboard = Keyboard().press([Keystroke("x", 0), *scanned("T0000123", start_ms=10)]).rest()
    assert (keyboard.field, keyboard.scans) == ("x", ["T0000123"])


def test_a_key_typed_into_a_scan_is_refused_by_the_codes_own_check():
    keys = scanned(code(123))
    keys.insert(5, Keystroke("x", 22))
    keyboard = Keyboard(accept=accept).press(keys).rest()
    assert (keyboard.scans, keyboard.refused, keyboard.field) == ([], ["scan.not_ours"], "")


def test_a_missing_suffix_is_no_scan():
    keyboard = Keyboard().press(scanned("T0000123", suffix="")).rest()
    assert (keyboard.scans, keyboard.field, keyboard.refused) == ([], "", ["scan.incomplete"])


def test_tab_and_cr_lf_end_a_scan_too():
    assert Keyboard().press(scanned("T0000123", suffix="\t")).scans == ["T0000123"]
    keyboard = Keyboard().press(scanned("T0000123", suffix="\r\n")).rest()
    assert (keyboard.scans, keyboard.field) == (["T0000123"], "")


def test_enter_alone_is_not_held():
    assert WedgeDetector().key("\r", 0).release == "\r"


def test_full_width_characters_of_an_input_method_are_mapped_back():
    detector = WedgeDetector()
    verdicts = [detector.key(key.text, key.at_ms) for key in scanned("T0000123", ime="full_width")]
    assert verdicts[-1].scan == Scan("T0000123", flags=frozenset({"ime_mapped"}))


def test_composed_characters_are_refused():
    keyboard = Keyboard().press(scanned("T0000123", ime="composed")).rest()
    assert (keyboard.scans, keyboard.refused, keyboard.field) == ([], ["scan.ime_active"], "")


def test_an_input_method_that_commits_the_whole_scan_at_once():
    keyboard = Keyboard().press([Keystroke("～Ｔ0000123", 0), Keystroke("\r", 4)]).rest()
    assert (keyboard.scans, keyboard.field) == (["T0000123"], "")


def test_chinese_typed_by_an_input_method_is_released_as_it_was():
    keyboard = Keyboard().press([Keystroke("王美娜", 0), Keystroke("，", 300), Keystroke("～", 600)]).rest()
    assert keyboard.field == "王美娜，～"


def test_marks_made_by_two_keys_are_not_guessed():
    assert to_ascii("（Ａ－１）。") == "(A-1)."
    assert to_ascii("、…—") == "、…—"


def test_the_same_scan_within_300_ms_is_one_scan():
    keys = [*scanned("T0000123"), *scanned("T0000123", start_ms=300), *scanned("T0000123", start_ms=1000)]
    assert Keyboard().press(keys).scans == ["T0000123", "T0000123"]


def test_two_scans_within_100_ms_are_not_trusted():
    keyboard = Keyboard().press([*scanned("T0000123"), *scanned("T0000124", start_ms=120)])
    assert (keyboard.scans, keyboard.refused) == (["T0000123"], ["scan.too_close"])


def test_two_codes_in_one_scan_are_refused():
    assert Keyboard().press(scanned("T0000123~T0000124")).refused == ["scan.glued"]


def test_a_group_separator_is_kept_or_may_be_missing():
    assert Keyboard().press(scanned("0106901234567892\x1d10A1")).scans == ["0106901234567892\x1d10A1"]
    assert Keyboard().press(scanned("010690123456789210A1")).scans == ["010690123456789210A1"]


def test_caps_lock_is_named():
    assert Keyboard(accept=accept).press(scanned(code(123).lower())).refused == ["scan.case_swapped"]
