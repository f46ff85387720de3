"""The API of Miniflux, for apps that read feeds: reading and marking.

Fields and parameters are those of https://miniflux.app/docs/api.html; what cannot be done here is refused and not left
out in silence. docs/apps.md describes it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.config.codes import country_name
from aggregator.model.apps import AppFeed, AppListing
from aggregator.pipeline.feed_paths import feed_path
from aggregator.text.dates import to_iso
from aggregator.text.printable import as_json
from aggregator.web import apps
from aggregator.web.apps import MOST, PRIVATE, Shown, Subject, Visit, title_of
from aggregator.web.clients import Clients
from aggregator.web.problems import Problem
from aggregator.web.site import Site

VERSION = "2.2.0"  # of Miniflux, whose API this is
_USER = 1  # each token is a user of its own, and knows of no other
_USUAL = 100  # entries of a page
_MOST_PAGES = 1_000
_BOOLEANS: Mapping[str, bool] = MappingProxyType({"true": True, "1": True, "false": False, "0": False})
_ORDERS: Mapping[str, Any] = MappingProxyType({"id": "number", "created_at": "number", "published_at": "published"})
_KNOWN = frozenset(
    {
        "status", "offset", "limit", "order", "direction", "before", "after", "published_before", "published_after",
        "changed_after", "before_entry_id", "after_entry_id", "starred", "category_id", "feed_id", "globally_visible",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of somebody who has logged in."""

    visit: Visit
    query: Sequence[tuple[str, str]]
    body: bytes
    number: int  # in its address; 0: it has none

    def one(self, name: str) -> str | None:
        return next((value for key, value in self.query if key == name and value), None)

    def of_folder(self, number: int) -> list[AppFeed]:
        """Raises Problem."""
        if found := [each for each in self.visit.feeds() if each.folder_id == number]:
            return found
        raise Problem(404, "there is no such category")

    def subject(self, number: int) -> Subject | None:
        """The saved search or topic whose folder has this number; None: none has."""
        return next((each for each in self.visit.subjects() if each.folder_id == number), None)

    def of_feed(self, number: int) -> AppFeed:
        """Raises Problem."""
        if found := next((each for each in self.visit.feeds() if each.feed_id == number), None):
            return found
        raise Problem(404, "there is no such feed")


def _json(said: object, status: int = 200) -> Response:
    return Response(as_json(said) + "\n", status, PRIVATE, "application/json")


def _done() -> Response:
    return Response(status_code=204, headers=PRIVATE)


# The wire, its feeds and its folders


def _version(_: Asked) -> Response:
    said = {"version": VERSION, "commit": "", "build_date": "", "go_version": "", "compiler": "", "arch": "", "os": ""}
    return _json(said)


def _me(asked: Asked) -> Response:
    return _json(
        {
            "id": _USER,
            "username": asked.visit.name,
            "is_admin": False,
            "theme": "light_serif",
            "language": "en_US",
            "timezone": "UTC",
            "entry_sorting_direction": "desc",
            "entry_sorting_order": "published_at",
            "entries_per_page": _USUAL,
            "last_login_at": to_iso(asked.visit.now),
        }
    )


def _category(feed: AppFeed) -> dict[str, Any]:
    return {
        "id": feed.folder_id,
        "title": country_name(feed.country),
        "user_id": _USER,
        "hide_globally": False,
    }


def _categories(asked: Asked) -> Response:
    feeds = asked.visit.feeds()
    rows = list({each.folder_id: _category(each) for each in feeds}.values())
    if _BOOLEANS.get(asked.one("counts") or ""):
        found = asked.visit.store.app_unread(asked.visit.reader)
        for row in rows:
            of_folder = [each for each in feeds if each.folder_id == row["id"]]
            row["feed_count"] = len(of_folder)
            row["total_unread"] = sum(found[each.publisher].unread for each in of_folder if each.publisher in found)
    for subject in asked.visit.subjects():
        row = {"id": subject.folder_id, "title": subject.title, "user_id": _USER, "hide_globally": False}
        if _BOOLEANS.get(asked.one("counts") or ""):
            row |= {"feed_count": 0, "total_unread": (asked.visit.unread_of(subject) or (0, ""))[0]}
        rows.append(row)
    return _json(sorted(rows, key=lambda row: str(row["title"])))


