"""What stands beside a report wherever it is shown: whose it is, above it; what is to be known of it, below it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from urllib.parse import urlsplit

from aggregator.model import Tag, TagEvidence
from aggregator.model.release import Feed, Picture, Release
from aggregator.tags.mediatopics import topic_label
from aggregator.text.dates import for_people
from aggregator.text.html import shortened
from aggregator.text.printable import address, line

_MOST_SHOWN, _MOST_WORDS = 100, 12  # characters, words, of a report without a headline
NO_HEADLINE = "(no headline)"


def publisher(release: Release) -> str:
    """The publisher as it stands above a report: with its place, where that is known."""
    return named(release.publisher_name, release.publisher_place)


def named(name: str, place: str) -> str:
    """The same of a publisher by its name and its place; '': that is not known."""
    return line(f"{name} ({place})" if place else name)


def headline(release: Release) -> str:
    """Its headline; of a report without one that it has none, and the first words that may be shown."""
    if release.headline:
        return release.headline
    words = " ".join((release.summary or release.text).split())
    return " ".join(filter(None, (NO_HEADLINE, shortened(words, _MOST_SHOWN, _MOST_WORDS))))


def item_class(release: Release) -> str | None:
    """As people read it; None: news, which is not said."""
    return None if release.item_class == "news" else release.item_class.replace("_", " ")


def authors(release: Release) -> list[str]:
    """The names of the persons who wrote it, without those who edited or translated it."""
    return [each.name for each in release.authors if each.role not in ("editing", "translation")]


def sources(release: Release) -> list[str]:
    """Whom its publisher has it from, each once."""
    return list(dict.fromkeys(filter(None, (release.origin, *release.agencies))))


def rights(release: Release, wire: str | None = None) -> str:
    """Copyright, licence and terms in one text. `wire`: its name, for a text that says who distributes the report."""
    licence = f"Licence: {release.licence}." if release.licence else None
    notice = release.copyright_notice
    if notice and not notice.endswith("."):
        notice += "."
    is_said = release.publisher_group == "own" or (wire or "") in (notice or "")
    distributed = None if is_said else f"Distributed by {wire}."
    return " ".join(filter(None, (notice, distributed, licence, release.usage_terms)))


def linked_rights(release: Release) -> str | None:
    """The address of its licence, or else of its publisher's own terms for machines."""
    return release.licence_url or release.policy_url


def is_reserved(release: Release) -> bool:
    """Whether it is reserved from mining (TDMRep, `tdm-reservation`): unless its publisher allows it."""
    return not release.uses.train == release.uses.input == "allowed"


def reservation(release: Release) -> dict[str, str]:
    """The fields of HTTP that say so (https://www.w3.org/community/reports/tdmrep/)."""
    if not is_reserved(release):
        return {"tdm-reservation": "0"}
    policy = {"tdm-policy": release.policy_url} if release.policy_url and release.policy_url.isascii() else {}
    return {"tdm-reservation": "1", **policy}


def terms(release: Release) -> str:
    """All that must be known of it and has no place of its own in a format."""
    contacts = [f"Corrections: {release.corrections_contact}."]
    if release.permissions_contact:
        contacts.append(f"Permissions: {release.permissions_contact}.")
    contacts.append(f"Comment or complain: {release.complaints_url}")
    return " ".join((release.usage_terms, *release.disclaimers, release.general, *contacts))


def tag(feed: Feed, report: str) -> str:
    """The report's id as an address of its own, which nobody can visit (RFC 4151)."""
    return f"tag:{urlsplit(feed.site).hostname or 'localhost'},2026:{report}"


def changed_at(release: Release) -> str:
    """When it changed last. The fraction of the second is of its id, so that two reports that were stored in the same
    second can be told apart.
    """
    stated = release.changed_at or release.first_seen
    fraction = int.from_bytes(hashlib.sha256(release.id.encode()).digest()[:4], "big") % 1_000_000
    moment = datetime.fromisoformat(stated) + timedelta(microseconds=fraction)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def published_at(release: Release) -> str:
    """When its publisher says that it appeared; where it says nothing, or a day that had not come when the wire
    received it, when that was.
    """
    received = datetime.fromisoformat(release.changed_at or release.first_seen)
    if release.published and datetime.fromisoformat(release.published) <= received + timedelta(days=1):
        return release.published
    return release.first_seen


