"""Files as devices make them become the right values; broken ones become words, and never take the program along."""

import contextlib
import os
import signal
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from domain.kernel.errors import DomainError, UnavailableError
from forms.imaging.decoder import Decoder
from forms.imaging.shapes import DICOM, PDF, Facts
from forms.imaging.windowing import angle_degrees, grey, length_mm, length_pixels, png, values_of
from tests.imaging.dicom_files import SYNTAXES, body, ct, dataset_of, ecg, encoded, file_of

SIZE = 128


@pytest.fixture(scope="module")
def decoder():
    one = Decoder()
    yield one
    one.close()


def problem(decoder, content, media_type=DICOM, index=0):
    with pytest.raises(DomainError) as refused:
        decoder.decode(f"broken {len(content)}", media_type, content, index)
    return refused.value.code


@pytest.mark.parametrize("syntax", ["plain", *SYNTAXES])
def test_every_encoding_gives_the_same_values(decoder, tmp_path, syntax):
    if syntax == "jpeg":  # 8 bits, with losses
        plain = dataset_of((body(SIZE) // 8).astype(np.uint8))
        told = decoder.decode(syntax, DICOM, encoded(file_of(plain), syntax, tmp_path))
        expected = np.frombuffer(plain.PixelData, np.uint8).reshape(SIZE, SIZE).astype(int)
        assert abs(values_of(told.frame).astype(int) - expected).mean() < 2
        return
    content = ct(size=SIZE)
    content = content if syntax == "plain" else encoded(content, syntax, tmp_path)
    told = decoder.decode(syntax, DICOM, content)
    assert told.frame.unit == "HU"
    assert np.array_equal(values_of(told.frame), body(SIZE, 1 / 9).astype(int) - 1024)


def test_a_file_says_whose_it_is_and_which_side_is_where(decoder):
    facts = decoder.facts("facts", DICOM, ct(instance=7, patient="P77"))
    assert (facts.patient_id, facts.patient_name, facts.birth_date) == ("P77", "王建国", "19690412")
    assert (facts.instance_number, facts.position, facts.spacing) == (7, 7.0, (0.7, 0.7))
    assert facts.sides == ("R", "L", "A", "P")


def test_frames_of_one_file_are_sent_to_the_process_once(decoder):
    pixels = np.stack([body(64, n) for n in range(5)])
    content = file_of(dataset_of(pixels))
    assert decoder.decode("many", DICOM, content).facts.frames == 5
    last = decoder.decode("many", DICOM, b"not needed again", 4)
    assert np.array_equal(values_of(last.frame), pixels[4].astype(int) - 1024)
    with pytest.raises(DomainError, match=r"imaging\.no_frame"):
        decoder.decode("many", DICOM, b"", 5)


def test_an_ecg_comes_in_millivolt(decoder):
    wave = decoder.decode("ecg", DICOM, ecg()).waveform
    assert [lead.name for lead in wave.leads][:4] == ["I", "II", "III", "aVR"]
    assert wave.rate == 500
    assert len(wave.leads[1].values) == 5000
    assert max(wave.leads[1].values) == pytest.approx(1.1, abs=0.05)


def test_photos_stand_upright_and_pages_are_counted(decoder):
    target = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    Image.new("RGB", (40, 20), "red").save(target, "JPEG", exif=exif)
    frame = decoder.decode("photo", "image/jpeg", target.getvalue()).frame
    assert (frame.columns, frame.rows) == (20, 40)
    pages = BytesIO()
    Image.new("RGB", (60, 80), "white").save(
        pages, "PDF", save_all=True, append_images=[Image.new("RGB", (60, 80))]
    )
    assert decoder.decode("pages", PDF, pages.getvalue(), 1).facts.frames == 2


def test_broken_files_become_words(decoder):
    whole = ct(size=SIZE)
    assert problem(decoder, b"") == "imaging.broken"
    assert problem(decoder, b"%PDF-1.4 nothing", PDF) == "imaging.broken"
    assert problem(decoder, b"\xff\xd8\xff" + bytes(900), "image/jpeg") == "imaging.broken"
    assert problem(decoder, whole[:-4000]) in {"imaging.broken", "imaging.truncated"}
    huge = dataset_of(body(16))
    huge.Rows = huge.Columns = 60_000
    assert problem(decoder, file_of(huge)) == "imaging.too_large"
    nothing = dataset_of(body(16))
    del nothing.PixelData
    assert problem(decoder, file_of(nothing)) == "imaging.no_picture"
    assert decoder.decode("still there", DICOM, whole).frame.rows == SIZE


def test_no_damage_of_a_byte_takes_the_program_along(decoder, tmp_path):
    chance = np.random.default_rng(3)
    content = bytearray(encoded(ct(size=64), "jpeg-ls", tmp_path))
    for n in range(40):
        damaged = bytearray(content)
        for at in chance.integers(132, len(damaged), 6):
            damaged[at] = int(chance.integers(0, 256))
        with contextlib.suppress(DomainError, UnavailableError):
            decoder.decode(f"damaged {n}", DICOM, bytes(damaged))
    assert decoder.decode("good", DICOM, bytes(content)).frame.rows == 64


def test_a_file_that_ends_the_process_is_told_and_the_next_one_is_read(decoder):
    decoder.warm_up()
    before = decoder.pid
    os.kill(before, signal.SIGKILL)
    with pytest.raises(UnavailableError, match=r"imaging\.died"):
        decoder.decode("deadly", DICOM, ct())
    assert decoder.decode("after", DICOM, ct()).frame.rows == SIZE
    assert decoder.pid != before


def test_a_window_shows_what_lies_in_it():
    frame = _frame(np.array([[-1000, 39, 40, 1000]], np.int16))
    assert list(grey(frame, 40, 400)[0]) == [0, 127, 128, 255]
    assert list(grey(_frame(np.array([[-1000, 1000]], np.int16), inverted=True), 40, 400)[0]) == [255, 0]
    floats = _frame(np.array([[-1000, 39, 40, 1000]], np.float32), form="f4")
    assert list(grey(floats, 40, 400)[0]) == [0, 127, 128, 255]
    assert Image.open(BytesIO(png(frame, 40, 400))).size == (4, 1)


def test_lengths_and_angles_heed_the_spacing_and_say_when_there_is_none():
    facts = Facts(kind="image", spacing=(2.0, 0.5))
    assert length_mm(facts, (0, 0), (6, 2)) == pytest.approx(5.0)
    assert length_mm(Facts(kind="image"), (0, 0), (3, 4)) is None
    assert length_pixels((0, 0), (3, 4)) == 5
    assert angle_degrees(facts, (4, 0), (0, 0), (0, 9)) == pytest.approx(90)
    assert angle_degrees(facts, (4, 0), (0, 0), (4, 1)) == pytest.approx(45)


def _frame(values, **given):
    from forms.imaging.shapes import Frame

    shape = {"rows": values.shape[0], "columns": values.shape[1], "form": "i2", "pixels": values.tobytes()}
    return Frame(**{**shape, "windows": (("file", 40.0, 400.0),), **given})
