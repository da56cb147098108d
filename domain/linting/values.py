"""What a report says of results against the results: figures, units, direction, normal or not, side. Pure."""

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from domain.linting.case import ADVICE, CONCLUSION, Facts, Remark, Result
from domain.linting.definitions import ConditionRule, Rules
from domain.linting.words import Piece, any_of, named, sentences

BETWEEN = r"(?:[\s：:（(，,=↑↓]|升高|偏高|增高|降低|偏低|减低|明显|轻度|中度|重度|结果|为|是|达|约)*"
FIGURE = r"(\d+(?:\.\d+)?)(?:/(\d+(?:\.\d+)?))?"
UNIT = r"\s*((?:[×xX*]\s*)?10\s*[\^*]?[0-9⁰¹²³⁴-⁹]+/[a-zA-Zμµ]+|[a-zA-Zμµ%][a-zA-Z0-9μµ%^/²³.·*]*)?"
FILLER = re.compile(
    r"(?:[\s：:（(，,=、）)为是达约均都皆已极明显度轻中重稍略仍]|\d+(?:\.\d+)?(?:/\d+(?:\.\d+)?)?|[×*^a-zA-Zμµ%/²³⁰¹⁴-⁹]+|[<>＜＞～~-])*"
)
"""What may stand between an item and what is said of it: figures, units, brackets, degrees."""
NEAR = 5
"""Further characters between the two."""
JOINS = ("", "、", "和", "及", "与", "/")
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SIDE = {"左": "左", "右": "右", "双": "双", "两": "双"}


def figures(
    text: str, results: Iterable[Result], field: str = CONCLUSION, same: Sequence[Sequence[str]] = ()
) -> Iterator[Remark]:
    """Yield the figures in a text that differ from the result of the item they stand behind, and wrong units.

    A figure belongs to an item when it follows its name with nothing between but words such as 升高 or 为; the
    longest name counts (红细胞分布宽度 is not 红细胞), ``6.7`` is the same as ``6.70`` and as a rounded ``6.72``,
    and 152/94 behind 血压 are two. A figure in another unit is a remark on its unit alone.
    """
    by_name: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result.number is not None:
            for name in result.names:
                by_name[name].append(result)
    if not by_name:
        return
    for match in _figures(tuple(sorted(by_name))).finditer(text):
        yield from _compared(text, match, by_name[match[1]], field, same)


def _compared(
    text: str, match: "re.Match[str]", those: list[Result], field: str, same: Sequence[Sequence[str]]
) -> Iterator[Remark]:
    unit, parts = match[4], [(match[2], 2), (match[3], 3)]
    if unit and _is_unit(unit) and not any(same_unit(unit, one, same) for one in those):
        shown = {"label": those[0].label, "written": unit, "unit": those[0].unit or "—"}
        yield Remark("unit", field, match.start(4), match.end(4), shown)
        return
    for figure, group in parts:
        if figure is None:
            continue
        if text.startswith("^", match.end(group)):  # 12.6510^9/L: the power of the unit stands close behind
            figure = figure.removesuffix("10")
        if figure and not any(_same_figure(figure, one) for one in those):
            shown = {"label": those[0].label, "written": figure, "measured": those[0].value}
            start = match.start(group)
            yield Remark("figure", field, start, start + len(figure), shown)


@functools.lru_cache(maxsize=64)
def _figures(names: tuple[str, ...]) -> "re.Pattern[str]":
    """Return what finds a figure behind any of these names; the items of a package are the same for everybody."""
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(f"({words}){BETWEEN}{FIGURE}{UNIT}")


def _same_figure(written: str, result: Result) -> bool:
    measured = _shown_number(result)
    if measured is None:
        return True
    decimals = len(written.partition(".")[2])
    return float(written) == measured or (decimals > 0 and round(measured, decimals) == float(written))


def same_unit(written: str, result: Result, same: Sequence[Sequence[str]] = ()) -> bool:
    """Tell whether a written unit is the result's, however it is spelled or called."""
    mine = {_plain(result.unit), _plain(result.ucum)}
    alike = {_plain(one) for group in same if mine & {_plain(each) for each in group} for one in group}
    return _plain(written) in mine | alike


def _plain(unit: str) -> str:
    plain = unit.translate(_SUPER).replace("µ", "u").replace("μ", "u")
    plain = re.sub(r"[\[\]\s×xX]|^\*", "", plain).replace("*", "^")
    return re.sub(r"^10\^?(\d+)/", r"10^\1/", plain).rstrip(".").lower()


