"""How specimens are processed and kept, and the code lists of SPREC: ``resources/biobank`` read once."""

from pathlib import Path
from typing import Final

import msgspec

from domain.biobank.records import SpecimenType
from domain.kernel.content import ContentError, load_folder

BIOBANK: Final = "biobank"
"""Name of this content for a dispatcher."""


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes of a span of time; `below` in hours, None for the last."""

    room: str
    cold: str
    below: float | None = None


class SpinBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Code of a spin under `below` g; `minutes` is the only length it stands for, None for any."""

    room: str
    brake: bool
    cold: str | None = None
    below: int | None = None
    minutes: int | None = None


class Keeping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes of a tube of `at_least` to `below` uL by the temperature class of its box."""

    at_least: int
    codes: dict[str, str]
    below: int | None = None


class SprecTables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code lists of one version of SPREC."""

    version: str
    source: str
    before_spin: list[Band]
    spin: list[SpinBand]
    after_spin: list[Band]
    storage: list[Keeping]
    none: str
    unknown: str
    other: str


class Spin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One run of the centrifuge."""

    force_g: int
    minutes: int
    celsius: float
    brake: bool


class Protocol(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one kind of specimen is processed; `before` and `after` are ``room`` or ``cold``.

    `temperatures` are the classes of boxes its tubes may lie in, `volume_ul` what an aliquot usually holds,
    `takes` what other kinds it may be chosen for (blood that is spun for its plasma), `gives` what else it separates
    into (plasma spun off leaves its buffy coat).
    """

    name: str
    types: list[SpecimenType]
    spins: list[Spin]
    before: str
    after: str
    temperatures: list[str]
    volume_ul: int
    takes: list[SpecimenType] = []
    gives: list[SpecimenType] = []

    @property
    def taken(self) -> frozenset[SpecimenType]:
        """Return the kinds a tube may be of to be processed so."""
        return frozenset({*self.types, *self.takes})

    @property
    def given(self) -> tuple[SpecimenType, ...]:
        """Return the kinds a tube that was processed so can be divided into, the usual one first."""
        return (*self.types, *self.gives)


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a stored tube may go through; minutes and times."""

    thaw_minutes: int
    most_thaws: int
    out_minutes: int
    low_percent: int
    verified: bool
    source: str


class ProtocolFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``protocols.yaml``."""

    version: int
    protocols: dict[str, Protocol]
    keeping: Limits


class BiobankContent(msgspec.Struct, frozen=True):
    """Everything the bench is told by data."""

    sprec: SprecTables
    protocols: dict[str, Protocol]
    keeping: Limits

    def protocol_for(self, kind: SpecimenType) -> str | None:
        """Return the name of the protocol of a kind of specimen, None where it has none."""
        return next((name for name, one in self.protocols.items() if kind in one.types), None)


def load_biobank(folder: Path) -> BiobankContent:
    """Return ``resources/biobank``.

    Raises:
        ContentError: A file is missing or does not fit; bands that do not rise; two protocols for one kind.
    """
    sprec: dict[str, SprecTables] = load_folder(folder, SprecTables, "sprec.yaml")
    files: dict[str, ProtocolFile] = load_folder(folder, ProtocolFile, "protocols.yaml")
    missing = [f"{n}.yaml: missing" for n, f in (("sprec", sprec), ("protocols", files)) if not f]
    if missing:
        raise ContentError(missing)
    tables, file = sprec["sprec"], files["protocols"]
    problems = [
        f"sprec.yaml: {name}: the bands do not rise to an open end"
        for name, bands in (("before_spin", tables.before_spin), ("after_spin", tables.after_spin))
        if not _rises([band.below for band in bands])
    ]
    kinds = [kind for one in file.protocols.values() for kind in one.types]
    problems += [
        f"protocols.yaml: {kind.value}: has two protocols" for kind in set(kinds) if kinds.count(kind) > 1
    ]
    problems += [
        f"protocols.yaml: {name}: before, after: room or cold"
        for name, one in file.protocols.items()
        if {one.before, one.after} - {"room", "cold"}
    ]
    if problems:
        raise ContentError(problems)
    return BiobankContent(tables, file.protocols, file.keeping)


def _rises(ends: list[float | None]) -> bool:
    *closed, last = ends
    return last is None and None not in closed and closed == sorted(set(closed), key=lambda e: e or 0)