def _feed(asked: Asked, feed: AppFeed) -> dict[str, Any]:
    path = feed_path("publisher", feed.publisher)
    return {
        "id": feed.feed_id,
        "user_id": _USER,
        "feed_url": f"{asked.visit.wire.url.rstrip('/')}{path}.atom",
        "site_url": feed.homepage,
        "title": title_of(feed),
        "description": "",
        "checked_at": to_iso(asked.visit.now),
        "next_check_at": to_iso(asked.visit.now),
        "etag_header": "",
        "last_modified_header": "",
        "parsing_error_message": "",
        "parsing_error_count": 0,
        "scraper_rules": "",
        "rewrite_rules": "",
        "crawler": False,
        "blocklist_rules": "",
        "keeplist_rules": "",
        "user_agent": "",
        "username": "",
        "password": "",
        "disabled": False,
        "ignore_http_cache": False,
        "fetch_via_proxy": False,
        "hide_globally": False,
        "no_media_player": False,
        "category": _category(feed),
        "icon": {"feed_id": feed.feed_id, "icon_id": 0},
    }


def _feeds(asked: Asked) -> Response:
    return _json([_feed(asked, each) for each in asked.visit.feeds()])


def _feeds_of(asked: Asked) -> Response:
    feeds = [] if asked.subject(asked.number) else asked.of_folder(asked.number)
    return _json([_feed(asked, each) for each in feeds])


def _one_feed(asked: Asked) -> Response:
    return _json(_feed(asked, asked.of_feed(asked.number)))


def _counters(asked: Asked) -> Response:
    found = asked.visit.store.app_unread(asked.visit.reader)
    feeds = [each for each in asked.visit.feeds() if each.publisher in found]
    return _json(
        {
            "reads": {str(each.feed_id): found[each.publisher].read for each in feeds},
            "unreads": {str(each.feed_id): found[each.publisher].unread for each in feeds},
        }
    )


def _no_icon(_: Asked) -> Response:
    raise Problem(404, "there is no icon")


# Entries


def _entries(asked: Asked) -> Response:
    return _page(asked, AppListing())


def _entries_of_feed(asked: Asked) -> Response:
    return _page(asked, AppListing(publishers=(asked.of_feed(asked.number).publisher,)))


def _entries_of_folder(asked: Asked) -> Response:
    if (subject := asked.subject(asked.number)) is not None:
        return _page(asked, subject.listing)
    return _page(asked, AppListing(publishers=tuple(each.publisher for each in asked.of_folder(asked.number))))


def _page(asked: Asked, listing: AppListing) -> Response:
    listing = _within(asked, _sorted(asked, _narrowed(asked, listing)))
    entries, total = asked.visit.store.app_entries(asked.visit.reader, listing)
    return _json({"total": total, "entries": [_entry(asked, each) for each in asked.visit.shown(entries)]})


def _narrowed(asked: Asked, listing: AppListing) -> AppListing:
    """By states, feeds and folders. Raises Problem."""
    for name, _ in asked.query:
        if name not in _KNOWN:
            raise Problem(400, "there is no such parameter here", name[:200])
    if said := asked.one("category_id"):
        number = apps.whole_number(said, "category_id")
        if (subject := asked.subject(number)) is not None:
            listing = subject.within(listing)
        else:
            listing = _also_of(listing, [each.publisher for each in asked.of_folder(number)])
    if said := asked.one("feed_id"):
        listing = _also_of(listing, [asked.of_feed(apps.whole_number(said, "feed_id")).publisher])
    statuses = {value for key, value in asked.query if key == "status" and value}
    if unknown := statuses - {"read", "unread", "removed"}:
        raise _refused("status", min(unknown), "read, unread or removed")
    if statuses and not statuses - {"removed"}:  # nothing is removed here
        listing = replace(listing, publishers=())
    elif len(wanted := statuses - {"removed"}) == 1:
        listing = replace(listing, is_read=wanted == {"read"})
    if said := asked.one("starred"):
        if said.lower() not in _BOOLEANS:
            raise _refused("starred", said, "true or false")
        listing = replace(listing, is_starred=_BOOLEANS[said.lower()])
    return listing


