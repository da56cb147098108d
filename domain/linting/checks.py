"""The checks of a report, each of a kind; all of them read conclusion and advice as they stand. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from domain.linting.case import ADVICE, CONCLUSION, Facts, Known, Remark
from domain.linting.definitions import Rules
from domain.linting.values import VALUE_CHECKS
from domain.linting.words import Piece, any_of, clauses, sentences

Check = Callable[[Facts, str, str, Rules], Iterator[Remark]]

LONG = 8
"""A sentence shorter than this may well stand twice."""
_AGE = re.compile(r"(\d{1,3})\s*(?:周岁|岁)")
_ADDRESSED = re.compile(r"(?:^|[。；;\n])\s*([㐀-鿿]{2,4})(先生|女士|小姐)[：:，,]")
_NAMED = re.compile(r"(?:姓名|受检者|患者|客户)[:：]\s*([㐀-鿿·]{2,8})")
_STATED_SEX = re.compile(
    r"(?:性别[:：]\s*|患者[，,：:]?|受检者[，,：:]?|^|[，,。\s])([男女])性?(?=[，,。\s]|\d{1,3}\s*周?岁)"
)


def lint(facts: Facts, conclusion: str, advice: str, rules: Rules) -> list[Remark]:
    """Return what does not fit, the worst in front, then in the order of the text."""
    found = [remark for check in CHECKS for remark in check(facts, conclusion, advice, rules)]
    cost = {kind: rule.points for kind, rule in rules.kinds.items()}
    return sorted(found, key=lambda r: (-cost[r.kind], r.field != CONCLUSION, r.start))


def score(remarks: list[Remark], rules: Rules) -> int:
    """Return 100 less what the remarks cost, each kind up to its most; never below 0."""
    counts = Counter(remark.kind for remark in remarks)
    lost = sum(min(rules.kinds[kind].points * n, rules.kinds[kind].most) for kind, n in counts.items())
    return max(0, 100 - lost)


def _both(conclusion: str, advice: str) -> Iterator[tuple[str, Piece]]:
    for field, text in ((CONCLUSION, conclusion), (ADVICE, advice)):
        for piece in clauses(text):
            yield field, piece


def _told(known: Known, text: str) -> bool:
    return any(name in text for name in known.names)


def _mentions(facts: Facts, conclusion: str, advice: str, rules: Rules) -> Iterator[Remark]:
    """What must not be left out: critical values, findings of class A and B, and what to do about them."""
    text = conclusion + "\n" + advice
    critical = {known.label for known in facts.criticals}
    for known in facts.criticals:
        if not _told(known, text):
            yield Remark("critical_unmentioned", facts={"label": known.label})
    for known in facts.findings:
        if known.label not in critical and not _told(known, conclusion):
            kind = "class_a_unmentioned" if known.important_class == "A" else "class_b_unmentioned"
            yield Remark(kind, facts={"label": known.label})
    if facts.findings and not any(word in text for word in rules.urges):
        yield Remark(
            "advice_missing", ADVICE, facts={"label": "、".join(k.label for k in facts.findings[:3])}
        )


def _not_followed(facts: Facts, conclusion: str, advice: str, _rules: Rules) -> Iterator[Remark]:
    """An important finding of the visit before that was neither examined again nor spoken of."""
    for known in facts.before:
        if not _told(known, conclusion + "\n" + advice):
            yield Remark("not_followed", facts={"label": known.label, "class_": known.important_class})


def _missing(facts: Facts, conclusion: str, advice: str, _rules: Rules) -> Iterator[Remark]:
    for label in facts.missing:
        if label not in conclusion and label not in advice:
            yield Remark("missing_item", facts={"label": label})


def _all_normal(facts: Facts, conclusion: str, _advice: str, rules: Rules) -> Iterator[Remark]:
    """The whole checkup is called normal, and it is not."""
    wrong = [known.label for known in (*facts.criticals, *facts.findings)]
    wrong += [result.label for result in facts.results if result.abnormal]
    if not wrong:
        return
    for piece in sentences(conclusion):
        part = piece.has(rules.rest) or piece.has(facts.groups)
        if piece.has(rules.whole) and piece.has(rules.normal) and not part:
            shown = {"label": "、".join(dict.fromkeys(wrong[:3]))}
            yield Remark("all_normal", CONCLUSION, piece.start, piece.start + len(piece.text), shown)


def _impossible_sex(facts: Facts, conclusion: str, advice: str, rules: Rules) -> Iterator[Remark]:
    """A word of the other sex, unless the clause speaks of somebody else."""
    other = {"1": "2", "2": "1"}.get(facts.sex)
    if other is None:
        return
    for field, piece in _both(conclusion, advice):
        if any(word in piece.within for word in rules.others):
            continue
        for match in any_of(rules.sex_words[other]).finditer(piece.text):
            at = piece.start + match.start()
            yield Remark("sex", field, at, at + len(match[0]), {"word": match[0], "sex": facts.sex})
            break


def _impossible_age(facts: Facts, conclusion: str, advice: str, rules: Rules) -> Iterator[Remark]:
    if facts.age is None:
        return
    for field, piece in _both(conclusion, advice):
        if any(word in piece.within for word in rules.others):
            continue
        for one in () if piece.has(rules.earlier) else rules.age_words:
            if (one.from_ is None or facts.age >= one.from_) and (one.below is None or facts.age < one.below):
                continue
            match = any_of(one.words).search(piece.text)
            if match is not None:
                at = piece.start + match.start()
                yield Remark("age", field, at, at + len(match[0]), {"word": match[0], "age": facts.age})


def _identity(facts: Facts, conclusion: str, advice: str, rules: Rules) -> Iterator[Remark]:
    """Name, sex or age in the text are another person's: the text may have been copied from another report."""
    sex = {"1": "男", "2": "女"}.get(facts.sex, "")
    for field, text in ((CONCLUSION, conclusion), (ADVICE, advice)):
        for match in (*_NAMED.finditer(text), *_ADDRESSED.finditer(text)):
            if facts.name and not match[1].startswith(facts.name):
                yield _stated(field, match, 1, facts.name)
        for match in _ADDRESSED.finditer(text):
            if sex and match[1].startswith(facts.name) and (match[2] == "先生") is (sex == "女"):
                yield Remark("sex", field, *match.span(2), {"word": match[2], "sex": facts.sex})
        for match in _STATED_SEX.finditer(text):
            near = text[max(0, match.start() - 6) : match.end() + 6]
            if sex and match[1] != sex and not any(word in near for word in rules.others):
                yield _stated(field, match, 1, sex)
        for piece in clauses(text):
            if any(word in piece.within for word in (*rules.others, *rules.earlier, *rules.might)):
                continue
            found = _AGE.fullmatch(piece.text.strip().lstrip("男女性"))
            if found is not None and facts.age is not None and int(found[1]) != facts.age:
                at = piece.start + piece.text.index(found[1])
                shown = {"written": found[0], "known": f"{facts.age} 岁"}
                yield Remark("identity", field, at, at + len(found[0]), shown)


