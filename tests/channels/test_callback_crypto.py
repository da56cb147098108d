"""Callbacks of the WeChat family: the vendor's own examples, and whatever else somebody may send."""

import base64

import pytest

from domain.kernel.errors import DomainError
from server.channels.callback_crypto import check_signature, decrypt, encrypt, pushed, read_xml, signature

TOKEN, KEY, CORP = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7"
ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
SENT = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvu"
    "JTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwG"
    "c2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9"
    "EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0"
    "lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)


def test_the_vendors_check_of_an_address():
    check_signature("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", TOKEN, "1409659589", "263014780", ECHO)
    assert decrypt(ECHO, KEY, CORP) == "1616140317555161061"


def test_the_vendors_message():
    check_signature("477715d11cdb4164915debcba66cb864d751f3e6", TOKEN, "1409659813", "1372623149", SENT)
    fields = read_xml(decrypt(SENT, KEY, CORP))
    assert (fields["Content"], fields["MsgId"], fields["FromUserName"]) == (
        "hello",
        "4561255354251345929",
        "mycreate",
    )


def test_another_signature_is_refused():
    with pytest.raises(DomainError, match=r"callback\.signature"):
        check_signature("477715d11cdb4164915debcba66cb864d751f3e7", TOKEN, "1409659813", "1372623149", SENT)
    with pytest.raises(DomainError, match=r"callback\.signature"):
        check_signature("中文", TOKEN, "1", "2", SENT)


@pytest.mark.parametrize("length", [0, 1, 11, 12, 31, 32, 33, 1000])
def test_there_and_back(length):
    text = "健" * length
    assert decrypt(encrypt(text, KEY, CORP), KEY, CORP) == text


def test_what_is_for_somebody_else_is_refused():
    with pytest.raises(DomainError, match=r"callback\.receiver"):
        decrypt(SENT, KEY, "wx0000000000000000")


def damaged():
    data = bytearray(base64.b64decode(SENT))
    yield base64.b64encode(bytes(data[:-16])).decode()
    yield base64.b64encode(bytes(data[:-1])).decode()
    yield "not base64 !"
    yield ""
    for at in (0, 17, len(data) - 20, len(data) - 1):  # a length beyond the end, a wrong padding
        changed = bytearray(data)
        changed[at] ^= 0x55
        if at > 16:
            yield base64.b64encode(bytes(changed)).decode()
    yield base64.b64encode(b"\0" * 16).decode()


@pytest.mark.parametrize("encrypted", list(damaged()))
def test_damaged_content_is_refused(encrypted):
    with pytest.raises(DomainError, match=r"callback\."):
        decrypt(encrypted, KEY, CORP)


@pytest.mark.parametrize("key", ["", "short", KEY[:-1], KEY[:-1] + "!", KEY + "AAAA"])
def test_a_wrong_key_is_told(key):
    with pytest.raises(DomainError, match=r"callback\.key"):
        decrypt(SENT, key, CORP)


HOSTILE = [
    b"<xml", b"", b"\xff\xfe\x00", b"hello",
    b'<!DOCTYPE x [<!ENTITY a "b">]><xml><A>&a;</A></xml>',
    b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><xml/>',
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><A>&a;</A></xml>',
    b"<xml>" + b"a" * (256 << 10) + b"</xml>",
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_xml_is_refused(body):
    with pytest.raises(DomainError, match=r"callback\.damaged"):
        read_xml(body)


def test_fields_inside_others_are_named_after_both():
    assert read_xml(b"<xml><A>1</A><B><C>2</C></B></xml>") == {"A": "1", "B.C": "2"}
    assert read_xml(pushed({"X": "a]]>b<"}))["X"] == "ab<"
    assert signature("c", "b", "a", "d") == signature("c", "a", "b", "d")
