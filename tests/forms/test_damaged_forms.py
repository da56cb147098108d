"""A form or a draft with anything wrong in it is refused in words or used; it never crashes the page."""

import copy
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.kernel.errors import DomainError
from forms.questionnaire_reader import parse_form
from forms.questionnaire_writer import write_form
from forms.response import to_json
from forms.session import FormSession
from tests.forms.building import NOW, constraint, item, option, rule, when
from tests.forms.test_round_trip import SAMPLE

RULES = {
    **SAMPLE,
    "item": [
        item("a", required=True, rules=[constraint("answer.value < 5", "小于 5", "warning")]),
        item("b", "string", enableWhen=[when("a", ">", answerInteger=2)], initial=[{"valueString": "x"}]),
        item("c", "choice", item("d", "date"), answerOption=[option("p", 1), option("q", 2)], repeats=True),
        item("g", "group", item("v"), repeats=True, rules=[rule("variable", "item.answer.value", "v")]),
        item(
            "t",
            readOnly=True,
            rules=[rule("calculatedExpression", "%resource.repeat(item).answer.weight().sum()")],
        ),
    ],
}
JUNK = st.sampled_from([
    None, True, False, 0, -1, 1.5, 10**30, "", "x", "%v", "1 + ", "%resource.repeat(item)", "2026-13", "(a+)+$",
    [], {}, [1], [[]], [None], {"a": 1}, {"code": []}, "a" * 5000,
])  # fmt: skip


def damaged(resource, data):
    """Return a copy with up to three places broken, removed or put elsewhere."""
    found = copy.deepcopy(resource)
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(_places(found))
        if not places:
            break
        holder, key = data.draw(st.sampled_from(places))
        kind = data.draw(st.sampled_from(["junk", "gone", "moved"]))
        if kind == "gone" and isinstance(holder, dict):
            del holder[key]
        elif kind == "moved":
            holder[key] = copy.deepcopy(data.draw(st.sampled_from(places))[0])
        else:
            holder[key] = copy.deepcopy(data.draw(JUNK))
    return found


def _places(value):
    listed = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in list(listed):
        yield value, key
        yield from _places(below)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.sampled_from([SAMPLE, RULES]))
def test_a_damaged_form_is_refused_or_used(data, resource):
    with suppress(DomainError):
        form = parse_form(damaged(resource, data))
        live = FormSession(form, clock=lambda: NOW)
        live.problems()
        live.warnings()
        draft = live.draft(NOW)
        to_json(draft)
        assert FormSession.restore(form, draft, clock=lambda: NOW).draft(NOW) == draft
        write_form(form)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_draft_is_refused_or_used(data):
    live = FormSession(parse_form(RULES), clock=lambda: NOW)
    for link_id, values in (("a", (3,)), ("c", ("p", "q")), ("v", (1,))):
        live.set_answer(link_id, *values)
    draft = live.draft(NOW)
    with suppress(DomainError):
        again = FormSession.restore(live.form, damaged(draft, data), clock=lambda: NOW)
        again.problems()
        assert FormSession.restore(live.form, again.draft(NOW), clock=lambda: NOW).draft(NOW) == again.draft(
            NOW
        )
