"""Scoring of a designed questionnaire: sums of what answers count, with bands; told as data, made into a `Scale`.

An option counts its ordinal value, a number itself, a tick one. The rules are the institution's own, so every result
bears the mark of what waits for a physician until somebody has signed for them (`Scoring.signed`).
"""

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import msgspec

from domain.scales.definitions import Band, Item, Level, Number, Part, Scale, Score, exact
from domain.scales.reading import problems_of
from domain.scales.results import Sentence

HL7 = "http://hl7.org/fhir/StructureDefinition/"
ORDINALS = (HL7 + "ordinalValue", HL7 + "itemWeight")
NUMBERS, CHOICES = frozenset({"integer", "decimal"}), frozenset({"choice", "open-choice"})
RULES = "计分与分段"


class BandRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a sum means from here on, up to where the next band begins: there is no gap and no overlap."""

    at_least: Number
    text: str
    level: Level = ""


class ScoreRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One sum over items of the questionnaire (link ids); `reversed` ones count from the other end."""

    id: str
    label: str
    of: tuple[str, ...] = ()
    reversed: tuple[str, ...] = ()
    bands: tuple[BandRule, ...] = ()


class Scoring(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The sums of a questionnaire, the last of which is the total.

    Attributes:
        scores: Sums; each may be told on its own.
        source: Where the rules are from.
        signed: The physician who answers for them; empty leaves the mark of what waits.
        days_valid: How long a result counts as new.
    """

    scores: tuple[ScoreRule, ...] = ()
    source: str = ""
    signed: str = ""
    days_valid: int | None = None


def read_scoring(told: Mapping[str, Any] | None) -> Scoring | None:
    """Return the scoring as it is kept, None for none.

    Raises:
        msgspec.ValidationError: It has not the shape of one.
    """
    return msgspec.convert(told, Scoring) if told else None


def items_of(questionnaire: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every item of a Questionnaire in the order of the page."""
    waiting = list(reversed(questionnaire.get("item") or ()))
    while waiting:
        item = waiting.pop()
        yield item
        waiting += reversed(item.get("item") or ())


def ordinal_of(option: Mapping[str, Any]) -> Number | None:
    """Return what an option counts, None where it does not say."""
    coding = option.get("valueCoding")
    for holder in (option, coding if isinstance(coding, Mapping) else {}):
        for entry in holder.get("extension") or ():
            if entry.get("url") in ORDINALS and isinstance(entry.get("valueDecimal"), int | float):
                return entry["valueDecimal"]  # type: ignore[no-any-return]
    return None


def reach_of(item: Mapping[str, Any]) -> tuple[Fraction, Fraction] | None:
    """Return the least and the most that an item counts; None where that is not known or it cannot count."""
    if item.get("type") == "boolean":
        return Fraction(0), Fraction(1)
    if item.get("type") in NUMBERS:
        ends = {e.get("url"): e for e in item.get("extension") or ()}
        found = [_limit(ends.get(HL7 + name)) for name in ("minValue", "maxValue")]
        low, high = found
        return None if low is None or high is None else (low, high)
    points = [ordinal_of(option) for option in item.get("answerOption") or ()]
    if not points or any(one is None for one in points):
        return None
    counted = [exact(one) for one in points]
    return min(counted), max(counted)


def _limit(entry: Mapping[str, Any] | None) -> Fraction | None:
    value = next((v for k, v in (entry or {}).items() if k in ("valueInteger", "valueDecimal")), None)
    return None if value is None else exact(value)


def conditional_ids(questionnaire: Mapping[str, Any]) -> frozenset[str]:
    """Return the link ids of items that are not always asked: their own condition, or one above them."""
    found: set[str] = set()

    def walk(items: Any, inside: bool) -> None:
        for item in items or ():
            asked_if = inside or bool(item.get("enableWhen")) or _asks_by_expression(item)
            if asked_if:
                found.add(str(item.get("linkId")))
            walk(item.get("item"), asked_if)

    walk(questionnaire.get("item"), inside=False)
    return frozenset(found)


def _asks_by_expression(item: Mapping[str, Any]) -> bool:
    return any("enableWhenExpression" in str(one.get("url")) for one in item.get("extension") or ())


def scale_of(form: str, questionnaire: Mapping[str, Any], scoring: Scoring) -> Scale:
    """Return the scale of a designed questionnaire, named like it.

    An item that was not asked counts nothing; one that was asked must have been answered, or there is no total.

    Args:
        form: Code of the form, which is the scale's id too.
        questionnaire: FHIR JSON with url, version and title.
        scoring: Sums without mistakes (`scoring_mistakes`).
    """
    wanted = {link for rule in scoring.scores for link in rule.of}
    sometimes = conditional_ids(questionnaire)
    items, points = [], {}
    for item in items_of(questionnaire):
        link = str(item.get("linkId"))
        if link not in wanted:
            continue
        if item.get("type") in CHOICES:
            points[link] = _points(item)
        ends = reach_of(item) if item.get("type") in NUMBERS else None
        items.append(
            Item(
                id=link, theme=str(item.get("text") or link), points=link if link in points else "",
                default=0 if link in sometimes else None, low=None if ends is None else float(ends[0]),
                high=None if ends is None else float(ends[1]),
            )
        )  # fmt: skip
    return Scale(
        id=form, version=str(questionnaire.get("version")), title=str(questionnaire.get("title")), group="habit",
        instrument=f"{questionnaire.get('url')}|{questionnaire.get('version')}",
        licence="机构自定义问卷，计分规则由发布机构负责",
        parts=(_part(scoring),), points=points, items=tuple(items),
        scores=tuple(_score(rule, questionnaire) for rule in scoring.scores),
        total=scoring.scores[-1].id if scoring.scores else "", days_valid=scoring.days_valid,
    )  # fmt: skip


def _points(item: Mapping[str, Any]) -> dict[str, Number]:
    told = ((_code(option), ordinal_of(option)) for option in item.get("answerOption") or ())
    return {code: value for code, value in told if value is not None}


def _code(option: Mapping[str, Any]) -> str:
    value = next((v for k, v in option.items() if k.startswith("value")), "")
    return str(value.get("code") if isinstance(value, Mapping) else value)


def _part(scoring: Scoring) -> Part:
    source = scoring.source or "未写明依据"
    signed = f"{source}；核定医师：{scoring.signed}" if scoring.signed else source
    return Part(RULES, "V" if scoring.signed else "UNVERIFIED", signed)


def _score(rule: ScoreRule, questionnaire: Mapping[str, Any]) -> Score:
    ends = span_of(rule, questionnaire)
    nexts = [*(band.at_least for band in rule.bands[1:]), None][: len(rule.bands)]
    bands = tuple(
        Band(
            code=f"b{n}",
            text=band.text,
            level=band.level,
            at_least=band.at_least,
            below=following,
            part=RULES,
        )
        for n, (band, following) in enumerate(zip(rule.bands, nexts, strict=True), 1)
    )
    low, high = (None, None) if ends is None else (float(ends[0]), float(ends[1]))
    return Score(
        id=rule.id, label=rule.label, of=rule.of, reversed=rule.reversed, bands=bands, part=RULES, low=low, high=high,
        decimals=0 if ends is None or all(end.denominator == 1 for end in ends) else 1,
    )  # fmt: skip


def span_of(rule: ScoreRule, questionnaire: Mapping[str, Any]) -> tuple[Fraction, Fraction] | None:
    """Return the least and the most that a sum can come to, None where an item's ends are not known."""
    known = {str(item.get("linkId")): item for item in items_of(questionnaire)}
    sometimes = conditional_ids(questionnaire)
    low = high = Fraction(0)
    for link in rule.of:
        ends = reach_of(known[link]) if link in known else None
        if ends is None:
            return None
        least, most = (min(ends[0], Fraction(0)), max(ends[1], Fraction(0))) if link in sometimes else ends
        low, high = low + least, high + most
    return low, high


def scoring_mistakes(questionnaire: Mapping[str, Any], scoring: Scoring) -> Iterator[Sentence]:
    """Yield what is wrong with a scoring, each with the score and the item it is about."""
    known = {str(item.get("linkId")): item for item in items_of(questionnaire)}
    sometimes = conditional_ids(questionnaire)
    if not scoring.scores:
        yield Sentence("designs.score.none")
    seen: set[str] = set()
    for rule in scoring.scores:
        if rule.id in seen or rule.id in known or not rule.id:
            yield Sentence("designs.score.twice", {"label": rule.label, "id": rule.id})
        seen.add(rule.id)
        if not rule.label.strip():
            yield Sentence("designs.score.no_label", {"id": rule.id})
        if not rule.of:
            yield Sentence("designs.score.no_items", {"label": rule.label})
        for link in rule.of:
            yield from _item_mistakes(rule, link, known.get(link), sometimes)
        yield from _band_mistakes(rule, span_of(rule, questionnaire))
    if scoring.scores and all(link in known for rule in scoring.scores for link in rule.of):
        made = scale_of("own", {"url": "x", "version": "1", "title": "x", **questionnaire}, scoring)
        for problem in problems_of("own", made):
            yield Sentence("designs.score.rule", {"reason": problem})


def _item_mistakes(
    rule: ScoreRule, link: str, item: Mapping[str, Any] | None, sometimes: frozenset[str]
) -> Iterator[Sentence]:
    facts = {
        "label": rule.label,
        "id": link,
        "link": link,
        "text": str((item or {}).get("text") or link)[:40],
    }
    if item is None:
        yield Sentence("designs.score.unknown_item", facts)
    elif item.get("repeats"):
        yield Sentence("designs.score.several", facts)
    elif item.get("type") in CHOICES and reach_of(item) is None:
        yield Sentence("designs.score.no_points", facts)
    elif item.get("type") not in CHOICES | NUMBERS | {"boolean"}:
        yield Sentence("designs.score.cannot_count", facts)
    elif link in rule.reversed and reach_of(item) is None:
        yield Sentence("designs.score.no_ends", facts)
    elif link in sometimes and not item.get("required"):
        yield Sentence("designs.score.not_required", facts)


def _band_mistakes(rule: ScoreRule, span: tuple[Fraction, Fraction] | None) -> Iterator[Sentence]:
    facts = {"label": rule.label}
    for before, band in itertools.pairwise(rule.bands):
        if band.at_least <= before.at_least:
            yield Sentence("designs.score.band_order", {**facts, "text": band.text, "before": before.text})
    for band in rule.bands:
        if not band.text.strip():
            yield Sentence("designs.score.band_text", {**facts, "at_least": band.at_least})
        if span is not None and exact(band.at_least) > span[1]:
            yield Sentence(
                "designs.score.band_beyond", {**facts, "text": band.text, "high": f"{float(span[1]):g}"}
            )
    if rule.bands and (span is None or exact(rule.bands[0].at_least) > span[0]):
        low = "" if span is None else f"{float(span[0]):g}"
        yield Sentence("designs.score.band_begin" if low else "designs.score.no_span", {**facts, "low": low})
