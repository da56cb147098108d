"""The OpenAPI schemas of commands, made of their declarations: types, Chinese titles, limits and units."""

import dataclasses
import typing
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from domain.kernel.commands import Command, Field, Kind, commands

_REF = "#/components/schemas/{name}"
PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem document (RFC 9457); `detail` is the sentence for the user, `field` the input at fault."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    field: str | None = None
    facts: dict[str, Any] = {}


def offered_commands() -> list[Command]:
    """Return the commands of the API: those of the features, but for what only the product itself runs."""
    return [
        c for c in commands().values() if c.place != "internal" and c.input.__module__.startswith("domain.")
    ]


def receipt_type(command: Command) -> Any:
    """Return the type of a command's receipt."""
    found = typing.get_type_hints(command.handler).get("return") if command.handler else None
    return type(None) if found is None else found


def components() -> dict[str, Any]:
    """Return the schemas of every input, receipt and problem by the names the operations refer to."""
    offered = offered_commands()
    kinds = [c.input for c in offered] + [receipt_type(c) for c in offered] + [Problem]
    _, found = msgspec.json.schema_components(kinds, ref_template=_REF)
    for command in offered:
        _describe(found[command.input.__name__], command)
    return found


def operation_of(command: Command) -> dict[str, Any]:
    """Return what OpenAPI says of a command beside its path."""
    (receipt,), _ = msgspec.json.schema_components([receipt_type(command)], ref_template=_REF)
    answer = {
        "type": "object",
        "required": ["receipt", "position", "txn_id"],
        "properties": {
            "receipt": receipt,
            "position": {"type": "integer", "title": "日志位置"},
            "txn_id": {"type": "string", "format": "uuid", "title": "事务编号"},
        },
    }
    body = {"$ref": _REF.format(name=command.input.__name__)}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": "已保存", "content": {"application/json": {"schema": answer}}},
            **problem_responses(401, 403, 404, 409, 422, 503),
        },
        "security": [{"session": []}],
        "x-permission": command.permission,
    }


def problem_responses(*statuses: int) -> dict[str, Any]:
    """Return the descriptions of answers that are problem documents."""
    content = {"application/problem+json": {"schema": PROBLEM_REF}}
    return {str(s): {"description": "问题说明（RFC 9457）", "content": content} for s in statuses}


def install_openapi(app: FastAPI) -> None:
    """Let the application's OpenAPI page carry our schemas; it is made once, when first asked for."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            page = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            parts = page.setdefault("components", {})
            parts["schemas"] = {**parts.get("schemas", {}), **components()}
            parts["securitySchemes"] = {"session": {"type": "http", "scheme": "bearer"}}
            app.openapi_schema = page
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _describe(schema: dict[str, Any], command: Command) -> None:
    """Add titles, limits and units to an input's properties; unknown members are refused, so say so."""
    schema["title"] = command.label
    schema["additionalProperties"] = False
    for field in command.fields:
        schema["properties"][field.name] |= _facts(field)


def _facts(field: Field) -> dict[str, Any]:
    asked = field.asked
    facts: dict[str, Any] = {"title": asked.label, "x-kind": str(asked.kind)}
    if field.type is str:
        facts["maxLength"] = asked.max_length
    if asked.low is not None:
        facts["minimum"] = asked.low
    if asked.high is not None:
        facts["maximum"] = asked.high
    if asked.unit:
        facts["x-unit"] = asked.unit
    if asked.kind is Kind.SECRET:
        facts["writeOnly"] = True
    if dataclasses.is_dataclass(field.type):
        facts.pop("title")  # a reference must stand alone
    return facts