def _is_unit(written: str) -> bool:
    return "/" in written or _plain(written) in {"mmhg", "kpa", "%", "kg", "cm", "fl", "pg"}


def _shown_number(result: Result) -> float | None:
    try:
        return float(result.value)
    except ValueError:
        return result.number


def _figures_of_both(facts: Facts, conclusion: str, _advice: str, rules: Rules) -> Iterator[Remark]:
    for piece in sentences(conclusion):
        if not _of_another_time(piece, rules):
            for remark in figures(piece.text, facts.results, CONCLUSION, rules.same_units):
                at = piece.start
                yield Remark(remark.kind, CONCLUSION, at + remark.start, at + remark.end, remark.facts)


def _of_another_time(piece: Piece, rules: Rules) -> bool:
    return piece.has(rules.earlier) or piece.has(rules.others)


def _by_name(facts: Facts) -> tuple[dict[str, list[Result]], tuple[str, ...]]:
    found: dict[str, list[Result]] = defaultdict(list)
    for result in facts.results:
        for name in result.names:
            found[name].append(result)
    for word, items in facts.groups.items():
        found[word] += [r for r in facts.results if r.item in items and r not in found[word]]
    return found, tuple(sorted({*found, *(name for names in facts.others for name in names)}))


def _said(facts: Facts, conclusion: str, advice: str, rules: Rules) -> Iterator[Remark]:
    """Yield what is said of an item against the item's flag: normal, high or low, absent or present."""
    by_name, names = _by_name(facts)
    for field, text in ((CONCLUSION, conclusion), (ADVICE, advice)):
        for piece in sentences(text):
            if _of_another_time(piece, rules) or (field == ADVICE and piece.has(rules.might[:2])):
                continue
            found = list(named(piece.text, names, rules.another_after))
            for joined, until in _joined(piece.text, found):
                for match in joined:
                    those = by_name.get(match[0])
                    remark = those and _against(those, piece.text, joined, until, rules)
                    if remark and (field == CONCLUSION or remark[0] == "presence"):
                        kind, at, word, result = remark
                        measured = f"{result.value} {result.unit}".strip()
                        shown = {"label": result.label, "written": word, "measured": measured}
                        start, end = piece.start + match.start(), piece.start + at + len(word)
                        yield Remark(kind, field, start, end, shown)


def _joined(text: str, found: list["re.Match[str]"]) -> Iterator[tuple[list["re.Match[str]"], int]]:
    """Yield the names that are spoken of together (肝功能、肾功能正常), and where what is said of them ends."""
    group: list[re.Match[str]] = []
    for number, match in enumerate(found):
        group.append(match)
        after = found[number + 1].start() if number + 1 < len(found) else len(text)
        between = text[match.end() : after]
        if number + 1 < len(found) and _is_list(between):
            continue
        yield group, after
        group = []


def _is_list(between: str) -> bool:
    """Tell whether two names are one list: nothing between them, or a figure and a 、."""
    if between.strip() in JOINS:
        return True
    return between.rstrip().endswith("、") and FILLER.fullmatch(between) is not None


def _against(
    those: list[Result], text: str, joined: list["re.Match[str]"], until: int, rules: Rules
) -> tuple[str, int, str, Result] | None:
    """Return the kind, place and word of what is wrong behind some names, and which result it is.

    The nearest word counts, figures and units between passed over.
    """
    start = joined[-1].end()
    filler = FILLER.match(text, start, until)
    begin = filler.end() if filler else start
    if re.match(r"[1-4]?\+{1,4}", text[begin:until]) or re.search(
        r"[（(][+＋]+[）)]", text[start : begin + 3]
    ):
        return _sign(those, text, start)
    best: tuple[int, str, tuple[str, ...], str] | None = None
    for words, kind in (
        (rules.normal, "said_normal"), (rules.high, "direction"), (rules.low, "direction"),
        (rules.negative, "presence"), (rules.positive, "presence"),
    ):  # fmt: skip
        match = _spoken(words).search(text, start, until)
        if match is not None and match.start() <= begin + NEAR and (best is None or match.start() < best[0]):
            best = match.start(), match[0], words, kind
    if best is None:
        return None
    at, word, words, kind = best
    before = text[max(0, at - 3) : at]
    if kind == "said_normal" and (
        text[at + len(word) :].startswith(rules.not_normal_after)
        or before.endswith(rules.not_normal_before)
        or text[: joined[0].start()].rstrip().endswith(rules.rest)
    ):
        return None
    if kind == "direction" and before.endswith(rules.not_):
        return None
    wrong = [r for r in those if _wrong(kind, words, r, rules)]
    if wrong and (
        kind == "said_normal" or len(wrong) == len(those)
    ):  # 血压升高 is right where one of two is high
        return kind, at, word, wrong[0]
    return None


