"""Everything that is wrong with a questionnaire that is being made, each with its item and field; all at once.

What people do wrong is told in their words; whatever else the engine refuses is told with its place, so that nothing
is published that cannot be filled in.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from domain.designs.publishing import MOST_ITEMS
from domain.designs.scoring import read_scoring, scoring_mistakes
from domain.kernel.errors import DomainError
from domain.risk.factors import FactorBook
from domain.scales.results import Sentence
from forms import patterns
from forms.designing import properties as own
from forms.designing.factors import factor_mistakes
from forms.designing.reasons import problem_of
from forms.designing.tree import Path, walk
from forms.expressions.reads import reads_of
from forms.expressions.syntax import ExpressionError
from forms.fhir_elements import ENABLE_EXPRESSION, REGEX, extension
from forms.questionnaire import ItemType, Questionnaire
from forms.questionnaire_reader import parse_form
from forms.response import from_json

TYPES = frozenset(kind.value for kind in ItemType)
EXPRESSIONS = (
    (own.CALCULATED, "calculated"), (own.INITIAL_EXPRESSION, "initial"), (ENABLE_EXPRESSION, "enable"),
)  # fmt: skip
_PLACE = re.compile(r"item\[(\d+)\]")
_NAMED = re.compile(r"item\((?P<link>.*?)\)\.")
MOST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, at which item (None: the whole questionnaire or its scoring) and in which field of it."""

    what: Sentence
    path: Path | None = None
    field: str = ""


def readable(resource: Mapping[str, Any]) -> Questionnaire:
    """Return a questionnaire that is being made as the engine reads it.

    Raises:
        DomainError: ``form.not_supported``.
    """
    return parse_form(from_json(msgspec.json.encode(resource)), strict=True)


def check(
    resource: Mapping[str, Any],
    scoring: Mapping[str, Any] | None,
    parts: Mapping[str, Any] | None,
    book: FactorBook | None = None,
) -> None:
    """Refuse what cannot be published; `book` has the factors that items may stand for.

    Raises:
        DomainError: ``design.has_mistakes`` with their number; fact `problems` holds each as a `Sentence`.
    """
    found = mistakes(resource, scoring, parts, book)
    if found:
        raise DomainError(
            "design.has_mistakes", field="questionnaire", count=len(found),
            problems=tuple(one.what for one in found),
        )  # fmt: skip


def mistakes(
    resource: Mapping[str, Any],
    scoring: Mapping[str, Any] | None = None,
    parts: Mapping[str, Any] | None = None,
    book: FactorBook | None = None,
) -> list[Mistake]:
    """Return all that keeps a questionnaire from being published, in the order of the page, at most `MOST_TOLD`."""
    listed = list(walk(resource))
    if not listed:
        return [Mistake(Sentence("designs.mistake.empty"))]
    if len(listed) > MOST_ITEMS:
        facts = {"count": len(listed), "limit": MOST_ITEMS}
        return [Mistake(Sentence("designs.mistake.too_many", facts))]
    found = (
        [Mistake(Sentence("designs.mistake.no_title"), None, "title")] if not resource.get("title") else []
    )
    found += [one for path, item in listed for one in _Checked(listed, path, item).mistakes()]
    found += [Mistake(one.what, None, one.field) for one in _rules(resource, "checks")]
    if book is not None:
        found += [
            Mistake(what, path, at) for path, item in listed for what, at in factor_mistakes(item, book)
        ]
    if not found:
        found += _by_the_engine(resource, {str(item.get("linkId")): path for path, item in listed})
    found += _scoring(resource, scoring, {str(item.get("linkId")): path for path, item in listed})
    found += _parts(resource, parts) if parts else []
    return found[:MOST_TOLD]


