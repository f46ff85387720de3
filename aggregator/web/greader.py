"""The Google Reader API, as FreshRSS serves it, for apps that read feeds: reading and marking.

Google never documented it. What is served here is what apps send (https://github.com/FreshRSS/FreshRSS,
`p/api/greader.php`; https://github.com/newsboat/newsboat, `freshrssapi.cpp` and `feedhqapi.cpp`;
https://github.com/mihaip/google-reader-api). docs/apps.md describes it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aggregator.config.codes import country_name
from aggregator.model.apps import AppFeed, AppListing
from aggregator.output.xml import add, document, root
from aggregator.pipeline.feed_paths import feed_path
from aggregator.text.dates import from_iso, to_iso
from aggregator.text.printable import as_json
from aggregator.web import apps
from aggregator.web.apps import PRIVATE, Shown, Subject, Visit, title_of
from aggregator.web.clients import Clients
from aggregator.web.problems import Problem
from aggregator.web.site import Site

PATH = "/api/greader.php"
_API = "reader/api/0/"
_ITEM = "tag:google.com,2005:reader/item/"
_MOST_FIELDS = 5_000  # of a query and a body
_USUAL, _MOST_WORDS, _MOST_IDS = 20, 200, 10_000  # entries of a page
_OF_USER = re.compile(r"user/[^/]{1,200}/(state/com\.google|label)/(.{1,400})", re.DOTALL)
_READ, _UNREAD, _STARRED, _ALL = "state/read", "state/unread", "state/starred", "state/reading-list"
_KEPT = ("state/kept-unread", "state/tracking-kept-unread")
_GREADER = "http://www.google.com/reader/"
_ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of somebody who has logged in: its path behind the API's own, and its parameters."""

    visit: Visit
    path: str
    pairs: Sequence[tuple[str, str]]
    token: str

    def one(self, name: str) -> str | None:
        return next((value for key, value in self.pairs if key == name and value), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name and value]

    def number(self, name: str, usual: int) -> int:
        said = self.one(name)
        return usual if said is None else apps.whole_number(said, name, 1)


# Which entries are meant


def _stream(said: str) -> str:
    """`feed/NUMBER`, `label/NAME` or `state/NAME`, whoever the user is. Raises Problem."""
    if said.startswith("feed/"):
        return said
    if found := _OF_USER.fullmatch(said):
        return f"{'label' if found[1] == 'label' else 'state'}/{found[2]}"
    raise Problem(400, "a parameter cannot be understood", f"{said[:200]!r} is no stream, such as feed/12")


def _publishers(stream: str, feeds: Iterable[AppFeed]) -> tuple[str, ...]:
    """Those of a feed, a label or of everything. Raises Problem."""
    kind, _, name = stream.partition("/")
    found = tuple(
        each.publisher
        for each in feeds
        if kind == "state" or name == (str(each.feed_id) if kind == "feed" else country_name(each.country))
    )
    if not found and kind != "state":
        raise Problem(404, "there is no such stream", f"no feed and no folder is {name[:200]!r}")
    return found


def _subjects(asked: Asked) -> dict[str, Subject]:
    """Saved searches and topics by the streams that they are; one that is called like a country is not offered."""
    labels = {country_name(each.country) for each in asked.visit.feeds()}
    return {f"label/{each.title}": each for each in asked.visit.subjects() if each.title not in labels}


def _narrowed(
    listing: AppListing,
    stream: str,
    feeds: Sequence[AppFeed],
    subjects: Mapping[str, Subject] = MappingProxyType({}),
    *,
    without: bool = False,
) -> AppListing:
    """The entries of a listing that are in a stream too, or that are not. Raises Problem."""
    if stream in (_READ, _UNREAD, *_KEPT):
        return _with(listing, "is_read", (stream == _READ) != without)
    if stream == _STARRED:
        return _with(listing, "is_starred", not without)
    if stream.startswith("state/") and stream != _ALL:
        raise Problem(404, "there is no such stream", "of states there are reading-list, read, unread and starred")
    if (subject := subjects.get(stream)) is not None:
        if without or (listing.search, listing.topic) != (None, None):
            said = "a saved search and a topic can only be the stream itself"
            raise Problem(400, "a parameter cannot be understood", said)
        return subject.within(listing)
    those = _publishers(stream, feeds)
    known = listing.publishers if listing.publishers is not None else tuple(each.publisher for each in feeds)
    return replace(listing, publishers=tuple(each for each in known if (each in those) != without))