def _also_of(listing: AppListing, publishers: Sequence[str]) -> AppListing:
    known = publishers if listing.publishers is None else listing.publishers
    return replace(listing, publishers=tuple(each for each in known if each in publishers))


def _sorted(asked: Asked, listing: AppListing) -> AppListing:
    """Raises Problem."""
    order, direction = asked.one("order") or "published_at", asked.one("direction") or "asc"
    if order not in _ORDERS:
        raise _refused("order", order, ", ".join(_ORDERS))
    if direction not in ("asc", "desc"):
        raise _refused("direction", direction, "asc or desc")
    limit = apps.whole_number(asked.one("limit") or str(_USUAL), "limit") or MOST
    if limit > MOST:
        raise Problem(400, "too many entries are asked for", f"limit: at most {MOST:,}")
    skip = apps.whole_number(asked.one("offset") or "0", "offset")
    if skip > _MOST_PAGES * limit:
        said = f"offset: at most {_MOST_PAGES:,} pages; go on with before_entry_id or after_entry_id and order=id"
        raise Problem(400, "the page is too far from the first", said)
    return replace(
        listing, order=_ORDERS[order], newest_first=direction == "desc", limit=limit, skip=skip, is_counted=True
    )


def _within(asked: Asked, listing: AppListing) -> AppListing:
    """Bounds by numbers and times. Raises Problem."""
    if said := asked.one("before_entry_id"):
        listing = replace(listing, below=apps.whole_number(said, "before_entry_id"))
    if said := asked.one("after_entry_id"):
        listing = replace(listing, above=apps.whole_number(said, "after_entry_id"))
    for name in ("before", "published_before"):
        if said := asked.one(name):
            listing = replace(listing, published_until=apps.moment(said, name))
    for name in ("after", "published_after"):
        if said := asked.one(name):
            listing = replace(listing, published_since=apps.moment(said, name))
    if said := asked.one("changed_after"):
        listing = replace(listing, changed_since=apps.moment(said, "changed_after"))
    return listing


def _refused(name: str, found: str, known: str) -> Problem:
    return Problem(400, "a parameter cannot be understood", f"{name}: {found[:200]!r} is none of {known}")


def _one_entry(asked: Asked) -> Response:
    page = asked.visit.shown(asked.visit.store.app_entries_of(asked.visit.reader, [asked.number]))
    if not page:
        raise Problem(404, "there is no such entry")
    return _json(_entry(asked, page[0]))


def _entry(asked: Asked, shown: Shown) -> dict[str, Any]:
    entry = shown.entry
    return {
        "id": entry.number,
        "user_id": _USER,
        "feed_id": shown.feed.feed_id,
        "status": "read" if entry.is_read else "unread",
        "hash": entry.id,
        "title": shown.title,
        "url": shown.url,
        "comments_url": "",
        "published_at": to_iso(shown.published),
        "created_at": entry.first_seen,
        "changed_at": to_iso(shown.changed),
        "content": shown.html,
        "author": shown.author,
        "share_code": "",
        "starred": entry.is_starred,
        "reading_time": 0,
        "enclosures": [],
        "feed": _feed(asked, shown.feed),
        "tags": [],
    }


# What is marked


def _put_entries(asked: Asked) -> Response:
    try:
        said = json.loads(asked.body)
    except ValueError as error:
        raise Problem(400, "the body of the request is no JSON") from error
    except RecursionError as error:
        raise Problem(400, "the body of the request is nested too deeply") from error
    numbers = said.get("entry_ids") if isinstance(said, dict) else None
    if not isinstance(numbers, list) or not numbers or not all(type(each) is int and each > 0 for each in numbers):
        raise Problem(400, "a field cannot be understood", "entry_ids: a list of numbers of entries")
    if said.get("status") not in ("read", "unread"):
        raise Problem(400, "a field cannot be understood", "status: read or unread")
    asked.visit.mark(numbers, is_read=said["status"] == "read")
    return _done()


