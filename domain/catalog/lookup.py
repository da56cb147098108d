"""The catalogue in memory: observations by key, LOINC or local code; units, words and flags of senders."""

from collections.abc import Iterable, Mapping

import msgspec

from domain.catalog.definitions import Flag, ObservationDefinition, Rule, Source
from domain.catalog.units import Units, fold
from domain.kernel.errors import DomainError


def _weight(rule: Rule) -> tuple[int, str]:
    return (rule.critical or {"A": 3, "B": 4}[rule.important or "B"], rule.id)


class Catalog:
    """Read-only after it is built; every lookup is one dictionary access."""

    def __init__(
        self,
        *,
        version: str,
        groups: Mapping[str, str],
        observations: Iterable[ObservationDefinition],
        rules: Iterable[Rule],
        sources: Mapping[str, Source],
        units: Units,
        grades: Mapping[str, float],
        flags: Mapping[str, Flag],
    ) -> None:
        self.version = version
        self.groups = dict(groups)
        self.sources = dict(sources)
        self.units = units
        self.rules = {rule.id: rule for rule in rules}
        ordered = sorted(self.rules.values(), key=_weight)
        self.replace_observations(
            {
                item.key: msgspec.structs.replace(
                    item, rules=tuple(rule for rule in ordered if item.key in rule.items)
                )
                for item in observations
            }
        )
        self._grades = {fold(word).casefold(): grade for word, grade in grades.items()}
        self._flags = {fold(word).casefold(): flag for word, flag in flags.items()}

    def replace_observations(self, observations: dict[str, ObservationDefinition]) -> None:
        """Take these in place of all there are; for whoever builds a catalogue, before it is used."""
        self.observations = observations
        self._by_loinc: dict[str, ObservationDefinition] = {}
        self._by_local: dict[str, ObservationDefinition] = {}
        for item in self.observations.values():
            for code in (item.loinc, *item.loinc_other):
                if code is not None:
                    self._by_loinc[code] = item
            for code in (item.name, *item.local_codes):
                self._by_local[fold(code).casefold()] = item

    def observation(self, key: str) -> ObservationDefinition:
        """Return an observation by its key.

        Raises:
            DomainError: ``catalog.unknown_code``.
        """
        if (item := self.observations.get(key)) is None:
            raise DomainError("catalog.unknown_code", "code", given=key)
        return item

    def by_loinc(self, code: str) -> ObservationDefinition | None:
        """Return the observation of a LOINC code, or None."""
        return self._by_loinc.get(code)

    def by_local(self, code: str) -> ObservationDefinition | None:
        """Return the observation a laboratory's own code or name commonly means, or None."""
        return self._by_local.get(code) or self._by_local.get(fold(code).casefold())

    def find(self, code: str, system: str = "") -> ObservationDefinition | None:
        """Return the observation of a code in an HL7 coding system (``LN`` LOINC, empty or ``99…`` local)."""
        if not code:
            return None
        if system in ("LN", "LOINC", "http://loinc.org"):
            return self._by_loinc.get(code)
        return self.by_local(code) or (self._by_loinc.get(code) if not system else None)

    def grade(self, words: str) -> float | None:
        """Return the grade of a presence result (0 absent, 0.5 trace, 1 to 4), None for unknown words."""
        return self._grades.get(fold(words).casefold())

    def flag(self, text: str) -> Flag | None:
        """Return what a sender's abnormal flag means, or None; ``AA``, ``HH`` and ``LL`` are critical."""
        return self._flags.get(fold(text).casefold())
