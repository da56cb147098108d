"""Pages, filters and order of worklists over HTTP."""

import uuid
from datetime import date

import pytest

from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.people.tie_commands import AssignClient

COUNT = 25


@pytest.fixture(scope="module")
def clients(any_server):
    for number in range(COUNT):
        sex = Sex.MALE if number % 2 else Sex.FEMALE
        any_server.as_system(
            RegisterPatient(name=f"客户{number:02d}", sex=sex, birth_date=date(1970 + number, 1, 2))
        )
    return any_server


def rows(answer):
    assert answer.status_code == 200, answer.text
    names = [c["name"] for c in answer.json()["columns"]]
    return [dict(zip(names, row["values"], strict=True)) for row in answer.json()["rows"]]


def read(server, role="nurse", **query):
    return server.api.get("/api/worklists/people.clients", token=server.token(role), params=query)


@pytest.mark.parametrize("order", [None, "number", "-number", "birth_date", "-birth_date", "sex"])
def test_pages_of_seven_show_every_row_once_in_order(clients, order):
    seen, after = [], None
    while True:
        answer = read(clients, order=order, after=after, limit=7)
        seen += rows(answer)
        after = answer.json()["next"]
        if after is None:
            break
    numbers = [row["number"] for row in seen]
    assert len(numbers) == COUNT == len(set(numbers))
    name = (order or "number").removeprefix("-")
    values = [row[name] for row in seen]
    assert values == sorted(values, reverse=bool(order and order.startswith("-")))


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("sex:eq:1", 12),
        ("sex:ne:1", 13),
        ("sex:in:1,2", COUNT),
        ("number:ge:P10000020", 6),
        ("number:starts:P1", COUNT),
    ],
)
def test_a_filter_in_the_address_keeps_what_fits(clients, condition, count):
    assert len(rows(read(clients, filter=condition))) == count


def search(server, *conditions, role="nurse", **more):
    body = {"filters": [dict(zip(("column", "op", "value"), c, strict=True)) for c in conditions], **more}
    return server.api.post("/api/worklists/people.clients", token=server.token(role), json=body)


def test_personal_conditions_go_into_the_body(clients):
    refused = read(clients, filter="birth_date:ge:1990-01-01")
    assert (refused.status_code, refused.json()["code"]) == (422, "worklist.personal_in_url")
    found = rows(search(clients, ("birth_date", "ge", "1990-01-01"), ("name", "starts", "客户2")))
    assert [row["name"] for row in found] == ["客户20", "客户21", "客户22", "客户23", "客户24"]


def test_what_is_masked_can_only_be_found_by_its_exact_value(clients):
    role = "messaging_operator"
    own = search(clients, ("name", "eq", "客户07")).json()["rows"][0]["id"]
    clients.as_system(AssignClient(patient_id=uuid.UUID(own), login=role, reason="由其维护"))
    assert rows(search(clients, ("name", "eq", "客户07"), role=role))[0]["name"] == "客**7"
    for conditions, order in (
        ([("name", "starts", "客")], None),
        ([("name", "gt", "客户05")], None),
        ([], "birth_date"),
    ):
        refused = search(clients, *conditions, role=role, order=order)
        assert (refused.status_code, refused.json()["code"]) == (422, "worklist.masked_column")


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("no.such", {}, 404, "worklist.unknown"),
        ("people.clients", {"filter": "sex=1"}, 422, "worklist.bad_filter"),
        ("people.clients", {"filter": "shoe:eq:44"}, 422, "worklist.unknown_column"),
        ("people.clients", {"filter": "sex:like:1"}, 422, "worklist.unknown_operator"),
        ("people.clients", {"order": "shoe"}, 422, "worklist.unknown_column"),
        ("people.clients", {"after": "AAAA"}, 422, "worklist.bad_key"),
        ("people.clients", {"after": "!"}, 422, "worklist.bad_key"),
        ("people.clients", {"limit": "many"}, 422, "input.not_fitting"),
        ("checkup.visits", {"filter": "visit_date:ge:yesterday"}, 422, "worklist.bad_filter"),
    ],
)
def test_a_wrong_question_is_refused_with_its_reason(clients, path, query, status, code):
    answer = clients.api.get(f"/api/worklists/{path}", token=clients.token("nurse"), params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_every_list_is_ordered_by_something_everybody_may_see():
    from domain.kernel.worklists import worklists

    for listing in worklists().values():
        info = next(c.info for c in listing.columns if c.name == listing.order)
        assert info is None or info.sensitivity == 0, listing.name
