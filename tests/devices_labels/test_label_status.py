"""What printers answer, field by field and bit by bit."""

from itertools import product

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from devices.labels.jobs import JobState
from devices.labels.languages import find_language, language_names
from devices.labels.rendering import find_interpreter
from devices.labels.rendering.canvas import PrinterState
from devices.labels.status import Condition
from domain.kernel.errors import DomainError
from resources import folder
from tests.devices_labels.label_cases import LANGUAGES

# The normal answer of the ZPL II Programming Guide.
NORMAL = (
    b"\x02030,0,0,0200,000,0,0,0,000,0,0,0\x03\r\n"
    b"\x02000,0,0,0,1,2,6,0,00000000,1,000\x03\r\n"
    b"\x021234,0\x03\r\n"
)
FLAGS = {
    "paper_out": Condition.MEDIA_OUT,
    "ribbon_out": Condition.RIBBON_OUT,
    "head_open": Condition.HEAD_OPEN,
    "paused": Condition.PAUSED,
    "hot": Condition.TEMPERATURE,
    "busy": Condition.BUSY,
}


def test_the_documented_normal_answer_means_ready():
    status = find_language("zpl").parse_status(NORMAL)
    assert status is not None
    assert status.is_ready
    assert status.condition is Condition.READY


@pytest.mark.parametrize("cut", range(len(NORMAL) - 2))
def test_an_incomplete_answer_is_no_status(cut):
    assert find_language("zpl").parse_status(NORMAL[:cut]) is None


@pytest.mark.parametrize(
    ("before", "after", "condition"),
    [
        (b"030,0,0", b"030,1,0", Condition.MEDIA_OUT),
        (b"030,0,0", b"030,0,1", Condition.PAUSED),
        (b"000,0,0,0,1", b"000,0,1,0,1", Condition.HEAD_OPEN),
        (b"000,0,0,0,1", b"000,0,0,1,1", Condition.RIBBON_OUT),
        (b"0200,000,0", b"0200,000,1", Condition.BUFFER_FULL),
        (b"0200,000,0", b"0200,002,0", Condition.BUSY),
        (b"00000000,1", b"00000003,1", Condition.BUSY),
        (b"000,0,0,0\x03", b"000,0,0,1\x03", Condition.TEMPERATURE),
        (b"000,0,0,0\x03", b"000,1,0,0\x03", Condition.FAULT),
    ],
)
def test_each_field_of_the_host_status(before, after, condition):
    assert before in NORMAL
    status = find_language("zpl").parse_status(NORMAL.replace(before, after, 1))
    assert status is not None
    assert status.conditions == (condition,)


@pytest.mark.parametrize(
    ("byte", "conditions"),
    [
        (0x00, ()),
        (0x01, (Condition.HEAD_OPEN,)),
        (0x02, (Condition.JAM,)),
        (0x04, (Condition.MEDIA_OUT,)),
        (0x05, (Condition.MEDIA_OUT, Condition.HEAD_OPEN)),
        (0x08, (Condition.RIBBON_OUT,)),
        (0x0C, (Condition.MEDIA_OUT, Condition.RIBBON_OUT)),
        (0x10, (Condition.PAUSED,)),
        (0x20, (Condition.BUSY,)),
        (0x41, (Condition.HEAD_OPEN,)),
        (0x80, (Condition.TEMPERATURE,)),
    ],
)
def test_each_bit_of_the_tspl_status_byte(byte, conditions):
    status = find_language("tspl").parse_status(bytes([byte]))
    assert status is not None
    assert status.conditions == conditions


@pytest.mark.parametrize("language", LANGUAGES)
def test_simulator_and_driver_understand_each_other_in_every_state(language):
    driver, simulated = find_language(language), find_interpreter(language)(203)
    for raised in product((False, True), repeat=len(FLAGS)):
        state = PrinterState(**dict(zip(FLAGS, raised, strict=True)))
        status = driver.parse_status(simulated.status_answer(state))
        assert status is not None
        assert set(status.conditions) == {c for c, on in zip(FLAGS.values(), raised, strict=True) if on}


@given(st.binary(max_size=120))
def test_noise_before_an_answer_does_no_harm(noise):
    noise = noise.replace(b"\x02", b"").replace(b"\x03", b"")
    assert find_language("zpl").parse_status(noise) is None
    found = find_language("zpl").parse_status(noise + NORMAL)
    assert found is not None
    assert found.is_ready


@pytest.mark.parametrize(
    ("answer", "counter"), [(b'"1234"', 1234), (b'"?"', None), (b"", None), (b'"12', None)]
)
def test_the_label_counter(answer, counter):
    assert find_language("zpl").parse_counter(answer) == counter


def test_languages_are_found_by_being_there():
    assert {"zpl", "tspl"} <= set(language_names())
    for name in language_names():
        assert find_interpreter(name)(203).problems == []
    for find in (find_language, find_interpreter):
        with pytest.raises(DomainError) as refused:
            find("epl9")
        assert refused.value.code == "printer.language"


def test_every_code_has_its_chinese_text_and_every_text_its_facts():
    texts = yaml.safe_load((folder("texts") / "zh" / "labels.yaml").read_text("utf-8"))
    codes = {f"printer.{condition}" for condition in Condition} | {
        f"printer.job.{state}" for state in JobState
    }
    assert codes <= texts.keys()
    for code, text in texts.items():
        assert any("一" <= character <= "鿿" for character in text), code


def test_every_code_raised_here_has_a_text():
    import re
    from pathlib import Path

    import devices.labels
    import domain.biobank.numbers

    texts = yaml.safe_load((folder("texts") / "zh" / "labels.yaml").read_text("utf-8"))
    sources = [*Path(devices.labels.__path__[0]).rglob("*.py"), Path(domain.biobank.numbers.__file__)]
    raised = {
        code
        for source in sources
        for code in re.findall(
            r'(?:DomainError|UnavailableError|__init__)\(\s*"([a-z0-9_.]+)"', source.read_text("utf-8")
        )
    }
    assert len(raised) > 12
    assert raised <= texts.keys()
    facts = {code: set(re.findall(r"\{(\w+)\}", text)) for code, text in texts.items()}
    assert facts["label.too_narrow"] == {"needed_mm", "given_mm"}
