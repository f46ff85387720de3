"""Pages that are at another address, and answers that lead to another page."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from aggregator.web.pages.page import Page, Visit


def moved(visit: Visit, path: str) -> Page:
    """What says that a page is at another path of this wire for good (RFC 9110 section 15.4.2)."""
    return Page(
        template="elsewhere.html",
        title=visit.gettext("This page is at another address"),
        description="",
        values={"to": path},
        is_indexed=False,
        status=301,
        headers=(("Location", path),),
    )


def led(path: str, also: Mapping[str, str] | None = None, status: int = 303) -> Response:
    """An answer that leads to a page of ours, which is read by GET (RFC 9110 section 15.4.4). It is kept nowhere.
    `also`: other fields of HTTP.
    """
    return Response(status_code=status, headers={"Location": path, "Cache-Control": "no-store", **(also or {})})
