"""How much may leave in clear by one person alone: ``resources/security/exports.yaml``."""

from pathlib import Path

import msgspec

from domain.kernel.content import ContentError, read_yaml


class ExportLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of lists that say in clear who somebody is or what they have.

    Attributes:
        version: Of the file.
        free_rows: So many leave with a purpose alone.
        two_above: More than so many, or sensitive ones, need two people.
        day_rows: So many leave by one person in a day, approved or not.
        valid_days: Days for which an approval is good.
    """

    version: int
    free_rows: int
    two_above: int
    day_rows: int
    valid_days: int


def load_export_limits(path: Path) -> ExportLimits:
    """Read the file; `ContentError` for what it should not say."""
    try:
        return msgspec.convert(read_yaml(path.read_text("utf-8")), ExportLimits)
    except msgspec.ValidationError as error:
        raise ContentError([f"{path.name}: {error}"]) from error


DEFAULT = ExportLimits(version=1, free_rows=50, two_above=500, day_rows=5000, valid_days=7)
"""Where no content was loaded: the numbers that ship."""
EXPORT_LIMITS = "export_limits"
