"""Draws the bottom of a rack as a scanner sees it, with all that goes wrong: for tests, training and the demo.

Not an encoder: each code is made by zxing-cpp. Seen from below, columns run from right to left.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

PITCH = 84
"""Pixels from well to well: 9 mm at 240 dpi."""
MARGIN = 60
HOLE, TUBE, GROUND = 28, 205, 120


@dataclass(frozen=True, slots=True)
class Scene:
    """How the picture is taken: degrees of turning, pixels of blur, grains of noise, share of damaged modules."""

    turned: float = 0.0
    blur: float = 0.6
    noise: float = 4.0
    damage: float = 0.0
    seed: int = 1


def draw_rack(
    tubes: Mapping[str, str], scene: Scene = Scene(), *, rows: int = 8, columns: int = 12,
    illegible: frozenset[str] = frozenset(),
) -> Image.Image:  # fmt: skip
    """Return a picture of a rack from below.

    Args:
        tubes: Position (``A1``) to code.
        scene: How it is taken; 180 degrees is a rack that lies the other way round.
        rows: Of the rack.
        columns: Of the rack.
        illegible: Positions with a tube whose code is scratched or frosted over.
    """
    dice = random.Random(scene.seed)  # noqa: S311 -- a drawing
    size = (2 * MARGIN + columns * PITCH, 2 * MARGIN + rows * PITCH)
    picture = Image.new("L", size, GROUND)
    brush = ImageDraw.Draw(picture)
    radius = PITCH * 0.42
    for row in range(rows):
        for column in range(columns):
            x = size[0] - MARGIN - (column + 0.5) * PITCH
            y = MARGIN + (row + 0.5) * PITCH
            position = f"{chr(ord('A') + row)}{column + 1}"
            tube = position in tubes or position in illegible
            ring = (x - radius, y - radius, x + radius, y + radius)
            brush.ellipse(ring, fill=TUBE if tube else HOLE, outline=60, width=2)
            if position in tubes and position not in illegible:
                _put_code(picture, tubes[position], x, y, dice, scene.damage)
            elif tube:
                _scratch(brush, x, y, dice)
    return _taken(picture, scene)


def _put_code(
    picture: Image.Image, code: str, x: float, y: float, dice: random.Random, damage: float
) -> None:
    barcode = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.DataMatrix, options="forceSquare")
    modules = np.array(zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=False))
    side = modules.shape[0]
    for _ in range(round(damage * side * side)):
        place = dice.randrange(side), dice.randrange(side)
        modules[place] = 255 - modules[place]
    scale = max(2, round(PITCH * 0.52 / side))
    drawn = np.kron(np.where(modules > 127, TUBE, 40).astype(np.uint8), np.ones((scale, scale), np.uint8))
    stamp = Image.fromarray(drawn).rotate(
        dice.uniform(0, 360), Image.Resampling.BILINEAR, expand=True, fillcolor=TUBE
    )
    picture.paste(stamp, (round(x - stamp.width / 2), round(y - stamp.height / 2)))


def _scratch(brush: ImageDraw.ImageDraw, x: float, y: float, dice: random.Random) -> None:
    for _ in range(14):
        ends = [at + dice.uniform(-PITCH / 4, PITCH / 4) for at in (x, y, x, y)]
        brush.line(ends, fill=dice.randrange(40, 200), width=3)


def _taken(picture: Image.Image, scene: Scene) -> Image.Image:
    if scene.turned:
        picture = picture.rotate(scene.turned, Image.Resampling.BICUBIC, expand=True, fillcolor=GROUND)
    picture = picture.filter(ImageFilter.GaussianBlur(scene.blur))
    grains = np.random.default_rng(scene.seed).normal(0, scene.noise, (picture.height, picture.width))
    return Image.fromarray(np.clip(np.asarray(picture, np.float32) + grains, 0, 255).astype(np.uint8))
