"""The description of the API for programs: OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0), made of its table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from aggregator import __version__
from aggregator.model import Wire
from aggregator.output.formats import FORMATS
from aggregator.web.parameters import Parameter
from aggregator.web.problems import MEDIA_TYPE
from aggregator.web.shapes import SCHEMAS

Make = TypeVar("Make")

PROBLEMS = {
    301: "It was joined to another report, which is at Location.",
    400: "A parameter is unknown or cannot be understood; the detail names the nearest that is known.",
    401: "The token is not known, or one is needed.",
    403: "The token, or the rights of the report, do not give this.",
    404: "There is no such report, or it is not shown for now.",
    410: "The report is gone: take its words down. Or the wire does not have the line of this cursor: read all anew.",
    429: "Too many requests; Retry-After says in how many seconds to ask again.",
    451: "The report is held back by a legal demand: take its words down.",
    503: "Too many wait for changes, or the wire cannot be read now.",
}
_ALWAYS = (400, 401, 403, 429)
_EVENTS = (
    "Server-sent events. Of a line, `id` is its cursor, `event` its change_kind and `data` a Change; of `heartbeat` the"
    " data are a Heartbeat, and of `closed`, after which the stream ends, a Problem."
)
_LAST_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The last `id` that came: the stream goes on behind it, whatever `after` says.",
    "schema": {"type": "string"},
}


class Operation(Struct, Generic[Make], frozen=True):
    """One address, and all that is to be said of it."""

    path: str
    name: str  # as programs that are made from the description call it
    summary: str
    make: Make
    shape: str  # of SCHEMAS
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[int, ...] = ()  # statuses, beside those that every address may answer
    is_of_operator: bool = False  # it needs a token, and is never kept
    has_ninjs: bool = False
    is_stream: bool = False  # it is never anything but server-sent events
    has_stream: bool = False  # it is that too, for whoever accepts it


def description(wire: Wire, operations: Sequence[Operation[Any]]) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"The API of {wire.name}",
            "version": __version__,
            "description": "Every report is let out as its publisher's rights allow, with what must stand beside it.",
        },
        "servers": [{"url": wire.url.rstrip("/")}],
        "paths": {each.path: {"get": _operation(each)} for each in operations},
        "components": {
            "schemas": dict(SCHEMAS),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation[Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{operation.shape}"}}}
    if operation.has_ninjs:
        one = {"$ref": "https://www.iptc.org/std/ninjs/ninjs-schema_3.1.json"}
        is_list = not operation.path.endswith("}")
        content[FORMATS["ninjs"].media_type] = {"schema": {"type": "array", "items": one} if is_list else one}
    if operation.is_stream:
        content.clear()
    if operation.is_stream or operation.has_stream:
        content["text/event-stream"] = {"schema": {"type": "string", "description": _EVENTS}}
    answers: dict[str, Any] = {"200": {"description": operation.summary, "content": content}}
    if not (operation.is_of_operator or operation.is_stream):
        answers["304"] = {"description": "Nothing has changed since the answer with this ETag."}
    for status in sorted({*_ALWAYS, *operation.problems}):
        answers[str(status)] = {"description": PROBLEMS[status]}
        if status >= 400:
            schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
            answers[str(status)]["content"] = {MEDIA_TYPE: schema}
    # What no client that keeps to this description is answered, and what any server may: 413, 414, 421, 431, 500, 503.
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers["default"] = {"description": "The request, or the server, is not as it should be.", "content": problem}
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [{"token": []}] if operation.is_of_operator else [{}, {"token": []}],
        "parameters": [
            *in_path,
            *map(_parameter, operation.parameters),
            *([_LAST_ID] if operation.is_stream or operation.has_stream else []),
        ],
        "responses": answers,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = dict(parameter.schema)
    if parameter.is_repeatable:
        schema = {"type": "array", "items": schema}
    return {"name": parameter.name, "in": "query", "description": parameter.description, "schema": schema}
