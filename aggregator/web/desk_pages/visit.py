"""What a page of the desk is made of, and what an act is: `DeskVisit` goes in, a page or `Done` comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from msgspec import Struct, field

from aggregator.model import Config, DeskPerson, Wire
from aggregator.model.errors import DeskError, StoreError
from aggregator.pipeline.opening import open_wire
from aggregator.store import Store
from aggregator.web.desk_pages.searching import Searches
from aggregator.web.pages.page import Gettext, Page
from aggregator.web.pages.reader import Reader
from aggregator.web.pages.wording import N_
from aggregator.web.problems import Problem, problem_of
from aggregator.web.site import Site

BUSY_SECONDS = 2  # that a person waits for another program which keeps the database locked


class DeskVisit(Struct, frozen=True):
    """One request of a person who is signed in. `store` is open for reading while the page is made or the act is done.

    `form`: the fields of the form that was sent, those that the act knows; empty for a page.
    """

    site: Site
    store: Store
    now: datetime
    reader: Reader
    path: str
    named: Mapping[str, str]  # what the path names: {"id": "abc"}
    given: Mapping[str, tuple[str, ...]]  # what the query says, of the parameters that the route knows
    gettext: Gettext
    person: DeskPerson
    form: Mapping[str, str] = field(default_factory=dict)
    searches: Searches = field(default_factory=Searches)  # those of this server

    @property
    def config(self) -> Config:
        return self.site.config()

    @property
    def wire(self) -> Wire:
        return self.config.wire

    @property
    def actor(self) -> str:
        """Who acts, as commands write it: `person:NAME`."""
        return self.person.actor

    def one(self, name: str) -> str | None:
        """The first value of a parameter; None: it is not given, or empty."""
        return next(iter(self.given.get(name, ())), None)

    def said(self, name: str) -> str:
        """A field of the form; "": it was not sent."""
        return self.form.get(name, "")

    def line(self, name: str, called: str) -> str:
        """A field that has to be filled in, as one line. `called`: its label, in the reader's language. Raises
        DeskError.
        """
        said = self.optional_line(name)
        if said is None:
            raise DeskError(self.gettext("%(field)s is empty; say it in a sentence.") % {"field": called})
        return said

    def optional_line(self, name: str) -> str | None:
        """A field as one line, without doubled spaces; None: it is empty."""
        return " ".join(self.said(name).split()) or None

    @contextmanager
    def writing(self) -> Iterator[Store]:
        """The database, to change something in it. Raises Problem where it cannot be written."""
        with _opened(lambda: Store.open(self.site.paths.database(), busy_seconds=BUSY_SECONDS)) as store:
            yield store

    @contextmanager
    def writing_wire(self) -> Iterator[Store]:
        """The same, with the tables brought in line with the configuration, as for a fetch."""
        with _opened(lambda: open_wire(self.site.paths, self.config, self.now)) as store:
            yield store


@contextmanager
def _opened(open_it: Callable[[], Store]) -> Iterator[Store]:
    try:
        store = open_it()
    except StoreError as error:
        raise cannot_write(error) from error
    try:
        with store:
            yield store
    except StoreError as error:
        if error.__cause__ is None:  # no fault of the database: what is asked for cannot be, as it is now
            raise DeskError(str(error)) from error
        raise


def cannot_write(error: StoreError) -> Problem:
    """What a person is told where the database cannot be written now; the log has why."""
    headers = problem_of(error).headers
    return Problem(
        503, N_("nothing was changed: the database cannot be written now"), N_("try again in a minute"), headers
    )


def desk_page(
    template: str,
    title: str,
    values: Mapping[str, object],
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
) -> Page:
    """A page of the desk, which no search engine is to know."""
    return Page(
        template=template, title=title, description="", values=values, is_indexed=False, status=status, headers=headers
    )


class Done(Struct, frozen=True):
    """An act that was done: which page is shown next, and what is said there. `path`: one of the desk."""

    path: str
    said: str


class DeskRoute(Struct, frozen=True):
    """An address of the desk, and what makes its page. It changes nothing."""

    path: str  # as starlette writes it: `/desk/report/{id}`
    make: Callable[[DeskVisit], Page]
    parameters: tuple[str, ...] = ()


class DeskAct(Struct, frozen=True):
    """An address to which a form is sent, and what it does: `Done`, or a page that asks once more. A DeskError that it
    raises is shown to the person, and then nothing was changed.
    """

    path: str
    act: Callable[[DeskVisit], Done | Page]
    fields: tuple[str, ...] = field(default=())
    is_for_all: bool = False  # also for a person who may look alone
