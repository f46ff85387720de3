"""What a page is made of, and what it is: `Visit` goes in, `Page` comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct, field

from aggregator.desk.outgoing import outlet
from aggregator.model import Config, Wire
from aggregator.model.release import Outlet
from aggregator.store import Store
from aggregator.web.pages.reader import Reader
from aggregator.web.site import Site

Gettext = Callable[[str], str]


class Visit(Struct, frozen=True):
    """One request for a page, understood. `store` is open for reading while the page is made."""

    site: Site
    store: Store
    now: datetime
    reader: Reader
    path: str
    named: Mapping[str, str]  # what the path names: {"code": "ml"}
    given: Mapping[str, tuple[str, ...]]  # what the query says, of the parameters that the route knows; none is empty
    gettext: Gettext  # a message in the language of the reader
    config: Config  # read once a page, so that all of it goes by one

    @property
    def wire(self) -> Wire:
        return self.config.wire

    @property
    def by(self) -> Outlet:
        """The way by which reports leave for a page."""
        return outlet(self.store, "web", self.now)

    def one(self, name: str) -> str | None:
        """The first value of a parameter; None: it is not given, or empty."""
        return next(iter(self.given.get(name, ())), None)

    def notices_language(self, publisher: str) -> str:
        """The language of what the wire says beside reports of a publisher, or in their place: English, or unknown
        (`lang=""`) where its file has words of its own or is gone.
        """
        is_usual = any(each.key == publisher and not each.disclaimers for each in self.config.publishers)
        return "en" if is_usual else ""

    def address(self, path: str) -> str:
        """Where a path of this wire is, for others."""
        return self.wire.url.rstrip("/") + path


class Page(Struct, frozen=True, kw_only=True):
    """A page before it is written. Every value is escaped by the template."""

    template: str  # its file: `front.html`
    title: str  # in the language of the reader, unless `title_language` says otherwise
    description: str
    values: Mapping[str, object] = field(default_factory=dict)
    canonical: str | None = None  # an address; None: it has none
    is_indexed: bool = True
    feed: str | None = None  # the path of the feed that follows it, without the suffix: `/feeds/country/ml`
    until: datetime | None = None  # when the clock alone may change it; None: never
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    reports: Mapping[str, int] = field(default_factory=dict)  # how many reports it has of each publisher
    pictures_from: frozenset[str] = frozenset()  # origins of pictures that rights demand from elsewhere


class Download(Struct, frozen=True, kw_only=True):
    """What is no page, and is asked for as one: a file for a program of the reader."""

    name: str  # of the file, as it is offered
    body: bytes
    media_type: str
    until: datetime | None = None
    reports: Mapping[str, int] = field(default_factory=dict)
    is_reserved: bool = False  # from mining (TDMRep)


Make = Callable[[Visit], Page | Download]


class PageRoute(Struct, frozen=True):
    """An address, and what makes its page. Other parameters than these are not read, and make no other page."""

    path: str  # as starlette writes it: `/country/{code}`
    make: Make
    parameters: tuple[str, ...] = ()
