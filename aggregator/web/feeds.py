"""Feeds at addresses that can be guessed: /feeds/latest.atom, /feeds/country/ml.rss, /feeds/publisher/KEY.json ..."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import get_args
from urllib.parse import urlencode

from msgspec import Struct, field
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.config.codes import REGIONS, country_names
from aggregator.desk.outgoing import feed, outlet, whole
from aggregator.model import ItemClass, SavedSearch, Selection, Wire
from aggregator.model.errors import SelectionError
from aggregator.model.release import Feed, Heading
from aggregator.output import health_feed
from aggregator.output.formats import FORMATS
from aggregator.pipeline.feed_paths import LATEST, feed_path
from aggregator.store import Store
from aggregator.tags import regions
from aggregator.tags.vocabulary import topics
from aggregator.text import query
from aggregator.text.dates import to_iso
from aggregator.text.printable import line
from aggregator.web import parameters, selecting
from aggregator.web.answers import Answer, Answers, answered
from aggregator.web.clients import Clients, need_operator
from aggregator.web.problems import Problem
from aggregator.web.site import Site

PAGE = 50  # reports
_SEARCH = "/feeds/search"
_FORMATS: Mapping[str, str] = MappingProxyType({"atom": "atom", "rss": "rss", "json": "jsonfeed"})
# What a feed may be of: how a value in an address is written in a Selection, and the Selection of it.
_OF: Mapping[str, tuple[Callable[[str], str], Callable[[str], Selection]]] = MappingProxyType(
    {
        "country": (str.upper, lambda value: Selection(countries=(value,))),
        "publisher": (str, lambda value: Selection(publishers=(value,))),
        "language": (str.lower, lambda value: Selection(languages=(value,))),
        "kind": (lambda said: said.replace("-", "_"), lambda value: Selection(kinds=(value,))),
        "group": (lambda said: said.replace("-", "_"), lambda value: Selection(groups=(value,))),
        "class": (lambda said: said.replace("-", "_"), lambda value: Selection(item_classes=(value,))),
        "topic": (str, lambda value: Selection(topics=(value,))),
        "about": (str.upper, lambda value: Selection(about=(value,))),
        "region": (str, lambda value: Selection(about=tuple(sorted(regions.countries_of(value))))),
    }
)

_OF_HEALTH = MappingProxyType(
    {"atom": (health_feed.atom, "application/atom+xml"), "json": (health_feed.json_feed, "application/feed+json")}
)


class Feeds(Struct, frozen=True):
    """The routes of all feeds of a site."""

    site: Site
    answers: Answers
    clients: Clients = field(default_factory=Clients)

    def routes(self) -> list[Route]:
        return [
            Route("/feeds/health.{suffix}", self._health, methods=["GET"]),
            Route("/feeds/latest.{suffix}", self._latest, methods=["GET"]),
            Route("/feeds/search.{suffix}", self._of_words, methods=["GET"]),
            Route("/feeds/searches/{value}.{suffix}", self._of_search, methods=["GET"]),
            Route("/feeds/{of}/{value}.{suffix}", self._of, methods=["GET"]),
        ]

    def _latest(self, request: Request) -> Response:
        return self._answer(request, LATEST, Selection(), "latest reports")

    def _of(self, request: Request) -> Response:
        of, value = request.path_params["of"], request.path_params["value"]
        if of not in _OF:
            raise Problem(404, "no such feed", f"feeds are of {', '.join(_OF)}, or /feeds/latest.atom")
        written, selection = _OF[of]
        with self.site.stored() as store:
            known = _known(store, of)
        if written(value) not in known:
            said = (
                f"no publisher of this wire has the {of}"
                if of not in ("topic", "about", "region")
                else f"there is no {of}"
            )
            raise Problem(404, "no such feed", f"{said} {value!r}")
        return self._answer(request, feed_path(of, value), selection(written(value)), f"{of}: {value}")

    def _health(self, request: Request) -> Response:
        """What changed of the sources' states, for the operator alone."""
        suffix = request.path_params["suffix"]
        with self.site.kept_open() as (store, now):
            need_operator(self.clients.of(request, store, now, None))
            if suffix not in _OF_HEALTH:
                raise Problem(404, "no such feed", f"the formats are {', '.join(_OF_HEALTH)}")
            events = store.source_events(PAGE) if store.is_current() else []
        wire = self.site.config().wire
        render, media_type = _OF_HEALTH[suffix]
        body = render(wire.name, wire.url, _address(wire, request.url.path, None), events, to_iso(now))
        return Response(body, headers={"Cache-Control": "no-store", "Vary": "Authorization"}, media_type=media_type)

    def _of_search(self, request: Request) -> Response:
        """What a saved search finds."""
        search = search_named(self.site, request.path_params["value"])
        path = f"/feeds/searches/{search.name}"
        return self._answer(request, path, search.selection, search.title, search.words)

    def _of_words(self, request: Request) -> Response:
        """What any words find, within any selection: what the page /search shows."""
        asked = parameters.given(request, (parameters.Q, *parameters.OF_REPORTS, parameters.BEFORE))
        words = asked.one("q") or None
        with self.site.kept_open() as (store, now):
            if words:
                query.parse(words, now)  # what it raises is said before anything is made
            try:
                selection = selecting.chosen(self.site.paths, store, now, self.site.paths.timezone(), asked).selection
            except SelectionError as error:
                raise parameters.of_selection(error) from error
        if not words and selection == Selection():
            raise Problem(
                400, "nothing is asked for", "write words to search for in the parameter q, or choose by others"
            )
        chosen = [
            each for name, values in sorted(asked.values.items()) if name not in ("q", "before") for each in values
        ]
        what = line(", ".join(filter(None, (words, *chosen))))
        pairs = [(name, each) for name, values in asked.values.items() if name != "before" for each in values if each]
        return self._answer(request, _SEARCH, selection, f"search: {what}", words, sorted(pairs))

    def _answer(
        self,
        request: Request,
        path: str,
        selection: Selection,
        what: str,
        words: str | None = None,
        pairs: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """`path`: that of the feed, without its suffix, however the request writes it; `pairs`: of its query."""
        suffix = request.path_params["suffix"]
        if suffix not in _FORMATS:
            raise Problem(404, "no such feed", f"the formats are {', '.join(_FORMATS)}")
        path += f".{suffix}"
        before = request.query_params.get("before")
        form = FORMATS[_FORMATS[suffix]]
        wire = self.site.config().wire
        hub = (
            wire.serve.hub.text if wire.serve.hub and path != f"{_SEARCH}.{suffix}" else None
        )  # it is told of no search

        def make() -> Answer:
            with self.site.kept_open() as (store, now):
                # One that has left since is still a place in the list, so that whoever turns its pages goes on.
                if before is not None and store.report(before) is None and store.notice(before) is None:
                    raise Problem(404, "no such page", f"there is no report {before!r} after which a page begins")
                wanted = replace(selection, channel="feed", before=before, limit=PAGE + 1)
                ids = [report.id for report in store.reports(wanted, query.parse(words, now) if words else None)]
                by = outlet(store, "feed", now)
                address = _address(wire, path, before, pairs)
                heading = Heading(title=f"{wire.name}: {what}", address=address, publisher=_only(selection))
                found = whole(feed(store, wire, ids[:PAGE], by, heading))
            page = replace(
                found,
                gone=found.gone if before is None else (),
                first=_address(wire, path, None, pairs),
                older=_address(wire, path, ids[PAGE - 1], pairs) if len(ids) > PAGE else None,
                hub=hub,
            )
            return Answer(
                b"".join(form.render(page)),
                form.media_type,
                _until(page),
                headers=(("Link", f'<{page.address}>; rel="self", <{hub}>; rel="hub"'),) if hub else (),
                channel="feed",
                reports=Counter(release.publisher for release in page.releases),
            )

        return answered(request, self.site, self.answers, ("feed", path, before, pairs), make)


def search_named(site: Site, name: str) -> SavedSearch:
    """A saved search of the configuration. Raises Problem."""
    found = next((each for each in site.config().searches if each.name == name), None)
    if found is None:
        raise Problem(404, "no such search", f"no saved search of this wire has the name {name!r}")
    return found


def _only(selection: Selection) -> str | None:
    return selection.publishers[0] if len(selection.publishers) == 1 else None


def _until(found: Feed) -> datetime | None:
    moments = [each.valid_until for each in found.releases if each.valid_until]
    return min(moments, default=None)


def _address(wire: Wire, path: str, before: str | None, pairs: Sequence[tuple[str, str]] = ()) -> str:
    """Where a page is, for others."""
    said = urlencode([*pairs, *([("before", before)] if before else [])])
    return wire.url.rstrip("/") + path + (f"?{said}" if said else "")


def _known(store: Store, of: str) -> set[str]:
    """The values that a feed may be of."""
    if of == "class":
        return set(get_args(ItemClass))
    if of == "topic":
        return set(topics())
    if of == "region":
        return set(regions.regions())
    if of == "about":
        return {code for code in country_names().values() if code not in REGIONS}
    known = store.known_publishers()
    if of == "publisher":
        return set(known)
    if of == "language":
        return {tag.lower() for each in known.values() for tag in each.languages}
    return {getattr(each, of) for each in known.values()}
