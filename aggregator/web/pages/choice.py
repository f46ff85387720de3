"""Which reports a reader asks for: words and filters of a form, as they were typed, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

from msgspec import Struct, field

from aggregator.model import ALL_REPORTS, Query, Selection
from aggregator.model.errors import SearchError, SelectionError
from aggregator.text import query
from aggregator.text.printable import line
from aggregator.web import selecting
from aggregator.web.pages.page import Visit
from aggregator.web.parameters import Given

# The names of parameters, with the fields of Selection that they choose.
_FIELDS = {
    "publisher": "publishers", "country": "countries", "about": "about", "language": "languages", "kind": "kinds",
    "group": "groups", "class": "item_classes", "topic": "topics",
}  # fmt: skip
FILTERS = tuple(_FIELDS)
TIMES = ("since", "until")
_GENERAL = "general"  # a fault that is of no single field


class Choice(Struct, frozen=True):
    """What was asked for. `faults`: why nothing can be found, by the name of the field."""

    given: Mapping[str, tuple[str, ...]]
    words: str = ""
    query: Query | None = None  # None: there are no words
    selection: Selection = ALL_REPORTS
    faults: Mapping[str, str] = field(default_factory=dict)
    empty: tuple[str, ...] = ()  # what is known, and no publisher of this wire is of

    @property
    def is_nothing(self) -> bool:
        return not self.has(("q", *FILTERS, *TIMES))

    def has(self, names: Iterable[str]) -> bool:
        """Whether one of these is given."""
        return any(self.given.get(name) for name in names)

    def codes(self, name: str) -> tuple[str, ...]:
        """What a filter chooses, as codes have it; where something is wrong, as it was typed."""
        return tuple(getattr(self.selection, _FIELDS[name])) or self.given.get(name, ())

    def address(self, path: str, **other: str | None) -> str:
        """A path with what was asked for, and with other values in the place of some; None: without that one."""
        return path + self.asked(**other)

    def asked(self, **other: str | None) -> str:
        """The query of such an address, with its question mark; '': it asks for nothing."""
        pairs = [(name, value) for name in _ORDER for value in self.given.get(name, ()) if name not in other]
        pairs += [(name, value) for name, value in other.items() if value is not None]
        return f"?{urlencode(sorted(pairs, key=lambda pair: _ORDER.index(pair[0])))}" if pairs else ""

    def without(self, path: str, name: str, value: str) -> str:
        """A path with what was asked for, without one value."""
        left = {**self.given, name: tuple(each for each in self.given.get(name, ()) if each != value)}
        return Choice(left).address(path, before=None)


_ORDER = ("q", *FILTERS, *TIMES, "order", "counts", "before")


def choice(visit: Visit, names: Sequence[str]) -> Choice:
    """Of the parameters of these names; days are those of the reader."""
    known = (*names, "order", "counts")
    given = {name: tuple(dict.fromkeys(values)) for name, values in visit.given.items() if name in known}
    words, faults, found = " ".join(given.get("q", ())), dict[str, str](), None
    if words:
        try:
            found = query.parse(words, visit.now)
        except SearchError as error:
            faults["q"] = line(str(error))
    selection, empty = ALL_REPORTS, list[str]()
    try:
        filters = Given({name: values for name, values in given.items() if name in (*FILTERS, *TIMES)})
        chosen = selecting.chosen(visit.site.paths, visit.store, visit.now, visit.reader.timezone(), filters)
        selection = chosen.selection
        empty = [line(each) for values in chosen.unknown.values() for each in values]
    except SelectionError as error:
        faults[error.option or _GENERAL] = _as_on_pages(str(error))
    return Choice(given, words, found, selection, faults, tuple(empty))


def _as_on_pages(said: str) -> str:
    said = said.replace("; `aggregator publishers` lists them", "; the page /publishers lists them")
    how = "; write its name or its code, such as Mali or ML"
    return line(said.replace(" of ISO 3166-1 such as ML or Mali, nor XA or XW", how))