def as_html(release: Release) -> str:
    """The report with all that must stand beside it, as HTML for a feed: publisher and credit first."""
    credit = release.credit if release.credit != publisher(release) else None
    above = [credit, item_class(release), release.byline]
    head = f"<p><strong>{escape(publisher(release))}</strong>"
    head += "".join(f"<br>{escape(said)}" for said in above if said) + "</p>"
    pictures = [_picture(each) for each in release.pictures]
    below = [*release.disclaimers, rights(release), release.general]
    links = [
        f'<a href="{escape(where)}">{escape(label)}</a>'
        for label, where in (
            ("The original", release.url),
            (f"Licence: {release.licence}", release.licence_url),
            ("Comment or complain", release.complaints_url),
        )
        if where
    ]
    if release.permissions_contact:
        links.append(f"Permissions: {escape(release.permissions_contact)}")
    pixel = f'<img src="{escape(release.pixel)}" alt="" width="1" height="1">' if release.pixel else ""
    said = [head, *pictures, words(release), *(f"<p>{escape(each)}</p>" for each in below if each)]
    return "\n".join(filter(None, said)) + f"\n<p>{' · '.join(links)}</p>{pixel}"


def as_text(release: Release, notice: str = "", wire: str | None = None) -> Iterator[str]:
    """The lines of the report below its publisher, as plain text: headline, words, and all that must stand beside them.
    `notice`: stands where its words are left out. `wire`: as in `rights`.
    """
    yield line(headline(release))
    yield from map(line, facts(release))
    if words := (release.text or release.summary or notice):
        yield ""
        yield from map(line, words.splitlines())
    yield ""
    yield from (line(said) for said in (*release.disclaimers, rights(release, wire)) if said)
    if link := address(release.url):
        yield f"The original: {link}"
    if release.licence_url:
        yield f"Licence: {line(release.licence_url)}"
    yield f"Corrections: {line(release.corrections_contact)}"
    if release.permissions_contact:
        yield f"Permissions: {line(release.permissions_contact)}"


def facts(release: Release) -> Iterator[str]:
    """What stands below a headline in plain text."""
    if release.credit != publisher(release):
        yield release.credit
    published = for_people(release.published, UTC) if release.published else None
    yield from filter(None, (item_class(release), release.byline, published))


def srcset(picture: Picture) -> str:
    """All sizes of a copy, as HTML names them; '': there is one, or none is known."""
    return ", ".join(f"{each.url} {each.width}w" for each in picture.sizes) if len(picture.sizes) > 1 else ""


def words(release: Release) -> str:
    """What leaves of its words, as HTML; '' where that is the headline alone."""
    if release.html:
        return release.html
    return "".join(f"<p>{escape(each)}</p>" for each in release.text.splitlines() if each.strip())


def pictures_inside(release: Release, html: str) -> list[Picture]:
    """Its pictures that are shown among its words, in this HTML; the others are shown apart from them."""
    return [each for each in release.pictures if f'src="{escape(each.url)}"' in html]


def on_change(release: Release) -> str | None:
    """Of its disclaimers the one that says what its publisher changed or corrected; None: these are its first words."""
    return release.disclaimers[-1] if release.changed_at else None  # `rights.release` puts it there


def evidence(tag: Tag, release: Release) -> list[TagEvidence]:
    """The words for which the wire set a tag, as far as they leave with the report."""
    return [each for each in tag.evidence if _may_leave(each, release)]


def _may_leave(words: TagEvidence, release: Release) -> bool:
    if release.scope == "full_text" or words.where == "headline":
        return True
    return words.where == "category" and release.scope == "excerpt"


def _picture(picture: Picture) -> str:
    size = "".join(
        f' {name}="{value}"' for name, value in (("width", picture.width), ("height", picture.height)) if value
    )
    caption = " ".join(filter(None, (picture.caption, picture.disclaimer)))
    if sizes := srcset(picture):
        size += f' srcset="{escape(sizes)}"'
    return (
        f'<figure><img src="{escape(picture.url)}" alt="{escape(picture.alt or "")}"{size}>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


TOPICS = "http://cv.iptc.org/newscodes/mediatopic/"  # the scheme of IPTC Media Topics


def topics(release: Release) -> list[tuple[str, str]]:
    """What the wire found it to be about, each as its code and its English label."""
    return [(code, topic_label(code)) for code in release.topics]
