import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.fonts import covered, printable, printable_tree


def test_all_of_gb2312_and_rare_name_characters_are_covered():
    level_1_and_2 = [bytes([row, cell]) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)]
    hanzi = [pair.decode("gb2312") for pair in level_1_and_2 if pair < b"\xd7\xfa" or pair >= b"\xd8\xa1"]
    assert len(hanzi) == 6763
    assert not [mark for mark in [*hanzi, *"䶮㛃𬭎"] if ord(mark) not in covered()]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("张\u200b三", "张三"),
        ("a\u202eb", "ab"),
        ("a\u00a0b\tc", "a b c"),
        ("😀", "〔U+1F600〕"),
        ("10⁹/L", "10^9/L"),
        ("10¹²/L", "10^12/L"),
        ("kg/m²", "kg/m²"),
        ("一行\r\n二行", "一行\n二行"),
        ("\x00\x1b", ""),
    ],
)
def test_what_cannot_be_printed_is_replaced(typed, shown):
    assert printable(typed) == shown


@given(st.text())
def test_the_result_can_always_be_printed(text):
    shown = printable(text)
    assert all(mark == "\n" or ord(mark) in covered() for mark in shown)
    assert printable(shown) == shown


def test_texts_anywhere_in_the_data_are_reached():
    assert printable_tree({"a": ["😀", {"b": "\x00x"}], "n": 1, "t": True}) == {
        "a": ["〔U+1F600〕", {"b": "x"}],
        "n": 1,
        "t": True,
    }
