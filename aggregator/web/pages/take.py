"""/report/{id}/take: a report for editors of other media, as its rights let them take it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aggregator.desk.outgoing import releases
from aggregator.desk.taking import Offer, offer
from aggregator.model.release import Release
from aggregator.output import beside, taking
from aggregator.rights.templates import licence_name
from aggregator.text.direction import direction
from aggregator.web.pages import absent, rights_words, wording
from aggregator.web.pages.page import Page, PageRoute, Visit
from aggregator.web.pages.report import canonical, contact, directed, of_page
from aggregator.web.problems import Problem

MOST_NAME, MOST_PLACE = 200, 500  # characters of what a person writes
TRAP = "homepage"  # a field that people do not see


def take_page(visit: Visit) -> Page:
    """What may be taken; the form; and behind a form that was sent, the words. Raises Problem."""
    return filled_page(visit, {}, {})


def filled_page(visit: Visit, typed: Mapping[str, str], wrong: Mapping[str, str]) -> Page:
    """`typed`: what a form had; `wrong`: by field, what is wrong with it."""
    id_ = visit.named["id"]
    shown = next(releases(visit.store, visit.wire, [id_], visit.by), None)
    if not isinstance(shown, Release):
        return absent.page(visit, id_, shown, "/take")
    found = offer(visit.store, visit.wire, id_, visit.now)
    key = visit.one("taken")
    taken = visit.store.taken_by_key(id_, key) if key and isinstance(found, Offer) else None
    if key and taken is None:
        raise Problem(404, "This address is not good any more", "Take the report anew.")
    publisher = next((each for each in visit.config.publishers if each.key == shown.publisher), None)
    values: dict[str, Any] = {
        "report": shown,
        "offer": found if isinstance(found, Offer) else None,
        "said": _said(visit, found) if isinstance(found, Offer) else {},
        "permissions": contact(shown.permissions_contact) or contact(shown.corrections_contact),
        "notices_language": visit.notices_language(shown.publisher),
        "disclaimers": directed(shown, shown.disclaimers),
        "forms": wording.TAKE_FORMS,
        "typed": typed,
        "wrong": wrong,
        "taken": taken,
        "is_told": publisher is not None and publisher.contact.tell_taken,
        "keep_days": visit.wire.take.keep.days,
        "trap": TRAP,
        "most_name": MOST_NAME,
        "most_place": MOST_PLACE,
    }
    if taken is not None and isinstance(found, Offer):
        suffix, _ = taking.FORMS[taken.format]
        values |= {
            "words": taking.rendered(found.release, taken.format, visit.wire),
            "words_direction": direction(shown.language) if taken.format == "text" else "ltr",
            "file": f"/report/{id_}/take/{taken.key}.{suffix}",
            "pictures": [(each, taking.picture_words(each)) for each in found.release.pictures],
        }
    title = visit.gettext("Take this report: %(headline)s") % {"headline": beside.headline(shown)}
    return Page(
        template="take.html",
        title=title,
        description=of_page(title, shown),
        values=values,
        canonical=canonical(visit, shown),
        is_indexed=False,
        until=shown.valid_until,
        status=422 if wrong else 200,
        headers=tuple(beside.reservation(shown).items()),
        reports={shown.publisher: 1} if taken else {},
    )


def _said(visit: Visit, found: Offer) -> dict[str, str]:
    """What the rights allow, in plain words."""
    rights, release = found.rights, found.release
    named = {"publisher": release.publisher_name, "licence": licence_name(rights.licence or "")}
    return {
        name: visit.gettext(message) % named
        for name, message in (
            ("basis", rights_words.TAKE_BASIS[rights.basis]),
            ("scope", rights_words.TAKE_SCOPE[release.scope]),
            ("edits", rights_words.TAKE_EDITS[rights.edits]),
            ("translation", rights_words.TAKE_TRANSLATION[rights.translation]),
            ("commerce", rights_words.TAKE_COMMERCE[rights.commercial_use]),
        )
    }


ROUTES = (PageRoute("/report/{id}/take", take_page, ("taken",)),)
