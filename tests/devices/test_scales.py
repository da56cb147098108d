"""The Tanita beam scale and the generic weighing indicator."""

from decimal import Decimal

import pytest

from devices.readings import Kind, Noise, ReadingSet, Refusal
from devices.scales.indicator import Indicator, IndicatorSimulator, line
from devices.scales.tanita_wb3000 import Wb3000, Wb3000Simulator, checksum

BURST = bytes([0xFF, 0x00, 0xFE, 0x80] * 20)


def tanita(body='{0,16,~0,1,~1,1,~2,1,MO,"WB-3000",Hm,170.5,Wk,065.3,MI,22.5'):
    text = f"{body},CS,".encode()
    return text + checksum(text) + b"\r\n"


def test_the_published_line_of_the_wb3000():
    (event,) = Wb3000().feed(tanita())
    told = {reading.kind: (reading.value, reading.unit) for reading in event.readings}
    assert told == {
        Kind.BODY_HEIGHT: (Decimal("170.5"), "cm"),
        Kind.BODY_WEIGHT: (Decimal("65.3"), "kg"),
        Kind.BMI: (Decimal("22.5"), "kg/m2"),
    }


def test_the_order_of_the_tags_does_not_matter():
    (event,) = Wb3000().feed(tanita('{0,16,MI,22.5,Wk,065.3,MO,"WB-3000",Hm,170.5,~0,1'))
    assert event.value(Kind.BODY_WEIGHT) == Decimal("65.3")


def test_the_burst_after_a_line_is_expected_noise():
    parser = Wb3000()
    parser.feed(tanita())
    parser.feed(BURST)
    assert parser.drop("silence") == [Noise(80, "burst")]
    events = parser.feed(tanita()) + parser.feed(BURST + tanita()) + parser.feed(BURST + b"\r\n")
    assert [type(event) for event in events] == [ReadingSet, Noise, ReadingSet, Noise]
    assert all(event.reason == "burst" for event in events if isinstance(event, Noise))


def test_the_same_burst_without_a_line_before_it_is_not_expected():
    parser = Wb3000()
    parser.feed(BURST)
    assert parser.drop("silence") == [Noise(80, "silence")]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (tanita('{0,16,MO,"WB-3000",Hf,5-07,Wp,144.0,MI,22.5'), "device.wrong_unit"),
        (tanita('{0,16,MO,"WB-3000",Hm,170.5,Ws,010.2'), "device.wrong_unit"),
        (tanita('{0,16,MO,"BD-815",Wk,003.9'), "device.other_model"),
        (tanita('{0,16,MO,"WB-3000",Wk,000.9'), "device.out_of_range"),
        (tanita('{0,16,MO,"WB-3000",Wk,300.1'), "device.out_of_range"),
        (tanita('{0,16,MO,"WB-3000",Wk,-65.3'), "device.malformed"),
        (tanita('{0,16,MO,"WB-3000",Wk,65.3'), "device.malformed"),
        (tanita('{0,16,MO,"WB-3000",Wk,0_5.3'), "device.malformed"),
        (tanita('{0,16,MO,"WB-3000",Wk,065.3,Wk,075.3'), "device.malformed"),
        (tanita('{0,16,MO,"WB-3000",Wk'), "device.malformed"),
        (tanita('{0,16,MO,"WB-3000",MI,22.5'), "device.malformed"),
        (tanita('{0,16,MO,"WB-3000",Hm,170.5,Wk,065.3,MI,23.5'), "scale.inconsistent_bmi"),
        (tanita('{0,16,MO,"WB-3000",Wk,０65.3'), "device.malformed"),
        (tanita().replace(b"065.3", b"065.4"), "device.bad_checksum"),
        (b'{0,16,MO,"WB-3000",Wk,065.3\r\n', "device.malformed"),
        (b"Hello\r\n", "device.malformed"),
    ],
)
def test_the_wb3000_is_refused(frame, code):
    (event,) = Wb3000().feed(frame)
    assert isinstance(event, Refusal)
    assert event.code == code


def test_the_simulated_wb3000_sends_a_line_and_a_burst():
    frame, burst = Wb3000Simulator(seed=5).act("measure", "{}")
    parser = Wb3000()
    assert isinstance(parser.feed(frame.data)[0], ReadingSet)
    assert burst.after_s == 0.1
    assert parser.feed(burst.data) == []
    (pounds, _) = Wb3000Simulator(seed=5).act("measure", '{"unit": "lb"}')
    assert parser.feed(pounds.data)[-1].code == "device.wrong_unit"


def weights(events):
    return [event.value(Kind.BODY_WEIGHT) for event in events if isinstance(event, ReadingSet)]


def codes(events):
    return [event.code for event in events if isinstance(event, Refusal)]


def test_the_published_line_of_an_indicator():
    assert line("ST", "GS", "+", "123.456", "kg") == b"ST,GS,+ 123.456  kg\r\n"
    assert weights(Indicator().feed(b"ST,GS,+ 123.456  kg\r\n" * 3)) == [Decimal("123.456")]


