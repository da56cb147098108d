from datetime import datetime, timedelta, timezone

import pytest

from forms.expressions.compiler import Unsupported, compiled, evaluate
from forms.expressions.library import library_step
from forms.expressions.registry import Clock
from forms.expressions.syntax import ExpressionError

NOW = datetime(2026, 11, 29, 9, 30, 15, tzinfo=timezone(timedelta(hours=8)))


class Variables:
    """A host whose variables are a dictionary."""

    def __init__(self, **known):
        self._known = known

    def variable(self, name):
        if name not in self._known:
            raise ExpressionError(f"%{name} is not known")
        return self._known[name]


def run(text, context=None, **variables):
    try:
        step = compiled(text)
    except Unsupported:
        step = library_step(text)
    context = {} if context is None else context
    known = {"context": [context], "resource": [context], **variables}
    return evaluate(step, Variables(**known), [context], Clock(NOW))


@pytest.fixture(name="run")
def run_expression():
    return run
