"""Messages: delimiters, escapes, charsets, line ends, and what is refused."""

import pytest
from hl7_cases import MSH, PID, message
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from resources import folder
from server.interfaces.hl7.escapes import Delimiters, escape, unescape
from server.interfaces.hl7.message import composite, parse_message, write_message

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"))


@settings(deadline=None)
@given(TEXT)
def test_escaping_round_trips(text):
    escaped = escape(text)
    assert not set("|^~&\r\n\x0b\x1c") & set(escaped)
    assert unescape(escaped) == text


@settings(deadline=None)
@given(TEXT)
def test_escaping_round_trips_with_other_delimiters(text):
    marks = Delimiters("#", "$", "%", "!", "*", "@")
    assert unescape(escape(text, marks), marks) == text


@settings(deadline=None)
@given(
    st.lists(TEXT.map(lambda text: text.strip()).filter(lambda text: text != '""'), min_size=1, max_size=6)
)
def test_written_fields_read_back(texts):
    data = write_message([["MSH", "A", "B"], ["ZZZ", *(escape(text) for text in texts)]])
    segment = parse_message(data).first("ZZZ")
    assert [segment.text(number) for number in range(1, len(texts) + 1)] == texts


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_escape_sequence_is_read_or_refused(text):
    try:
        unescape("\\" + text)
    except DomainError as error:
        assert error.code == "hl7.bad_escape"  # noqa: PT017  (not raising is right as well)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"a\.br\b\.sp2\c", "a\nb\n\nc"),
        (r"\H\bold\N\ ", "bold "),
        (r"\XE4BDA0\ ", "你 "),
        (r"C:\new\folder", r"C:\new\folder"),
        (r"ends with \ ", r"ends with \ "),
        (r"\Zown\ ", r"\Zown\ "),
        (r"\X9\ ", r"\X9\ "),
    ],
)
def test_escape_sequences(sent, read):
    assert unescape(sent) == read


@pytest.mark.parametrize("sent", [r"\XFF\ ", r"\X00\ "])
def test_hexadecimal_that_is_no_text_is_refused(sent):
    with pytest.raises(DomainError, match=r"hl7\.bad_escape"):
        unescape(sent)


def test_delimiters_are_read_from_the_header():
    parsed = parse_message(b"MSH#$%!*#LIS#B!F!01\rPID#1##a$b%c$d*e\r")
    assert parsed.msh.text(3) == "LIS"
    assert parsed.msh.text(4) == "B#01"
    pid = parsed.first("PID")
    assert [one.text(2) for one in pid.repetitions(3)] == ["b", "d"]
    assert pid.text(3, 2) == "b"


def test_truncation_mark_trailing_fields_and_z_segments_are_accepted():
    parsed = parse_message(b"MSH|^~\\&#|LIS\rZQX|1|2|3^4^5^6\r\rPID|1\r")
    assert [one.name for one in parsed.segments] == ["MSH", "ZQX", "PID"]
    assert parsed.first("ZQX").text(3, 4) == "6"
    assert parsed.first("ZQX").text(9) == ""
    assert parsed.msh.raw(2) == "^~\\&#"


@settings(max_examples=300)
@given(st.text(alphabet='AZ19 王^~&\\T"µ', max_size=14))
def test_components_are_read_as_one_by_one(field):
    obx = parse_message(f"{MSH}\r{PID}\rOBX|1|NM|{field}\r".encode()).first("OBX")
    assert obx.components(3, 6) == [obx.text(3, number) for number in range(1, 7)]


def test_null_is_empty():
    assert parse_message(b'MSH|^~\\&|""|x\r').msh.text(3) == ""


@pytest.mark.parametrize(
    ("declared", "codec", "used"),
    [
        ("UNICODE UTF-8", "utf-8", "utf-8"),
        ("GB 18030-2000", "gb18030", "gb18030"),
        ("", "utf-8", "utf-8"),
        ("", "gbk", "gb18030"),
        ("ASCII", "gbk", "gb18030"),
        ("GB18030~UNICODE UTF-8", "gb18030", "gb18030"),
    ],
)
def test_charsets(declared, codec, used):
    text = message(msh=MSH.replace("UNICODE UTF-8", declared), pid=PID.replace("小明", "喆镕"))
    parsed = parse_message(text.encode(codec))
    assert parsed.charset == used
    assert parsed.first("PID").text(5, 2) == "喆镕"


