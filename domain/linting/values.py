"""What a report says of results against the results: figures, units, direction, normal or not, side. Pure."""

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from domain.linting.case import ADVICE, CONCLUSION, Facts, Remark, Result
from domain.linting.definitions import Rules
from domain.linting.words import any_of, clauses, named

BETWEEN = r"(?:[\s：:（(，,=]|升高|偏高|增高|降低|偏低|减低|明显|轻度|中度|重度|结果|为|是|达|约)*"
FIGURE = r"(\d+(?:\.\d+)?)"
UNIT = r"\s*([a-zA-Zμµ%][a-zA-Z0-9μµ%^/²³.·*]*)?"
NEAR = 8
"""Characters between an item's name and what is said of it."""
JOINS = ("", "、", "和", "及", "与", "/")
_SIDE = {"左": "左", "右": "右", "双": "双", "两": "双"}


def figures(text: str, results: Iterable[Result], field: str = CONCLUSION) -> Iterator[Remark]:
    """Yield the figures in a text that differ from the result of the item they stand behind, and wrong units.

    A figure belongs to an item when it follows its name with nothing between but words such as 升高 or 为; the
    longest name counts (红细胞分布宽度 is not 红细胞), and ``6.7`` is the same as ``6.70``. A figure in another
    unit is a remark on its unit alone.
    """
    by_name: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result.number is not None:
            for name in result.names:
                by_name[name].append(result)
    if not by_name:
        return
    for match in _figures(tuple(sorted(by_name))).finditer(text):
        those, figure = by_name[match[1]], match[2]
        if text.startswith("^", match.end(2)):  # 12.6510^9/L: the power of the unit stands close behind
            figure = figure.removesuffix("10")
        if match[3] and not any(same_unit(match[3], one) for one in those) and _is_unit(match[3]):
            shown = {"label": those[0].label, "written": match[3], "unit": those[0].unit or "—"}
            yield Remark("unit", field, match.start(3), match.end(3), shown)
        elif figure and all(float(figure) != _shown_number(one) for one in those):
            shown = {"label": those[0].label, "written": figure, "measured": those[0].value}
            yield Remark("figure", field, match.start(2), match.start(2) + len(figure), shown)


@functools.lru_cache(maxsize=64)
def _figures(names: tuple[str, ...]) -> "re.Pattern[str]":
    """Return what finds a figure behind any of these names; the items of a package are the same for everybody."""
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(f"({words}){BETWEEN}{FIGURE}{UNIT}")


def same_unit(written: str, result: Result) -> bool:
    """Tell whether a written unit is the result's, however it is spelled."""
    return _plain(written) in {_plain(result.unit), _plain(result.ucum)}


def _plain(unit: str) -> str:
    plain = unit.replace("µ", "u").replace("μ", "u").replace("*", "^").replace("[", "").replace("]", "")
    return plain.replace("IU/", "U/").rstrip(".").lower()


def _is_unit(written: str) -> bool:
    return "/" in written or _plain(written) in {"mmhg", "kpa", "%", "kg", "cm", "fl", "pg"}


def _shown_number(result: Result) -> float | None:
    try:
        return float(result.value)
    except ValueError:
        return result.number


def _figures_of_both(facts: Facts, conclusion: str, advice: str, _rules: Rules) -> Iterator[Remark]:
    yield from figures(conclusion, facts.results, CONCLUSION)


def _by_name(facts: Facts) -> tuple[dict[str, list[Result]], tuple[str, ...]]:
    found: dict[str, list[Result]] = defaultdict(list)
    for result in facts.results:
        for name in result.names:
            found[name].append(result)
    for word, items in facts.groups.items():
        found[word] += [r for r in facts.results if r.item in items and r not in found[word]]
    return found, tuple(sorted({*found, *(name for names in facts.others for name in names)}))


