"""Acknowledgments: codes, location of the error, Chinese text, charset of the sender."""

import pytest
from hl7_cases import CLINIC, MSH, NOW, message, obx, read

from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.texts import Texts
from resources import folder
from server.interfaces.hl7.ack import acknowledgment_code, build_ack
from server.interfaces.hl7.header import read_header, salvage_header
from server.interfaces.hl7.message import parse_message

TEXTS = Texts.load(folder("texts") / "zh")


def header_of(msh=MSH, codec="utf-8"):
    return read_header(parse_message(message(msh=msh).encode(codec)), zone=CLINIC, production=False)


def ack(code, header, **more):
    return parse_message(build_ack(code, header, control_id="A1", now=NOW, **more))


def test_a_stored_message_is_accepted():
    found = ack("AA", header_of())
    msh, msa = found.msh, found.first("MSA")
    assert (msh.text(3), msh.text(4), msh.text(5), msh.text(6)) == ("AFTERCHECK", "HQ", "LIS", "B01")
    assert (msh.text(9), msh.text(9, 2), msh.text(10), msh.text(11)) == ("ACK", "R01", "A1", "P")
    assert (msh.text(12), msh.text(18)) == ("2.5.1", "UNICODE UTF-8")
    assert (msa.text(1), msa.text(2)) == ("AA", "M1")
    assert found.first("ERR") is None


def test_an_error_names_place_and_reason_in_chinese():
    with pytest.raises(DomainError) as caught:
        read(message(obx(), obx(status="")))
    error = caught.value
    found = ack("AE", header_of(), error=error, text=TEXTS.explain(error))
    err = found.first("ERR")
    assert (err.text(2), err.text(2, 2), err.text(2, 3)) == ("OBX", "2", "11")
    assert (err.text(3), err.text(4), err.text(5)) == ("101", "E", "hl7.status_missing")
    assert "第 2 个 OBX 缺少结果状态" in err.text(8)


def test_older_versions_get_the_text_in_msa():
    header = header_of(MSH.replace("2.5.1", "2.3.1"))
    error = DomainError("hl7.bad_time", location="PID^1^7", given="x")
    found = ack("AE", header, error=error, text="时间无效")
    assert found.first("MSA").text(3) == "时间无效"
    assert found.first("ERR").raw(1) == "PID^1^7^102&Data type error&HL70357"


@pytest.mark.parametrize("declared", ["ASCII", "8859/1"])
def test_a_reason_the_senders_charset_cannot_say_is_answered_in_utf_8(declared):
    sent = message(msh=MSH.replace("UNICODE UTF-8", declared)).encode("ascii", "replace")
    header = read_header(parse_message(sent), zone=CLINIC, production=False)
    error = DomainError("hl7.bad_time", location="PID^1^7", given="x")
    data = build_ack("AE", header, control_id="A1", now=NOW, error=error, text="时间无效")
    found = parse_message(data)
    assert (found.msh.text(18), found.first("MSA").text(2)) == ("UNICODE UTF-8", "M1")
    assert found.first("ERR").text(8) == "时间无效"
    assert parse_message(build_ack("AA", header, control_id="A1", now=NOW)).msh.text(18) == declared


def test_the_answer_is_in_the_charset_of_the_message():
    header = header_of(MSH.replace("UNICODE UTF-8", "GB 18030-2000"), "gb18030")
    data = build_ack(
        "AE", header, control_id="A1", now=NOW, error=DomainError("hl7.bad_time"), text="时间无效"
    )
    assert "时间无效".encode("gb18030") in data
    assert parse_message(data).msh.text(18) == "GB 18030-2000"
    silent = header_of(MSH.replace("UNICODE UTF-8", ""), "gbk")
    assert "无效".encode("gbk") in build_ack(
        "AE", silent, control_id="A1", now=NOW, error=DomainError("hl7.bad_time"), text="无效"
    )


@pytest.mark.parametrize(
    ("error", "modes", "code"),
    [
        (None, ("", ""), "AA"),
        (DomainError("hl7.status_missing"), ("", ""), "AE"),
        (DomainError("hl7.not_production"), ("", ""), "AR"),
        (DomainError("hl7.type_unsupported"), ("", ""), "AR"),
        (UnavailableError("store.full"), ("", ""), "AR"),
        (None, ("AL", "NE"), "CA"),
        (DomainError("hl7.status_missing"), ("AL", "NE"), "CE"),
        (UnavailableError("store.full"), ("ER", "AL"), "CR"),
        (None, ("ER", "AL"), "AA"),
        (None, ("NE", "AL"), "AA"),
        (None, ("NE", "NE"), None),
        (None, ("ER", "SU"), "AA"),
        (DomainError("hl7.status_missing"), ("SU", ""), None),
    ],
)
def test_codes_in_both_modes(error, modes, code):
    header = header_of(MSH.replace("||||||UNICODE", f"|||{modes[0]}|{modes[1]}||UNICODE"))
    assert (header.accept_acknowledgment, header.application_acknowledgment) == modes
    assert acknowledgment_code(error, header) == code


def test_what_could_not_be_read_is_still_answered_to_its_sender():
    data = MSH.replace("LIS", "检验").encode("gbk") + b"\rPID|1||\xff\xff\r"
    with pytest.raises(DomainError) as caught:
        parse_message(data)
    header = salvage_header(data)
    assert acknowledgment_code(caught.value, header) == "AE"
    found = ack("AE", header, error=caught.value, text=TEXTS.explain(caught.value))
    assert (found.first("MSA").text(2), found.msh.text(6), found.charset) == ("M1", "B01", "utf-8")
    assert "字符集" in found.first("ERR").text(8)


def test_what_has_no_header_is_answered_without_one():
    assert salvage_header(b"hello") is None
    assert salvage_header(b"MSH") is None
    assert (
        ack(acknowledgment_code(DomainError("hl7.no_msh"), None), None, error=DomainError("hl7.no_msh"))
        .first("MSA")
        .text(1)
        == "AE"
    )
