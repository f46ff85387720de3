"""/pictures/DIGEST.WIDTH.jpg: the wire's own copies, as long as a report may show them."""

from __future__ import annotations

import math
import re
from datetime import datetime

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.desk.outgoing import outlet, releases
from aggregator.desk.pictures import reports_with
from aggregator.model.release import RefusalReason, Release
from aggregator.output import beside
from aggregator.store import Store
from aggregator.text.printable import line
from aggregator.web.answers import LONGEST, has_it
from aggregator.web.problems import Problem
from aggregator.web.site import Site

PATH = "/pictures/{name}"
_NAME = re.compile(r"([0-9a-f]{64})\.([1-9][0-9]{0,4})\.jpg")
# It is a picture, and nothing else, whatever a browser finds in it.
_FIELDS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "cross-origin",  # pages and readers of feeds elsewhere show it
}


class Pictures(Struct, frozen=True):
    """The route of a site."""

    site: Site

    def routes(self) -> list[Route]:
        return [Route(PATH, self._picture, methods=["GET"])]

    def _picture(self, request: Request) -> Response:
        """The gate decides each time. Raises Problem."""
        named = _NAME.fullmatch(request.path_params["name"])
        if named is None:
            raise _not_here()
        digest, width = named[1], int(named[2])
        with self.site.kept_open() as (store, now):
            shown = self._shown_by(store, digest, width, now)
            path = store.picture_file(digest, width)
        try:
            content = path.read_bytes()
        except OSError as error:  # it is fetched anew, as soon as that is noticed
            raise _not_here() from error
        etag = f'"{digest[:32]}.{width}.{len(content)}"'
        until = min(filter(None, (now + LONGEST, shown.valid_until)))
        seconds = max(0, math.floor((until - now).total_seconds()))
        fields = {**_FIELDS, "ETag": etag, "Cache-Control": f"public, max-age={seconds}", **beside.reservation(shown)}
        if has_it(request, etag):
            return Response(status_code=304, headers=fields)
        return Response(content, headers=fields, media_type="image/jpeg")

    def _shown_by(self, store: Store, digest: str, width: int, now: datetime) -> Release:
        """A report that may show it by the channel `web`; raises Problem where there is none."""
        wire, by = self.site.config().wire, outlet(store, "web", now)
        refused: dict[RefusalReason, str] = {}
        for found in releases(store, wire, reports_with(store, digest), by):
            if not isinstance(found, Release):
                refused.setdefault(found.reason, found.text)
            elif any(each.copy == digest and width in [of.width for of in each.sizes] for each in found.pictures):
                return found
        if "legal" in refused:
            blocked_by = {"Link": f'<{wire.url}>; rel="blocked-by"'}
            raise Problem(451, "this picture is held back by a legal demand", line(refused["legal"]), blocked_by)
        if {"withdrawn", "gone", "removed"} & refused.keys() or (
            not refused and store.is_current() and store.picture_was_removed(digest)
        ):
            raise Problem(410, "this picture is gone", "no report shows it any more")
        raise _not_here()


def _not_here() -> Problem:
    return Problem(404, "there is no such picture", "no report that may leave shows a picture at this address")