def _with(listing: AppListing, name: str, value: bool) -> AppListing:
    """Nothing is read and unread at once."""
    if getattr(listing, name) not in (None, value):
        return replace(listing, publishers=())
    return replace(listing, is_read=value) if name == "is_read" else replace(listing, is_starred=value)


def _listing(asked: Asked, streams: Sequence[str], most: int) -> AppListing:
    """Raises Problem."""
    if len(streams) != 1:
        raise Problem(400, "a parameter cannot be understood", "name one stream, such as feed/12")
    feeds, subjects = asked.visit.feeds(), _subjects(asked)
    limit = min(asked.number("n", _USUAL), most)
    listing = AppListing(limit=limit + 1, newest_first=asked.one("r") != "o")
    for each in (*streams, *asked.all("it")):
        listing = _narrowed(listing, _stream(each), feeds, subjects)
    for each in asked.all("xt"):
        listing = _narrowed(listing, _stream(each), feeds, subjects, without=True)
    if said := asked.one("ot"):
        listing = replace(listing, changed_since=apps.moment(said, "ot"))
    if said := asked.one("nt"):
        listing = replace(listing, seen_until=apps.moment(said, "nt"))
    if said := asked.one("c"):
        beyond = apps.whole_number(said, "c")
        listing = replace(listing, below=beyond) if listing.newest_first else replace(listing, above=beyond)
    return listing


def _number(said: str) -> int:
    """The number of an item: decimal, or the last part of a long id, 16 digits of base 16. Raises Problem."""
    short = said.removeprefix(_ITEM)
    if re.fullmatch(r"[0-9a-fA-F]{16}", short) and (short != said or said.startswith("0")):
        return int(short, 16)
    if short == said and re.fullmatch(r"-?[0-9]{1,19}", said, re.ASCII):
        return int(said)
    raise Problem(400, "a parameter cannot be understood", f"i: {said[:200]!r} is no item")


def _numbers(asked: Asked) -> list[int]:
    said = asked.all("i")
    if not said:
        raise Problem(400, "a parameter is missing", "i: the item")
    return [_number(each) for each in said]


# What is answered


def _json(said: object) -> Response:
    return Response(as_json(said) + "\n", headers=PRIVATE, media_type="application/json")


def _ok() -> Response:
    return PlainTextResponse("OK", headers=PRIVATE)


def _token(asked: Asked) -> Response:
    return PlainTextResponse(asked.token, headers=PRIVATE)


def _user_info(asked: Asked) -> Response:
    name = asked.visit.name
    return _json({"userId": name, "userName": name, "userProfileId": name, "userEmail": name})


def _subscriptions(asked: Asked) -> Response:
    site = asked.visit.wire.url.rstrip("/")
    rows = [
        {
            "id": f"feed/{each.feed_id}",
            "title": title_of(each),
            "categories": [_label(each.country)],
            "url": f"{site}{feed_path('publisher', each.publisher)}.atom",
            "htmlUrl": each.homepage,
            "iconUrl": "",
        }
        for each in asked.visit.feeds()
    ]
    return _json({"subscriptions": rows})


def _label(country: str) -> dict[str, str]:
    return {"id": f"user/-/label/{country_name(country)}", "label": country_name(country)}


def _tags(asked: Asked) -> Response:
    labels = sorted({_label(each.country)["id"] for each in asked.visit.feeds()})
    starred = {"id": "user/-/state/com.google/starred"}
    folders = [{"id": each, "type": "folder"} for each in labels]
    subjects = [{"id": f"user/-/{each}", "type": "tag"} for each in _subjects(asked)]
    return _json({"tags": [starred, *folders, *subjects]})


