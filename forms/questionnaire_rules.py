"""The rules of a form written as expressions: variables, calculations, conditions, constraints."""

from typing import Any

from forms import patterns
from forms.expressions.compiler import Unsupported, compiled
from forms.expressions.library import library_step
from forms.expressions.runtime import Step
from forms.expressions.syntax import ExpressionError
from forms.fhir_elements import (
    CONSTRAINT,
    REGEX,
    TARGET_CONSTRAINT,
    VARIABLE,
    Reading,
    at_extension,
    extension,
    extensions,
    parts,
)
from forms.questionnaire import Constraint, Expression

_SEVERITIES = ("error", "warning")


def step_of(expression: Expression) -> Step:
    """Return an expression compiled: by us, or by the library where it needs what only that one knows.

    Raises:
        ExpressionError: Neither can.
    """
    try:
        return compiled(expression.text)
    except Unsupported:
        return library_step(expression.text)


def read_expression(raw: dict[str, Any], url: str, reading: Reading, path: str) -> Expression | None:
    """Return the expression of the first extension `url`; one that must be evaluated and cannot is refused."""
    found = extension(raw, url)
    return None if found is None else checked(found, reading, at_extension(path, url))


def checked(raw: Any, reading: Reading, where: str, *, lenient: bool = False) -> Expression | None:
    """Return an Expression, or None with the reason noted; `lenient` lets other languages pass."""
    text = raw.get("expression") if isinstance(raw, dict) else None
    if not isinstance(text, str) or not text.strip():
        # A name alone may stand for a library elsewhere; nothing here can evaluate it.
        reading.refuse(where, "an expression is needed")
        return None
    language = str(raw.get("language", "text/fhirpath"))
    expression = Expression(text, language, str(raw.get("name", "")))
    if not expression.is_fhirpath:
        if not lenient:
            reading.refuse(where, f"not supported: {language}")
        return expression
    try:
        step_of(expression)
    except ExpressionError as error:
        reading.refuse(where, f"{error.reason} (at {error.at})")
        return None
    return expression


def read_variables(raw: dict[str, Any], reading: Reading, path: str) -> tuple[Expression, ...]:
    """Return the variables declared on an element; queries to a server are kept, and are empty here."""
    found = []
    names: set[str] = set()
    for entry in extensions(raw, VARIABLE):
        where = at_extension(path, VARIABLE)
        variable = checked(extension({"extension": [entry]}, VARIABLE), reading, where, lenient=True)
        if variable is None:
            continue
        if not variable.name or variable.name in names:
            reading.refuse(where, f"a name of its own is needed: {variable.name!r}")
        names.add(variable.name)
        found.append(variable)
    return tuple(found)


def read_constraints(raw: dict[str, Any], reading: Reading, path: str) -> tuple[Constraint, ...]:
    """Return questionnaire-constraint and targetConstraint of an element."""
    found = []
    for url in (CONSTRAINT, TARGET_CONSTRAINT):
        for entry in extensions(raw, url):
            where = at_extension(path, url)
            told = parts(entry)
            expression = told.get("expression")
            if isinstance(expression, str):
                expression = {"language": "text/fhirpath", "expression": expression}
            made = checked(expression, reading, where)
            severity = told.get("severity", "error")
            if severity not in _SEVERITIES:
                reading.refuse(where, f"severity is error or warning, not {severity!r}")
            elif made is not None:
                human = told.get("human")
                key = told.get("key")
                found.append(Constraint(str(key or ""), severity, str(human or ""), made))
    return tuple(found)


def read_pattern(raw: dict[str, Any], reading: Reading, path: str) -> str:
    """Return the regular expression of an item, checked."""
    found = extension(raw, REGEX)
    if found is None:
        return ""
    if not isinstance(found, str):
        reading.refuse(at_extension(path, REGEX), f"not a text: {found!r}")
        return ""
    try:
        patterns.compiled(found)
    except patterns.PatternError as error:
        reading.refuse(at_extension(path, REGEX), str(error))
    return found
