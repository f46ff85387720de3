"""The API: its addresses in one table, what each takes and answers. docs/api.md and /api/openapi.json describe it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from aggregator.desk.outgoing import feed, outlet, releases, versions
from aggregator.desk.signals import by_publisher, of_publisher
from aggregator.model import DEFAULT_DISCLAIMERS, Channel, Cursor, Publisher, Query, Selection, Wire
from aggregator.model.errors import CursorError, SelectionError
from aggregator.model.release import Heading, Outlet, Refusal, Release, Use
from aggregator.output import beside, ninjs
from aggregator.output.diff import Effort, word_diff
from aggregator.output.formats import FORMATS
from aggregator.output.record import pictures, record
from aggregator.pipeline import choosing, watching
from aggregator.rights import effective, fill, uses, widest
from aggregator.store import Store
from aggregator.text import query
from aggregator.text.dates import to_iso
from aggregator.text.printable import address, as_json
from aggregator.web import changes, openapi, parameters, refusals, selecting
from aggregator.web.accepting import weights
from aggregator.web.answers import Answer, Answers, answered
from aggregator.web.clients import Asker, Clients, need_operator
from aggregator.web.feeds import search_named
from aggregator.web.following import EVENT_STREAM, MOST_AT_ONCE, Following, Stream
from aggregator.web.openapi import Operation
from aggregator.web.parameters import Given, given
from aggregator.web.problems import Problem
from aggregator.web.refusals import Absent
from aggregator.web.site import Site

JSON = "application/json"
_NINJS = FORMATS["ninjs"].media_type
_AS_NINJS = frozenset((_NINJS, "application/vnd.iptc.ninjs+json", "application/ninjs+json"))  # no name is registered
_MOST_VERSIONS = 50
_MOST_BYTES = 4 * 1024 * 1024  # of a page of changes
_AT_ONCE = 50  # lines that are read at once for a stream
_CHANGES, _STREAM = "/api/changes", "/api/changes/stream"
_WEEK = timedelta(days=7)
_COMPARED = ("title", "byline", "summary", "text", "url")
_BOOLEANS = ("enabled", "silent")  # of the view `health`, which has numbers


Make = Callable[["Asked"], Answer]


class Asked(Struct, frozen=True):
    """One request, understood."""

    site: Site
    store: Store
    wire: Wire
    now: datetime
    asker: Asker
    given: Given
    path: str
    id: str  # '': the address has none
    as_ninjs: bool
    use: Use | None = None  # what a machine wants it for, that may have what the channel api lets out

    @property
    def by(self) -> Outlet:
        channel = self.asker.channel
        if self.use is None:
            return outlet(self.store, channel, self.now)
        return outlet(self.store, "api", self.now, self.use, () if channel == "api" else (channel,))

    def choose(self) -> choosing.Chosen:
        """The selection of its parameters. Raises Problem."""
        zone = self.site.paths.timezone()
        try:
            chosen = selecting.chosen(self.site.paths, self.store, self.now, zone, self.given)
        except SelectionError as error:
            raise parameters.of_selection(error) from error
        return replace(chosen, selection=replace(chosen.selection, search=self._saved()))

    def _saved(self) -> str | None:
        """The name of a saved search; None: none is asked for. Raises Problem."""
        name = self.given.one("saved")
        if name is not None and all(name != each.name for each in self.site.config().searches):
            raise parameters.refused("saved", f"there is no saved search {name!r}; /api/searches lists them")
        return name

    def link(self, **other: str | None) -> str:
        """The address of this request with other parameters, for others."""
        pairs = [(name, value) for name, values in self.given.values.items() for value in values if name not in other]
        pairs += [(name, value) for name, value in other.items() if value is not None]
        return f"{self.wire.url.rstrip('/')}{self.path}?{urlencode(pairs)}"


# Reports


def _reports(asked: Asked) -> Answer:
    """The newest first; by `after` those that came into the wire since."""
    words = query.parse(search, asked.now) if (search := asked.given.one("search")) is not None else None
    return _listed(asked, asked.choose().selection, words)


def _searches(asked: Asked) -> Answer:
    """The saved searches, and where what they find is."""
    here = asked.wire.url.rstrip("/")
    kinds = ("publishers", "countries", "kinds", "groups", "languages", "topics", "about")
    rows = [
        {
            "name": each.name,
            "title": each.title,
            "words": each.words,
            **{name: list(getattr(each.selection, name)) for name in kinds},
            "classes": list(each.selection.item_classes),
            "reports": f"{here}/api/searches/{each.name}/reports",
            "feed": f"{here}/feeds/searches/{each.name}.atom",
        }
        for each in asked.site.config().searches
    ]
    return _json({"searches": rows})


def _found(asked: Asked) -> Answer:
    """As `_reports`, of a saved search."""
    search = search_named(asked.site, asked.id)
    return _listed(asked, search.selection, query.parse(search.words, asked.now))


def _listed(asked: Asked, selection: Selection, words: Query | None) -> Answer:
    store, said, limit = asked.store, asked.given, asked.given.limit()
    before = said.one("before")
    if before is not None and store.report(before) is None and store.notice(before) is None:
        raise parameters.refused("before", f"there is no report {before!r} below which a page begins")
    after, is_by_line = said.cursor("after"), said.one("after") is not None
    if said.one("up_to") is not None and not is_by_line:
        raise parameters.refused("up_to", "it belongs to `after`")
    up_to = said.cursor("up_to")
    if up_to is not None and store.cursor_at(up_to.seq) != up_to:
        raise CursorError(f"cursor {up_to}: this ledger has another line there")
    end = up_to or (store.searched_up_to(after) if words else store.last_cursor())
    selection = replace(selection, channel=asked.asker.channel, before=before, limit=limit + 1)
    if is_by_line:
        selection = replace(selection, after=after, up_to=end)
    is_nothing = is_by_line and end is None  # there is no line of the ledger yet
    ids = [] if is_nothing else [report.id for report in store.reports(selection, words)]
    more: dict[str, str | None] = {"before": ids[limit - 1]} if len(ids) > limit else {}
    if more and is_by_line:
        more["up_to"] = str(end)
    following = asked.link(**more) if more else None
    if asked.as_ninjs:
        heading = Heading(title=asked.wire.name, address=asked.link())
        found = feed(store, asked.wire, ids[:limit], asked.by, heading)
        out = list(found.releases)
        body = "".join(ninjs.render(replace(found, releases=out, gone=()))).encode()
        return _counted(Answer(body, _NINJS, _until(out), headers=_next(following)), asked, out)
    let_out = list(releases(store, asked.wire, ids[:limit], asked.by, with_html=False))
    listed = [{**record(each), "pictures": pictures(each)} for each in let_out if isinstance(each, Release)]
    cursor = str(end) if end else None
    answer = {"wire": _wire(asked.wire), "reports": listed, "next": following, "cursor": cursor}
    return _counted(_json(answer, _until(let_out), _next(following)), asked, let_out)


def _report(asked: Asked) -> Answer:
    found = next(releases(asked.store, asked.wire, [asked.id], asked.by), None)
    if not isinstance(found, Release):
        return _absent(asked, found)
    if asked.as_ninjs:
        heading = Heading(title=asked.wire.name, address=asked.link())
        whose = feed(asked.store, asked.wire, (), asked.by, heading)
        said_so = as_json(ninjs.item(whose, found)).encode() + b"\n"
        return _counted(Answer(said_so, _NINJS, found.valid_until, headers=_reserved(found)), asked, (found,))
    said = {**record(found), "pictures": pictures(found), "html": found.html or None}
    return _counted(_json(said, found.valid_until, _reserved(found)), asked, (found,))


def _reserved(release: Release) -> tuple[tuple[str, str], ...]:
    """Fields of an answer that is of one report."""
    return tuple(beside.reservation(release).items())


def _counted(answer: Answer, asked: Asked, out: Iterable[Release | Refusal]) -> Answer:
    """The answer, with how many reports leave by it."""
    reports = Counter(each.publisher for each in out if isinstance(each, Release))
    return replace(answer, channel=asked.asker.channel, reports=reports)


def _absent(asked: Asked, found: Refusal | None) -> Answer:
    """Why a report does not leave; None: it is not here. Raises Problem."""
    said = refusals.in_place_of(asked.store, asked.wire, asked.id, asked.by, found)
    if isinstance(said, Absent):
        raise said.problem()
    pairs = [(name, value) for name, values in asked.given.values.items() for value in values]
    location = asked.path.replace(asked.id, said.to) + (f"?{urlencode(pairs)}" if pairs else "")
    return Answer(b"", JSON, said.until, 301, (("Location", location),))


def _revisions(asked: Asked) -> Answer:
    found = versions(asked.store, asked.wire, asked.id, asked.by, _MOST_VERSIONS)
    if not found or isinstance(found, Refusal):
        return _absent(asked, found if isinstance(found, Refusal) else None)
    newest = found[-1][1]
    if any(each.scope != "full_text" for _, each in found):
        said = f"the rights of {newest.publisher_name} let out no more than its newest version"
        raise Problem(403, "the rights of this report keep its versions from you", said)
    rows, effort = [], Effort()
    before: Release | None = None
    for row, each in found:
        rows.append(
            {
                "number": row["number"],
                "change_kind": row["change_kind"],
                "seen_at": row["seen_at"],
                **{name: value for name, value in record(each).items() if name in _COMPARED},
                "changed": row["changed"],
                "differences": list(_differences(before, each, effort)) if before else [],
            }
        )
        before = each
    current = next(releases(asked.store, asked.wire, [asked.id], asked.by))
    if isinstance(current, Refusal):
        return _absent(asked, current)
    beside = {"id": asked.id, "credit": current.credit, "disclaimer": record(current)["disclaimer"]}
    return _json({**beside, "revisions": rows}, current.valid_until)


def _differences(before: Release, after: Release, effort: Effort) -> Iterable[dict[str, Any]]:
    old, new = record(before), record(after)
    for name in _COMPARED:
        if (old[name] or "") != (new[name] or ""):
            pieces = word_diff(old[name] or "", new[name] or "", effort)
            yield {"field": name, "pieces": [{"kind": kind, "text": text} for kind, text in pieces]}


def _changes(asked: Asked) -> Answer:
    selection = replace(asked.choose().selection, limit=asked.given.limit(), after=asked.given.cursor("after"))
    return _of_page(asked, changes.read(asked.store, asked.wire, asked.by, selection, _MOST_BYTES))


def _of_page(asked: Asked, page: changes.Page) -> Answer:
    following = asked.link(after=page.cursor) if page.is_more else None
    answer = Answer(page.body(following), JSON, page.until, headers=_next(following))
    return replace(answer, channel=asked.asker.channel, reports=page.reports)


# Publishers, and how the wire is doing


def _publishers(asked: Asked) -> Answer:
    rows, by, said = [], asked.by, by_publisher(asked.store)
    for publisher in asked.site.config().publishers:
        signals = of_publisher(said, publisher.key, publisher.homepage)
        if (scope := widest(publisher.rights, by, signals)) != "none":
            rows.append(
                {
                    **_named(publisher),
                    "publisher_place": publisher.place,
                    "country": publisher.country,
                    "publisher_kind": publisher.kind,
                    "publisher_group": publisher.group,
                    "languages": list(publisher.languages),
                    "homepage": publisher.homepage,
                    "scope": scope,
                }
            )
    return _json({"publishers": rows})


def _named(publisher: Publisher) -> dict[str, Any]:
    return {"publisher": publisher.key, "publisher_name": publisher.name}


def _sources(asked: Asked) -> Answer:
    rows = [
        {
            "source_name": source.name,
            **_named(publisher),
            "url": None if source.access else address(source.url),
            "kind": source.kind,
            "class": source.item_class,
            "every_minutes": source.every.total_seconds() / 60 if source.every else None,
            "enabled": source.enabled and publisher.enabled,
            "reason": source.reason or publisher.reason,
        }
        for publisher in asked.site.config().publishers
        for source in publisher.sources
    ]
    return _json({"sources": rows})


def _health(asked: Asked) -> Answer:
    silence = watching.silence(asked.store, asked.now)
    rows = [
        {name: bool(value) if name in _BOOLEANS else value for name, value in row.items()}
        for row in asked.store.health(asked.now)
    ]
    return _json({"silent_since": to_iso(silence.since) if silence else None, "sources": rows})


def _coverage(asked: Asked) -> Answer:
    selection = asked.choose().selection
    until = min(selection.until or asked.now, asked.now)
    since = selection.since or until - _WEEK
    if since >= until:
        raise Problem(400, "nothing can match", "the time to look at must begin before it ends, and before now")
    names = [
        name for name in asked.store.sources() if name.rpartition("/")[0] in selection.publishers
    ] if selection.publishers else None  # fmt: skip
    rows = watching.coverage(asked.store, since, until, names)
    return _json({"since": to_iso(since), "until": to_iso(until), "publishers": rows})


def _subscriptions(asked: Asked) -> Answer:
    """Nobody learns of other subscribers than the one of his own token's name."""
    client = asked.asker.client
    queue = asked.store.queue(client.name) if client else None
    if queue is None:
        return _json({"subscriptions": []})
    times = ("acknowledged_at", "next_at", "failing_since", "paused_at", "ended_at")
    row = {
        "subscriber": queue.name,
        **{name: getattr(queue, name) for name in ("acknowledged_seq", "attempts", "error")},
        **{name: to_iso(at) if (at := getattr(queue, name)) else None for name in times},
        "dead_letters": [
            {name: letter[name] for name in ("seq", "change_kind", "id", "at", "error")}
            for letter in asked.store.dead_letters(queue.name)
        ],
    }
    return _json({"subscriptions": [row]})


