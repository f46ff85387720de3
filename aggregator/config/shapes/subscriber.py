"""The shape of a subscriber's file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from aggregator.config.shapes.checking import Shape, Table
from aggregator.config.shapes.values import (
    SEVERAL,
    Country,
    Key,
    Language,
    Line,
    Reachable,
    Secret,
    SourceAddress,
)
from aggregator.model import (
    Channel,
    Group,
    ItemClass,
    Kind,
    MessageFormat,
)


class SubscriberFile(Table):
    url: SourceAddress
    secret: Secret
    second_secret: Secret | None = None
    publishers: Annotated[tuple[Key, ...], SEVERAL] | None = None
    countries: Annotated[tuple[Country, ...], SEVERAL] | None = None
    kinds: Annotated[tuple[Kind, ...], SEVERAL] | None = None
    groups: Annotated[tuple[Group, ...], SEVERAL] | None = None
    languages: Annotated[tuple[Language, ...], SEVERAL] | None = None
    classes: Annotated[tuple[ItemClass, ...], SEVERAL] | None = None
    topics: Annotated[tuple[Line, ...], SEVERAL] | None = None
    about: Annotated[tuple[Country, ...], SEVERAL] | None = None
    search: Key | None = None
    channel: Channel = "api"
    format: MessageFormat = "thin"
    begin: Literal["now", "beginning"] = Field(default="now", alias="from")
    enabled: bool = True
    contact: Reachable | None = None


SUBSCRIBER = Shape(TypeAdapter(SubscriberFile), SubscriberFile)
