"""The wire's statement: who runs it, how reports come in, what it may not do with them, and where to complain."""

from __future__ import annotations

import logging
from datetime import timedelta

from markupsafe import Markup

from aggregator.desk.signals import by_publisher, of_publisher
from aggregator.model.errors import ManuscriptError
from aggregator.pipeline.statement import statement
from aggregator.rights import widest
from aggregator.text.printable import address
from aggregator.web.pages.page import Page, PageRoute, Visit

_OWN_WORDS = 3  # the level of the highest headings of the operator's own text
_OF_LATE = timedelta(days=30)

log = logging.getLogger("aggregator.web")


def about(visit: Visit) -> Page:
    """Its numbers are of publishers of which something may be read here."""
    wire, by, said = visit.wire, visit.by, by_publisher(visit.store)
    shown = [
        each
        for each in visit.store.publisher_profiles()
        if widest(each.rights, by, of_publisher(said, each.publisher, each.homepage)) != "none"
    ]
    counts = visit.store.reports_since(visit.now.date() - _OF_LATE)
    own = visit.store.publisher_profile(wire.publisher)
    is_open = sum(each.rights.basis in ("open_licence", "public_domain", "statutory") for each in shown)
    return Page(
        template="about.html",
        title=visit.gettext("About this wire"),
        description=visit.gettext("Who runs this wire, how reports come in, and how to ask for a correction."),
        values={
            "statement": _own_words(visit),
            "own": own,
            "complaints_url": address(wire.complaints_url),
            "number_of_publishers": len(shown),
            "number_of_countries": len({each.country for each in shown} - {"XA", "XW"}),
            "number_of_reports": sum(counts.get(each.publisher, 0) for each in shown),
            "number_open": is_open,
            "number_whole": sum(each.rights.text_scope == "full_text" for each in shown),
        },
        canonical=visit.address("/about"),
        feed=None,
    )


def _own_words(visit: Visit) -> Markup | None:
    """A file that cannot be read is left out, and the log says why."""
    try:
        said = statement(visit.site.paths, visit.wire, _OWN_WORDS)
    except ManuscriptError as error:
        log.warning("the page /about lacks the statement: %s", error)
        return None
    return Markup(said) if said else None


ROUTES = (PageRoute("/about", about),)
