"""What may be asked of the API: the parameters, how their values are read, and how they are described."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from msgspec import Struct, field
from starlette.requests import Request

from aggregator.model import Channel, Cursor, Group, ItemClass, Kind
from aggregator.model.errors import SelectionError
from aggregator.pipeline.choosing import near
from aggregator.web.problems import Problem

MOST = 200  # reports or lines of an answer
USUAL = 50
LONGEST_WAIT = 60  # seconds
BEGINNING = "0"  # as a cursor
_LONGEST = 1_000  # characters of a value
_MOST_VALUES = 100


class Parameter(Struct, frozen=True):
    """One that a query may have. `schema`: of one value, as JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    is_repeatable: bool = False


def _words(words: Sequence[str]) -> Mapping[str, Any]:
    return {"type": "string", "enum": list(words)}


PUBLISHER = Parameter("publisher", "Only of this publisher, by key or exact name.", is_repeatable=True)
OF_REPORTS = (
    PUBLISHER,
    Parameter("country", "Only of publishers of a country: ML, Mali.", is_repeatable=True),
    Parameter("kind", "Only of publishers of a kind: ngo.", _words(get_args(Kind)), True),
    Parameter("group", "Only of publishers of a group: institution.", _words(get_args(Group)), True),
    Parameter("language", "Only in a language: sw, Swahili.", is_repeatable=True),
    Parameter("class", "Only of a class: opinion.", _words(get_args(ItemClass)), True),
    Parameter("topic", "Only about a topic and its narrower ones: 04000000, economy.", is_repeatable=True),
    Parameter("about", "Only about a country, as the wire found: ML, Mali.", is_repeatable=True),
)
TIMES = (
    Parameter("since", "From a time on: 6h, 2d ago, or a date; without a zone in that of the wire."),
    Parameter("until", "Before a time; a day is meant whole."),
    Parameter("on", "On a day: 2026-11-22."),
)
SEARCH = Parameter("search", "Only reports with these words, as `aggregator search` takes them.")
Q = Parameter("q", "The same, of the page /search and its feed.")
SAVED = Parameter("saved", "Only of reports that a saved search has found, by its name; /api/searches lists them.")
BEFORE = Parameter("before", "Only those below this report, by its id: the next page. `next` of an answer has it.")
AFTER = Parameter(
    "after", "Only what came after a line of the ledger, by its cursor, such as 197-5e6f7a8b; 0: from the beginning."
)
UP_TO = Parameter("up_to", "With `after`: what came by this line at the latest. `next` of an answer has it.")
LIMIT = Parameter("limit", f"At most so many; {USUAL} unless it is said.",
                  {"type": "integer", "minimum": 1, "maximum": MOST})  # fmt: skip
WAIT = Parameter(
    "wait",
    f"Seconds, {LONGEST_WAIT} at most: where there is no line yet, the answer comes with the next one, or then.",
    {"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT},
)
FORMAT = Parameter(
    "format", "json, or ninjs for ninjs 3.1, as with its media type in Accept.", _words(("json", "ninjs"))
)
CHANNEL = Parameter(
    "channel",
    "As what of the token's channels; api where it has that. Without a token: web.",
    _words(get_args(Channel)),
)


class Given(Struct, frozen=True):
    """The values that a request has, by the names of parameters."""

    values: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str | None:
        return next(iter(self.values.get(name, ())), None)

    def all(self, name: str) -> tuple[str, ...]:
        return self.values.get(name, ())

    def limit(self) -> int:
        return self._number("limit", USUAL, 1, MOST)

    def wait(self) -> int:
        return self._number("wait", 0, 0, LONGEST_WAIT)

    def _number(self, name: str, usual: int, least: int, most: int) -> int:
        said = self.one(name)
        if said is None:
            return usual
        if said.isascii() and said.isdecimal() and len(said) < 10 and least <= int(said) <= most:
            return int(said)
        raise refused(name, f"{said!r} is no number from {least} to {most}")

    def cursor(self, name: str) -> Cursor | None:
        """None: it is not given, or the beginning is meant."""
        said = self.one(name)
        return None if said is None else read_cursor(name, said)


def read_cursor(name: str, said: str) -> Cursor | None:
    """None: the beginning is meant. Raises Problem."""
    if said == BEGINNING:
        return None
    if cursor := Cursor.read(said):
        return cursor
    raise refused(name, f"{said!r} is no cursor such as 197-5e6f7a8b, or 0 for the beginning")


def refused(name: str, detail: str) -> Problem:
    return Problem(400, "a parameter cannot be understood", f"{name}: {detail}")


def of_selection(error: SelectionError) -> Problem:
    """What `pipeline.choosing` refuses."""
    detail = str(error).replace("; `aggregator publishers` lists them", "; /api/publishers lists them")
    return refused(error.option, detail) if error.option else Problem(400, "nothing can match", detail)


def given(request: Request, known: Sequence[Parameter]) -> Given:
    """The parameters of a request. Raises Problem as `understood`."""
    return understood(request.query_params.multi_items(), known)


def understood(pairs: Iterable[tuple[str, str]], known: Sequence[Parameter]) -> Given:
    """Names with their values, in any number. Raises Problem for one that is unknown, doubled or too long."""
    by_name = {each.name: each for each in known}
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in by_name:
            said = near(name, by_name) or f"; known: {', '.join(by_name)}" if by_name else "; there are none here"
            raise Problem(
                400, "there is no such parameter", f"{name[:_LONGEST]!r} is no parameter of this address{said}"
            )
        if len(value) > _LONGEST:
            raise refused(name, f"it has more than {_LONGEST:,} characters")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise refused(name, "it is not UTF-8") from error
        values = found.setdefault(name, [])
        values.append(value)
        if len(values) > (_MOST_VALUES if by_name[name].is_repeatable else 1):
            raise refused(name, "it is given too often")
        words = by_name[name].schema.get("enum")
        if words and not by_name[name].is_repeatable and value not in words:
            raise refused(name, f"{value!r} is none of {', '.join(words)}")
    return Given({name: tuple(values) for name, values in found.items()})
