"""Why an expression cannot be used, in a sentence for who writes it; the engine tells it in English."""

import re

from domain.scales.results import Sentence
from forms.expressions.syntax import ExpressionError
from forms.questionnaire import Expression
from forms.questionnaire_rules import step_of

_KNOWN = (
    (re.compile(r"unexpected the end"), "designs.expression.ended"),
    (re.compile(r"unexpected '(?P<what>.*)'"), "designs.expression.unexpected"),
    (re.compile(r"not understood: '(?P<what>.*)'"), "designs.expression.not_understood"),
    (re.compile(r"no such function: (?P<what>.*)"), "designs.expression.no_function"),
    (re.compile(r"(?P<what>\w+\(\)) does not take (?P<count>\d+) arguments"), "designs.expression.arguments"),
    (re.compile(r"a name is needed after %"), "designs.expression.no_name"),
    (re.compile(r"no date or time: (?P<what>.*)"), "designs.expression.no_date"),
    (re.compile(r"longer than .*|more than .*|nested .*|too many .*|a path of .*"), "designs.expression.too_large"),
    (re.compile(r"(?P<what>\w+\(\)) beside (?P<other>.*)\(\)"), "designs.expression.beside"),
)  # fmt: skip


def reason_of(error: ExpressionError) -> Sentence:
    """Return the sentence of an error, with the place counted from 1."""
    for pattern, code in _KNOWN:
        match = pattern.match(error.reason)
        if match is not None:
            facts = {name: value for name, value in match.groupdict().items() if value is not None}
            return Sentence(code, {"at": error.at + 1, **facts})
    return Sentence("designs.expression.other", {"at": error.at + 1, "reason": error.reason})


def problem_of(text: str) -> tuple[Sentence, int] | None:
    """Return why a text is no expression that can be used and where (0-based), None if it can."""
    try:
        step_of(Expression(text))
    except ExpressionError as error:
        return reason_of(error), error.at
    return None
