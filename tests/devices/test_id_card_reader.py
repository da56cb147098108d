"""The SAM_V reader: published frames, the dialogue, what is on a card and what is refused."""

import json
from datetime import date

import pytest

from devices.idcard.samv import LATE, SamvReader
from devices.idcard.samv_frames import (
    DONE,
    FIND,
    FOUND,
    NO_CARD,
    READ,
    RESET,
    SELECT,
    STATUS,
    answer,
    frame,
    read_answer,
)
from devices.idcard.samv_simulator import SamvSimulator, check_character
from devices.readings import CardRead, Notice, Refusal
from domain.kernel.errors import DomainError
from tests.devices.driver_suite import reader_that_asked_to_read

NUMBER = "110105199001010029"  # invented
NUMBER = NUMBER[:17] + check_character(NUMBER[:17])


class Desk:
    """A reader and its simulator on one line, with a clock that is moved by hand."""

    def __init__(self, reader=None):
        self.reader = reader or SamvReader()
        self.device = SamvSimulator(seed=1)
        self.now_s = 0.0

    def run(self, seconds):
        events = []
        for _ in range(round(seconds / 0.05)):
            data, told = self.reader.poll(self.now_s)
            self.now_s += 0.05
            events += told
            for say in self.device.heard(data) if data else []:
                events += self.reader.feed(say.data)
        return events

    def put(self, **card):
        self.device.act("card", json.dumps(card))


def cards(events):
    return [event for event in events if isinstance(event, CardRead)]


def refusals(events):
    return [event.code for event in events if isinstance(event, Refusal)]


def test_the_published_frames():
    published = {
        RESET: "AA AA AA 96 69 00 03 10 FF EC",
        STATUS: "AA AA AA 96 69 00 03 11 FF ED",
        FIND: "AA AA AA 96 69 00 03 20 01 22",
        SELECT: "AA AA AA 96 69 00 03 20 02 21",
        READ: "AA AA AA 96 69 00 03 30 01 32",
    }
    assert {body: frame(body) for body in published} == {
        b: bytes.fromhex(text) for b, text in published.items()
    }
    assert answer(FOUND, bytes(4)) == bytes.fromhex("AA AA AA 96 69 00 08 00 00 9F 00 00 00 00 97")
    assert answer(DONE, bytes(8)) == bytes.fromhex("AA AA AA 96 69 00 0C 00 00 90 00 00 00 00 00 00 00 00 9C")
    assert answer(NO_CARD) == bytes.fromhex("AA AA AA 96 69 00 04 00 00 80 84")
    assert answer(0x81) == bytes.fromhex("AA AA AA 96 69 00 04 00 00 81 85")
    assert len(read_answer(bytes(256), bytes(1024))) == 1295


def test_the_published_name():
    assert "王美娜".encode("utf-16-le") + b" \x00" == bytes.fromhex("8B 73 8E 7F 1C 5A 20 00")


def test_a_card_is_read_once_until_it_is_lifted():
    desk = Desk()
    desk.put(name="王美娜", number=NUMBER, address="北京市朝阳区工体北路8号")
    events = desk.run(5)
    (card,) = cards(events)
    assert (card.name, card.number, card.birth_date) == ("王美娜", NUMBER, date(1990, 1, 1))
    assert (card.kind, card.sex, card.nation, card.nationality) == ("citizen", "2", "01", "CHN")
    assert [event.code for event in events if isinstance(event, Notice)] == ["idcard.card_found"]
    desk.device.act("lift", "")
    assert desk.run(1) == []
    desk.put(name="李四", number=NUMBER)
    assert [card.name for card in cards(desk.run(2))] == ["李四"]


@pytest.mark.parametrize("name", ["㐂", "𠮷野", "阿依古丽·买买提", "王" * 15, "𰻝"])
def test_rare_names_are_kept_as_they_are(name):
    desk = Desk()
    desk.put(name=name, number=NUMBER, address="址" * 35, valid_until="长期")
    (card,) = cards(desk.run(2))
    assert (card.name, card.address, card.valid_until) == (name, "址" * 35, None)