def _rights(asked: Asked) -> Answer:
    rows = []
    said = by_publisher(asked.store)
    for publisher in asked.site.config().publishers:
        rights = effective(publisher.rights, asked.now.date())
        states = uses(rights, of_publisher(said, publisher.key, publisher.homepage))
        rows.append(
            {
                **_named(publisher),
                "profile": publisher.profile,
                **{name: getattr(rights, name) for name in (
                    "relationship", "basis", "text_scope", "licence", "licence_url", "commercial_use", "edits",
                    "translation", "index")},
                "channels": list(rights.redistribute) if rights.text_scope != "none" else [],
                "images": rights.images.scope,
                **{f"ai_{use}": getattr(states, use) for use in ("train", "input", "search")},
                "terms_checked": rights.terms_checked.isoformat() if rights.terms_checked else None,
                "expires": publisher.rights.expires.isoformat() if publisher.rights.expires else None,
            }
        )  # fmt: skip
    return _json({"publishers": rows})


# What all of them share


def _wire(wire: Wire) -> dict[str, str]:
    return {
        "name": wire.name,
        "url": wire.url,
        "general": fill(DEFAULT_DISCLAIMERS["general"], {"wire": wire.name}),
        "complaints_url": wire.complaints_url,
        "complaints_email": wire.complaints_email,
    }


