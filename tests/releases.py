"""Reports as the store holds them, for the gate and the formats: several languages, publishers, versions and rights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from aggregator.desk.outgoing import outlet, releases
from aggregator.model import Category, Entry, Images, Link, Media, Origin, Person, Report, Rights, Text, Wire
from aggregator.model.release import Feed, Gone, Held, Outlet, Picture, Release
from aggregator.output import fields, json_array, listing, page
from aggregator.rights import release
from aggregator.store import Store

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
WIRE = Wire(
    name="Baobab Wire",
    url="https://baobab.example/",
    publisher="baobab",
    user_agent="Baobab/1.0 (+https://baobab.example/)",
    robots_token="Baobab",
    complaints_url="https://baobab.example/complaints",
    complaints_email="desk@baobab.example",
)
FULL = Rights(
    relationship="partner",
    basis="agreement",
    text_scope="full_text",
    credit="{publisher} ({place})",
    copyright_holder="Daily Ltd",
    commercial_use="not_sold_separately",
    images=Images(scope="agreement", hotlink=True),
)
OPEN = replace(
    FULL,
    relationship="open_licence",
    basis="open_licence",
    licence="CC-BY-4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    commercial_use="yes",
    edits="licensed",
    translation="with_label",
    images=Images(scope="per_image_licence", hotlink=True),
    ai_use="allowed",
    index="index",
)
EXCERPT = Rights(
    relationship="none", basis="quotation", text_scope="excerpt", credit="{publisher}", excerpt_max_words=12,
    ai_use="prohibited",
)  # fmt: skip
HEADLINE = replace(EXCERPT, basis="none", text_scope="headline_only", ai_use="search_only")
PICTURE = Media(
    "https://daily.example/bridge.jpg",
    "image",
    "image/jpeg",
    640,
    360,
    None,
    None,
    Text("The bridge on Monday.", "text/plain"),
    "Awa Diarra",
    "© Awa Diarra",
    "A bridge over a river",
    "en",
)
FREE_PICTURE = replace(PICTURE, url="https://daily.example/market.jpg", copyright="Awa Diarra, CC BY 4.0")


def held(**other: Any) -> Held:
    """A report of the Daily, in full text, with what is said otherwise. `content`: HTML of its entry."""
    content = other.pop("content", "<p>The bridge is closed until Friday.</p><p>Lorries wait at the ferry.</p>")
    entry = Entry(
        id="daily-1",
        title=Text("Bridge closed"),
        content=(Text(content),),
        links=(Link("https://daily.example/bridge"),),
        authors=(Person("Ama Boateng"),),
        categories=(Category("Transport"), Category("roads", label="Roads")),
    )
    values: dict[str, Any] = {
        "id": "aaaaaaaaaaaaaaaa",
        "revision": 1,
        "status": "usable",
        "notice": None,
        "notice_text": None,
        "embargoed_until": None,
        "publisher": "daily",
        "publisher_name": "The Daily",
        "publisher_place": "Accra",
        "publisher_kind": "newspaper",
        "publisher_group": "news_organization",
        "country": "GH",
        "homepage": "https://daily.example/",
        "corrections": "corrections@daily.example",
        "permissions": "rights@daily.example",
        "item_class": "news",
        "title": "Bridge closed",
        "summary": "The bridge is closed until Friday.",
        "text": "The bridge is closed until Friday.\nLorries wait at the ferry.",
        "url": "https://daily.example/bridge",
        "byline": "Ama Boateng",
        "language": "en",
        "published": "2026-11-29T08:00:00Z",
        "updated": None,
        "first_seen": "2026-11-29T08:10:00Z",
        "sort_time": "2026-11-29T08:00:00Z",
        "changed_at": None,
        "corrected": False,
        "words_hash": "ab" * 32,
        "entry": entry,
        "media": (PICTURE, FREE_PICTURE),
        "rights": FULL,
        "credit": "The Daily (Accra)",
        "disclaimer": "This report is the work of The Daily, which answers for its content.",
        "licence": None,
        "copyright_notice": "© Daily Ltd",
        "complaints_url": WIRE.complaints_url,
        "texts": {},
    }
    return Held(**{**values, **other})


def reports() -> tuple[tuple[Held, str | None], ...]:
    """A report of every sort, each with what its publisher says of a correction."""
    amharic = "ድልድዩ እስከ ዓርብ ተዘግቷል። ጭነት መኪናዎች ይጠብቃሉ።"
    arabic = "تصحيح: ورد في نسخة سابقة أن الجسر أغلق الأحد."
    return (
        (held(), None),
        (
            held(
                id="bbbbbbbbbbbbbbbb",
                publisher="nawras",
                publisher_name="النورس",
                publisher_place="Tunis",
                country="TN",
                title="إغلاق الجسر",
                summary="أغلق الجسر الاثنين.",
                text=f"{arabic}\nأغلق الجسر الاثنين.",
                content=f"<p>{arabic}</p><p>أغلق الجسر الاثنين.</p>",
                language="ar",
                byline=None,
                revision=3,
                changed_at="2026-11-29T10:30:00Z",
                corrected=True,
                rights=OPEN,
                licence="CC-BY-4.0",
                homepage="https://nawras.example/",
                url="https://nawras.example/1",
                permissions=None,
            ),
            arabic,
        ),
        (
            held(
                id="cccccccccccccccc",
                publisher="addis",
                publisher_name="አዲስ ዜና",
                publisher_place="",
                country="ET",
                title="ድልድዩ ተዘጋ",
                summary=amharic,
                text=amharic,
                language="am",
                rights=EXCERPT,
                media=(),
                homepage="https://addis.example/",
                url="https://addis.example/1",
                changed_at="2026-11-29T09:00:00Z",
                revision=2,
            ),
            None,
        ),
        (
            held(
                id="dddddddddddddddd",
                publisher="ministry",
                publisher_name="Ministère des Transports",
                publisher_place="Bamako",
                publisher_kind="government",
                publisher_group="institution",
                country="ML",
                title="Communiqué <no 4> & suite",
                item_class="press_release",
                language="fr",
                rights=HEADLINE,
                homepage="https://gouv.example/",
                url="https://gouv.example/4",
                byline=None,
                corrections=None,
                permissions=None,
                media=(),
            ),
            None,
        ),
        (
            held(
                id="eeeeeeeeeeeeeeee",
                title="",
                byline="Ama Boateng, Kofi Mensah",
                url=None,
                published=None,
                media=(),
                entry=replace(held().entry or Entry(), origin=Origin(name="Agence Lac"), content=(), summary=None),
                item_class="opinion",
                first_seen="2026-11-29T09:15:00Z",
            ),
            None,
        ),
    )


# Whole, as an output is given it; and all that a report may leave out.
FULL_RELEASE = Release(
    channel=None,
    id="aaaaaaaaaaaaaaaa",
    revision=2,
    publisher="le-jour",
    publisher_name="Le Jour",
    publisher_place="Ségou",
    publisher_kind="newspaper",
    publisher_group="news_organization",
    homepage="http://le-jour.example/",
    country="ML",
    item_class="news",
    scope="full_text",
    headline="Le pont rouvre",
    summary="Le pont rouvre lundi.",
    text="SÉGOU — Le pont rouvre lundi.\nLes camions attendent.",
    html="<p>SÉGOU — Le pont rouvre lundi.</p><p>Les camions attendent.</p>",
    byline="Par Awa Keïta",
    dateline=None,
    language="fr",
    published="2026-11-21T08:00:00Z",
    updated="2026-11-21T09:30:00Z",
    first_seen="2026-11-21T08:05:00Z",
    changed_at="2026-11-21T09:35:00Z",
    corrected=True,
    sort_time="2026-11-21T08:00:00Z",
    credit="Le Jour (Ségou)",
    copyright_notice="© Le Jour",
    copyright_holder="Le Jour SARL",
    licence="CC-BY-4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    usage_terms="No edits.",
    url="http://le-jour.example/1",
    canonical="publisher",
    index="noindex",
    origin="Agence Lac",
    guid="le-jour-1",
    words_hash="ab" * 32,
    categories=("Transport",),
    disclaimers=("Le Jour answers for this report.", "Le Jour corrected it."),
    general="Of the wire.",
    complaints_url="https://wire.example/complain",
    corrections_contact="desk@le-jour.example",
    permissions_contact=None,
    pictures=(Picture(url="http://le-jour.example/pont.jpg", disclaimer="Picture: Awa Keïta."),),
    channels=("web", "feed"),
    language_from="words",
    topics=("13000000", "20000763"),
    about=("ML",),
)
BARE_RELEASE = replace(
    FULL_RELEASE,
    publisher_place="",
    item_class="press_release",
    scope="headline_only",
    headline="",
    summary="",
    text="",
    html="",
    byline=None,
    language=None,
    published=None,
    updated=None,
    changed_at=None,
    corrected=False,
    copyright_notice=None,
    copyright_holder=None,
    licence=None,
    licence_url=None,
    url=None,
    origin=None,
    guid=None,
    categories=(),
    disclaimers=("Le Jour answers for this report.",),
    pictures=(),
    channels=(),
    language_from=None,
    topics=(),
    about=(),
)


@dataclass(frozen=True, slots=True)
class Printed:
    """Reports as `latest`, `show` and `latest --json` print them."""

    listed: str
    pages: str
    as_json: str

    def __iter__(self) -> Iterator[str]:
        return iter((self.listed, self.pages, self.as_json))


def printed(store: Store, reports: Iterable[Report], now: datetime) -> Printed:
    out = [
        each
        for each in releases(store, WIRE, (report.id for report in reports), outlet(store, None, now))
        if isinstance(each, Release)
    ]
    return Printed(listing(out), "".join(map(page, out)), json_array(map(fields, out)))


def released(channel: Any = "feed") -> tuple[Release, ...]:
    found = (release(each, WIRE, Outlet(channel=channel, now=NOW), note) for each, note in reports())
    return tuple(each for each in found if isinstance(each, Release))


def feed(releases: tuple[Release, ...] | None = None) -> Feed:
    releases = released() if releases is None else releases
    gone = Gone(
        id="ffffffffffffffff",
        publisher="daily",
        publisher_name="The Daily",
        publisher_place="Accra",
        status="canceled",
        at="2026-11-29T11:00:00Z",
        text="The Daily has withdrawn this report.",
    )
    return Feed(
        title="Baobab Wire: latest reports",
        wire=WIRE.name,
        site=WIRE.url,
        address="https://baobab.example/feeds/latest.atom",
        updated="2026-11-29T11:30:00Z",
        general="Baobab Wire carries reports from many publishers.",
        complaints_url=WIRE.complaints_url,
        complaints_email=WIRE.complaints_email,
        releases=releases,
        gone=(gone,),
    )
