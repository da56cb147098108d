"""Scales as they ship, and answers that reach a wanted score."""

import json

import pytest

import resources
from domain.scales.reading import load_scales

SCALES = load_scales(resources.folder("scales"))
FORMS = {p.stem: json.loads(p.read_text("utf-8")) for p in sorted(resources.folder("forms").glob("*.json"))}


@pytest.fixture
def scale():
    return SCALES.__getitem__
