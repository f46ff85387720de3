"""The shape of rights.toml: profiles by name, each of which is a `Rights`."""

from __future__ import annotations

from dataclasses import field as default
from dataclasses import is_dataclass, make_dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct
from pydantic import AfterValidator, TypeAdapter

from aggregator.config.shapes.checking import CONFIG, Shape
from aggregator.model import Corrections, Images, Rights
from aggregator.model.publisher import Uses


def _readable(kind: Any) -> Any:
    """A noun as a dataclass of the same name and fields, because pydantic reads no structs; see `_as_noun`."""
    if get_origin(kind) in (Union, UnionType):
        return Union[tuple(map(_readable, get_args(kind)))]  # noqa: UP007  # `|` takes no tuple
    if not (isinstance(kind, type) and issubclass(kind, Struct)):
        return kind
    hints = get_type_hints(kind)
    parts = [
        (each.name, _readable(hints[each.name]), *([] if each.required else [default(default=each.default)]))
        for each in msgspec.structs.fields(kind)
    ]
    return make_dataclass(kind.__name__, parts, kw_only=True)


_NOUNS = {noun.__name__: noun for noun in (Rights, Images, Corrections, Uses)}


def _as_noun(read: Any) -> Any:
    if not is_dataclass(read):
        return read
    return _NOUNS[type(read).__name__](**{name: _as_noun(value) for name, value in vars(read).items()})


# pydantic gives a noun the settings of the table that it is in, so unknown keys are refused inside Rights too.
_RIGHTS_BY_NAME: Any = dict.__class_getitem__((str, Annotated[_readable(Rights), AfterValidator(_as_noun)]))
RIGHTS: Shape[dict[str, Rights]] = Shape(
    TypeAdapter(_RIGHTS_BY_NAME, config=CONFIG),
    Rights,
    {"images": Images, "corrections": Corrections, "ai_use": Uses},
)
