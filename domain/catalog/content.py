"""Build the catalogue from its folder (``observations``, ``critical``, ``units``, ...), or tell all mistakes.

To add an analyte, a threshold or a unit spelling, edit the YAML; nothing here changes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from domain.catalog.checks import check_observations, check_rules, check_units
from domain.catalog.definitions import Conversion, Flag, ObservationDefinition, Rule, Source
from domain.catalog.lookup import Catalog
from domain.catalog.units import Units
from domain.kernel.content import ContentError, read_yaml

__all__ = ["FILES", "Catalog", "build_catalog", "load_catalog"]

FILES = ("observations", "important", "critical", "units", "qualitative", "flags", "sources")


def load_catalog(folder: Path) -> Catalog:
    """Return the catalogue of `folder`.

    Raises:
        ContentError: Files are missing or wrong; every problem names its file, entry and field.
    """
    files: dict[str, Any] = {}
    problems: list[str] = []
    for stem in FILES:
        try:
            text = (folder / f"{stem}.yaml").read_text("utf-8")
            files[stem] = read_yaml(text)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            problems.append(f"{stem}.yaml: {error}")
    if problems:
        raise ContentError(problems)
    return build_catalog(files)


def build_catalog(files: Mapping[str, Any]) -> Catalog:
    """Return the catalogue of already parsed files, by their stems; errors as `load_catalog`."""
    problems: list[str] = []
    reader = _Reader(files, problems)
    age_from = reader.value("observations", "age_from", int, 18)
    groups = reader.value("observations", "groups", dict[str, str], {})
    observations = reader.entries("observations", "observations", ObservationDefinition)
    rules = {stem: reader.entries(stem, "rules", Rule) for stem in ("important", "critical")}
    general = reader.entries("units", "general", Conversion)
    by_item = reader.entries("units", "items", Conversion)
    spellings = reader.value("units", "spellings", dict[str, tuple[str, ...]], {})
    sources = reader.value("sources", "sources", dict[str, Source], {})
    grades = reader.value("qualitative", "grades", dict[float, tuple[str, ...]], {})
    flags = reader.value("flags", "flags", dict[Flag, tuple[str, ...]], {})
    versions = [reader.value(stem, "version", str, "") for stem in FILES]
    units = Units(spellings, general + by_item)
    problems += units.problems
    problems += [
        f"observations.yaml: {item.key}: group: {item.group} has no label in groups"
        for item in observations
        if item.group not in groups
    ]
    problems += check_observations(observations, units, set(sources))
    problems += check_rules(rules, observations, set(sources))
    problems += check_units(by_item, general, units, observations)
    if problems:
        raise ContentError(problems)
    return Catalog(
        version=max(versions),
        groups=groups,
        observations=[_adult(item, age_from) for item in observations],
        rules=rules["important"] + rules["critical"],
        sources=sources,
        units=units,
        grades={word: grade for grade, words in grades.items() for word in words},
        flags={word: flag for flag, words in flags.items() for word in words},
    )


def _adult(item: ObservationDefinition, age_from: int) -> ObservationDefinition:
    """Return the definition with its ranges beginning at `age_from`: the tables are for adults."""
    ranges = tuple(
        msgspec.structs.replace(one, age_from=age_from if one.age_from is None else one.age_from)
        for one in item.ranges
    )
    return msgspec.structs.replace(item, ranges=ranges)


class _Reader:
    """Turns parsed YAML into declarations and notes what does not fit."""

    def __init__(self, files: Mapping[str, Any], problems: list[str]) -> None:
        self._files = files
        self._problems = problems

    def value(self, stem: str, field: str, schema: Any, default: Any) -> Any:
        raw = self._files.get(stem)
        if not isinstance(raw, dict) or field not in raw:
            self._problems.append(f"{stem}.yaml: {field}: missing")
            return default
        try:
            return msgspec.convert(raw[field], schema, strict=schema is str)
        except msgspec.ValidationError as error:
            self._problems.append(f"{stem}.yaml: {field}: {error}")
            return default

    def entries(self, stem: str, field: str, schema: Any) -> list[Any]:
        found = []
        for position, raw in enumerate(self.value(stem, field, list[Any], [])):
            name = (raw.get("key") or raw.get("id")) if isinstance(raw, dict) else None
            where = f"{stem}.yaml: {name or f'{field}[{position}]'}"
            try:
                found.append(msgspec.convert(raw, schema))
            except msgspec.ValidationError as error:
                self._problems += [f"{where}: {text}" for text in _mistakes(raw, schema) or [str(error)]]
        return found


def _mistakes(raw: Any, schema: Any) -> list[str]:
    """Return one sentence for each field of an entry that does not fit."""
    if not isinstance(raw, dict):
        return []
    fields = {one.encode_name: one for one in msgspec.structs.fields(schema)}
    found = [f"{name}: unknown field" for name in raw if name not in fields]
    for name, one in fields.items():
        if name not in raw:
            if one.required:
                found.append(f"{name}: missing")
            continue
        try:
            msgspec.convert(raw[name], one.type)
        except msgspec.ValidationError as error:
            found.append(f"{name}: {error}")
    return found