def test_private_use_characters_are_flagged():
    desk = Desk()
    desk.put(name="王\ue863", number=NUMBER)
    assert cards(desk.run(2))[0].flags == {"private_use"}


def test_nothing_personal_is_shown_by_repr():
    desk = Desk()
    desk.put(name="王美娜", number=NUMBER)
    (card,) = cards(desk.run(2))
    assert "王美娜" not in repr(card)
    assert NUMBER not in repr(card)


def test_a_card_of_a_foreigner_of_2017():
    desk = Desk()
    desk.put(
        kind="foreign_permanent_resident", name="史约翰", number="USA110082090112", birth="19820901", sex="1"
    )
    (card,) = cards(desk.run(2))
    assert (card.kind, card.number, card.nationality) == (
        "foreign_permanent_resident",
        "USA110082090112",
        "USA",
    )
    assert (card.name_en, card.name) == ("SMITH, JOHN", "史约翰")


@pytest.mark.parametrize(
    ("kind", "code"),
    [("hk_mo_tw", "idcard.hk_mo_tw_unconfirmed"), ("foreigner_2023", "idcard.foreigner_2023_unconfirmed")],
)
def test_cards_whose_layout_is_not_confirmed_are_recognised_and_refused(kind, code):
    desk = Desk()
    desk.put(kind=kind, number=NUMBER)
    events = desk.run(3)
    assert refusals(events) == [code]
    assert cards(events) == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"birth": "19900102"}, "birth"),
        ({"birth": "19901301"}, "birth"),
        ({"sex": "1"}, "sex"),
        ({"sex": "9"}, "sex"),
        ({"nation": "57"}, "nation"),
        ({"name": ""}, "name"),
        ({"number": "1101051990010１0021"}, "number"),
        ({"valid_from": "2015-6-1"}, "valid_from"),
        ({"valid_until": "20140101"}, "valid_until"),
        ({"valid_until": "永久"}, "valid_until"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(changed, field):
    desk = Desk()
    desk.put(**{"number": NUMBER, "birth": "19900101", "sex": "2"} | changed)
    events = desk.run(2)
    assert cards(events) == []
    (refusal,) = [event for event in events if isinstance(event, Refusal)]
    assert (refusal.code, refusal.facts["field"]) == ("idcard.bad_field", field)
    assert "１" not in str(refusal.facts)


@pytest.mark.parametrize("text", ["\x00\xd8", "\x07\x00", "\x0b\x20"])
def test_broken_characters_are_refused(text):
    whole = bytearray(b" \x00" * 128)
    whole[0:2] = text.encode("latin-1")
    (event,) = reader_that_asked_to_read().feed(read_answer(bytes(whole), bytes(1024)))
    assert event.code == "idcard.bad_text"


def test_an_unknown_mark_is_refused():
    whole = bytearray(b" \x00" * 128)
    whole[248:250] = b"Q\x00"
    (event,) = reader_that_asked_to_read().feed(read_answer(bytes(whole), bytes(1024)))
    assert event.code == "idcard.unknown_kind"


def test_the_validator_decides_about_the_number():
    def refuse(number):
        raise DomainError("idcard.check_digit", field="number")

    desk = Desk(SamvReader(validate=refuse))
    desk.put(number=NUMBER)
    assert refusals(desk.run(2)) == ["idcard.check_digit"]


def test_a_card_lifted_at_any_byte_of_its_text_gives_no_card_and_the_next_is_read():
    for stop_after in [*range(0, 280, 7), 600, 1294]:
        desk = Desk()
        desk.put(number=NUMBER, stop_after=stop_after)
        events = desk.run(0.4)
        events += desk.reader.drop("silence")
        events += desk.run(3)
        assert cards(events) == []
        assert refusals(events) == (["idcard.lifted"] if stop_after else [])
        desk.put(name="李四", number=NUMBER)
        assert [card.name for card in cards(desk.run(3))] == ["李四"], stop_after


def test_a_late_answer_is_not_the_answer_to_the_next_question():
    reader = SamvReader()
    assert reader.poll(0.0)[0] == frame(FIND)
    reader.feed(answer(FOUND, bytes(4)))
    reader.poll(0.1)
    reader.feed(answer(DONE, bytes(8)))
    assert reader.poll(0.2)[0] == frame(READ)
    assert reader.poll(2.1) == (b"", [])
    assert reader.poll(2.3)[0] == frame(FIND)
    late = Desk()
    late.put(number=NUMBER)
    whole = b""
    for request in (FIND, SELECT, READ):
        (say,) = late.device.heard(frame(request))
        whole = say.data
    assert refusals(reader.feed(whole)) == [LATE]
    assert refusals(reader.feed(answer(DONE, bytes(8)))) == [LATE]


def test_a_silent_reader_is_asked_again():
    reader = SamvReader()
    asked = [now for now in range(50) if reader.poll(now / 10)[0]]
    assert asked[:4] == [0, 5, 10, 15]


def test_a_reader_error_is_told_once():
    reader, told = SamvReader(), []
    for tenth in range(30):
        if reader.poll(tenth / 10)[0]:
            told += reader.feed(answer(0x60))
    assert refusals(told) == ["idcard.reader_error"]
    assert told[0].facts["status"] == "60"


def test_a_paused_reader_is_left_alone():
    reader = SamvReader()
    assert reader.command("pause") == b""
    assert [reader.poll(second)[0] for second in range(5)] == [b""] * 5
    reader.command("resume")
    assert reader.poll(9)[0] == frame(FIND)


def test_expiry_is_a_question_of_the_day():
    desk = Desk()
    desk.put(number=NUMBER, valid_until="20250601")
    (card,) = cards(desk.run(2))
    assert not card.expired(date(2025, 6, 1))
    assert card.expired(date(2025, 6, 2))


def test_the_simulator_refuses_impossible_cards():
    for told in ('{"name": "' + "长" * 16 + '"}', '{"number": "1"}', '{"kind": "martian"}', "nonsense"):
        with pytest.raises(DomainError) as caught:
            SamvSimulator().act("card", told)
        assert caught.value.code == "device.bad_argument"
    assert SamvSimulator().heard(frame(FIND)[:-1] + b"\x00")[0].data == answer(0x10)
    assert SamvSimulator().heard(frame(b"\x99\x01"))[0].data == answer(0x21)


def test_a_card_is_read_twice_and_told_once():
    desk = Desk()
    desk.put(number=NUMBER)
    (card,) = cards(desk.run(3))
    assert "read_once" not in card.flags
    assert desk.device._reads_left == 0


def test_a_reader_that_reads_once_gives_a_card_that_says_so():
    desk = Desk()
    desk.put(number=NUMBER, reads=1)
    (card,) = cards(desk.run(3))
    assert card.flags == {"read_once"}


def test_a_second_reading_that_never_comes_gives_a_card_that_says_so():
    reader = SamvReader()
    for now_s, said in ((0.0, answer(FOUND, bytes(4))), (0.1, answer(DONE, bytes(8)))):
        reader.poll(now_s)
        reader.feed(said)
    reader.poll(0.2)
    device = SamvSimulator(seed=1)
    device.act("card", json.dumps({"number": NUMBER}))
    for request in (FIND, SELECT):
        device.heard(frame(request))
    assert cards(reader.feed(device.heard(frame(READ))[0].data)) == []
    assert reader.earliest < reader.consumed
    assert reader.poll(0.3)[0] == frame(READ)
    (card,) = cards(reader.poll(2.4)[1])
    assert (card.number, card.flags) == (NUMBER, {"read_once"})
    assert reader.earliest == reader.consumed
