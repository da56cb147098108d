"""What the catalogue's files must agree on beyond their shape; a problem names file and field first."""

from collections.abc import Iterable, Mapping, Sequence

from domain.catalog.definitions import Conversion, Interval, ObservationDefinition, ReferenceRange, Rule
from domain.catalog.units import Units, fold

_BOUNDS = ("low", "above", "high", "below")


def check_observations(items: Sequence[ObservationDefinition], units: Units, sources: set[str]) -> list[str]:
    """Keys, LOINC and local codes are unique, units known, ranges in order and plausible."""
    problems: list[str] = []
    seen: dict[tuple[str, str], str] = {}
    for item in items:
        where = f"observations.yaml: {item.key}"
        codes = [("loinc", code) for code in (item.loinc, *item.loinc_other) if code]
        codes += [
            ("local_codes", one) for one in {fold(code).casefold() for code in (item.name, *item.local_codes)}
        ]
        problems += [
            f"{where}: {kind}: {code} is also of {seen[kind, code]}"
            for kind, code in codes
            if seen.setdefault((kind, code), item.key) != item.key
        ]
        if sum(other.key == item.key for other in items) > 1:
            problems.append(f"{where}: key: used twice")
        if item.ucum not in units:
            problems.append(f"{where}: ucum: {item.ucum} is not in units.yaml")
        if item.plausible[0] >= item.plausible[1]:
            problems.append(f"{where}: plausible: not in order")
        for position, one in enumerate(item.ranges):
            problems += _check_interval(f"{where}: ranges[{position}]", one, item, one.sources, sources)
    return problems


def check_rules(
    files: Mapping[str, Sequence[Rule]], items: Iterable[ObservationDefinition], sources: set[str]
) -> list[str]:
    """Ids are unique, items exist, thresholds are plausible, and a rule says either a class or a level."""
    problems: list[str] = []
    by_key = {item.key: item for item in items}
    ids: set[str] = set()
    for stem, rule in ((stem, rule) for stem, rules in files.items() for rule in rules):
        where = f"{stem}.yaml: {rule.id}"
        if rule.id in ids:
            problems.append(f"{where}: id: used twice")
        ids.add(rule.id)
        if (rule.important is None) == (rule.critical is None):
            problems.append(f"{where}: important: give either important or critical")
        if rule.low_uln is None and rule.above_uln is None and all(getattr(rule, b) is None for b in _BOUNDS):
            problems.append(f"{where}: low: no bound given")
        for key in rule.items:
            if (item := by_key.get(key)) is None:
                problems.append(f"{where}: items: {key} is not an observation")
            else:
                problems += _check_interval(where, rule, item, rule.sources, sources)
    return problems


def _check_interval(
    where: str, one: Interval, item: ObservationDefinition, cited: Iterable[str], sources: set[str]
) -> list[str]:
    problems = [
        f"{where}: sources: {source} is not in sources.yaml" for source in cited if source not in sources
    ]
    low, high = item.plausible
    for name in _BOUNDS:
        bound = getattr(one, name)
        if bound is not None and not low <= bound <= high:
            problems.append(f"{where}: {name}: {bound:g} is outside the plausible limits of {item.key}")
    under = one.low if one.low is not None else one.above
    if under is not None and one.upper is not None and under > one.upper:
        problems.append(f"{where}: low: above the upper bound")
    if isinstance(one, ReferenceRange) and under is None and one.upper is None:
        problems.append(f"{where}: low: no bound given")
    return problems


def check_units(
    by_item: Iterable[Conversion],
    general: Iterable[Conversion],
    units: Units,
    items: Iterable[ObservationDefinition],
) -> list[str]:
    """Conversions name known units and observations."""
    keys = {item.key for item in items}
    problems: list[str] = []
    for conversion in (*by_item, *general):
        where = f"units.yaml: {conversion.from_} -> {conversion.to or ', '.join(conversion.items)}"
        for name, unit in (("from", conversion.from_), ("to", conversion.to)):
            if unit is not None and unit not in units:
                problems.append(f"{where}: {name}: {unit} has no spelling")
        problems += [
            f"{where}: items: {key} is not an observation" for key in conversion.items if key not in keys
        ]
        if conversion.to is None and not conversion.items:
            problems.append(f"{where}: to: missing")
    return problems
