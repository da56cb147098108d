"""Our evaluation beside an independent one: the same expressions on the same answers give the same values."""

import fhirpathpy
from fhirpathpy.models import models
from hypothesis import HealthCheck, given, settings

from forms.expressions.elements import plain
from forms.expressions.syntax import ExpressionError
from tests.forms_expressions.conftest import run
from tests.forms_expressions.differential import expressions, normal, responses


def ours(text, response):
    try:
        return normal(plain(value) for value in run(text, response))
    except ExpressionError:
        return "refused"


def theirs(text, response):
    try:
        return normal(fhirpathpy.evaluate(response, text, {"resource": response}, models["r4"]))
    except Exception:  # noqa: BLE001 -- whatever it raises
        return "refused"


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(expressions, responses())
def test_the_library_agrees(text, response):
    mine, other = ours(text, response), theirs(text, response)
    assert mine == other, text