def _json(said: object, until: datetime | None = None, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(as_json(said).encode() + b"\n", JSON, until, headers=headers)


def _next(following: str | None) -> tuple[tuple[str, str], ...]:
    return (("Link", f'<{following}>; rel="next"'),) if following else ()


def _until(found: Iterable[Release | Refusal]) -> datetime | None:
    return min((each.valid_until for each in found if each.valid_until), default=None)


OPERATIONS: tuple[Operation[Make], ...] = (
    Operation(
        "/api/reports", "listReports", "Reports, newest first, each as its rights let it out.", _reports, "Reports",
        (*parameters.OF_REPORTS, *parameters.TIMES, parameters.SEARCH, parameters.BEFORE, parameters.AFTER,
         parameters.UP_TO, parameters.LIMIT, parameters.FORMAT, parameters.CHANNEL),
        (410,), has_ninjs=True,
    ),
    Operation(
        "/api/reports/{id}", "getReport", "One report.", _report, "Report",
        (parameters.FORMAT, parameters.CHANNEL), (301, 404, 410, 451), has_ninjs=True,
    ),
    Operation(
        "/api/reports/{id}/revisions", "listRevisions",
        f"The newest {_MOST_VERSIONS} versions of a report in full text, oldest first, with what changed.", _revisions,
        "Revisions", (parameters.CHANNEL,), (301, 404, 410, 451),
    ),
    Operation(
        "/api/searches", "listSearches", "The saved searches, and where what they find is.", _searches, "Searches",
    ),
    Operation(
        "/api/searches/{id}/reports", "listFound", "Reports that a saved search finds, newest first; id: its name.",
        _found, "Reports", (parameters.BEFORE, parameters.AFTER, parameters.UP_TO, parameters.LIMIT,
        parameters.FORMAT, parameters.CHANNEL), (404, 410), has_ninjs=True,
    ),
    Operation(
        _CHANGES, "listChanges", "The ledger, oldest line first: what became of reports.", _changes, "Changes",
        (*parameters.OF_REPORTS, parameters.SAVED, parameters.AFTER, parameters.WAIT, parameters.LIMIT,
         parameters.CHANNEL), (410, 503),
        has_stream=True,
    ),
    Operation(
        _STREAM, "followChanges", "The ledger from a line on, and then each line as it is written.", _changes,
        "Change", (*parameters.OF_REPORTS, parameters.SAVED, parameters.AFTER, parameters.CHANNEL), (410, 503),
        is_stream=True,
    ),
    Operation(
        "/api/publishers", "listPublishers", "The publishers of which something may leave.", _publishers, "Publishers",
        (parameters.CHANNEL,),
    ),
    Operation(
        "/api/sources", "listSources", "The sources that are polled, as they are configured.", _sources, "Sources",
        is_of_operator=True,
    ),
    Operation(
        "/api/health", "getHealth", "The sources, the worst first, and what is wrong with each.", _health, "Health",
        is_of_operator=True,
    ),
    Operation(
        "/api/coverage", "getCoverage", "What arrived of each publisher in a time (7 days), and what may be missing.",
        _coverage, "Coverage", (parameters.PUBLISHER, *parameters.TIMES), is_of_operator=True,
    ),
    Operation(
        "/api/rights", "listRights", "What may leave of each publisher today, by which channel, and why.", _rights,
        "Rights", is_of_operator=True,
    ),
    Operation(
        "/api/subscriptions", "listSubscriptions",
        "How the subscriber does that has the name of your token: what it has confirmed, and what it was not sent.",
        _subscriptions, "Subscriptions", is_of_operator=True,
    ),
)  # fmt: skip
_LIVE: Mapping[str, str] = MappingProxyType({"Cache-Control": "no-store", "Vary": "Authorization"})


class Api(Struct, frozen=True):
    """The routes of the API of a site."""

    site: Site
    answers: Answers
    following: Following
    clients: Clients

    def routes(self) -> list[Route]:
        described = Route("/api/openapi.json", self._description, methods=["GET"])
        return [described, *(Route(each.path, self._endpoint(each), methods=["GET"]) for each in OPERATIONS)]

    def _description(self, _: Request) -> Response:
        body = as_json(openapi.description(self.site.config().wire, OPERATIONS)) + "\n"
        return Response(body, headers={"Cache-Control": "public, max-age=60"}, media_type=JSON)

    def _endpoint(self, operation: Operation[Make]) -> Callable[[Request], Any]:
        if not (operation.is_stream or operation.has_stream):
            return lambda request: self._answer(operation, request)

        async def changes_or_stream(request: Request) -> ASGIApp:
            if operation.is_stream or _likes(request, (EVENT_STREAM,)):
                return self._stream(request, *await self._who(operation, request))
            if request.method == "GET" and given(request, operation.parameters).wait():
                return await self._awaited(operation, request)
            return await run_in_threadpool(self._answer, operation, request)

        return changes_or_stream

    async def _who(self, operation: Operation[Make], request: Request) -> tuple[Asked, Selection]:
        """As `_asked`; read once for all who ask for the same at once, such as those whose streams have ended together.
        Each request with a token is counted.
        """
        whose = object() if "authorization" in request.headers else None
        what = ("asked", operation.path, request.url.query, whose)
        return await self.following.shared(what, lambda: self._asked(operation, request))

    def _asked(self, operation: Operation[Make], request: Request) -> tuple[Asked, Selection]:
        """Who waits, and for what. Raises Problem."""
        with self.site.stored() as store:
            now = self.site.clock()
            asker = self.clients.of(request, store, now, request.query_params.get("channel"))
            said = given(request, operation.parameters)
            asked = Asked(self.site, store, self.site.config().wire, now, asker, said, request.url.path, "", False)
            return asked, asked.choose().selection

    def _page(self, channel: Channel, selection: Selection, most: int) -> changes.Page:
        with self.site.kept_open() as (store, now):
            return changes.read(store, self.site.config().wire, outlet(store, channel, now), selection, most)

    def _stream(self, request: Request, asked: Asked, selection: Selection) -> ASGIApp:
        last = request.headers.get("last-event-id")  # '': nothing was heard yet, as the HTML standard has it
        after = asked.given.cursor("after") if not last else parameters.read_cursor("Last-Event-ID", last)
        channel, selection = asked.asker.channel, replace(selection, limit=_AT_ONCE)

        def read(at: Cursor | None) -> tuple[object, Callable[[], changes.Page]]:
            what = (channel, replace(selection, after=at), MOST_AT_ONCE)
            return what, partial(self._page, *what)

        def sent(page: changes.Page) -> None:
            self.site.released.add(channel, page.reports, self.site.clock())

        return Stream(self.following, asked.asker.client, after, read, sent)

    async def _awaited(self, operation: Operation[Make], request: Request) -> Response:
        """The page, as soon as it has a line, or the time is over."""
        following = self.following
        asked, selection = await self._who(operation, request)
        channel, after = asked.asker.channel, asked.given.cursor("after")
        what = (channel, replace(selection, limit=asked.given.limit(), after=after), _MOST_BYTES)
        with following.one_more():
            page = await following.awaited(what, partial(self._page, *what), asked.given.wait(), request.receive)
        answer = _of_page(asked, page)
        self.site.released.add(channel, page.reports, self.site.clock())
        return Response(answer.body, 200, {**_LIVE, **dict(answer.headers)}, JSON)

    def _answer(self, operation: Operation[Make], request: Request) -> Response:
        with self.site.stored() as stored:
            asker = self.clients.of(request, stored, self.site.clock(), request.query_params.get("channel"))
        if operation.is_of_operator:
            need_operator(asker)
        said = given(request, operation.parameters)
        as_ninjs = operation.has_ninjs and _wants_ninjs(request, said)
        path, id_ = request.scope["path"], request.path_params.get("id", "")

        def make() -> Answer:
            with self.site.kept_open() as (store, now):
                wire = self.site.config().wire
                return operation.make(Asked(self.site, store, wire, now, asker, said, path, id_, as_ninjs))

        if operation.is_of_operator:
            answer = make()
            return Response(answer.body, answer.status, _LIVE, answer.media_type)
        what = ("api", path, sorted(said.values.items()), asker.channel, as_ninjs)
        return answered(request, self.site, self.answers, what, make, is_private=asker.client is not None)


def _wants_ninjs(request: Request, said: Given) -> bool:
    """By `format`, else by Accept (RFC 9110 section 12.5.1): where it is liked better than JSON, or as well and stands
    first.
    """
    if form := said.one("format"):
        return form == "ninjs"
    return _likes(request, _AS_NINJS)


def _likes(request: Request, wanted: Collection[str]) -> bool:
    """Whether it accepts one of these, and JSON less, or as much and behind it."""
    liked = weights(request.headers.getlist("accept"))
    asked = [name for name in liked if liked[name] > 0 and (name == JSON or name in wanted)]
    return bool(asked) and max(asked, key=lambda name: liked[name]) != JSON  # of those that are liked as well the first
