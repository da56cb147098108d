"""Chinese text: the same pixels everywhere, rare characters, nothing drawn as a box, nothing run as a command."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.labels.glyphs import clean, refuse_missing, text_picture
from devices.labels.layout import PictureBlock, lay_out
from devices.labels.model import Code128, Text
from domain.kernel.errors import DomainError
from tests.devices_labels.label_cases import LANGUAGES, codes_in, encoded, label_of, printed, tube

HOSTILE = [
    "^XA^JUS",
    "\r\nCLS",
    '"\r\nCLS\r\n',
    "~JR",
    "^FS^XZ~HS",
    "\\5E_5E",
    "!104",
    "\x1b!R".replace("\x1b", ""),
    "${x}",
]
NAMES = '赵钱孙李周吴郑王冯陈褚卫䶮㛃𬭎㐂^~"\\ \r\nABCXZCLSPRINT19,{}'


def ink(picture) -> np.ndarray:
    return np.array(picture.mask().convert("L")) > 0


@pytest.mark.parametrize("character", ["䶮", "㛃", "𬭎", "㐂", "龘"])
def test_rare_characters_are_drawn(character):
    assert ink(text_picture(character, 40, 40, size=36, min_size=16)).sum() > 100


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("张\ue000", "U+E000"),
        ("李😀", "U+1F600"),
        ("𠮷", "U+20BB7"),
        ("王\x07", "U+0007"),
        ("A\u202eB", "U+202E"),
    ],
)
def test_a_character_the_font_lacks_is_refused_by_name(text, named):
    with pytest.raises(DomainError) as refused:
        text_picture(text, 200, 40, size=30, min_size=16)
    assert refused.value.code == "label.glyph_missing"
    assert named in refused.value.facts["characters"]


def test_no_accepted_character_is_drawn_as_the_missing_glyph():
    box = ink(text_picture("A", 40, 40, size=32, min_size=32))
    from devices.labels.glyphs import _font

    missing = _font(32).getmask("\ue000", mode="1")
    for character in "䶮㛃𬭎张①×—（）℃μ²":
        refuse_missing(character)
        assert bytes(_font(32).getmask(character, mode="1")) != bytes(missing)
    assert box.any()


def test_long_text_shrinks_and_then_ends_with_an_ellipsis():
    full = text_picture("阿卜杜热合曼·买买提明", 160, 34, size=30, min_size=12)
    assert ink(full).any()
    cut = text_picture("阿卜杜热合曼·买买提明", 100, 34, size=30, min_size=20)
    right = ink(cut)[:, 60:]
    assert right.any()
    assert not ink(cut)[:, -1].all()


def test_a_number_is_never_cut():
    with pytest.raises(DomainError) as refused:
        text_picture("S261 1230 0017", 60, 30, size=30, min_size=20, overflow="refuse")
    assert refused.value.code == "label.text_too_long"


@pytest.mark.parametrize("size", [16, 20, 26, 33, 42])
@pytest.mark.parametrize("text", ["代谢队列岁龘", "gjpqy,;（）", "ABC0123/|"])
def test_no_ink_is_lost_at_the_edges_of_the_box(text, size):
    height = int(size * 1.2) + 1
    tight = ink(text_picture(text, 600, height, size=size, min_size=size))
    roomy = ink(text_picture(text, 600, height + 40, size=size, min_size=size))
    assert tight.sum() == roomy.sum()


@pytest.mark.parametrize(
    ("align", "side"), [("left", slice(0, 20)), ("right", slice(180, 200)), ("center", slice(90, 110))]
)
def test_alignment(align, side):
    assert ink(text_picture("王", 200, 30, size=24, min_size=12, align=align))[:, side].any()


def test_line_ends_and_runs_of_space_become_one_space():
    assert clean("  张\r\n三\t 四　五 ") == "张 三 四 五"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_printed_and_never_obeyed(name, language):
    label = tube(patient_name=name, specimen_type=name)
    picture, printer = printed(label, language)
    assert codes_in(picture) == ["261100000058"]
    assert not printer.problems
    data = encoded(label, language)
    clean_name = clean(name).encode()
    assert clean_name not in data.replace(b"^XZ", b"").replace(b"\r\nCLS\r\n", b"", 1)


@settings(max_examples=60, deadline=None)
@given(st.text(NAMES, min_size=1, max_size=12).filter(str.strip), st.sampled_from(LANGUAGES))
def test_no_name_changes_the_commands_only_the_pixels(name, language):
    def skeleton(data: bytes) -> bytes:
        if language == "zpl":
            return re.sub(rb"\^FO\d+,\d+\^GFA,[\d,]+,[0-9A-F]*\^FS\n", b"", data)
        bare, pattern = b"", re.compile(rb"BITMAP \d+,\d+,(\d+),(\d+),0,")
        position = 0
        while (found := pattern.search(data, position)) is not None:
            bare += data[position : found.start()]
            position = found.end() + int(found[1]) * int(found[2]) + 2
        return bare + data[position:]

    assert skeleton(encoded(tube(patient_name=name), language)) == skeleton(encoded(tube(), language))


@settings(max_examples=150, deadline=None)
@given(st.text("国龘女口日曰一二三中丨ACEH", min_size=1, max_size=14))
def test_a_tspl_picture_never_holds_an_immediate_command(text):
    label = label_of(Text(x=2, y=2, width=46, height=5, size=4, data=text))
    body = encoded(label, "tspl").partition(b"CLS\r\n")[2]
    assert b"\x1b!" not in body
    assert b"~!" not in body


def test_a_picture_that_would_form_an_immediate_command_is_moved_within_its_bytes():
    from devices.labels.bitmap import Picture
    from devices.labels.languages.tspl import _bitmap

    hostile = Picture(16, 2, bytes(b ^ 0xFF for b in b"\x1b!\x00\x00"))
    sent = _bitmap(PictureBlock(16, 5, hostile))
    assert sent.startswith(b"BITMAP 15,5,3,2,0,")
    assert b"\x1b!" not in sent
    with pytest.raises(DomainError, match=r"label\.picture_bytes"):
        _bitmap(PictureBlock(0, 5, hostile))


@pytest.mark.parametrize("data", ["AB^XZ", 'A"B', "A\r\nB", "标本", "A~B", "A!105", "A>8", "", "A_1"])
def test_codes_refuse_characters_that_mean_something_to_a_printer(data):
    with pytest.raises(DomainError) as refused:
        lay_out(label_of(Code128(x=1, y=1, width=48, height=10, data=data)))
    assert refused.value.code == "label.barcode_character"


def test_preview_and_print_share_the_text_pixels():
    label = label_of(Text(x=2, y=2, width=30, height=6, size=5, data="张䶮"))
    block = lay_out(label).blocks[0]
    assert isinstance(block, PictureBlock)
    assert block.picture.data.hex().upper().encode() in encoded(label, "zpl")
    assert bytes(byte ^ 0xFF for byte in block.picture.data) in encoded(label, "tspl")