def _said(facts: Facts, conclusion: str, _advice: str, rules: Rules) -> Iterator[Remark]:
    """Yield what a clause says of an item against the item's flag: normal, high or low, absent or present."""
    by_name, names = _by_name(facts)
    for piece in clauses(conclusion):
        if piece.has(rules.earlier) or piece.has(rules.others):
            continue
        for joined, until in _joined(piece.text, list(named(piece.text, names, rules.another_after))):
            for match in joined:
                those = by_name.get(match[0])
                remark = those and _against(those, piece.text, joined[-1].end(), until, rules)
                if remark:
                    kind, at, word, result = remark
                    measured = f"{result.value} {result.unit}".strip()
                    shown = {"label": result.label, "written": word, "measured": measured}
                    start, end = piece.start + match.start(), piece.start + at + len(word)
                    yield Remark(kind, CONCLUSION, start, end, shown)


def _joined(text: str, found: list["re.Match[str]"]) -> Iterator[tuple[list["re.Match[str]"], int]]:
    """Yield the names that are spoken of together (肝功能、肾功能正常), and where what is said of them ends."""
    group: list[re.Match[str]] = []
    for number, match in enumerate(found):
        group.append(match)
        after = found[number + 1].start() if number + 1 < len(found) else len(text)
        if number + 1 < len(found) and text[match.end() : after].strip() in JOINS:
            continue
        yield group, after
        group = []


def _against(
    those: list[Result], text: str, start: int, until: int, rules: Rules
) -> tuple[str, int, str, Result] | None:
    """Return the kind, place and word of what is wrong in `text` from `start` to `until`, and which result it is."""
    for words, kind in (
        (rules.normal, "said_normal"), (rules.high, "direction"), (rules.low, "direction"),
        (rules.negative, "presence"), (rules.positive, "presence"),
    ):  # fmt: skip
        match = any_of(words).search(text, start, until)
        if match is None or match.start() - start > NEAR:
            continue
        wrong = [r for r in those if _wrong(kind, words, r, rules)]
        if kind == "said_normal":
            if text[match.end() :].startswith(rules.not_normal_after) or text[start : match.start()].endswith(
                rules.not_normal_before
            ):
                return None
            if wrong:
                return kind, match.start(), match[0], wrong[0]
        elif wrong and len(wrong) == len(those):  # 血压升高 is right where one of two is high
            return kind, match.start(), match[0], wrong[0]
        return None
    return None


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


def _sides(facts: Facts, conclusion: str, advice: str, rules: Rules) -> Iterator[Remark]:
    """A lesion of a paired organ that the examination found at the other side."""
    pattern = _side_pattern(rules.sides.organs, rules.sides.lesions)
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for result in facts.results:
        for match in pattern.finditer(result.value):
            seen[match[2] or match[3], match[5]].add(_SIDE[(match[1] or match[4])[0]])
    for field, text in ((CONCLUSION, conclusion), (ADVICE, advice)):
        for match in pattern.finditer(text):
            known = seen.get((match[2] or match[3], match[5]), set())
            side = _SIDE[(match[1] or match[4])[0]]
            if (
                known
                and side not in known
                and not (side == "双" and {"左", "右"} <= known)
                and "双" not in known
            ):
                shown = {"written": match[0], "known": "、".join(sorted(known))}
                yield Remark("side", field, *match.span(), shown)


@functools.lru_cache(maxsize=8)
def _side_pattern(organs: tuple[str, ...], lesions: tuple[str, ...]) -> "re.Pattern[str]":
    organ = "|".join(sorted(map(re.escape, organs), key=len, reverse=True))
    lesion = "|".join(map(re.escape, lesions))
    between = r"[^，,。；;\n左右双]{0,10}?"
    return re.compile(
        rf"(?:(左侧?|右侧?|双侧?|两侧)({organ})|({organ})(左|右|双|两)[叶侧]){between}({lesion})"
    )


VALUE_CHECKS = (_figures_of_both, _said, _sides)