def test_a_person_on_the_plate_is_one_measurement():
    parser, sim = Indicator(), IndicatorSimulator(seed=1)
    events = [e for say in sim.act("measure", '{"weight": 65.4}') for e in parser.feed(say.data)]
    assert weights(events) == [Decimal("65.400")]
    assert codes(events) == ["scale.unstable", "scale.unstable"]
    again = [e for say in sim.act("measure", '{"weight": 65.4}') for e in parser.feed(say.data)]
    assert weights(again) == [Decimal("65.400")]


def test_an_idle_stream_says_nothing():
    parser = Indicator()
    stream = [line("ST", "GS", "+", "0.000", "kg"), line("US", "GS", "+", "0.020", "kg")] * 50
    assert [event for frame in stream for event in parser.feed(frame)] == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (line("US", "GS", "+", "65.400", "kg"), "scale.unstable"),
        (line("OL", "GS", "+", "300.000", "kg"), "scale.overload"),
        (line("OL", "GS", "+", "", "kg"), "scale.overload"),
        (line("ST", "TR", "+", "65.400", "kg"), "scale.tare_only"),
        (line("ST", "GS", "-", "65.400", "kg"), "device.out_of_range"),
        (line("ST", "GS", "+", "1.900", "kg"), "device.out_of_range"),
        (line("ST", "GS", "+", "300.100", "kg"), "device.out_of_range"),
        (line("ST", "GS", "+", "65.400", "lb"), "device.wrong_unit"),
        (line("ST", "GS", "+", "65400", "g"), "device.malformed"),
        (line("ST", "GS", "+", "6 5.400", "kg"), "device.malformed"),
        (line("ST", "GS", "+", "65.4.0", "kg"), "device.malformed"),
        (b"ST,GS,+65.4kg\r\n", "device.malformed"),
        (b"ST,GS,+  65.400   kg\r\n", "device.malformed"),
        (b"ST,XX,+  65.400  kg\r\n", "device.malformed"),
    ],
)
def test_the_indicator_is_refused(frame, code):
    assert codes(Indicator().feed(frame)) == [code]


def test_a_negative_weight_names_its_value():
    (event,) = Indicator().feed(line("ST", "GS", "-", "65.400", "kg"))
    assert event.facts["value"] == Decimal("-65.400")
    assert (event.facts["label"], event.facts["unit"]) == ("体重", "kg")


def test_net_weight_is_flagged():
    (event,) = Indicator().feed(line("ST", "NT", "+", "65.400", "kg") * 3)
    assert event.readings[0].flags == {"net"}


def stable(weight):
    return line("ST", "GS", "+", weight, "kg")


def test_a_weight_counts_when_three_lines_in_a_row_say_the_same():
    parser = Indicator()
    assert parser.feed(stable("65.400") * 2 + stable("65.600") + stable("65.400") * 2) == []
    assert weights(parser.feed(stable("65.400"))) == [Decimal("65.400")]
    assert parser.feed(stable("65.400") * 5) == []


def test_a_damaged_line_between_good_ones_is_never_a_weight():
    for n in range(len(stable("65.400")) * 8):
        damaged = bytearray(stable("65.400"))
        damaged[n // 8] ^= 1 << n % 8
        for stream in (damaged + stable("65.400") * 3, stable("65.400") * 2 + damaged + stable("65.400") * 3):
            assert set(weights(Indicator().feed(bytes(stream)))) <= {Decimal("65.400")}, n


def test_the_place_of_a_weight_begins_with_its_first_line():
    parser = Indicator()
    parser.feed(stable("65.400"))
    assert parser.earliest == 0
    (event,) = parser.feed(stable("65.400") * 2)
    assert (event.start, event.end) == (0, 3 * len(stable("65.400")))
    assert parser.earliest == parser.consumed


def test_an_indicator_that_spoke_once_is_asked_again_and_given_up_when_silent():
    parser = Indicator()
    parser.feed(stable("65.400"))
    asked = [parser.poll(tenth / 10) for tenth in range(40)]
    assert [data for data, _ in asked if data] == [b"RW\r\n"] * 4
    told = [event for _, events in asked for event in events]
    assert codes(told) == ["scale.unconfirmed"]
    assert parser.poll(9.0) == (b"", [])
    parser.feed(stable("65.400"))
    parser.poll(10.0)
    assert parser.poll(10.5)[0] == b"RW\r\n"
    assert parser.feed(stable("65.400")) == []
    assert parser.poll(11.0)[0] == b"RW\r\n"
    assert weights(parser.feed(stable("65.400"))) == [Decimal("65.400")]
    assert parser.poll(11.5) == (b"", [])


def test_a_weight_said_before_the_port_was_lost_confirms_nothing_after_it():
    parser = Indicator()
    parser.feed(stable("65.400") * 2)
    parser.drop("lost")
    assert parser.feed(stable("65.400")) == []


def test_the_simulated_indicator_answers_when_it_is_asked():
    sim, parser = IndicatorSimulator(seed=1), Indicator()
    parser.feed(sim.act("line", "ST,GS,+,65.400,kg")[0].data * 2)
    (said,) = sim.heard(b"RW\r\n")
    assert weights(parser.feed(said.data)) == [Decimal("65.400")]