class _Checked:
    """One item with what came before it."""

    def __init__(
        self, listed: list[tuple[Path, Mapping[str, Any]]], path: Path, item: Mapping[str, Any]
    ) -> None:
        self._listed, self._path, self._item = listed, path, item
        self._link = str(item.get("linkId") or "")
        self._text = str(item.get("text") or "")[:30] or self._link

    def mistakes(self) -> Iterator[Mistake]:
        """Yield what is wrong with the item."""
        yield from self._names()
        yield from self._options()
        yield from self._limits()
        yield from self._conditions()
        for one in _rules(self._item, "checks"):
            yield Mistake(one.what, self._path, one.field)
        for url, field in EXPRESSIONS:
            text = own.expression(self._item, url)
            if text:
                yield from self._expression(text, field)
            elif extension(dict(self._item), url) is not None:
                yield self._told("designs.mistake.empty_expression", field)

    def _told(self, sentence: str, field: str, /, **facts: Any) -> Mistake:
        return Mistake(Sentence(sentence, {"text": self._text, **facts}), self._path, field)

    def _names(self) -> Iterator[Mistake]:
        if not self._link.strip():
            yield self._told("designs.mistake.no_link", "linkId")
        elif next(path for path, item in _by_link(self._listed)[self._link]) != self._path:
            yield self._told("designs.mistake.link_twice", "linkId", link=self._link)
        if not str(self._item.get("text") or "").strip():
            yield self._told("designs.mistake.no_text", "text", link=self._link)
        if self._item.get("type") not in TYPES:
            yield self._told("designs.mistake.type", "type", given=str(self._item.get("type")))
        if self._item.get("type") == "group" and not self._item.get("item"):
            yield self._told("designs.mistake.empty_group", "text")
        if self._item.get("type") == "display" and self._item.get("required"):
            yield self._told("designs.mistake.display_required", "required")

    def _options(self) -> Iterator[Mistake]:
        kind = self._item.get("type")
        if kind not in ("choice", "open-choice"):
            return
        lines = own.options(self._item)
        if not lines and not self._item.get("answerValueSet"):
            yield self._told("designs.mistake.no_options", "options")
        codes = [line.code for line in lines]
        for line in lines:
            if not line.code.strip():
                yield self._told("designs.mistake.option_code", "options", option=line.text)
            elif codes.count(line.code) > 1:
                yield self._told("designs.mistake.option_twice", "options", code=line.code)
            if not line.text.strip():
                yield self._told("designs.mistake.option_text", "options", code=line.code)
            if line.score and isinstance(own.number(line.score), str):
                yield self._told("designs.mistake.option_score", "options", code=line.code, given=line.score)

    def _limits(self) -> Iterator[Mistake]:
        low, high = (own.limit(self._item, url) for url in (own.MIN_VALUE, own.MAX_VALUE))
        if self._item.get("type") in ("integer", "decimal"):
            for field, given in (("low", low), ("high", high)):
                if given and isinstance(own.number(given), str):
                    yield self._told("designs.mistake.not_a_number", field, given=given)
            numbers = [n for one in (low, high) if not isinstance(n := own.number(one), str)]
            if len(numbers) == 2 and numbers[0] > numbers[1]:
                yield self._told("designs.mistake.limits", "low", low=low, high=high)
        pattern = extension(dict(self._item), REGEX)
        if isinstance(pattern, str):
            try:
                patterns.compiled(pattern)
            except patterns.PatternError as error:
                yield self._told("designs.mistake.pattern", "pattern", reason=str(error))

    def _conditions(self) -> Iterator[Mistake]:
        places = _by_link(self._listed)
        for one in own.conditions(self._item):
            known = places.get(one.question)
            if known is None:
                yield self._told("designs.mistake.condition_unknown", "conditions", link=one.question)
                continue
            path, asked = known[0]
            words = str(asked.get("text") or one.question)[:30]
            if path == self._path or (self._path[: len(path)] == path and asked.get("type") == "group"):
                yield self._told("designs.mistake.condition_itself", "conditions")
            elif path > self._path:
                yield self._told("designs.mistake.condition_later", "conditions", asked=words)
            elif asked.get("type") in ("group", "display"):
                yield self._told("designs.mistake.condition_no_question", "conditions", asked=words)
            elif one.operator != "exists" and not _fits(one, asked):
                yield self._told(
                    "designs.mistake.condition_answer", "conditions", asked=words, given=one.value
                )

    def _expression(self, text: str, field: str) -> Iterator[Mistake]:
        problem = problem_of(text)
        if problem is not None:
            yield Mistake(problem[0], self._path, field)
            return
        for link in sorted(_looked_at(text) - _by_link(self._listed).keys()):
            yield self._told("designs.mistake.expression_unknown", field, link=link)


