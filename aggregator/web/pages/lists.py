"""Pages that are lists of reports: what each of them has, and how it is addressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model import Selection
from aggregator.web.pages.moving import moved
from aggregator.web.pages.page import Page, Visit
from aggregator.web.pages.reader import Interface
from aggregator.web.pages.rows import rows, with_reports
from aggregator.web.pages.writing import MOST_COUNTED, topic_heading, topic_language
from aggregator.web.problems import Problem

BEFORE = ("before",)
ON_A_PAGE = 50  # reports


class Link(Struct, frozen=True):
    """Another list. `count`: how many reports it has, at most MOST_COUNTED; None: it is not said."""

    path: str
    label: str
    count: int | None = None
    is_here: bool = False
    language: str | None = None  # of the label, where it is not the reader's


def topic_link(code: str, language: Interface, count: int | None = None, path: str = "/topic/") -> Link:
    """To what there is about a topic."""
    heading = topic_heading(code, language)
    return Link(f"{path}{code}", heading, count, language=topic_language(code, language))


class List(Struct, frozen=True, kw_only=True):
    """What a list is of, in the language of the reader."""

    selection: Selection
    path: str  # in lower case
    title: str
    description: str
    feed: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)  # of its address
    above: tuple[Link, ...] = ()  # wider lists that it is a part of, the widest first
    switch: tuple[Link, ...] = ()  # lists that are as well what somebody may look for here
    within: tuple[Link, ...] = ()  # narrower ones
    compared: str | None = None  # the path of the same subject side by side
    note: str = ""  # which reports are here and which are not
    title_language: str | None = None  # where it is not the reader's


def listing(visit: Visit, of: List) -> Page:
    """The page of a list, or of its continuation below a report. Raises Problem."""
    found = rows(visit, of.selection, ON_A_PAGE)
    before = visit.one("before")
    here = of.path + _query(of.parameters)
    page = Page(
        template="list.html",
        title=of.title,
        description=of.description,
        values={
            "list": of,
            "rows": found,
            "newest": here if before else None,
            "older": of.path + _query({**of.parameters, "before": found.older}) if found.older else None,
        },
        canonical=visit.address(of.path + _query({**of.parameters, **({"before": before} if before else {})})),
        feed=of.feed,
    )
    return with_reports(page, found.reports)


def _query(parameters: Mapping[str, str]) -> str:
    return f"?{urlencode(parameters)}" if parameters else ""


def count(visit: Visit, selection: Selection, most: int = MOST_COUNTED) -> int:
    """How many reports of a selection leave by the web; `most`: as many or more."""
    return visit.store.count(replace(selection, channel="web"), most=most)


def coded(of: Callable[[Visit, str], List | str]) -> Callable[[Visit], Page]:
    """The page of a code in the path; one that is written otherwise is at another address. What `of` gives for a code
    is its list, or the path at which it is.
    """

    def make(visit: Visit) -> Page:
        code = next(iter(visit.named.values()))
        if not code.isascii():
            raise no_such_list()
        if (written := written_code(code)) != code:
            beside = {name: value for name, values in visit.given.items() for value in values}
            return moved(visit, quote(visit.path.removesuffix(code)) + quote(written) + _query(beside))
        found = of(visit, code)
        return moved(visit, found) if isinstance(found, str) else listing(visit, found)

    return make


def written_code(code: str) -> str:
    """A code as addresses have it."""
    return code.lower().replace("_", "-")


def no_such_list() -> Problem:
    return Problem(404, "there is no such page")