def _stated(field: str, match: "re.Match[str]", group: int, known: str) -> Remark:
    shown = {"written": match[group], "known": known}
    return Remark("identity", field, match.start(group), match.end(group), shown)


def _leftovers(_facts: Facts, conclusion: str, advice: str, rules: Rules) -> Iterator[Remark]:
    """What a template left to be filled in."""
    blank = re.compile("|".join(rules.leftovers))
    for field, text in ((CONCLUSION, conclusion), (ADVICE, advice)):
        for match in blank.finditer(text):
            yield Remark("leftover", field, match.start(), match.end(), {"word": match[0]})


def _repeated(_facts: Facts, conclusion: str, advice: str, _rules: Rules) -> Iterator[Remark]:
    for field, text in ((CONCLUSION, conclusion), (ADVICE, advice)):
        seen: set[str] = set()
        for piece in sentences(text):
            said = piece.text.strip()
            if len(said) >= LONG and said in seen:
                at = piece.start + piece.text.index(said)
                yield Remark("repeated", field, at, at + len(said), {"word": said[:20]})
            seen.add(said)


CHECKS: tuple[Check, ...] = (
    _mentions, _not_followed, _missing, _all_normal, *VALUE_CHECKS, _impossible_sex, _impossible_age, _identity,
    _leftovers, _repeated,
)  # fmt: skip
"""Every check there is; a new one is a function in this list, its kind in the rules and its sentence in the texts."""