def _rules(item: Mapping[str, Any], field: str) -> Iterator[Mistake]:
    for line in own.checks(item):
        if not line.human.strip():
            yield Mistake(
                Sentence("designs.mistake.check_words", {"expression": line.expression[:40]}), None, field
            )
        problem = problem_of(line.expression) if line.expression.strip() else None
        if not line.expression.strip():
            yield Mistake(Sentence("designs.mistake.check_empty", {"human": line.human}), None, field)
        elif problem is not None:
            yield Mistake(problem[0], None, field)


def _looked_at(text: str) -> set[str]:
    try:
        return set(reads_of(text).links)
    except ExpressionError:
        return set()


_last: list[Any] = [None, {}]


def _by_link(listed: list[tuple[Path, Mapping[str, Any]]]) -> dict[str, list[tuple[Path, Mapping[str, Any]]]]:
    """Return the places of each link id; made once a list, which is asked for by every item of it."""
    if _last[0] is not listed:
        found: dict[str, list[tuple[Path, Mapping[str, Any]]]] = {}
        for path, item in listed:
            found.setdefault(str(item.get("linkId") or ""), []).append((path, item))
        _last[:] = [listed, found]
    return _last[1]  # type: ignore[no-any-return]


def _fits(one: own.Condition, asked: Mapping[str, Any]) -> bool:
    """Tell whether an answer that is compared can be given at all."""
    kind = asked.get("type")
    if kind in ("choice", "open-choice"):
        return one.operator in ("=", "!=") and one.value in {line.code for line in own.options(asked)}
    if kind == "boolean":
        return one.operator in ("=", "!=") and one.value in ("true", "false")
    if kind in ("integer", "decimal"):
        return not isinstance(own.number(one.value), str)
    return bool(one.value)


def _by_the_engine(resource: Mapping[str, Any], places: Mapping[str, Path]) -> Iterator[Mistake]:
    """Yield what the engine refuses when everything else is right: cycles first of all."""
    try:
        readable(resource)
    except DomainError as error:
        for problem in error.facts["problems"]:
            yield _refused(str(problem), resource, places)


def _refused(problem: str, resource: Mapping[str, Any], places: Mapping[str, Path]) -> Mistake:
    where, _, reason = problem.partition(": ")
    if "depend on each other" in reason:
        names = reason.rpartition(": ")[2].split(" > ")
        texts = {
            link: str(item.get("text") or link)[:20]
            for _, item in walk(resource)
            if (link := str(item.get("linkId")))
        }
        told = " → ".join(texts.get(name, name) for name in names)
        at = next((places[name] for name in names if name in places), None)
        return Mistake(Sentence("designs.mistake.cycle", {"items": told}), at, "conditions")
    named = _NAMED.match(where)
    path = (
        tuple(int(n) for n in _PLACE.findall(where)) or (places.get(named["link"]) if named else None) or None
    )
    return Mistake(Sentence("designs.mistake.engine", {"where": where, "reason": reason}), path, "")


def _scoring(
    resource: Mapping[str, Any], scoring: Mapping[str, Any] | None, places: Mapping[str, Path]
) -> Iterator[Mistake]:
    if not scoring:
        return
    try:
        rules = read_scoring(scoring)
    except msgspec.ValidationError as error:
        yield Mistake(Sentence("designs.score.rule", {"reason": str(error)}), None, "scoring")
        return
    for what in scoring_mistakes(resource, rules) if rules is not None else ():
        yield Mistake(what, places.get(str(what.facts.get("link"))), "scoring")


def _parts(resource: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield required questions of an instrument that nothing asks for any more: it could never be scored."""
    asked = {
        str(entry.get("valueString"))
        for _, item in walk(resource)
        for entry in item.get("extension") or []
        if entry.get("url") == "urn:aftercheck:stands-for"
    }
    for part in parts.get("forms", ()):
        form = part["questionnaire"]
        canonical = f"{form.get('url')}|{form.get('version')}"
        for _, item in walk(form):
            wanted = item.get("required") and item.get("type") not in ("group", "display")
            if wanted and f"{canonical}#{item.get('linkId')}" not in asked:
                facts = {"title": str(form.get("title")), "text": str(item.get("text"))[:30]}
                yield Mistake(Sentence("designs.mistake.part_unasked", facts), None, "")
