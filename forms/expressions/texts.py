"""FHIRPath functions on texts (5.6): no result grows beyond what a page can show."""

from collections.abc import Callable
from typing import Any

from forms import patterns
from forms.expressions.arithmetic import single
from forms.expressions.elements import Collection
from forms.expressions.registry import FUNCTIONS, LONGEST_TEXT, Clock, function, limited, text_of, whole_of
from forms.expressions.syntax import ExpressionError, LimitExceededError


def _on_text(name: str, work: Callable[..., Any], *arities: int) -> None:
    """Declare a function of one text; an empty input or argument gives nothing."""

    def applied(_: Clock, given: Collection, *args: Collection) -> Collection:
        if not given or not all(args):
            return []
        found = work(text_of(given, f"{name}()"), *(single(arg, f"{name}()") for arg in args))
        return found if isinstance(found, list) else [found]

    FUNCTIONS[name] = (applied, arities or (0,))


def _pattern(work: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*args: str) -> Any:
        try:
            return work(*args)
        except patterns.SlowPatternError as error:
            raise LimitExceededError(f"pattern: {error}") from error
        except patterns.PatternError as error:
            raise ExpressionError(f"pattern: {error}") from error

    return guarded


def _text(value: Any) -> str:
    return text_of([value], "a text function")


def _replaced(text: str, old: str, new: str) -> str:
    times = len(text) + 1 if not old else text.count(_text(old))
    if len(text) + times * len(_text(new)) > LONGEST_TEXT:
        raise LimitExceededError(f"a text of more than {LONGEST_TEXT} characters")
    return text.replace(old, new)


def _part(text: str, start: Any, length: Any = None) -> Any:
    begin = whole_of([start], "substring()")
    if not 0 <= begin < len(text):
        return []
    return text[begin:] if length is None else text[begin : begin + max(0, whole_of([length], "substring()"))]


_on_text("indexOf", lambda text, part: text.find(_text(part)), 1)
_on_text("substring", _part, 1, 2)
_on_text("startsWith", lambda text, part: text.startswith(_text(part)), 1)
_on_text("endsWith", lambda text, part: text.endswith(_text(part)), 1)
_on_text("contains", lambda text, part: _text(part) in text, 1)
_on_text("upper", lambda text: limited(text.upper()))
_on_text("lower", lambda text: limited(text.lower()))
_on_text("trim", str.strip)
_on_text("length", len)
_on_text("toChars", list)
_on_text("split", lambda text, by: text.split(_text(by)) if by else list(text), 1)
_on_text("replace", _replaced, 2)
_on_text("matches", _pattern(lambda text, pattern: patterns.search(_text(pattern), text)), 1)
_on_text(
    "replaceMatches",
    _pattern(lambda text, pattern, by: limited(patterns.replace(_text(pattern), text, _text(by)))),
    2,
)


@function("join", 0, 1)
def _join(_: Clock, given: Collection, by: Collection | None = None) -> Collection:
    if not given:
        return []
    texts = [text_of([value], "join()") for value in given]
    between = text_of(by, "join()") if by else ""
    if sum(map(len, texts)) + len(between) * len(texts) > LONGEST_TEXT:
        raise LimitExceededError(f"a text of more than {LONGEST_TEXT} characters")
    return [between.join(texts)]