def _unread_count(asked: Asked) -> Response:
    found = asked.visit.store.app_unread(asked.visit.reader)
    counts: dict[str, tuple[int, str]] = {}
    for each in asked.visit.feeds():
        said = found.get(each.publisher)
        if said is None or not said.unread or said.newest is None:
            continue
        for name in (f"feed/{each.feed_id}", _label(each.country)["id"], "user/-/state/com.google/reading-list"):
            number, newest = counts.get(name, (0, ""))
            counts[name] = (number + said.unread, max(newest, said.newest))
    of_subjects = {f"user/-/{name}": asked.visit.unread_of(each) for name, each in _subjects(asked).items()}
    counts |= {name: count for name, count in of_subjects.items() if count is not None}
    rows = [
        {"id": name, "count": number, "newestItemTimestampUsec": _usec(from_iso(newest))}
        for name, (number, newest) in counts.items()
    ]
    most = max((number for number, _ in counts.values()), default=0)
    return _json({"max": most, "unreadcounts": rows})


def _usec(moment: datetime) -> str:
    return f"{int(moment.timestamp())}000000"


def _ids(asked: Asked) -> Response:
    listing = _listing(asked, asked.all("s"), _MOST_IDS)
    entries, _ = asked.visit.store.app_entries(asked.visit.reader, listing)
    labels = {each.publisher: each for each in asked.visit.feeds()}
    refs = [
        {
            "id": str(each.number),
            "directStreamIds": [f"feed/{labels[each.publisher].feed_id}"],
            "timestampUsec": _usec(from_iso(each.first_seen)),
        }
        for each in entries[: listing.limit - 1]
    ]
    return _json({"itemRefs": refs, **_continuation(listing, [each.number for each in entries])})


def _continuation(listing: AppListing, numbers: Sequence[int]) -> dict[str, str]:
    return {"continuation": str(numbers[listing.limit - 2])} if len(numbers) == listing.limit else {}


def _contents(asked: Asked) -> Response:
    stream = asked.path.removeprefix("stream/contents").strip("/") or "user/-/state/com.google/reading-list"
    listing = _listing(asked, [stream], _MOST_WORDS)
    entries, _ = asked.visit.store.app_entries(asked.visit.reader, listing)
    page = asked.visit.shown(entries[: listing.limit - 1])
    more = _continuation(listing, [each.number for each in entries])
    return _json({**_heading(asked, stream), "items": [_item(each) for each in page], **more})


def _heading(asked: Asked, stream: str) -> dict[str, Any]:
    feeds = {f"feed/{each.feed_id}": title_of(each) for each in asked.visit.feeds()}
    title = feeds.get(stream, asked.visit.wire.name)
    return {"direction": "ltr", "id": stream, "title": title, "updated": int(asked.visit.now.timestamp())}


def _items(asked: Asked) -> Response:
    numbers = _numbers(asked)
    if len(numbers) > apps.MOST:
        raise Problem(400, "too many items are asked for", f"at most {apps.MOST:,} at once")
    entries = asked.visit.store.app_entries_of(asked.visit.reader, numbers)
    page = asked.visit.shown(entries)
    return _json({**_heading(asked, "user/-/state/com.google/reading-list"), "items": [_item(each) for each in page]})


def _item(shown: Shown) -> dict[str, Any]:
    entry, feed = shown.entry, shown.feed
    return {
        "id": _long_id(entry.number),
        "crawlTimeMsec": f"{int(shown.changed.timestamp())}000",
        "timestampUsec": _usec(from_iso(entry.first_seen)),
        "published": int(shown.published.timestamp()),
        "updated": int(shown.changed.timestamp()),
        "title": shown.title,
        "author": shown.author,
        "canonical": [{"href": shown.url}],
        "alternate": [{"href": shown.url, "type": "text/html"}],
        "summary": {"content": shown.html},
        "origin": {"streamId": f"feed/{feed.feed_id}", "title": title_of(feed), "htmlUrl": feed.homepage},
        "categories": _categories(shown),
    }


