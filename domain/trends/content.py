"""``resources/care/indicators.yaml``: how much each value swings by itself, and what interventions act on it."""

from pathlib import Path
from typing import Annotated

import msgspec

from domain.care.records import CareKind
from domain.kernel.content import ContentError, load_folder

Percent = Annotated[float, msgspec.Meta(gt=0, le=100)]
MEDIAN = {1: 1.0, 2: 0.5, 3: 0.4487}
"""Variance of the median of so many normal values, in that of one (David and Nagaraja, Order Statistics, 2003)."""
DIARIES = ("diet.kcal", "diet.carb", "diet.sodium", "exercise.minutes")
"""Series that come from diaries: means of a day over the week before a measurement."""


class Swing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Coefficients of variation in per cent: of the measurement, of the person; and the kinds that act on it."""

    analytical: Percent
    within: Percent
    levers: tuple[CareKind, ...]

    def change(self, first: int, last: int) -> float:
        """Return the reference change value at 95 % between medians of so many values, in per cent of the first.

        Harris and Yasaka, Clin Chem 1983;29:25-30, each variance by that of the median of so many normal values.
        """
        return float(1.96 * ((self.analytical**2 + self.within**2) * (MEDIAN[first] + MEDIAN[last])) ** 0.5)


class Indicators(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``indicators.yaml``."""

    version: str
    source: str
    status: str
    least: Percent
    indicators: dict[str, Swing]
    pairs: tuple[tuple[str, str], ...]


def load_indicators(folder: Path) -> Indicators:
    """Return the indicators. Raises `ContentError` where the file is missing or a pair names what is not there."""
    found = load_folder(folder, Indicators, "indicators.yaml").get("indicators")
    if found is None:
        raise ContentError(["indicators.yaml: missing"])
    known = {*found.indicators, *DIARIES}
    wrong = [one for pair in found.pairs for one in pair if one not in known]
    if wrong:
        raise ContentError([f"indicators.yaml: pairs: {one}" for one in wrong])
    return found
