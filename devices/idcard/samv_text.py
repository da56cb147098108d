"""The 256 bytes of text on an identity card, UTF-16LE, each field padded with spaces.

Three layouts share the 256 bytes; the mark at offset 248 tells which: blank for citizens, ``I`` for foreigners with
permanent residence (card of 2017), ``J`` for residents from Hong Kong, Macao and Taiwan, ``Y`` for the permanent
residence card of 2023. Citizen and ``I`` are decoded (layouts verified in vendor protocol pages). The
layouts of ``J`` and ``Y`` are UNVERIFIED: such a card is recognised and refused with its own code, never guessed.

A number's check character (GB 11643, MOD 11-2) is the business of the caller's `validate`; here a card is only
held against itself: birth date and sex must be those inside the number.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date

from devices.parser import FrameError
from devices.readings import CardRead, calendar_day
from domain.kernel.errors import DomainError

Validate = Callable[[str], object]
"""Checks an ID number; raises `DomainError` to refuse the card."""

MARK = slice(248, 250)
CITIZEN = {"name": 30, "sex": 2, "nation": 4, "birth": 16, "address": 70, "number": 36, "issuer": 30,
           "valid_from": 16, "valid_until": 16, "spare": 36}  # fmt: skip
FOREIGNER = {"name_en": 120, "sex": 2, "number": 30, "nationality": 6, "name": 30, "valid_from": 16,
             "valid_until": 16, "birth": 16, "version": 4, "authority": 8, "mark": 2, "spare": 6}  # fmt: skip
LONG_TERM = "长期"
LABELS = {
    "name": "姓名", "name_en": "英文姓名", "sex": "性别", "nation": "民族", "birth": "出生日期", "address": "住址",
    "number": "证件号码", "issuer": "签发机关", "authority": "签发机关", "valid_from": "有效期起始",
    "valid_until": "有效期截止", "nationality": "国籍",
}  # fmt: skip
_NATIONS = {f"{n:02d}" for n in range(1, 57)} | {"97", "98"}
_CITIZEN_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_FOREIGN_NUMBER = re.compile(r"[A-Z]{3}[0-9]{12}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{3}", re.ASCII)
_UNCONFIRMED = {"J": "idcard.hk_mo_tw_unconfirmed", "Y": "idcard.foreigner_2023_unconfirmed"}


def decode(text: bytes, validate: Validate | None = None) -> CardRead:
    """Return what a card says.

    Raises:
        FrameError: ``idcard.hk_mo_tw_unconfirmed``, ``idcard.foreigner_2023_unconfirmed``, ``idcard.unknown_kind``
            (another card), ``idcard.bad_text`` (broken characters), ``idcard.bad_field`` (a field contradicts the
            number or its own form; fact `field`).
        DomainError: What `validate` raised.
    """
    mark = text[MARK].decode("utf-16-le", "replace")
    if mark in _UNCONFIRMED:
        raise FrameError(_UNCONFIRMED[mark])
    if mark not in (" ", "I"):
        raise FrameError("idcard.unknown_kind")
    fields = _split(text, CITIZEN if mark == " " else FOREIGNER)
    card = _citizen(fields) if mark == " " else _foreigner(fields)
    if validate is not None and card.kind == "citizen":
        validate(card.number)
    return card


def encode(fields: dict[str, str], layout: dict[str, int]) -> bytes:
    """Return the 256 bytes of a card, for simulators; fields not given are blank.

    Raises:
        DomainError: ``device.bad_argument``; a text is longer than its field.
    """
    return b"".join(_padded(fields.get(name, ""), width) for name, width in layout.items())


def _padded(text: str, width: int) -> bytes:
    data = text.encode("utf-16-le")
    if len(data) > width:
        raise DomainError("device.bad_argument", argument=text)
    return data + " ".encode("utf-16-le") * ((width - len(data)) // 2)


def _split(text: bytes, layout: dict[str, int]) -> dict[str, str]:
    fields: dict[str, str] = {}
    offset = 0
    for name, width in layout.items():
        part = text[offset : offset + width]
        offset += width
        try:
            fields[name] = part.decode("utf-16-le").rstrip(" ")
        except UnicodeDecodeError as error:
            raise FrameError("idcard.bad_text", label=LABELS.get(name, "备用区")) from error
        if any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") for char in fields[name]):
            raise FrameError("idcard.bad_text", label=LABELS.get(name, "备用区"))
    return fields


def _citizen(fields: dict[str, str]) -> CardRead:
    number = fields["number"]
    _demand(_CITIZEN_NUMBER.fullmatch(number) is not None, "number")
    birth = _day(fields["birth"], "birth")
    _demand(fields["birth"] == number[6:14], "birth")
    _demand(fields["sex"] in ("1", "2") and int(number[16]) % 2 == int(fields["sex"]) % 2, "sex")
    _demand(fields["nation"] in _NATIONS, "nation")
    _demand(fields["name"] != "", "name")
    valid_from, valid_until = _validity(fields)
    rare = any(unicodedata.category(char) == "Co" for char in fields["name"] + fields["address"])
    return CardRead(
        kind="citizen", number=number, name=fields["name"], sex=fields["sex"], birth_date=birth,
        valid_from=valid_from, valid_until=valid_until, nation=fields["nation"], address=fields["address"],
        issuer=fields["issuer"], flags=frozenset({"private_use"} if rare else ()),
    )  # fmt: skip


def _foreigner(fields: dict[str, str]) -> CardRead:
    _demand(_FOREIGN_NUMBER.fullmatch(fields["number"]) is not None, "number")
    _demand(_COUNTRY.fullmatch(fields["nationality"]) is not None, "nationality")
    _demand(fields["sex"] in ("0", "1", "2", "9"), "sex")
    _demand(fields["name_en"] != "", "name_en")
    valid_from, valid_until = _validity(fields)
    return CardRead(
        kind="foreign_permanent_resident", number=fields["number"], name=fields["name"], sex=fields["sex"],
        birth_date=_day(fields["birth"], "birth"), valid_from=valid_from, valid_until=valid_until,
        nationality=fields["nationality"], name_en=fields["name_en"], issuer=fields["authority"],
    )  # fmt: skip


def _validity(fields: dict[str, str]) -> tuple[date, date | None]:
    begins = _day(fields["valid_from"], "valid_from")
    ends = None if fields["valid_until"] == LONG_TERM else _day(fields["valid_until"], "valid_until")
    _demand(ends is None or begins < ends, "valid_until")
    return begins, ends


def _day(text: str, field: str) -> date:
    day = calendar_day(text)
    if day is None:
        raise _contradicts(field)
    return day


def _demand(holds: bool, field: str) -> None:
    if not holds:
        raise _contradicts(field)


def _contradicts(field: str) -> FrameError:
    return FrameError("idcard.bad_field", field=field, label=LABELS[field])
