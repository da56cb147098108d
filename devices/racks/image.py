"""Tubes of a 96-position rack read from a picture of its underside: zxing-cpp reads, a grid says which well is which.

What a picture cannot tell is not guessed. Half a turn looks like no turn, and a rack that is not full may be seen
one column further: all placings that fit are returned, and a tube that somebody takes out and scans tells which is
true.
A well without a legible code is `unread`; it only *looks* empty when it is plain and darker than any tube.

Not tried on a scanner's own pictures yet (UNVERIFIED): the drawings of the simulator beside it are what it was
measured on.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from domain.kernel.errors import DomainError
from domain.storage.racks import IMAGE, RackRead, position_name

ROWS, COLUMNS = 8, 12
MOST_BYTES = 80_000_000
MOST_PIXELS = 120_000_000
FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
FEWEST = 4
"""Codes below which no grid can be told."""
SMALLEST_SHARE = 0.38
"""Side of a code over the distance of wells; under it only every second well was seen, or the rack is another."""
MOST_SLANT = 0.35
"""Radians a rack may lie aslant (20 degrees)."""
MOST_OFF = 0.25
"""Part of the distance of wells by which a code may lie beside its well."""
ZOOMS = (1.0, 2.0, 1.5, 3.0)
BINARIZERS = (
    zxingcpp.Binarizer.LocalAverage,
    zxingcpp.Binarizer.GlobalHistogram,
)
Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Code:
    text: str
    x: float
    y: float
    side: float


def is_picture(data: bytes) -> bool:
    """Tell whether a file begins like a picture that is read here."""
    return data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"BM"))


def read_rack_image(data: bytes) -> list[RackRead]:
    """Return every way in which the rack of a picture may lie, the usual one (A1 at the upper right) first.

    Raises:
        DomainError: On ``file``: ``rack.image_too_big``, ``rack.image_broken``, ``rack.image_few`` (hardly a code
            was read), ``rack.image_no_grid`` (codes lie in no grid of 8 by 12, or aslant), ``rack.image_cut`` (a
            part of the rack is outside of the picture) or ``rack.image_twice`` (two codes in one well).
    """
    pixels = _pixels(data)
    codes = list(_codes(pixels))
    if len(codes) < FEWEST:
        raise DomainError("rack.image_few", field="file", count=len(codes))
    grid = _Grid(codes)
    placings = list(grid.placings(pixels.shape))
    if not placings:
        raise DomainError("rack.image_cut", field="file")
    wanted = {cell for placing in placings for cell in placing}
    empty = grid.looks_empty(pixels, wanted)
    grid.look_closer(pixels, wanted - empty)
    return [_placed(placing, grid.read, empty) for placing in placings]


def _pixels(data: bytes) -> Pixels:
    if len(data) > MOST_BYTES:
        raise DomainError("rack.image_too_big", field="file")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise DomainError("rack.image_too_big", field="file")
            return np.ascontiguousarray(picture.convert("L"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DomainError("rack.image_broken", field="file") from error


def _codes(pixels: Pixels, **options: Any) -> Iterator[_Code]:
    for found in zxingcpp.read_barcodes(
        pixels, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix), **options
    ):
        at = found.position
        corners = np.array(
            [(p.x, p.y) for p in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)], np.float64
        )
        x, y = corners.mean(axis=0)
        side = float(np.median(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)))
        yield _Code(found.text, float(x), float(y), side)


class _Grid:
    """Wells as whole numbers: `read` has the code of each cell that is known."""

    def __init__(self, codes: list[_Code]) -> None:
        self._side = float(np.median([code.side for code in codes]))
        at = np.array([(code.x, code.y) for code in codes])
        steps = _steps(at)
        self.pitch = float(np.linalg.norm(steps[0]))
        if self._side / self.pitch < SMALLEST_SHARE:
            raise DomainError("rack.image_no_grid", field="file")
        cells = self._cells(at, steps)
        self.read: dict[Cell, str] = {}
        for cell, code in zip(cells, codes, strict=True):
            if cell in self.read and self.read[cell] != code.text:
                raise DomainError("rack.image_twice", field="file")
            self.read[cell] = code.text
        self._map = _perspective(np.array(cells, np.float64), at, steps)
        off = np.linalg.norm(self.centres(cells) - at, axis=1)
        if off.max() > MOST_OFF * self.pitch:
            raise DomainError("rack.image_no_grid", field="file")

    def _cells(self, at: Points, steps: Points) -> list[Cell]:
        """Return the cell of each point, from the middle outwards: each is reckoned from its nearest neighbour."""
        middle = int(np.argmin(np.linalg.norm(at - np.median(at, axis=0), axis=1)))
        found: dict[int, Cell] = {middle: (0, 0)}
        inverse = np.linalg.inv(steps.T)
        while len(found) < len(at):
            known = list(found)
            rest = [n for n in range(len(at)) if n not in found]
            away = np.linalg.norm(at[rest][:, None] - at[known][None], axis=2)
            row, column = np.unravel_index(int(np.argmin(away)), away.shape)
            new, near = rest[int(row)], known[int(column)]
            shift = inverse @ (at[new] - at[near])
            found[new] = (
                found[near][0] + round(float(shift[0])),
                found[near][1] + round(float(shift[1])),
            )
        return [found[n] for n in range(len(at))]

    def centres(self, cells: list[Cell]) -> Points:
        """Return where wells lie in the picture."""
        flat = np.column_stack([np.array(cells, np.float64), np.ones(len(cells))]) @ self._map.T
        return np.asarray(flat[:, :2] / flat[:, 2:], np.float64)

    def placings(self, shape: tuple[int, ...]) -> Iterator[dict[Cell, str]]:
        """Yield cell to position for every way a whole rack lies in the picture."""
        first, last = np.min(list(self.read), axis=0), np.max(list(self.read), axis=0)
        spans = last - first + 1
        lying = ((COLUMNS, ROWS, False), (ROWS, COLUMNS, True))
        fits = [one for one in lying if spans[0] <= one[0] and spans[1] <= one[1]]
        if not fits:
            raise DomainError("rack.image_no_grid", field="file")
        for turned in (False, True):
            for wide, high, upright in fits:
                for left in range(int(last[0]) - wide + 1, int(first[0]) + 1):
                    for top in range(int(last[1]) - high + 1, int(first[1]) + 1):
                        cells = [(left + i, top + j) for i in range(wide) for j in range(high)]
                        if self._inside(cells, shape):
                            yield {
                                cell: _position(cell[0] - left, cell[1] - top, upright=upright, turned=turned)
                                for cell in cells
                            }

    def _inside(self, cells: list[Cell], shape: tuple[int, ...]) -> bool:
        at, rim = self.centres(cells), self.pitch * 0.35
        return bool(
            (at > rim).all() and (at[:, 0] < shape[1] - rim).all() and (at[:, 1] < shape[0] - rim).all()
        )

    def look_closer(self, pixels: Pixels, wanted: set[Cell]) -> None:
        """Read the wells of which the whole picture told nothing, each for itself, enlarged."""
        for cell in sorted(wanted - self.read.keys()):
            x, y = self.centres([cell])[0]
            part = _patch(pixels, x, y, self.pitch * 0.56)
            for text in self._tries(part):
                self.read[cell] = text
                break

    def _tries(self, part: Pixels) -> Iterator[str]:
        middle = np.array(part.shape[::-1]) / 2
        for zoom in ZOOMS:
            size = (round(part.shape[1] * zoom), round(part.shape[0] * zoom))
            enlarged = (
                np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BICUBIC))
                if zoom != 1
                else part
            )
            for binarizer in BINARIZERS:
                found = [
                    code.text
                    for code in _codes(enlarged, binarizer=binarizer)
                    if np.linalg.norm(np.array((code.x, code.y)) / zoom - middle) < self.pitch * 0.4
                ]
                if len(set(found)) == 1:
                    yield found[0]

    def looks_empty(self, pixels: Pixels, wanted: set[Cell]) -> frozenset[Cell]:
        """Return the cells that are plain and darker than every tube: holes, as far as a picture can tell."""

        def look(cell: Cell) -> tuple[float, float]:
            x, y = self.centres([cell])[0]
            part = _patch(pixels, x, y, self.pitch * 0.26)
            return float(part.std()), float(part.mean())

        tubes = [look(cell) for cell in self.read]
        rough, dark = min(one[0] for one in tubes), min(one[1] for one in tubes)
        return frozenset(
            cell
            for cell in wanted - self.read.keys()
            if (seen := look(cell))[0] < rough * 0.5 and seen[1] < dark * 0.6
        )


def _steps(at: Points) -> Points:
    """Return the steps from well to well along the picture and down it."""
    away = at[:, None] - at[None]
    lengths = np.linalg.norm(away, axis=2)
    np.fill_diagonal(lengths, np.inf)
    pitch = float(np.median(lengths.min(axis=1)))
    near = away[(lengths > pitch * 0.8) & (lengths < pitch * 1.2)]
    across = near[np.abs(near[:, 0]) > np.abs(near[:, 1])]
    down = near[np.abs(near[:, 0]) <= np.abs(near[:, 1])]
    across = across * np.sign(across[:, :1])
    down = down * np.sign(down[:, 1:])
    if not len(across) and not len(down):
        raise DomainError("rack.image_no_grid", field="file")
    first = np.median(across, axis=0) if len(across) else np.median(down, axis=0)[::-1] * (1, -1)
    second = np.median(down, axis=0) if len(down) else first[::-1] * (-1, 1)
    if abs(np.arctan2(first[1], first[0])) > MOST_SLANT or abs(np.arctan2(second[0], second[1])) > MOST_SLANT:
        raise DomainError("rack.image_no_grid", field="file")
    return np.array([first, second])


def _perspective(cells: Points, at: Points, steps: Points) -> Points:
    """Return the 3 by 3 map from cells to pixels; without enough points in both directions only a flat one.

    Of tubes in one line only the line is seen: the other direction is that of the steps, at a right angle to it.
    """
    if np.linalg.matrix_rank(np.column_stack([cells, np.ones(len(cells))])) < 3:
        begin = (at - cells @ steps).mean(axis=0)
        return np.array([[*steps[:, 0], begin[0]], [*steps[:, 1], begin[1]], [0.0, 0.0, 1.0]])
    flat = (
        len({x for x, _ in cells.tolist()}) < 3 or len({y for _, y in cells.tolist()}) < 3 or len(cells) < 8
    )
    rows, goal = [], []
    for (i, j), (x, y) in zip(cells, at, strict=True):
        bend = (0.0, 0.0) if flat else (-i, -j)
        rows += [
            [i, j, 1, 0, 0, 0, bend[0] * x, bend[1] * x], [0, 0, 0, i, j, 1, bend[0] * y, bend[1] * y]
        ]  # fmt: skip
        goal += [x, y]
    found = np.linalg.lstsq(np.array(rows), np.array(goal), rcond=None)[0]
    return np.append(found, 1.0).reshape(3, 3)


def _patch(pixels: Pixels, x: float, y: float, half: float) -> Pixels:
    top, left = max(0, round(y - half)), max(0, round(x - half))
    return np.ascontiguousarray(pixels[top : round(y + half), left : round(x + half)])


def _position(across: int, down: int, *, upright: bool, turned: bool) -> str:
    """Return the position of a well of the picture; seen from below, columns run against the eye."""
    row, column = (across, down) if upright else (down, COLUMNS - 1 - across)
    if turned:
        row, column = ROWS - 1 - row, COLUMNS - 1 - column
    return position_name(row, column)


def _placed(placing: dict[Cell, str], read: dict[Cell, str], empty: frozenset[Cell]) -> RackRead:
    wells = {position: read[cell] for cell, position in placing.items() if cell in read}
    plain = frozenset(position for cell, position in placing.items() if cell in empty)
    unread = frozenset(placing.values()) - wells.keys() - plain
    return RackRead("", ROWS, COLUMNS, wells, unread, IMAGE, plain)
