"""Atom 1.0 (RFC 4287): an entry a report, with its publisher as `source`; a tombstone for each that left (RFC 6721)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from aggregator.model.release import Feed, Gone, Release
from aggregator.output import beside
from aggregator.output.xml import XML, Element, add, add_if, document, root

ATOM = "http://www.w3.org/2005/Atom"
_DELETED = "http://purl.org/atompub/tombstones/1.0"
# An address of e-mail (RFC 5322, without what nobody writes into a byline), and what is put around one.
_EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}", re.ASCII)
_AROUND = str.maketrans("<>()[]", " " * 6)
_DC = "http://purl.org/dc/elements/1.1/"


def render(feed: Feed) -> bytes:
    top = root(_of("feed"), {None: ATOM, "at": _DELETED, "dc": _DC})
    add(top, _of("id"), feed.first or feed.address)
    add(top, _of("title"), feed.title)
    add(top, _of("subtitle"), f"{feed.general} Comment or complain: {feed.complaints_url}")
    add(top, _of("updated"), feed.updated)
    person = add(top, _of("author"))
    add(person, _of("name"), feed.wire)
    add(person, _of("uri"), feed.site)
    add(top, _of("generator"), "aggregator")
    _link(top, "self", feed.address, "application/atom+xml")
    _link(top, "alternate", feed.site)
    for relation, address in (("first", feed.first), ("next", feed.older), ("previous", feed.newer), ("hub", feed.hub)):
        if address:
            _link(top, relation, address)
    for gone in feed.gone:
        _tombstone(top, feed, gone)
    for release in feed.releases:
        _entry(top, feed, release)
    return document(top)


def _of(name: str) -> str:
    return f"{{{ATOM}}}{name}"


def _link(parent: Element, relation: str, address: str, kind: str | None = None) -> None:
    add(parent, _of("link"), None, {"rel": relation, "href": address, "type": kind})


def _tombstone(top: Element, feed: Feed, gone: Gone) -> None:
    deleted = add(top, f"{{{_DELETED}}}deleted-entry", None, {"ref": beside.tag(feed, gone.id), "when": gone.at})
    add(deleted, f"{{{_DELETED}}}comment", gone.text)


def _entry(top: Element, feed: Feed, release: Release) -> None:
    entry = add(top, _of("entry"), None, {f"{{{XML}}}lang": release.language})
    add(entry, _of("id"), beside.tag(feed, release.id))
    add(entry, _of("title"), beside.headline(release))
    add(entry, _of("updated"), beside.changed_at(release))
    add(entry, _of("published"), beside.published_at(release))
    _author(entry, release)
    add(entry, f"{{{_DC}}}publisher", beside.publisher(release))
    add(entry, _of("category"), None, {"term": release.item_class, "scheme": f"{feed.site.rstrip('/')}/classes"})
    for category in release.categories:
        add(entry, _of("category"), None, {"term": category})
    for code, label in beside.topics(release):
        add(entry, _of("category"), None, {"term": code, "scheme": beside.TOPICS, "label": label})
    for country in release.about:
        add(entry, _of("category"), None, {"term": country, "scheme": f"{feed.site.rstrip('/')}/about"})
    _link(entry, "alternate", release.url or release.homepage, "text/html")  # our own page would stand here
    if release.url:
        _link(entry, "via", release.url, "text/html")
    if linked := beside.linked_rights(release):
        _link(entry, "license", linked)
    for picture in release.pictures:
        _link(entry, "enclosure", picture.url, picture.type)
    add(entry, _of("rights"), beside.rights(release))
    if release.scope == "excerpt":
        add_if(entry, _of("summary"), release.summary)
    add(entry, _of("content"), beside.as_html(release), {"type": "html"})
    _source(entry, release)


def _author(entry: Element, release: Release) -> None:
    """Whom the byline names; an address of e-mail in it has a place of its own (RFC 4287 section 3.2.3)."""
    person = add(entry, _of("author"))
    byline = release.byline or ""
    email = _EMAIL.search(byline)
    name = " ".join(_EMAIL.sub(" ", byline).translate(_AROUND).split()) if email else byline
    add(person, _of("name"), name or release.publisher_name)
    if not name:
        add(person, _of("uri"), release.homepage)
    if email:
        add(person, _of("email"), email[0])


def _source(entry: Element, release: Release) -> None:
    """The publisher, after the entry's own links."""
    source = add(entry, _of("source"))
    add(source, _of("id"), _canonical(release.homepage))
    add(source, _of("title"), beside.publisher(release))
    add(source, _of("updated"), release.changed_at or release.first_seen)
    _link(source, "alternate", release.homepage)
    add_if(source, _of("rights"), release.copyright_notice)


def _canonical(address: str) -> str:
    """As an identifier should be written: a host in small letters, and a path (RFC 4287 section 4.2.6.1)."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path or "/").geturl()
