"""A client of server-sent events, as https://html.spec.whatwg.org/multipage/server-sent-events.html reads a stream."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the usual ones take long to load, and this is plain HTTP


@dataclass(frozen=True)
class Event:
    id: str  # the last one that came, with this event or before it
    kind: str
    data: dict[str, Any]


@dataclass
class Listener:
    """One connection."""

    answer: httpx.Response
    last_id: str = ""
    lines: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.answer.iter_lines()

    def events(self) -> Iterator[Event]:
        kind, data = "message", ""
        for line in self.lines:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if line == "":
                if data:
                    yield Event(self.last_id, kind, json.loads(data))
                kind, data = "message", ""
            elif name == "id":
                self.last_id = value
            elif name == "event":
                kind = value
            elif name == "data":
                data += value

    def until_live(self) -> list[Event]:
        """What there is already: the events before the first heartbeat, and it."""
        return self.until("heartbeat")

    def until(self, *kinds: str) -> list[Event]:
        """The events up to the first of such a kind, and it."""
        found = []
        for event in self.events():
            found.append(event)
            if event.kind in kinds:
                return found
        raise AssertionError(f"the stream ended after {found[-3:]}")

    def next(self, number: int = 1) -> list[Event]:
        """The next events that are no heartbeats."""
        found: list[Event] = []
        for event in self.events():
            if event.kind != "heartbeat":
                found.append(event)
            if len(found) == number:
                break
        return found


@contextmanager
def listening(address: str, seconds: float = 30, **headers: str) -> Iterator[Listener]:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    with (
        httpx.Client(timeout=seconds, verify=False) as client,
        client.stream("GET", address, headers=said) as answer,
    ):
        yield Listener(answer)
