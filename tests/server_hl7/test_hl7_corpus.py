"""Messages nobody here wrote: each is read, or refused with a reason that has a sentence; never anything else."""

import time
from pathlib import Path

import pytest
from hl7_cases import CLINIC, NOW, catalog

from domain.kernel.errors import KnownError
from domain.kernel.texts import Texts
from resources import folder
from server.interfaces.hl7.header import read_header, salvage_header
from server.interfaces.hl7.message import parse_message
from server.interfaces.hl7.oru import read_results

CORPUS = Path(__file__).parents[3] / "shared/data/hl7"
FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file()) if CORPUS.is_dir() else []

pytestmark = pytest.mark.skipif(not FILES, reason="the corpus of HL7 messages is not on this machine")
TEXTS = Texts.load(folder("texts") / "zh")


def outcome(path):
    data = path.read_bytes()
    begun = time.thread_time()
    try:
        parsed = parse_message(data, from_file=True)
        if parsed.msh.text(9) == "ORU":
            read_results(parsed, catalog(), zone=CLINIC, now=NOW, production=False)
        else:
            read_header(parsed, zone=CLINIC, production=False)
        code, told = "read", "已读"
    except KnownError as error:
        code = error.code
        told = TEXTS.explain(error)
    salvage_header(data)
    assert time.thread_time() - begun < 1
    assert told != code
    return code


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_every_message_is_read_or_refused_with_a_reason(path):
    assert outcome(path)


def test_most_of_them_are_read():
    codes = [outcome(path) for path in FILES]
    assert codes.count("read") > 0.7 * len(codes)
