"""Scoring: one pure function of a scale, the answers and facts about the person.

Nothing is guessed. A required answer that is missing gives no total; a person the scale was not made for gets no
score; a score in no band has no meaning. Comparisons are exact and made before rounding.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from fractions import Fraction

from domain.scales.definitions import Band, Condition, Item, Rule, Scale, Score, exact
from domain.scales.functions import FUNCTIONS, NEEDS, Call
from domain.scales.results import Flag, Graded, ScaleResult, Sentence
from domain.scales.values import Answers, Facts, asked, binned, item_value, number

Value = Fraction | str | None


def score(scale: Scale, answers: Answers, facts: Facts | None = None) -> ScaleResult:
    """Return the result of a scale.

    Args:
        scale: The scale in the version that belongs to the form.
        answers: See `domain.scales.values.Answers`.
        facts: See `domain.scales.values.Facts`; what is not known is simply not there.
    """
    work = _Work(scale, answers, facts or {})
    outside = _outside(scale, work.facts)
    if outside is not None:
        unknown = outside.code == "scales.fact_missing"
        return ScaleResult(
            scale.id, scale.version, "incomplete" if unknown else "not_applicable",
            missing=(f"fact:{outside.facts['fact']}",) if unknown else (), explanation=(outside,),
            flags=tuple(work.flags("safety")),
        )  # fmt: skip
    work.run()
    return work.result()


def _outside(scale: Scale, facts: Facts) -> Sentence | None:
    """Return why the scale is not for this person, or that it cannot be told."""
    limits = scale.applies
    if limits.sex:
        if not facts.get("sex"):
            return Sentence("scales.fact_missing", {"title": scale.title, "fact": "sex"})
        if facts["sex"] != limits.sex:
            return Sentence("scales.other_sex", {"title": scale.title})
    if limits.age_from is None and limits.age_to is None:
        return None
    age = number(facts.get("age"))
    if age is None:
        return Sentence("scales.fact_missing", {"title": scale.title, "fact": "age"})
    low, high = limits.age_from or 0, limits.age_to or 150
    if not low <= int(age) <= high:
        told = {"title": scale.title, "low": low, "high": high, "age": int(age)}
        return Sentence("scales.other_age" if limits.age_to is not None else "scales.too_young", told)
    return None


@dataclasses.dataclass(frozen=True, slots=True)
class _Reached:
    """The value of a score with the band it lies in."""

    score: Score
    value: Value
    band: Band | None


class _Work:
    """One scoring: values of items and scores by name, in the order of the file."""

    def __init__(self, scale: Scale, answers: Answers, facts: Facts) -> None:
        self.scale = scale
        self.answers = answers
        self.facts = facts
        self.items = {item.id: item for item in scale.items}
        self.skipped = {item.id for item in scale.items if not asked(item, facts) and item.default is None}
        self.values: dict[str, Value] = {
            item.id: item_value(scale, item, answers, facts) for item in scale.items
        }
        self.reached: list[_Reached] = []

    def run(self) -> None:
        """Work out every score, earlier ones first."""
        for rule in self.scale.scores:
            value = self._value(rule)
            self.values[rule.id] = value
            self.reached.append(_Reached(rule, value, self._band(rule, value)))

    def result(self) -> ScaleResult:
        """Return what came of it."""
        missing = tuple(dict.fromkeys(self._missing()))
        flags = tuple(self.flags("safety")) if missing else tuple(self.flags())
        meaning = not missing and not any(flag.kind == "invalid" for flag in flags)
        known = [
            (one.score.shown, self._graded(one, meaning)) for one in self.reached if one.value is not None
        ]
        graded = [one for shown, one in known if shown]
        total = next((g for g in graded if g.id == self.scale.total), None) if not missing else None
        return ScaleResult(
            self.scale.id,
            self.scale.version,
            "incomplete" if missing else "computed",
            total=total,
            scores=tuple(graded),
            steps=tuple(one for shown, one in known if not shown),
            missing=missing,
            flags=flags,
            explanation=tuple(self._told(graded, flags, missing)),
            unverified=tuple(part.what for part in self.scale.parts if part.status != "V"),
            advice=self._advice(meaning, flags),
        )

    def flags(self, *kinds: str) -> Iterator[Flag]:
        """Yield the rules that hold, of some kinds or of all."""
        for rule in self.scale.rules:
            if (not kinds or rule.kind in kinds) and self._holds(rule):
                yield Flag(rule.code, rule.kind, rule.text, self.scale.unverified(rule.part))

    def _holds(self, rule: Rule) -> bool:
        return all(self._fits(condition) for condition in rule.when)

    def _fits(self, condition: Condition) -> bool:
        if condition.sex and condition.sex != self.facts.get("sex"):
            return False
        value = self.values.get(condition.of)
        if condition.codes:
            band = next((one.band for one in self.reached if one.score.id == condition.of), None)
            return (band.code if band else value) in condition.codes
        return isinstance(value, Fraction) and condition.holds(value)

    def _value(self, rule: Score) -> Value:
        if rule.kind == "function":
            return FUNCTIONS[rule.function](self._call(rule))
        members = [name for name in rule.of if name not in self.skipped]
        values = [self._member(rule, name) for name in members]
        if rule.kind == "key":
            return self._keyed(rule)
        known = [value for value in values if isinstance(value, Fraction)]
        if len(known) < len(members) or not members:
            return None
        return _made(rule, members, known, self.facts)

    def _member(self, rule: Score, name: str) -> Value:
        value = self.values.get(name)
        if name in rule.reversed and isinstance(value, Fraction):
            item = self.items.get(name)
            low, high = _ends(self.scale, item) if item is not None else (Fraction(0), Fraction(0))
            return low + high - value
        return value

    def _keyed(self, rule: Score) -> Value:
        given = [
            (self.values.get(name), wanted)
            for names, wanted in ((rule.yes, 1), (rule.no, 0))
            for name in names
        ]
        if any(value is None for value, _ in given):
            return None
        return Fraction(sum(value == wanted for value, wanted in given))

    def _band(self, rule: Score, value: Value) -> Band | None:
        if value is None:
            return None
        for band in rule.bands:
            if band.sex and band.sex != self.facts.get("sex"):
                continue
            if band.code == value if isinstance(value, str) else band.holds(value):
                return band
        return None

    def _bands_reached(self) -> dict[str, str]:
        return {one.score.id: one.band.code for one in self.reached if one.band}

    def _missing(self) -> Iterator[str]:
        """Yield what the required scores wait for."""
        wanted = [one.score for one in self.reached if one.value is None and not one.score.optional]
        for one in self.reached:
            by_sex = any(band.sex for band in one.score.bands)
            if by_sex and one.value is not None and not one.score.optional and not self.facts.get("sex"):
                yield "fact:sex"
        scores = {one.score.id: one.score for one in self.reached}
        seen: set[str] = set()
        while wanted:
            rule = wanted.pop(0)
            lacking = [n for n in self._needed(rule) if self.values.get(n) is None and n not in self.skipped]
            if not lacking:
                yield rule.id  # everything is answered, and still nothing can be made of it
            for name in (n for n in lacking if n not in seen):
                seen.add(name)
                if name in scores:
                    wanted.append(scores[name])
                elif name in self.items:
                    yield from self._wanted(self.items[name])

    def _needed(self, rule: Score) -> tuple[str, ...]:
        needs = NEEDS.get(rule.function)
        return (*rule.of, *rule.yes, *rule.no) if needs is None else tuple(needs(self._call(rule)))

    def _call(self, rule: Score) -> Call:
        return Call(self.values, self.facts, rule, self.skipped, self._bands_reached())

    def _wanted(self, item: Item) -> Iterator[str]:
        if item.sex and not self.facts.get("sex"):
            yield "fact:sex"
        elif item.fact and item.fact == item.id:
            yield f"fact:{item.fact}"
        else:
            yield item.id

    def _graded(self, one: _Reached, meaning: bool) -> Graded:
        rule, band = one.score, one.band if meaning else None
        value = float(one.value) if isinstance(one.value, Fraction) else None
        return Graded(
            rule.id, rule.label, value,
            band=band.code if band else "", text=band.text if band else "", level=band.level if band else "",
            low=None if rule.low is None else float(rule.low), high=None if rule.high is None else float(rule.high),
            unit=rule.unit, decimals=rule.decimals,
            unverified=self.scale.unverified(rule.part) or bool(band and self.scale.unverified(band.part)),
        )  # fmt: skip

    def _told(
        self, graded: Sequence[Graded], flags: Sequence[Flag], missing: Sequence[str]
    ) -> Iterator[Sentence]:
        if missing:
            names = "、".join(self._theme(name) for name in missing[:5])
            yield Sentence(
                "scales.incomplete", {"title": self.scale.title, "count": len(missing), "items": names}
            )
        for flag in flags:
            yield Sentence(_FLAG_SENTENCES[flag.kind], {"text": flag.text})
        for one in graded if not missing else ():
            yield _sentence(one)
        if not missing and any(one.unverified for one in graded):
            yield Sentence("scales.unverified", {"title": self.scale.title})

    def _theme(self, name: str) -> str:
        name = name.removeprefix("fact:")
        labels = {one.score.id: one.score.label for one in self.reached}
        labels |= {item.fact: item.theme for item in self.scale.items if item.fact}
        labels |= {item.id: item.theme for item in self.scale.items if item.theme}
        return labels.get(name, name)

    def _advice(self, meaning: bool, flags: Sequence[Flag]) -> tuple[str, ...]:
        """Return the keys of advice, what is about safety first."""
        holding = {flag.code for flag in flags}
        rules = sorted((r for r in self.scale.rules if r.code in holding), key=lambda r: r.kind != "safety")
        found = [key for rule in rules for key in rule.advice]
        if meaning:
            found += [key for one in self.reached if one.band and one.score.shown for key in one.band.advice]
        return tuple(dict.fromkeys(found))


_FLAG_SENTENCES = {
    "safety": "scales.safety",
    "invalid": "scales.invalid",
    "positive": "scales.positive",
    "note": "scales.note",
}


def _sentence(one: Graded) -> Sentence:
    facts = {"label": one.label, "value": one.number, "unit": one.unit, "text": one.text}
    if one.value is None:
        return Sentence("scales.score_text", facts)
    if one.low is not None and one.high is not None:
        facts |= {"low": f"{one.low:g}", "high": f"{one.high:g}"}
        return Sentence("scales.score_in_range" if one.text else "scales.score_range_only", facts)
    return Sentence("scales.score_value" if one.text else "scales.score_only", facts)


def _made(rule: Score, members: Sequence[str], known: Sequence[Fraction], facts: Facts) -> Fraction | None:
    if rule.kind == "table":
        return binned(rule.bins, known[0], facts)
    weights = [exact(rule.weights.get(name, 1)) for name in members]
    raw = sum((value * weight for value, weight in zip(known, weights, strict=True)), Fraction(0))
    if rule.kind == "mean":
        return raw / len(known)
    if rule.kind == "transformed":
        least, most = exact(rule.options["low"]), exact(rule.options["high"])
        return (raw - len(known) * least) / (len(known) * (most - least)) * 100
    raw *= exact(rule.times)
    return Fraction(raw.numerator // raw.denominator) if rule.floor else raw


def _ends(scale: Scale, item: Item) -> tuple[Fraction, Fraction]:
    """Return the smallest and largest points of an item."""
    points = [exact(value) for value in scale.points[item.points].values()] if item.points else []
    points += [exact(one.points) for one in item.bins]
    points += [
        exact(end) for end in (item.low, item.high) if end is not None and not item.points and not item.bins
    ]
    return min(points), max(points)
