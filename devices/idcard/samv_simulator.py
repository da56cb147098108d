"""A simulated SAM_V reader: no card, a card put down, lifted, or lifted in the middle of a read."""

from datetime import date, timedelta
from typing import Any

from devices.idcard.samv_frames import (
    DONE,
    FIND,
    FOUND,
    NO_CARD,
    NOT_SELECTED,
    PREAMBLE,
    READ,
    SELECT,
    answer,
    check,
    read_answer,
)
from devices.idcard.samv_text import CITIZEN, FOREIGNER, encode
from devices.registry import simulator
from devices.simulated import DeviceSimulator, Say, json_argument
from domain.kernel.errors import DomainError

ANSWER_S = 0.02
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN = {
    "kind": "citizen", "name": "王美娜", "nation": "01", "address": "北京市朝阳区工体北路8号院2号楼1单元501室",
    "issuer": "北京市公安局朝阳分局", "valid_from": "20150601", "valid_until": "20350601",
}  # fmt: skip
_FOREIGNER = {
    "name": "史约翰", "name_en": "SMITH, JOHN", "number": "USA110082090112", "sex": "1", "nationality": "USA",
    "version": "01", "authority": "1500", "valid_from": "20170601", "valid_until": "20270601",
}  # fmt: skip


def check_character(first_17: str) -> str:
    """Return the eighteenth character of an ID number (GB 11643-1999, MOD 11-2)."""
    return "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, first_17, strict=True)) % 11]


@simulator("idcard.samv")
class SamvSimulator(DeviceSimulator):
    """The reader's half of find, select, read.

    `card` takes the fields of the card by name (`name`, `number`, `sex` …), `kind` citizen,
    foreign_permanent_resident, hk_mo_tw or foreigner_2023, `stop_after`: lifted after that many bytes of the read
    answer, and `reads`: how often it lets itself be read before it must be put down again.
    """

    actions = ("card {kind, name, number, sex, nation, birth, address, issuer, stop_after, reads}", "lift")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._heard = b""
        self._text: bytes | None = None
        self._state = "lifted"
        self._stop_after: int | None = None
        self._reads_left = 0

    def heard(self, chunk: bytes) -> list[Say]:
        self._heard += chunk
        said: list[Say] = []
        while (start := self._heard.find(PREAMBLE)) >= 0 and len(self._heard) >= start + 7:
            length = int.from_bytes(self._heard[start + 5 : start + 7], "big")
            if len(self._heard) < start + 7 + length:
                break
            content = self._heard[start + 5 : start + 7 + length]
            self._heard = self._heard[start + 7 + length :]
            said.append(Say(self._answer(content[2:-1], intact=check(content) == 0), ANSWER_S))
        return said

    def act(self, action: str, argument: str) -> list[Say]:
        if action == "lift":
            self._text, self._state = None, "lifted"
        elif action == "card":
            told = json_argument(argument)
            stop = told.pop("stop_after", None)
            self._reads_left = int(told.pop("reads", 2))
            self._text, self._state = card_text(self._invent(told)), "down"
            self._stop_after = int(stop) if stop is not None else None
        else:
            raise self.unknown(action)
        return []

    def _answer(self, request: bytes, *, intact: bool) -> bytes:
        if not intact:
            return answer(0x10)
        if request == FIND:
            if self._state != "down":
                return answer(NO_CARD)
            self._state = "found"
            return answer(FOUND, bytes(4))
        if request == SELECT:
            if self._state != "found":
                return answer(NOT_SELECTED)
            self._state = "selected"
            return answer(DONE, bytes(8))
        if request == READ:
            return self._read()
        return answer(0x21)

    def _read(self) -> bytes:
        if self._state != "selected" or self._text is None or self._reads_left == 0:
            return answer(0x41)
        self._reads_left -= 1
        photo = bytearray(self.random.randbytes(1024))
        photo[100:105] = PREAMBLE  # allowed in a photo: a framer must go by the length
        whole = read_answer(self._text, bytes(photo))
        if self._stop_after is None:
            return whole
        self._text, self._state = None, "lifted"
        return whole[: self._stop_after]

    def _invent(self, told: dict[str, Any]) -> dict[str, str]:
        fields = {name: str(value) for name, value in told.items()}
        born = date(1950, 1, 1) + timedelta(days=self.random.randint(0, 18000))
        first_17 = f"110105{born:%Y%m%d}{self.random.randint(1, 999):03d}"
        number = fields.get("number", first_17 + check_character(first_17))
        if fields.get("kind") == "foreign_permanent_resident":
            return _FOREIGNER | {"birth": "19820901"} | fields
        if len(number) != 18 or not number[16].isdigit():
            raise DomainError("device.bad_argument", argument=number)
        sex = "1" if int(number[16]) % 2 else "2"
        return _CITIZEN | {"number": number, "birth": number[6:14], "sex": sex} | fields


def card_text(fields: dict[str, str]) -> bytes:
    """Return the 256 bytes of a card of any kind, from the fields of a citizen's card or a foreigner's."""
    kind = fields.get("kind", "citizen")
    if kind == "foreign_permanent_resident":
        foreign = {
            "name_en": "SMITH, JOHN",
            "nationality": "USA",
            "version": "01",
            "authority": "1500",
        } | fields
        number = fields["number"] if fields["number"][0].isalpha() else "USA110082090112"
        return encode(foreign | {"number": number, "mark": "I"}, FOREIGNER)
    text = bytearray(encode(fields, CITIZEN))
    mark = {"citizen": " ", "hk_mo_tw": "J", "foreigner_2023": "Y"}.get(kind)
    if mark is None:
        raise DomainError("device.bad_argument", argument=kind)
    text[248:250] = mark.encode("utf-16-le")
    return bytes(text)
