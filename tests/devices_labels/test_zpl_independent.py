"""Labels in ZPL as an interpreter nobody here wrote draws them (zpl-renderer-js, a build of Zebrash).

``./dev labels`` installs it into ``.state``, where Node is there; elsewhere these tests are skipped with that word.
"""

import base64
import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from devices.labels.layout import lay_out
from devices.labels.raster import draw
from domain.biobank.numbers import SpecimenNumberBlock
from tests.devices_labels.label_cases import RESOLUTIONS, TEMPLATES, codes_in, encoded, templates

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / ".state" / "zpl-renderer" / "node_modules"
NODE = shutil.which("node")
NUMBER = SpecimenNumberBlock("2611", 7_000, digits=True).allocate()[0]
DOTS_PER_MM = {203: 8, 300: 12}
MOST_APART = 0.03
"""Share of dots that may differ: the other interpreter rounds bars and bitmaps its own way."""

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="Node is not on this machine: no independent look at ZPL"),
    pytest.mark.skipif(
        not MODULES.is_dir(), reason="./dev labels has not installed the independent renderer"
    ),
]


@pytest.fixture(scope="module")
def drawn():
    """Return label, our picture and the other interpreter's, by template and resolution."""
    asked, mine = [], {}
    for name in TEMPLATES:
        for dpi in RESOLUTIONS:
            template = templates()[name]
            key = "box_number" if name.startswith("box") else "specimen_number"
            label = template.fill({**template.sample(), key: NUMBER})
            mine[name, dpi] = draw(lay_out(label, dpi))
            stock = label.stock
            zpl = encoded(label, "zpl", dpi).decode("latin-1")
            asked.append({"zpl": zpl, "width": stock.width, "height": stock.height, "dpmm": DOTS_PER_MM[dpi]})
    run = subprocess.run(
        [NODE, HERE / "zpl_renderer" / "render.cjs"],
        input=json.dumps(asked),
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    pictures = [Image.open(io.BytesIO(base64.b64decode(one))).convert("L") for one in json.loads(run.stdout)]
    return {key: (mine[key], picture) for key, picture in zip(mine, pictures, strict=True)}


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("name", TEMPLATES)
def test_another_interpreter_reads_the_number_from_the_label(drawn, name, dpi):
    _, picture = drawn[name, dpi]
    assert codes_in(picture) == [NUMBER]


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("name", TEMPLATES)
def test_another_interpreter_draws_what_ours_draws(drawn, name, dpi):
    mine, picture = drawn[name, dpi]
    # It counts whole dots a millimetre: 12 of them are 304.8 dpi, not 300.
    assert abs(mine.width - picture.width) <= mine.width * 0.02 + 1
    assert abs(mine.height - picture.height) <= mine.height * 0.03 + 1
    ours, theirs = (np.asarray(p.convert("L")) < 128 for p in (mine, picture))
    assert ours.any()
    assert (
        min(_apart(ours, theirs, right, down) for right in range(-1, 8) for down in range(-1, 4)) < MOST_APART
    )


def _apart(ours, theirs, right, down):
    """Return the share of dots that differ when theirs is read from that place on: it puts a label in the middle."""
    height = min(ours.shape[0], theirs.shape[0]) - 4
    width = min(ours.shape[1], theirs.shape[1]) - 8
    place = (slice(max(down, 0), max(down, 0) + height), slice(max(right, 0), max(right, 0) + width))
    mine = (slice(max(-down, 0), max(-down, 0) + height), slice(max(-right, 0), max(-right, 0) + width))
    return (ours[mine] != theirs[place]).mean()
