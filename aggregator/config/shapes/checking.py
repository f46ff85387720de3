"""Whether a table has the shape that it must have, and what is wrong with it, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from msgspec import Struct, field
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from aggregator.rights import did_you_mean, fault

T = TypeVar("T", covariant=True)  # so that a caller may take `T | None` apart
CONFIG = ConfigDict(extra="forbid", strict=True, frozen=True)
SECRETS = ("username", "password", "bearer")  # keys whose values no fault shows
SIGNING = ("secret", "second_secret")  # likewise, of a subscriber


class Table(BaseModel):
    model_config = CONFIG


class Shape(Struct, Generic[T], frozen=True):
    """What a file must look like; `root` and `tables` know the keys of its tables, for "did you mean"."""

    adapter: TypeAdapter[T]
    root: type
    tables: Mapping[str, type] = field(default_factory=dict)

    def known_keys(self, path: tuple[str | int, ...]) -> list[str]:
        names = [step for step in path if isinstance(step, str)]
        table = self.tables.get(names[-1], self.root) if names else self.root
        if issubclass(table, Struct):
            return list(table.__struct_fields__)
        assert issubclass(table, BaseModel)
        return [info.alias or name for name, info in table.model_fields.items()]


def check(shape: Shape[T], table: Mapping[str, Any]) -> tuple[T | None, list[str]]:
    """The table in its shape, or None and its faults, each a line as `rights.fault` words it.

    Through JSON, because that is where pydantic is strict (no "60" for 60) and yet takes a list for a tuple.
    """
    try:
        return shape.adapter.validate_json(json.dumps(table, default=str)), []
    except ValidationError as error:
        return None, _lines(shape, error)


def check_part(shape: Shape[T], table: Mapping[str, Any]) -> list[str]:
    """The faults of a table that another completes: here a key may be missing."""
    try:
        shape.adapter.validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        return _lines(shape, error, but="missing")
    return []


def _lines(shape: Shape[T], error: ValidationError, but: str | None = None) -> list[str]:
    """The faults, but those of a type. Of a list that has a faulty item pydantic says that it is too short, too."""
    found = [said for each in error.errors(include_url=False) if (said := _of_uses(each))]
    within = {details["loc"][:depth] for details in found for depth in range(len(details["loc"]))}
    return [
        _line(shape, details)
        for details in found
        if details["type"] != but and not (details["type"] == "too_short" and details["loc"] in within)
    ]


def _of_uses(error: ErrorDetails) -> ErrorDetails | None:
    """`ai_use` is a word or a table, and pydantic says what is wrong with it as either: here as what it looks like."""
    loc = error["loc"]
    if "ai_use" not in loc or loc[-1] == "ai_use":
        return error
    at = loc.index("ai_use") + 1
    if len(loc) == at + 1:  # of the value as a whole
        if isinstance(error["input"], dict) or loc[at] == "Uses":
            return None
        error["loc"] = loc[:at]
        return error
    error["loc"] = (*loc[:at], *loc[at + 1 :])
    return error


_EXPECTED: Mapping[str, str] = {  # by pydantic's type of error, with its `ctx`; other messages of its own serve
    "bool_type": "true or false",
    "dataclass_type": "a table",
    "date_from_datetime_inexact": "a date, such as 2026-12-31",
    "date_from_datetime_parsing": "a date, such as 2026-12-31",
    "date_parsing": "a date, such as 2026-12-31",
    "date_type": "a date, such as 2026-12-31",
    "dict_type": "a table",
    "finite_number": "a number",
    "float_type": "a number",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of at least {ge:g}",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "less_than_equal": "a number of at most {le:g}",
    "model_type": "a table",
    "string_type": "text in quotes",
    "too_long": "a list of at most {max_length}",
    "too_short": "a list that is not empty",
    "string_too_long": "at most {max_length} characters",
    "tuple_type": "a list in square brackets",
}


def _line(shape: Shape[T], error: ErrorDetails) -> str:
    key, found, context = _dotted(error["loc"]), error["input"], error.get("ctx", {})
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        known = shape.known_keys(error["loc"][:-1])
        hint = did_you_mean(str(error["loc"][-1]), known)
        return f"{key}: found an unknown key, expected {'a known one' if hint else 'one of ' + ', '.join(known)}{hint}"
    if error["loc"][-1] in (*SECRETS, *SIGNING) or error["loc"] == ("store", "url"):
        return f"{key}: found a text that is not shown, expected {context.get('expected', 'text in quotes')}"
    if error["type"] == "missing":
        return fault(key, None, "this key to be set")
    if error["type"] == "literal_error":
        expected = context["expected"].replace("'", '"')
        return fault(key, found, expected + did_you_mean(str(found), re.findall(r'"(\w+)"', expected)))
    if error["type"] in _EXPECTED:
        return fault(key, found, _EXPECTED[error["type"]].format(**context))
    return fault(key, found, error["msg"].removeprefix("Input should be "))


def _dotted(path: tuple[str | int, ...]) -> str:
    """`source[1].url`: as in the file, tables and lists counted from 1."""
    steps = [f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(steps).removeprefix(".")