def _sign(those: list[Result], text: str, start: int) -> tuple[str, int, str, Result] | None:
    """Return a plus sign behind an item that was not found."""
    match = re.compile(r"[1-4]?[+＋]{1,4}").search(text, start)
    wrong = [r for r in those if r.grade == 0]
    if match is None or not wrong or len(wrong) < len(those):
        return None
    return "presence", match.start(), match[0], wrong[0]


@functools.lru_cache(maxsize=32)
def _spoken(words: tuple[str, ...]) -> "re.Pattern[str]":
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))


def _wrong(kind: str, words: tuple[str, ...], result: Result, rules: Rules) -> bool:
    if kind == "said_normal":
        return result.abnormal
    if kind == "presence":
        if result.grade is None:
            return False
        return result.grade >= 1 if words is rules.negative else result.grade == 0
    if result.number is None or not result.flag:
        return False
    return result.flag not in ({"H", "HH"} if words is rules.high else {"L", "LL"})


def _conditions(facts: Facts, conclusion: str, _advice: str, rules: Rules) -> Iterator[Remark]:
    """A disease that says an item is high or low, and it is not; or a figure behind it that is not the item's."""
    by_item = {result.item: result for result in facts.results if result.number is not None}
    for piece in sentences(conclusion):
        if _of_another_time(piece, rules):
            continue
        for match in any_of(tuple(rules.conditions)).finditer(piece.text):
            result = by_item.get(rules.conditions[match[0]].item)
            if result is None:
                continue
            at = piece.start + match.start()
            if not _fits(result, rules.conditions[match[0]]):
                shown = {
                    "label": "",
                    "written": match[0],
                    "measured": f"{result.label} {result.value} {result.unit}",
                }
                yield Remark("direction", CONCLUSION, at, at + len(match[0]), shown)
            behind = Result(
                result.item, result.label, (match[0],), result.value, result.number, result.unit, result.ucum
            )
            for remark in figures(piece.text, [behind], CONCLUSION, rules.same_units):
                yield Remark(
                    remark.kind,
                    CONCLUSION,
                    piece.start + remark.start,
                    piece.start + remark.end,
                    remark.facts,
                )


def _fits(result: Result, rule: ConditionRule) -> bool:
    return not result.flag or result.flag in ({"H", "HH"} if rule.high else {"L", "LL"})


def _sides(facts: Facts, conclusion: str, advice: str, rules: Rules) -> Iterator[Remark]:
    """A lesion of a paired organ that the examination found at the other side."""
    pattern = _side_pattern(rules.sides.organs, rules.sides.lesions)
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for result in facts.results:
        for organ, lesion, side, _match in _lesions(pattern, result.value):
            seen[organ, lesion].add(side)
    for field, text in ((CONCLUSION, conclusion), (ADVICE, advice)):
        for organ, lesion, side, match in _lesions(pattern, text):
            known = seen.get((organ, lesion), set())
            if (
                known
                and side not in known
                and not (side == "双" and {"左", "右"} <= known)
                and "双" not in known
            ):
                shown = {"written": match[0], "known": "、".join(sorted(known))}
                yield Remark("side", field, *match.span(), shown)


def _lesions(pattern: "re.Pattern[str]", text: str) -> Iterator[tuple[str, str, str, "re.Match[str]"]]:
    """Yield organ, lesion and side of what a text says is there; what it says is not there is left out."""
    for match in pattern.finditer(text):
        if not re.search("无|未见|除外|排除", match[0]):
            yield match[2] or match[3], match[5], _SIDE[(match[1] or match[4])[0]], match


@functools.lru_cache(maxsize=8)
def _side_pattern(organs: tuple[str, ...], lesions: tuple[str, ...]) -> "re.Pattern[str]":
    organ = "|".join(sorted(map(re.escape, organs), key=len, reverse=True))
    lesion = "|".join(map(re.escape, lesions))
    between = r"[^，,。；;\n左右双]{0,10}?"
    return re.compile(
        rf"(?:(左侧?|右侧?|双侧?|两侧)({organ})|({organ})[：:]?(左|右|双|两)[叶侧]){between}({lesion})"
    )


VALUE_CHECKS = (_figures_of_both, _said, _conditions, _sides)
