"""/report/{id}: one report with all that must stand beside it, and what the wire found out about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from markupsafe import Markup
from msgspec import Struct

from aggregator.desk.outgoing import releases
from aggregator.model import Selection, Tag, Tags
from aggregator.model.release import Release
from aggregator.output import beside, copies
from aggregator.output.content_warning import content_warning
from aggregator.output.country_prefix import country_prefix
from aggregator.output.schema_org import described
from aggregator.pipeline.feed_paths import feed_path
from aggregator.text.direction import direction_of_words
from aggregator.text.html import shortened
from aggregator.text.markup import below
from aggregator.web.pages import absent, wording
from aggregator.web.pages.contacts import contact_link
from aggregator.web.pages.page import Page, PageRoute, Visit
from aggregator.web.pages.rows import counted, rows, until
from aggregator.web.pages.writing import country_in

_MOST_OTHERS = 4  # reports at the end of a page, of each kind
_LOOKED_AT = 10  # on the same topic: most are of other publishers
_MOST_DESCRIBED = 200  # characters
_DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443}


class _Found(Struct, frozen=True):
    """A topic or a country that the wire found a report to be about, and the words that say so."""

    code: str
    path: str  # of the list of it
    evidence: tuple[tuple[str, str], ...]  # words of the report, and where they stand


def report(visit: Visit) -> Page:
    """Raises Problem."""
    id_ = visit.named["id"]
    found = next(releases(visit.store, visit.wire, [id_], visit.by), None)
    if not isinstance(found, Release):
        return absent.page(visit, id_, found)
    here = f"/report/{id_}"
    words = beside.words(found)
    inline = beside.pictures_inside(found, words)
    shown = copies.moved(found, "")  # on this site, whatever it is called by whoever asks
    country = country_prefix(found, lambda code: country_in(code, visit.reader.language))
    of_publisher, of_topic = _others(visit, found)
    on_change = beside.on_change(found)
    tags = visit.store.tags_of(id_) if visit.store.is_current() else None
    others = [*of_publisher, *of_topic]
    return Page(
        template="report.html",
        title=": ".join(filter(None, (country, beside.headline(found)))),
        description=_description(found),
        values={
            "report": found,
            "words": Markup(below(words, 2)),
            "country": country,
            "pictures": [each for each in shown.pictures if each.url not in {one.url for one in inline}],
            "inline": inline,
            "warning": content_warning(found),
            "on_change": directed(found, [on_change])[0] if on_change else None,
            "notices_language": visit.notices_language(found.publisher),
            "disclaimers": directed(found, [each for each in found.disclaimers if each != on_change]),
            "rights": beside.rights(found, visit.wire.name),
            "linked_rights": beside.linked_rights(found),
            "corrections": contact(found.corrections_contact),
            "permissions": contact(found.permissions_contact),
            "is_reserved": beside.is_reserved(found),
            "has_versions": found.revision > 1 and found.scope == "full_text",
            "data": described(found, visit.address(here), visit.wire.name, visit.wire.url),
            "topics": _topics(found, tags),
            "countries": _countries(found, tags),
            "language_from": wording.LANGUAGE_FROM.get(found.language_from or ""),
            "sources": beside.sources(found),
            "of_publisher": of_publisher,
            "of_topic": of_topic,
        },
        canonical=canonical(visit, found),
        is_indexed=found.index == "index",
        feed=feed_path("publisher", found.publisher),
        until=until([found, *others]),
        headers=tuple(beside.reservation(found).items()),
        reports=Counter(counted([found, *others])),
        pictures_from=origins(found),
    )


def canonical(visit: Visit, found: Release) -> str | None:
    """The address that search engines are to name for a report, and for each page about it; None: its rights name
    none.
    """
    return {"publisher": found.url, "self": visit.address(f"/report/{found.id}"), "none": None}[found.canonical]


def of_page(title: str, found: Release) -> str:
    """What a page about a report, which is not the report, is described with."""
    return shortened(f"{title}. {beside.publisher(found)}", _MOST_DESCRIBED)


def origins(found: Release) -> frozenset[str]:
    """From where a page of a report loads pictures that its rights let it show from there alone, and its pixel."""
    addresses = [each.url for each in found.pictures if not each.copy]
    addresses += [found.pixel] if found.pixel else []
    return frozenset(filter(None, map(_origin, addresses)))


def _origin(url: str) -> str | None:
    """As the field Content-Security-Policy names it; None: it can not name it, and nothing is loaded from there."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host or not all(each.isalnum() or each in "-._" for each in host):
        return None
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, _DEFAULT_PORTS[parts.scheme]) else "")


def contact(said: str | None) -> tuple[str, str | None] | None:
    """An e-mail address or a page, and where it leads; None: there is none."""
    return (said, contact_link(said)) if said else None


def directed(found: Release, said: Sequence[str]) -> list[tuple[str, str]]:
    """Sentences of the wire about a report, each with the direction in which it is written, whatever the scripts of the
    publisher's name and words in it.
    """
    theirs = [found.publisher_name, found.headline, *found.text.splitlines()]
    theirs = sorted(filter(None, map(str.strip, theirs)), key=len, reverse=True)

    def own(words: str) -> str:
        for each in theirs:
            words = words.replace(each, "")
        return words

    return [(each, direction_of_words(own(each))) for each in said]


def _description(found: Release) -> str:
    """Whose it is; and its first words, where search engines may have them."""
    words = " ".join((found.summary or found.text).split()) if found.index == "index" else ""
    return shortened(f"{beside.publisher(found)}. {words}".strip(), _MOST_DESCRIBED)


def _others(visit: Visit, found: Release) -> tuple[Sequence[Release], Sequence[Release]]:
    """Reports of the same publisher, and of other publishers about the same topic; the newest."""
    of_publisher = rows(visit, Selection(publishers=(found.publisher,)), _MOST_OTHERS + 1).reports
    of_topic: Sequence[Release] = ()
    if found.topics:
        of_topic = rows(visit, Selection(topics=found.topics[:1]), _LOOKED_AT).reports
    mine = [each for each in of_publisher if each.id != found.id][:_MOST_OTHERS]
    return mine, [each for each in of_topic if each.publisher != found.publisher][:_MOST_OTHERS]


def _topics(found: Release, tags: Tags | None) -> list[_Found]:
    evidence = _evidence(found, tags.topics if tags else ())
    return [_Found(code, f"/topic/{code}", evidence.get(code, ())) for code in found.topics]


def _countries(found: Release, tags: Tags | None) -> list[_Found]:
    evidence = _evidence(found, tags.countries if tags else ())
    return [_Found(code, f"/country/{code.lower()}", evidence.get(code, ())) for code in found.about]


def _evidence(found: Release, tags: Sequence[Tag]) -> dict[str, tuple[tuple[str, str], ...]]:
    """By code, what of it may leave."""
    return {
        each.code: tuple((said.words, wording.WHERE[said.where]) for said in beside.evidence(each, found))
        for each in tags
    }


ROUTES = (PageRoute("/report/{id}", report),)
