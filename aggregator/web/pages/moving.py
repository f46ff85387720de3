"""Pages that are at another address."""

from __future__ import annotations

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