def _toggle_star(asked: Asked) -> Response:
    if not asked.visit.store.app_entries_of(asked.visit.reader, [asked.number]):
        raise Problem(404, "there is no such entry")
    with asked.visit.writing() as store:
        store.app_toggle_star(asked.visit.reader.token_hash, asked.number)
    return _done()


def _read_feed(asked: Asked) -> Response:
    return _read(asked, [asked.of_feed(asked.number)])


def _read_folder(asked: Asked) -> Response:
    if (subject := asked.subject(asked.number)) is not None:
        asked.visit.mark_subject(subject, asked.visit.store.app_last())
        return _done()
    return _read(asked, asked.of_folder(asked.number))


def _read_everything(asked: Asked) -> Response:
    if asked.number != _USER:
        raise Problem(403, "another user's entries cannot be marked")
    return _read(asked, asked.visit.feeds())


def _read(asked: Asked, feeds: Sequence[AppFeed]) -> Response:
    asked.visit.mark_all([each.publisher for each in feeds], asked.visit.store.app_last())
    return _done()


_ADDRESSES: tuple[tuple[str, str, Callable[[Asked], Response]], ...] = (
    ("GET", "/v1/version", _version),
    ("GET", "/v1/me", _me),
    ("GET", "/v1/categories", _categories),
    ("GET", "/v1/categories/{number:int}/feeds", _feeds_of),
    ("GET", "/v1/categories/{number:int}/entries", _entries_of_folder),
    ("GET", "/v1/feeds", _feeds),
    ("GET", "/v1/feeds/counters", _counters),
    ("GET", "/v1/feeds/{number:int}", _one_feed),
    ("GET", "/v1/feeds/{number:int}/icon", _no_icon),
    ("GET", "/v1/feeds/{number:int}/entries", _entries_of_feed),
    ("GET", "/v1/icons/{number:int}", _no_icon),
    ("GET", "/v1/entries", _entries),
    ("GET", "/v1/entries/{number:int}", _one_entry),
    ("PUT", "/v1/entries", _put_entries),
    ("PUT", "/v1/entries/{number:int}/bookmark", _toggle_star),
    ("PUT", "/v1/entries/{number:int}/star", _toggle_star),
    ("PUT", "/v1/feeds/{number:int}/mark-all-as-read", _read_feed),
    ("PUT", "/v1/categories/{number:int}/mark-all-as-read", _read_folder),
    ("PUT", "/v1/users/{number:int}/mark-all-as-read", _read_everything),
)


@dataclass(frozen=True, slots=True)
class Miniflux:
    """The routes of this API of a site."""

    site: Site
    clients: Clients

    def routes(self) -> list[Route]:
        found = [Route(path, self._endpoint(made), methods=[method]) for method, path, made in _ADDRESSES]
        return [*found, Route("/v1/{rest:path}", self._endpoint(_nothing), methods=["GET", "POST", "PUT", "DELETE"])]

    def _endpoint(self, made: Callable[[Asked], Response]) -> Any:
        def answer(request: Request, body: bytes) -> Response:
            name, token = _authorised(request)
            with apps.visit(self.site, self.clients, token, name) as visit:
                number = request.path_params.get("number", 0)
                return made(Asked(visit, request.query_params.multi_items(), body, number))

        return apps.answering(answer, _said)


def _nothing(_: Asked) -> Response:
    raise Problem(404, "nothing is published at this address", "feeds and categories are those of the wire")


def _authorised(request: Request) -> tuple[str | None, str]:
    """The name, where it is said, and the token: of `X-Auth-Token`, or of HTTP's Basic (RFC 7617). Raises Problem."""
    tokens, said = request.headers.getlist("x-auth-token"), request.headers.getlist("authorization")
    if len(tokens) == 1:
        return None, tokens[0].strip()
    scheme, _, coded = (said[0] if len(said) == 1 else "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, colon, token = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            colon = ""
        if colon:
            return name, token
    raise Problem(401, "log in first", "send `X-Auth-Token: TOKEN`, or the token's name and the token as a password")


def _said(problem: Problem) -> Response:
    headers = {**PRIVATE, **problem.headers}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="wire"'
    said = {"error_message": ": ".join(filter(None, (problem.title, problem.detail)))}
    return Response(as_json(said) + "\n", problem.status, headers, "application/json")
