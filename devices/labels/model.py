"""What a label is: elements in millimetres on a stock, and the template that makes one from data.

All lengths are millimetres from the top left corner of the label as it leaves the printer. Structs are frozen and
forbid unknown keys; `devices.labels.templates` reads them from YAML and reports all mistakes at once.
"""

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.biobank.numbers import grouped
from domain.kernel.errors import DomainError

MM_PER_INCH = 25.4
REPRINT_FIELD = "reprint_mark"

Coordinate = Annotated[float, Meta(ge=0, le=500)]
Length = Annotated[float, Meta(gt=0, le=500)]

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)(\|grouped)?\}")
# 18-character resident identity number (GB 11643): region, birth date, sequence, check character.
_IDENTITY_NUMBER = re.compile(
    r"(?<!\d)[1-9]\d{5}(18|19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])"
)


class Media(StrEnum):
    """How the stock is printed; a frozen specimen needs transfer, direct thermal print fades."""

    TRANSFER = "transfer"
    DIRECT = "direct"


class Stock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The roll in the printer. `darkness` is 0-30 as in ZPL, `speed` is inches a second."""

    title: str
    width: Length
    height: Length
    gap: Annotated[float, Meta(ge=0, le=20)]
    dpi: Literal[203, 300, 600]
    margin: Annotated[float, Meta(ge=0, le=10)]
    min_module: Annotated[float, Meta(gt=0, le=2)]
    media: Media
    frozen_storage: bool
    darkness: Annotated[int, Meta(ge=0, le=30)]
    speed: Annotated[int, Meta(ge=1, le=14)]
    source: str
    status: Literal["V", "UNVERIFIED"]


class _Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    x: Coordinate
    y: Coordinate
    width: Length
    height: Length


class Text(_Box, frozen=True, tag_field="type", tag="text"):
    """One line of text, `size` high at most; shrunk to `min_size`, then ended with an ellipsis or refused."""

    data: str
    size: Length
    min_size: Length = 1.8
    align: Literal["left", "center", "right"] = "left"
    bold: bool = False
    overflow: Literal["ellipsis", "refuse"] = "ellipsis"


class Code128(_Box, frozen=True, tag_field="type", tag="code128"):
    """Code 128 centred in its box, which includes both quiet zones; `module` is the width wished for."""

    data: str
    module: Length = 0.25


class DataMatrix(_Box, frozen=True, tag_field="type", tag="datamatrix"):
    """Square ECC 200 symbol centred in its box, quiet zone of one module included."""

    data: str
    module: Length = 0.34


class QrCode(_Box, frozen=True, tag_field="type", tag="qr"):
    """QR code model 2, level M, centred in its box, quiet zone of four modules included."""

    data: str
    module: Length = 0.375


class Line(_Box, frozen=True, tag_field="type", tag="line"):
    """A filled rectangle: a rule, or a frame made of four."""


class Frame(_Box, frozen=True, tag_field="type", tag="frame"):
    """A box: four rules of `line` thickness inside its edges."""

    line: Length = 0.2


class Bitmap(_Box, frozen=True, tag_field="type", tag="bitmap"):
    """A picture drawn in the template: one string a row, ``#`` black, scaled by whole dots into its box."""

    rows: tuple[Annotated[str, Meta(pattern="^[#.]+$")], ...]


Element = Text | Code128 | DataMatrix | QrCode | Line | Frame | Bitmap


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the caller gives: `title` is the Chinese name shown when it is missing, `sample` feeds the preview."""

    title: str
    sample: str
    required: bool = True


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A filled label, ready for any printer. `reprint` counts the copies made after the first (0: original)."""

    template: str
    version: int
    stock: Stock
    elements: tuple[Element, ...]
    reprint: int = 0

    @property
    def content_hash(self) -> str:
        """SHA-256 of what is printed, for the audit line of the label."""
        return hashlib.sha256(msgspec.json.encode((self.stock, self.elements))).hexdigest()


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A label with ``{field}`` in place of values, or ``{field|grouped}`` for a number read in fours."""

    name: str
    title: str
    version: Annotated[int, Meta(ge=1)]
    stock: Stock
    fields: dict[str, Field]
    elements: tuple[Element, ...]
    source: str
    status: Literal["V", "UNVERIFIED"]

    def sample(self) -> dict[str, str]:
        """Return the sample data declared with the fields."""
        return {name: field.sample for name, field in self.fields.items()}

    def fill(self, data: Mapping[str, str], *, reprint: int = 0) -> Label:
        """Return the label for `data`; keys the template does not use are ignored.

        Args:
            data: Text by field name; a field that is not required may be absent.
            reprint: 0 for the first print; n prints the mark ``Rn``. The number printed stays the same.

        Raises:
            DomainError: ``label.field_missing`` or ``label.identity_number`` (an identity number is never printed).
        """
        values = {name: self._value(name, field, data) for name, field in self.fields.items()}
        values[REPRINT_FIELD] = f"R{reprint}" if reprint else ""
        elements = tuple(_filled(element, values) for element in self.elements)
        return Label(
            template=self.name,
            version=self.version,
            stock=self.stock,
            elements=tuple(element for element in elements if getattr(element, "data", "-")),
            reprint=reprint,
        )

    def _value(self, name: str, field: Field, data: Mapping[str, str]) -> str:
        value = data.get(name, "").strip()
        if field.required and not value:
            raise DomainError("label.field_missing", name, title=field.title, template=self.title)
        if _IDENTITY_NUMBER.search(value):
            raise DomainError("label.identity_number", name, title=field.title)
        return value


def _filled(element: Element, values: Mapping[str, str]) -> Element:
    if isinstance(element, Line | Frame | Bitmap):
        return element
    data = PLACEHOLDER.sub(lambda m: grouped(values[m[1]]) if m[2] else values[m[1]], element.data).strip()
    return msgspec.structs.replace(element, data=data)


def dots(length_mm: float, dpi: int) -> int:
    """Return a length in whole dots of the printer, rounded half up (203 dpi is taken as 8 dots a millimetre)."""
    return int(length_mm * dots_per_mm(dpi) + 0.5)


def dots_per_mm(dpi: int) -> float:
    """Return the dots of a millimetre; the trade's 203 dpi is exactly 8 dots/mm (203.2 dpi)."""
    return 8.0 if dpi == 203 else dpi / MM_PER_INCH
