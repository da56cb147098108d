"""Units as senders spell them, the UCUM unit each means, and the factors between units.

Moles and mass are converted by analyte only: the factor needs a molar mass.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from domain.catalog.definitions import Conversion, ObservationDefinition
from domain.kernel.errors import DomainError

_FOLD = {ord(blank): "" for blank in "\u3000\u00a0 \t"} | {0xB5: "u", 0x3BC: "u", ord("×"): "x"}
_FOLD |= {wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
_SHOWN = {"mm[Hg]": "mmHg", "/min": "次/分", "Cel": "℃", "1": "", "{定性}": "", "{INR}": "", "[pH]": ""}
_MICRO = re.compile(r"\bu(?=(?:mol|g|L|m|s|IU|U)\b)")
_UNITLESS = ("1", "[pH]", "{INR}")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return `text` without spaces, with both micro signs as ``u`` and full-width forms narrowed."""
    return text.translate(_FOLD)


def shown_unit(ucum: str | None) -> str:
    """Return a UCUM unit as people write it: ``mmHg``, ``10^9/L``, ``μmol/L``; empty where there is none."""
    if not ucum:
        return ""
    if ucum in _SHOWN:
        return _SHOWN[ucum]
    plain = ucum.replace("10*", "10^").replace("m2", "m²").replace("{1.73_m²}", "1.73m²")
    plain = plain.replace("[IU]", "IU").replace("[HPF]", "HP").replace("{FEU}", " FEU")
    return _MICRO.sub("μ", plain)


class Units:
    """Spellings and factors; build one with the catalogue."""

    def __init__(self, spellings: Mapping[str, Iterable[str]], conversions: Iterable[Conversion]) -> None:
        self._exact: dict[str, str] = {}
        self._caseless: dict[str, str] = {}
        self._general: dict[tuple[str, str], tuple[float, float]] = {}
        self._by_item: dict[tuple[str, str], tuple[float, float]] = {}
        self.problems: list[str] = []
        for ucum, others in spellings.items():
            for spelling in (ucum, *others):
                self._add_spelling(spelling, ucum)
        for exact, ucum in self._exact.items():
            self._caseless.setdefault(exact.lower(), ucum)
        for conversion in conversions:
            factors = (conversion.factor, conversion.offset)
            if conversion.to is not None:
                self._general[conversion.from_, conversion.to] = factors
            for key in conversion.items:
                self._by_item[key, conversion.from_] = factors

    def _add_spelling(self, spelling: str, ucum: str) -> None:
        known = self._exact.setdefault(fold(spelling), ucum)
        if known != ucum:
            self.problems.append(f"units.yaml: spellings: {spelling!r} means both {known} and {ucum}")

    def __contains__(self, ucum: str) -> bool:
        return self._exact.get(fold(ucum)) == ucum

    def find(self, text: str) -> str | None:
        """Return the UCUM unit a spelling means, or None."""
        if (ucum := self._exact.get(text)) is not None:
            return ucum
        plain = fold(text)
        return self._exact.get(plain) or self._caseless.get(plain.lower())

    def to_ucum(self, text: str) -> str:
        """Return the UCUM unit of a spelling.

        Raises:
            DomainError: ``catalog.unknown_unit``.
        """
        if (ucum := self.find(text)) is None:
            raise DomainError("catalog.unknown_unit", "unit", unit=text)
        return ucum

    def factors(self, item: ObservationDefinition, unit: str) -> tuple[float, float]:
        """Return (factor, offset) from a spelled `unit` to the item's; empty suits unitless items only.

        Raises:
            DomainError: ``catalog.unit_missing``, ``catalog.unknown_unit``, or ``catalog.unit_mismatch``
                where no factor for this analyte is known.
        """
        if not unit:
            if item.ucum in _UNITLESS:
                return 1.0, 0.0
            raise DomainError(
                "catalog.unit_missing", item.key, name=item.name, expected=shown_unit(item.ucum)
            )
        ucum = self.to_ucum(unit)
        if ucum == item.ucum:
            return 1.0, 0.0
        found = self._by_item.get((item.key, ucum)) or self._general.get((ucum, item.ucum))
        if found is None:
            raise DomainError(
                "catalog.unit_mismatch", item.key, name=item.name, unit=unit, expected=shown_unit(item.ucum)
            )
        return found

    def convert(self, item: ObservationDefinition, value: float, unit: str) -> float:
        """Return `value` in the item's catalogue unit; errors as `factors`."""
        factor, offset = self.factors(item, unit)
        return value if factor == 1.0 and not offset else value * factor + offset