def _long_id(number: int) -> str:
    return f"{_ITEM}{number:016x}"


def _categories(shown: Shown) -> list[str]:
    states = ["reading-list", *(["read"] if shown.entry.is_read else [])]
    states += ["starred"] if shown.entry.is_starred else []
    return [*(f"user/-/state/com.google/{each}" for each in states), _label(shown.feed.country)["id"]]


def _atom(asked: Asked) -> Response:
    """The same as Atom, for apps that read a stream as a feed."""
    listing = _listing(asked, [asked.path.removeprefix("atom/")], _MOST_WORDS)
    entries, _ = asked.visit.store.app_entries(asked.visit.reader, listing)
    heading = _heading(asked, asked.path.removeprefix("atom/"))
    top = root(f"{{{_ATOM}}}feed", {None: _ATOM})
    add(top, f"{{{_ATOM}}}id", f"tag:google.com,2005:reader/{heading['id']}")
    add(top, f"{{{_ATOM}}}title", heading["title"])
    add(top, f"{{{_ATOM}}}updated", to_iso(asked.visit.now))
    for shown in asked.visit.shown(entries[: listing.limit - 1]):
        entry = add(top, f"{{{_ATOM}}}entry")
        add(entry, f"{{{_ATOM}}}id", _long_id(shown.entry.number))
        add(entry, f"{{{_ATOM}}}title", shown.title)
        add(entry, f"{{{_ATOM}}}published", to_iso(shown.published))
        add(entry, f"{{{_ATOM}}}updated", to_iso(shown.changed))
        add(add(entry, f"{{{_ATOM}}}author"), f"{{{_ATOM}}}name", shown.author)
        add(entry, f"{{{_ATOM}}}link", None, {"rel": "alternate", "href": shown.url, "type": "text/html"})
        for each in _categories(shown):
            attributes = {"term": each, "scheme": _GREADER, "label": each.rpartition("/")[2]}
            add(entry, f"{{{_ATOM}}}category", None, dict(attributes))
        add(entry, f"{{{_ATOM}}}content", shown.html, {"type": "html"})
    return Response(document(top), headers=PRIVATE, media_type="application/atom+xml")


# What is marked


def _edit_tag(asked: Asked) -> Response:
    numbers = _numbers(asked)
    added = {_stream(each) for each in asked.all("a")}
    removed = {_stream(each) for each in asked.all("r")}
    unknown = (added | removed) - {_READ, _STARRED, *_KEPT}
    if unknown or not added | removed:
        raise Problem(400, "only read and starred are kept", "a, r: user/-/state/com.google/read or .../starred")
    is_read = True if _READ in added else False if _READ in removed or _KEPT[0] in added else None
    is_starred = True if _STARRED in added else False if _STARRED in removed else None
    asked.visit.mark([each for each in numbers if each > 0], is_read=is_read, is_starred=is_starred)
    return _ok()


def _mark_all(asked: Asked) -> Response:
    stream = _stream(asked.one("s") or "")
    store = asked.visit.store
    said = asked.one("ts")
    up_to = min(store.app_last(), store.app_first_since(apps.moment(said, "ts")) - 1) if said else store.app_last()
    feeds = asked.visit.feeds()
    if stream == _STARRED:
        listing = _narrowed(AppListing(below=up_to + 1, limit=_MOST_IDS), _STARRED, feeds)
        asked.visit.mark([each.number for each in store.app_entries(asked.visit.reader, listing)[0]], is_read=True)
    elif (subject := _subjects(asked).get(stream)) is not None:
        asked.visit.mark_subject(subject, up_to)
    elif stream.startswith("state/") and stream != _ALL:
        raise Problem(400, "a parameter cannot be understood", "s: a feed, a label, or the state reading-list")
    else:
        asked.visit.mark_all(_publishers(stream, feeds), up_to)
    return _ok()


def _fixed(_: Asked) -> Response:
    raise Problem(403, "feeds and folders are those of the wire", "an app cannot add, rename or remove them")


