"""Printer models as data: ``printers/models.yaml`` beside the templates says what each one speaks and answers."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from devices.labels.languages import language_names
from devices.labels.model import Media
from devices.labels.templates import LabelContentError
from domain.kernel.content import read_yaml

Connection = Literal["tcp", "serial", "file", "system"]
Proof = Literal["counter", "busy", "receipt", "none"]


class PrinterModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model; `width` is the widest print in mm, `confirms` how a label is proven to be on paper."""

    maker: str
    title: str
    language: str
    dpi: Literal[203, 300, 600]
    width: Annotated[float, Meta(gt=0, le=500)]
    media: tuple[Media, ...]
    confirms: Proof
    connections: tuple[Connection, ...]
    source: str
    status: Literal["V", "UNVERIFIED"]

    @property
    def answers_status(self) -> bool:
        """Whether it tells how it is; the driver of a system tells nothing."""
        return self.language != "raster"


def load_models(folder: Path) -> dict[str, PrinterModel]:
    """Return every model by its key, from ``printers/models.yaml`` in the folder of the label templates.

    Raises:
        LabelContentError: Every entry that is wrong, by its key.
    """
    path = folder / "printers" / "models.yaml"
    raw = read_yaml(path.read_text("utf-8"))
    found: dict[str, PrinterModel] = {}
    problems: list[str] = []
    known = language_names()
    for key, entry in raw.items():
        try:
            model = msgspec.convert(entry, PrinterModel)
        except msgspec.ValidationError as error:
            problems.append(f"{path.name}: {key}: {error}")
            continue
        if model.language not in known:
            problems.append(f"{path.name}: {key}: language: one of {', '.join(known)}")
        found[key] = model
    if problems:
        raise LabelContentError(problems)
    return found
