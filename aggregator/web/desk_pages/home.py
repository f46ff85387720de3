"""The desk's first page: what needs a person now."""

from __future__ import annotations

from aggregator.web.desk_pages.visit import DeskRoute, DeskVisit
from aggregator.web.pages.page import Page


def home(visit: DeskVisit) -> Page:
    return Page(template="desk/home.html", title=visit.gettext("Desk"), description="", is_indexed=False)


ROUTES = (DeskRoute("/desk", home),)
