"""Every operation of the server's own OpenAPI page, asked with what fits its schema and with what does not.

No answer is a crash, and what is refused has written nothing. Schemathesis makes the requests from the page.
"""

import contextlib
import os

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from sqlalchemy import select

from domain.kernel.change_log import change_log, decode_body, log_head
from tests.fixtures.patience import PATIENCE_S

DEEP = bool(os.environ.get("AFTERCHECK_DEEP"))
FEW = settings(
    max_examples=150 if DEEP else 3, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
UNSIGNED = {("DELETE", "/api/session"), ("POST", "/api/session"), ("POST", "/api/enrol")}
"""Asked without a session: the first would end ours, the others begin one."""


@pytest.fixture(scope="module")
def page(server):
    return server.api.get("/api/openapi.json").json()


@pytest.fixture(scope="module")
def tokens(server):
    """A session of a role that may do what an operation asks for, opened before strange passwords lock sign-in."""
    for role in server.centre.authority.roles:
        server.token(role)

    def of(permission):
        roles = server.centre.authority.roles
        able = [name for name, rights in roles.items() if permission and rights.may(permission)]
        return server.token((able or ["it"])[0])

    return of


def head_of(server):
    with server.centre.store.read() as connection:
        return connection.execute(select(log_head.c.position)).scalar_one()


def done_since(server, position):
    """Return the commands that changed something after a position; a refusal is written too, but changes nothing."""
    later = select(change_log.c.body).where(change_log.c.position > position)
    with server.centre.store.read() as connection:
        bodies = [decode_body(body) for body in connection.scalars(later)]
    return {body.command for body in bodies if body.changes}


class Found:
    """What went wrong, one line an operation, and how the answers were."""

    def __init__(self):
        self.problems = {}
        self.statuses = {}

    def judge(self, server, what, answer, before):
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        if answer.status_code >= 500:
            self.problems[what] = f"{answer.status_code} {answer.text[:200]}"
        elif answer.status_code >= 400 and what[1].rpartition("/")[2] in done_since(server, before):
            self.problems[what] = f"{answer.status_code}, and something was written"


def test_no_request_made_from_the_page_is_a_crash_or_writes_what_it_refuses(server, page, tokens):
    schema = schemathesis.openapi.from_dict(page)
    found, asked = Found(), 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.startswith("/sync/"):
            continue  # signed, and no JSON: below
        what = (operation.method.upper(), operation.path)
        permission = page["paths"][operation.path][operation.method.lower()].get("x-permission")
        headers = {} if what in UNSIGNED else {"Authorization": f"Bearer {tokens(permission)}"}
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            ask_some(
                server, operation, mode, headers, lambda *told, what=what: found.judge(server, what, *told)
            )
            asked += 1
    assert found.problems == {}
    assert asked > 100
    assert found.statuses[200] >= 5, "some were carried out"
    assert found.statuses[422] > 100
    assert found.statuses[401] < sum(found.statuses.values()) / 4, "our sessions lived"


def ask_some(server, operation, mode, headers, judge):
    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        before = head_of(server)
        judge(case.call(base_url=server.api.url, headers=headers, timeout=PATIENCE_S), before)

    with contextlib.suppress(Unsatisfiable):  # an operation without input has no wrong one
        ask()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
NAMED = st.dictionaries(
    st.sampled_from(["login", "password", "totp", "code", "name", "public_key", "text", "limit", "kind"]),
    JSON,
    max_size=4,
)


@pytest.mark.parametrize("path", ["/api/session", "/api/enrol", "/api/search"])
def test_bodies_that_the_page_does_not_tell_of_are_answered(server, tokens, path):
    headers = {"Authorization": f"Bearer {tokens('')}", "Content-Type": "application/json"}

    @settings(FEW, max_examples=1000 if DEEP else 40)
    @given(body=NAMED.map(encoded) | JSON.map(encoded) | st.binary(max_size=80))
    def ask(body):
        answer = server.api.http.post(server.api.url + path, data=body, headers=headers, timeout=PATIENCE_S)
        assert answer.status_code < 500, answer.text

    ask()


def encoded(value):
    return msgspec.json.encode(value)
