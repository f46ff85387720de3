"""The sections of the wire: latest reports, the wire's own, opinion, documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from aggregator.model import Group, ItemClass, Selection
from aggregator.web.pages import wording
from aggregator.web.pages.lists import BEFORE, Link, List, count, listing, written_code
from aggregator.web.pages.page import Page, PageRoute, Visit

# Classes of which the list is a section of the wire.
SECTION_OF: Mapping[ItemClass, str] = {"opinion": "/opinion", "document": "/documents"}


def latest(visit: Visit) -> Page:
    gettext = visit.gettext
    return listing(
        visit,
        List(
            selection=Selection(),
            path="/latest",
            title=gettext("Latest reports"),
            description=gettext("The latest reports of all publishers of this wire."),
            feed="/feeds/latest",
            within=(*_of_groups(visit), *_of_classes(visit)),
        ),
    )


def _of_groups(visit: Visit) -> tuple[Link, ...]:
    return tuple(
        Link("/own" if group == "own" else f"/group/{written_code(group)}", visit.gettext(wording.GROUPS[group]))
        for group in groups(visit)
    )


def _of_classes(visit: Visit) -> tuple[Link, ...]:
    """Lists of the classes of which there are reports; our own are a group too."""
    return tuple(
        Link(SECTION_OF.get(each, f"/class/{written_code(each)}"), visit.gettext(label))
        for each, label in wording.CLASSES.items()
        if each != "own_report" and count(visit, Selection(item_classes=(each,)), 1)
    )


def groups(visit: Visit) -> list[Group]:
    """Those that publishers here are of."""
    own = {each.group for each in visit.store.known_publishers().values()}
    return [group for group in get_args(Group) if group in own]


def own(visit: Visit) -> Page:
    gettext = visit.gettext
    return listing(
        visit,
        List(
            selection=Selection(groups=("own",)),
            path="/own",
            title=gettext("Our own reports"),
            description=gettext("What this wire itself has reported or commissioned, and answers for."),
            note=gettext("What this wire itself has reported or commissioned, and answers for."),
            feed="/feeds/group/own",
        ),
    )


def opinion(visit: Visit) -> Page:
    gettext = visit.gettext
    note = gettext("Views of their authors, apart from news. They need not be those of the publisher or of this wire.")
    return listing(
        visit,
        List(
            selection=Selection(item_classes=("opinion",)),
            path="/opinion",
            title=gettext("Opinion"),
            description=note,
            note=note,
            feed="/feeds/class/opinion",
        ),
    )


DOCUMENTS: tuple[ItemClass, ...] = ("document", "press_release", "notice")


def documents(visit: Visit) -> Page:
    gettext = visit.gettext
    note = gettext("Documents as institutions publish them. No newsroom has reported or checked them.")
    return listing(
        visit,
        List(
            selection=Selection(item_classes=("document",)),
            path="/documents",
            title=gettext("Documents"),
            description=note,
            note=note,
            feed="/feeds/class/document",
            switch=document_classes(visit, "document"),
        ),
    )


def document_classes(visit: Visit, here: str) -> tuple[Link, ...]:
    """Documents, press releases and notices, each of which leads to the others."""
    return tuple(
        Link(
            "/documents" if each == "document" else f"/class/{written_code(each)}",
            visit.gettext(wording.CLASSES[each]),
            count(visit, Selection(item_classes=(each,))),
            each == here,
        )
        for each in DOCUMENTS
    )


ROUTES = (
    PageRoute("/latest", latest, BEFORE),
    PageRoute("/own", own, BEFORE),
    PageRoute("/opinion", opinion, BEFORE),
    PageRoute("/documents", documents, BEFORE),
)