def test_the_connection_may_fix_the_charset():
    data = message(msh=MSH.replace("UNICODE UTF-8", "")).encode()
    with pytest.raises(DomainError, match=r"hl7\.undecodable"):
        parse_message(data.replace("王".encode(), b"\xff\xff"), charset="utf-8")
    assert parse_message("MSH|^~\\&|甲乙\r".encode("gbk"), charset="gb18030").msh.text(3) == "甲乙"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "hl7.empty"),
        (b"\r\r", "hl7.empty"),
        (b"MS", "hl7.truncated"),
        (b"MSH|^~", "hl7.truncated"),
        (b"PID|1\r", "hl7.no_msh"),
        (b"\x0bMSH|^~\\&|", "hl7.no_msh"),
        (b"FHS|^~\\&|\r", "hl7.batch"),
        (b"MSH|^~\\|LIS\rPID\r", "hl7.bad_delimiters"),
        (b"MSH|^~~&|LIS\rPID\r", "hl7.bad_delimiters"),
        (b"MSH|ab\\&|LIS\rPID\r", "hl7.bad_delimiters"),
        (b"MSHMSHMSHMSH\r", "hl7.bad_delimiters"),
        (b"MSH|^~\\&|LIS\rpid|1\rOBR|1\r", "hl7.bad_segment"),
        (b"MSH|^~\\&|LIS\rPIDX|1\rOBR|1\r", "hl7.bad_segment"),
        (b"MSH|^~\\&|LIS\rPID|1\rOB", "hl7.segment_truncated"),
        (b"MSH|^~\\&|LIS\nPID|1\n", "hl7.line_ends"),
        (b"MSH|^~\\&|LIS\r\nPID|1\r\n", "hl7.line_ends"),
        (b"MSH|^~\\&|LIS\rMSH|^~\\&|LIS\r", "hl7.several_messages"),
        (b"MSH|^~\\&|L\x00S\r", "hl7.control_character"),
        (b"MSH|^~\\&|LIS|||||||||||||||UTF-16\r", "hl7.charset_unknown"),
        (b"MSH|^~\\&|\xff\xfe\xfa\r", "hl7.undecodable"),
        (b"MSH|^~\\&|\xb0|||||||||||||||UNICODE UTF-8\r", "hl7.undecodable"),
        (b"MSH|^~\\&|LIS\r" + b"Z01\r" * 100_001, "hl7.too_large"),
    ],
)
def test_malformed_messages_are_refused_with_their_reason(data, code):
    with pytest.raises(DomainError) as caught:
        parse_message(data)
    assert caught.value.code == code
    sentence = Texts.load(folder("texts") / "zh").explain(caught.value)
    assert sentence != code
    assert "?" not in sentence


def test_files_may_end_their_lines_otherwise():
    for ends in ("\n", "\r\n", "\r"):
        data = b"\xef\xbb\xbf\x0b" + message().replace("\r", ends).encode() + b"\x1c\r"
        assert parse_message(data, from_file=True).first("PID").text(5, 2) == "小明"


@settings(deadline=None)
@given(st.integers(0, 700))
def test_a_message_cut_anywhere_is_read_or_refused(length):
    try:
        parse_message(message().encode()[:length])
    except DomainError as error:
        assert error.code.startswith("hl7.")  # noqa: PT017  (not raising is right as well)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    for from_file in (False, True):
        try:
            parse_message(b"MSH|^~\\&|" + data, from_file=from_file)
        except DomainError as error:
            assert error.code.startswith("hl7.")  # noqa: PT017  (not raising is right as well)


def test_composites_leave_out_empty_ends():
    assert composite("a", "", "b&c", "") == r"a^^b\T\c"
