"""NewsML-G2 2.35 (https://iptc.org/standards/newsml-g2/), conformance power: a news message with an item a report.

`hopHistory` says by whose hands a report came: its publisher made it, the wire passed it on.
"""

from __future__ import annotations

from aggregator.model.release import Feed, Release
from aggregator.output import beside
from aggregator.output.xml import XML, Element, add, add_if, document, root

_G2 = "http://iptc.org/std/nar/2006-10-01/"
_CATALOG = "http://www.iptc.org/std/catalog/catalog.IPTC-G2-Standards_39.xml"


def render(feed: Feed) -> bytes:
    top = root(_of("newsMessage"), {None: _G2})
    header = add(top, _of("header"))
    add(header, _of("sent"), feed.updated)
    add(header, _of("sender"), feed.wire)
    items = add(top, _of("itemSet"))
    for release in feed.releases:
        _item(items, feed, release)
        for number in range(len(release.pictures)):
            _picture(items, feed, release, number)
    return document(top)


def _of(name: str) -> str:
    return f"{{{_G2}}}{name}"


def _new(parent: Element, guid: str, release: Release, language: str | None) -> Element:
    item = add(
        parent,
        _of("newsItem"),
        None,
        {
            "guid": guid,
            "version": str(release.revision),
            "standard": "NewsML-G2",
            "standardversion": "2.35",
            "conformance": "power",
            f"{{{XML}}}lang": language,
        },
    )
    add(item, _of("catalogRef"), None, {"href": _CATALOG})
    return item


def _item(parent: Element, feed: Feed, release: Release) -> None:
    item = _new(parent, beside.tag(feed, release.id), release, release.language)
    _hops(item, feed, release)
    _rights(item, release)
    meta = _meta(item, feed, release, "text")
    if release.url:
        add(meta, _of("link"), None, {"rel": "irel:seeAlso", "href": release.url})
    for number in range(len(release.pictures)):
        add(meta, _of("link"), None, {"rel": "irel:seeAlso", "residref": _picture_guid(feed, release, number)})
    _content_meta(item, feed, release)
    _content(item, release)


def _hops(item: Element, feed: Feed, release: Release) -> None:
    history = add(item, _of("hopHistory"))
    passed_on = release.changed_at or release.first_seen
    hops = (
        (release.homepage, beside.publisher(release), release.published, "created"),
        (feed.site, feed.wire, passed_on, "forwarded"),
    )
    for number, (address, name, at, action) in enumerate(hops):
        hop = add(history, _of("hop"), None, {"seq": str(number), "timestamp": at})
        add(add(hop, _of("party"), None, {"uri": address}), _of("name"), name)
        add(add(hop, _of("action"), None, {"timestamp": at}), _of("name"), action)


def _rights(item: Element, release: Release) -> None:
    info = add(item, _of("rightsInfo"))
    holder = add(info, _of("copyrightHolder"), None, {"uri": release.homepage})
    add(holder, _of("name"), release.copyright_holder or release.publisher_name)
    add_if(info, _of("copyrightNotice"), release.copyright_notice)
    add(info, _of("usageTerms"), beside.terms(release))
    if linked := beside.linked_rights(release):
        add(info, _of("link"), None, {"rel": "irel:license", "href": linked})


def _meta(item: Element, feed: Feed, release: Release, nature: str) -> Element:
    """Of the item as a whole; `nature`: of IPTC's "News Item Nature"."""
    meta = add(item, _of("itemMeta"))
    add(meta, _of("itemClass"), None, {"qcode": f"ninat:{nature}"})
    add(add(meta, _of("provider"), None, {"uri": feed.site}), _of("name"), feed.wire)
    add(meta, _of("versionCreated"), release.changed_at or release.first_seen)
    add(meta, _of("firstCreated"), release.first_seen)
    add(meta, _of("pubStatus"), None, {"qcode": "stat:usable"})
    return meta


def _content_meta(item: Element, feed: Feed, release: Release) -> None:
    meta = add(item, _of("contentMeta"))
    add_if(meta, _of("contentCreated"), release.published)
    add_if(meta, _of("contentModified"), release.updated)
    if release.located:
        add(add(meta, _of("located"), None, {"literal": release.located}), _of("name"), release.located)
    source = add(meta, _of("infoSource"), None, {"uri": release.homepage})
    add(source, _of("name"), beside.publisher(release))
    for name in beside.sources(release):
        add(add(meta, _of("infoSource"), None, {"literal": name}), _of("name"), name)
    for name in beside.authors(release) or filter(None, [release.byline]):
        add(add(meta, _of("creator"), None, {"literal": name}), _of("name"), name)
    for role, value in (("publisher-guid", release.guid), ("publisher-url", release.url)):
        if value:
            add(meta, _of("altId"), value, {"typeuri": beside.tag(feed, role)})
    if release.language:
        add(meta, _of("language"), None, {"tag": release.language})
    genre = release.item_class.replace("_", " ")
    add(add(meta, _of("genre"), None, {"literal": release.item_class}), _of("name"), genre)
    for category in release.categories:
        add(add(meta, _of("subject"), None, {"literal": category}), _of("name"), category)
    for code, label in beside.topics(release):
        add(add(meta, _of("subject"), None, {"uri": beside.TOPICS + code}), _of("name"), label)
    for country in release.about:
        add(add(meta, _of("subject"), None, {"literal": country}), _of("name"), country)
    add_if(meta, _of("headline"), release.headline)
    add_if(meta, _of("dateline"), release.dateline)
    add_if(meta, _of("by"), release.byline)
    add(meta, _of("creditline"), release.credit)
    add_if(meta, _of("description"), release.summary)


def _content(item: Element, release: Release) -> None:
    content = add(item, _of("contentSet"))
    if release.scope == "full_text":
        counts = {"wordcount": str(len(release.text.split())), "charcount": str(len(release.text))}
        add(content, _of("inlineData"), release.text, {"contenttype": "text/plain", **counts})


def _picture(parent: Element, feed: Feed, release: Release, number: int) -> None:
    """A picture beside a report: an item of its own, since its rights are."""
    picture = release.pictures[number]
    item = _new(parent, _picture_guid(feed, release, number), release, picture.language)
    info = add(item, _of("rightsInfo"))
    add(add(info, _of("copyrightHolder")), _of("name"), picture.credit or release.publisher_name)
    add_if(info, _of("copyrightNotice"), picture.copyright)
    add(info, _of("usageTerms"), picture.disclaimer)
    meta = _meta(item, feed, release, "picture")
    add(meta, _of("link"), None, {"rel": "irel:seeAlso", "residref": beside.tag(feed, release.id)})
    about = add(item, _of("contentMeta"))
    add_if(about, _of("creditline"), picture.credit)
    add_if(about, _of("description"), picture.caption or picture.alt)
    size = {"width": picture.width, "height": picture.height}
    add(
        add(item, _of("contentSet")),
        _of("remoteContent"),
        None,
        {
            "href": picture.url,
            "contenttype": picture.type,
            **{name: str(value) if value else None for name, value in size.items()},
        },
    )


def _picture_guid(feed: Feed, release: Release, number: int) -> str:
    return f"{beside.tag(feed, release.id)}:picture-{number + 1}"
