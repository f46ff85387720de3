"""The sections of the wire: latest reports, the wire's own, opinion, documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from msgspec.structs import replace

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
            within=(*(group_link(visit, group) for group in groups(visit)), *_of_classes(visit)),
        ),
    )


def _of_classes(visit: Visit) -> tuple[Link, ...]:
    """Lists of the classes of which there are reports; our own are a group too."""
    return tuple(
        class_link(visit, each)
        for each in wording.CLASSES
        if each != "own_report" and count(visit, Selection(item_classes=(each,)), 1)
    )


def group_link(visit: Visit, group: Group) -> Link:
    path = "/own" if group == "own" else f"/group/{written_code(group)}"
    return Link(path, visit.gettext(wording.GROUPS[group]))


def class_link(visit: Visit, of: ItemClass) -> Link:
    return Link(SECTION_OF.get(of, f"/class/{written_code(of)}"), visit.gettext(wording.CLASSES[of]))


def groups(visit: Visit) -> list[Group]:
    """Those that publishers here are of."""
    own = {each.group for each in visit.store.known_publishers().values()}
    return [group for group in get_args(Group) if group in own]


def own(visit: Visit) -> Page:
    note = visit.gettext("What this wire itself has reported or commissioned, and answers for.")
    title, feed = visit.gettext("Our own reports"), "/feeds/group/own"
    selection = Selection(groups=("own",))
    return listing(visit, List(selection=selection, path="/own", title=title, description=note, note=note, feed=feed))


def opinion(visit: Visit) -> Page:
    note = visit.gettext(
        "Views of their authors, apart from news. They need not be those of the publisher or of this wire."
    )
    return listing(visit, _of_class(visit, "opinion", note))


def _of_class(visit: Visit, of: ItemClass, note: str, switch: tuple[Link, ...] = ()) -> List:
    """The list of a class that is a section. `note`: which reports are there."""
    return List(
        selection=Selection(item_classes=(of,)),
        path=SECTION_OF[of],
        title=visit.gettext(wording.CLASSES[of]),
        description=note,
        note=note,
        feed=f"/feeds/class/{of}",
        switch=switch,
    )


DOCUMENTS: tuple[ItemClass, ...] = ("document", "press_release", "notice")


def documents(visit: Visit) -> Page:
    note = visit.gettext("Documents as institutions publish them. No newsroom has reported or checked them.")
    return listing(visit, _of_class(visit, "document", note, document_classes(visit, "document")))


def document_classes(visit: Visit, here: str) -> tuple[Link, ...]:
    """Documents, press releases and notices, each of which leads to the others."""
    return tuple(
        replace(class_link(visit, each), count=count(visit, Selection(item_classes=(each,))), is_here=each == here)
        for each in DOCUMENTS
    )


ROUTES = (
    PageRoute("/latest", latest, BEFORE),
    PageRoute("/own", own, BEFORE),
    PageRoute("/opinion", opinion, BEFORE),
    PageRoute("/documents", documents, BEFORE),
)