_READING: Mapping[str, Callable[[Asked], Response]] = MappingProxyType(
    {
        "token": _token,
        "user-info": _user_info,
        "subscription/list": _subscriptions,
        "tag/list": _tags,
        "unread-count": _unread_count,
        "stream/items/ids": _ids,
        "stream/items/contents": _items,
    }
)
_MARKING: Mapping[str, Callable[[Asked], Response]] = MappingProxyType(
    {
        "edit-tag": _edit_tag,
        "mark-all-as-read": _mark_all,
        "subscription/edit": _fixed,
        "subscription/quickadd": _fixed,
        "rename-tag": _fixed,
        "disable-tag": _fixed,
    }
)


@dataclass(frozen=True, slots=True)
class GoogleReader:
    """The routes of this API of a site."""

    site: Site
    clients: Clients

    def routes(self) -> list[Route]:
        endpoint = apps.answering(self._answer, _refused)
        return [Route(path, endpoint, methods=["GET", "POST"]) for path in (PATH, f"{PATH}/{{rest:path}}")]

    def _answer(self, request: Request, body: bytes) -> Response:
        path = request.path_params.get("rest", "").strip("/")
        pairs = [*request.query_params.multi_items(), *_form(body)]
        if not path:
            return _ok()
        if path == "accounts/ClientLogin":
            return self._login(pairs)
        if not path.startswith(_API) and not path.startswith("reader/atom/"):
            raise Problem(404, "nothing is published at this address")
        name, token = _authorised(request)
        path = path.removeprefix(_API).removeprefix("reader/")
        with apps.visit(self.site, self.clients, token, name) as visit:
            asked = Asked(visit, path, pairs, _action_token(token))
            if made := _MARKING.get(path):
                if request.method != "POST":
                    raise Problem(405, "this address takes other methods", "", {"Allow": "POST"})
                _check_action(asked)
                return made(asked)
            if made := _READING.get(path):
                return made(asked)
            if path.startswith("atom/"):
                return _atom(asked)
            if path == "stream/contents" or path.startswith("stream/contents/"):
                return _contents(asked)
        raise Problem(404, "nothing is published at this address")

    def _login(self, pairs: Sequence[tuple[str, str]]) -> Response:
        said = dict(pairs)
        name, token = said.get("Email", ""), said.get("Passwd", "")
        with apps.visit(self.site, self.clients, token, name):
            auth = f"{name}/{token}"
        return PlainTextResponse(f"SID={auth}\nLSID=null\nAuth={auth}\n", headers=PRIVATE)


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Problem(400, "the body of the request cannot be read", "it is no form in UTF-8") from error


def _authorised(request: Request) -> tuple[str, str]:
    """The name and the token of `Authorization: GoogleLogin auth=NAME/TOKEN`. Raises Problem."""
    said = request.headers.getlist("authorization")
    found = re.fullmatch(r"GoogleLogin\s+auth=([^/\s]{1,64})/(\S{1,200})", said[0].strip()) if len(said) == 1 else None
    if found is None:
        raise Problem(401, "log in first", "send `Authorization: GoogleLogin auth=...` with what ClientLogin returned")
    return found[1], found[2]


def _action_token(token: str) -> str:
    """What goes with each request that marks something: made of the token, so that nothing need be stored."""
    return hmac.new(token.encode("utf-8", "surrogateescape"), b"action", hashlib.sha256).hexdigest()[:57]


def _check_action(asked: Asked) -> None:
    """Apps that send none are known by their header alone, which no page of another site can send."""
    said = asked.one("T")
    if said is not None and not hmac.compare_digest(said.encode(), asked.token.encode()):
        raise Problem(401, "the action token is not good", "ask for another one", {"X-Reader-Google-Bad-Token": "true"})


def _refused(problem: Problem) -> Response:
    said = ": ".join(filter(None, (problem.title, problem.detail)))
    headers = {**PRIVATE, **problem.headers}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'GoogleLogin realm="wire"'
        said = f"Error=BadAuthentication\n{said}"
    return PlainTextResponse(f"{said}\n", problem.status, headers)
