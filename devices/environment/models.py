"""What the registers of a logger hold: ``resources/environment/loggers.yaml``. Pure."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from domain.kernel.content import ContentError, load_folder

Register = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value of a logger; see ``loggers.yaml``."""

    function: Literal[3, 4]
    register: Register
    scale: float
    signed: bool
    open: list[Register] = []

    def value(self, raw: int) -> float | None:
        """Return what a register's number stands for; None where it says that the probe is at fault."""
        if raw in self.open:
            return None
        number = raw - 0x10000 if self.signed and raw >= 0x8000 else raw
        return round(number * self.scale, 4)


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of logger; `verified` False until its map was tried on the device."""

    id: str
    name: str
    baud: int
    channels: dict[Literal["temperature", "humidity"], Channel]
    verified: bool


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    models: list[Model]


def load_models(folder: Path) -> dict[str, Model]:
    """Return the models by their id.

    Raises:
        ContentError: The file is missing or does not fit, or names a model twice.
    """
    files: dict[str, _File] = load_folder(folder, _File, "loggers.yaml")
    if not files:
        raise ContentError(["loggers.yaml: missing"])
    models = files["loggers"].models
    found = {model.id: model for model in models}
    if len(found) < len(models):
        raise ContentError(["loggers.yaml: a model is named twice"])
    return found
