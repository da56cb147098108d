"""The OpenAPI page: a schema for each command, made of its declaration, and it says what the server does."""

import msgspec
import pytest

from domain.kernel.commands import Kind
from server.api.schemas import offered_commands


@pytest.fixture(scope="module")
def page(server):
    answer = server.api.get("/api/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operation(page, command):
    return page["paths"][f"/api/commands/{command.name}"]["post"]


def schema_of(page, command):
    reference = operation(page, command)["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return page["components"]["schemas"][reference.rpartition("/")[2]]


def test_every_command_for_people_has_a_schema_of_its_fields(page):
    offered = offered_commands()
    assert len(offered) >= 30
    paths = {p.removeprefix("/api/commands/") for p in page["paths"] if p.startswith("/api/commands/")}
    assert paths == {c.name for c in offered}
    for command in offered:
        schema = schema_of(page, command)
        assert (schema["type"], schema["additionalProperties"], schema["title"]) == (
            "object",
            False,
            command.label,
        )
        assert set(schema["properties"]) == {f.name for f in command.fields}
        assert set(schema.get("required", [])) == {f.name for f in command.fields if f.required}
        for field in command.fields:
            told = schema["properties"][field.name]
            assert told["title"] == field.asked.label
            if field.type is str:
                assert told["maxLength"] == field.asked.max_length
            if field.asked.kind is Kind.SECRET:
                assert told["writeOnly"] is True


def test_operations_carry_chinese_names_permissions_and_answers(page):
    for command in offered_commands():
        found = operation(page, command)
        assert (found["summary"], found["operationId"]) == (command.label, command.name)
        assert found["x-permission"] == command.permission
        assert found["security"] == [{"session": []}]
        assert {"200", "401", "403", "404", "409", "422", "503"} <= set(found["responses"])


def references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def test_every_reference_leads_to_a_schema(page):
    schemas = page["components"]["schemas"]
    found = set(references(page))
    assert found
    assert {r.rpartition("/")[2] for r in found} <= schemas.keys()


def test_a_receipt_has_the_shape_the_page_promises(page, server):
    body = {"name": "周某", "sex": "2", "birth_date": "1991-02-03"}
    answer = server.api.post("/api/commands/people.register", token=server.token("nurse"), json=body)
    command = next(c for c in offered_commands() if c.name == "people.register")
    promised = operation(page, command)["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(answer.json()) == set(promised["properties"])
    receipt = page["components"]["schemas"][promised["properties"]["receipt"]["$ref"].rpartition("/")[2]]
    assert set(answer.json()["receipt"]) == set(receipt["properties"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"shoe": 44}, "input.unknown"),
        ({"name": "x" * 61}, "input.too_long"),
        ({"sex": "7"}, "input.type"),
        ({"birth_date": "1991-02-30"}, "input.type"),
        ({"name": None}, "input.missing"),
    ],
)
def test_what_the_schema_forbids_the_server_refuses(server, change, code):
    body = {"name": "周某", "sex": "2", "birth_date": "1991-02-03"} | change
    answer = server.api.post("/api/commands/people.register", token=server.token("nurse"), json=body)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        422,
        code,
        next(iter(change)),
    )


def test_the_page_is_valid_json_schema_vocabulary(page):
    encoded = msgspec.json.encode(page)
    assert b"openapi" in encoded
    assert page["openapi"].startswith("3.1")
