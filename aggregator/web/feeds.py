"""Feeds at addresses that can be guessed: /feeds/latest.atom, /feeds/country/ml.rss, /feeds/publisher/KEY.json ..."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.desk.outgoing import feed
from aggregator.model import ItemClass, Selection, Wire
from aggregator.model.release import Feed, Heading
from aggregator.output.formats import FORMATS
from aggregator.store import Store
from aggregator.web.answers import Answer, Answers, answered
from aggregator.web.problems import Problem
from aggregator.web.site import Site

PAGE = 50  # reports
_FORMATS: Mapping[str, str] = MappingProxyType({"atom": "atom", "rss": "rss", "json": "jsonfeed"})
# What a feed may be of: the field of a Selection, and how its value is written there.
_OF = MappingProxyType(
    {
        "country": ("countries", str.upper),
        "publisher": ("publishers", str),
        "language": ("languages", str.lower),
        "kind": ("kinds", lambda said: said.replace("-", "_")),
        "group": ("groups", lambda said: said.replace("-", "_")),
        "class": ("item_classes", lambda said: said.replace("-", "_")),
    }
)


@dataclass(frozen=True, slots=True)
class Feeds:
    """The routes of all feeds of a site."""

    site: Site
    answers: Answers

    def routes(self) -> list[Route]:
        return [
            Route("/feeds/latest.{suffix}", self._latest, methods=["GET"]),
            Route("/feeds/{of}/{value}.{suffix}", self._of, methods=["GET"]),
        ]

    def _latest(self, request: Request) -> Response:
        return self._answer(request, Selection(), "latest reports")

    def _of(self, request: Request) -> Response:
        of, value = request.path_params["of"], request.path_params["value"]
        if of not in _OF:
            raise Problem(404, "no such feed", f"feeds are of {', '.join(_OF)}, or /feeds/latest.atom")
        name, written = _OF[of]
        with self.site.opened() as (store, _):
            known = _known(store, of)
        if written(value) not in known:
            raise Problem(404, "no such feed", f"no publisher of this wire has the {of} {value!r}")
        return self._answer(request, Selection(**{name: (written(value),)}), f"{of}: {value}")

    def _answer(self, request: Request, selection: Selection, what: str) -> Response:
        suffix = request.path_params["suffix"]
        if suffix not in _FORMATS:
            raise Problem(404, "no such feed", f"the formats are {', '.join(_FORMATS)}")
        before = request.query_params.get("before")
        form = FORMATS[_FORMATS[suffix]]
        wire = self.site.config().wire

        def make() -> Answer:
            with self.site.opened() as (store, now):
                if before is not None and not store.is_listed(before):
                    raise Problem(404, "no such page", f"there is no report {before!r} after which a page begins")
                wanted = replace(selection, before=before, limit=PAGE + 1)
                ids = [report.id for report in store.reports(wanted)]
                by = self.site.outlet(store, "feed", now)
                address = _address(wire, request.url.path, before)
                heading = Heading(title=f"{wire.name}: {what}", address=address, publisher=_only(selection))
                found = feed(store, wire, ids[:PAGE], by, heading)
            whole = replace(
                found,
                gone=found.gone if before is None else (),
                first=_address(wire, request.url.path, None),
                older=_address(wire, request.url.path, ids[PAGE - 1]) if len(ids) > PAGE else None,
                hub=wire.serve.hub,
            )
            return Answer(b"".join(form.render(whole)), form.media_type, _until(whole))

        return answered(request, self.site, self.answers, ("feed", request.url.path, before), make)


def _only(selection: Selection) -> str | None:
    return selection.publishers[0] if selection.publishers else None


def _until(found: Feed) -> datetime | None:
    moments = [each.valid_until for each in found.releases if each.valid_until]
    return min(moments, default=None)


def _address(wire: Wire, path: str, before: str | None) -> str:
    """Where a page is, for others."""
    return wire.url.rstrip("/") + path + (f"?{urlencode({'before': before})}" if before else "")


def _known(store: Store, of: str) -> set[str]:
    """The values that a feed may be of."""
    if of == "class":
        return set(get_args(ItemClass))
    publishers = store.publishers()
    names = {"country": "country", "publisher": "publisher", "kind": "publisher_kind", "group": "publisher_group"}
    if of == "language":
        return {tag.lower() for each in publishers for tag in each["languages"]}
    return {each[names[of]] for each in publishers}
