"""Newsrooms for the state machine: three publishers, five sources, four languages of markup, and what they say.

This is the publishers' side and knows nothing of the program: reports, the versions of them that were ever served, and
how a document of them is written. What a wire must make of it is known by `test_state_machine`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

# A word that no language has: each report has its own in headline and text, by which it is known whatever else changes.
NAME = re.compile(r"\bQ[a-z]{6}\b")
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu")

# What a hostile or careless publisher puts into a text; none of it may leave as anything but words.
HOSTILE = (
    "",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\u202egnp.exe\u202c",
    "\u009b31m",
    "{publisher} {original_url} ${HOME} '; DROP TABLE articles; --",
    "<!-- -->&lt;b&gt;&amp;amp;",
)


def name_of(number: int) -> str:
    return "Q" + "".join(_SYLLABLES[number // 10**place % 10] for place in (2, 1, 0))


@dataclass(frozen=True)
class Language:
    headline: str
    lead: str
    text: str
    edited: str
    correction: str
    withdrawn: str
    embargo: str


FRENCH = Language(
    headline="Le bac {name} remplace le pont fermé de Lumo",
    lead="Le pont de Lumo est fermé, et le bac {name} transporte tous les voyageurs sur le fleuve depuis lundi matin.",
    text="Les camions attendent sur la rive. Les commerçants du marché disent que leurs tomates ne supportent pas trois"
    " jours de soleil, et que personne ne leur a dit quand le pont rouvrira ni qui paiera la farine perdue.",
    edited="Selon le port, il faut {word} de patience.",
    correction="Rectificatif : une première version disait {word}.",
    withdrawn="ARTICLE RETIRÉ : ",
    embargo="Sous embargo jusqu'au {until} : ",
)
SWAHILI = Language(
    headline="Walimu wa {name} wamaliza mgomo katika wilaya tatu",
    lead="Walimu wa {name} wanarudi kazini baada ya wiki tano, na shule zote za wilaya tatu zitafunguliwa Jumatatu.",
    text="Wazazi walisubiri nje ya lango la shule tangu asubuhi. Mkuu wa wilaya alisema kwamba mishahara italipwa kwa"
    " awamu mbili, na kwamba hakuna mwalimu atakayefukuzwa kwa sababu ya mgomo huu uliodumu wiki tano nzima.",
    edited="Kwa mujibu wa bandari, subira ya {word} inahitajika.",
    correction="Masahihisho: toleo la kwanza lilisema {word}.",
    withdrawn="HABARI IMEONDOLEWA: ",
    embargo="Isitangazwe kabla ya {until}: ",
)
ARABIC = Language(
    headline="عبارة {name} تحل محل الجسر المغلق في لومو",
    lead="جسر لومو مغلق، وعبارة {name} تنقل جميع الركاب عبر النهر منذ صباح الاثنين حتى إشعار آخر من الوزارة.",
    text="تنتظر الشاحنات على الضفة منذ ثلاثة أيام. يقول تجار السوق إن الطماطم لا تتحمل الشمس، وإن أحدا لم يخبرهم متى"
    " يفتح الجسر ولا من يدفع ثمن الدقيق الذي فسد في الطريق بين القرى والمدينة.",
    edited="وبحسب الميناء يلزم صبر {word}.",
    correction="تصحيح: ذكرت نسخة سابقة {word}.",
    withdrawn="سحب الخبر: ",
    embargo="محظور النشر حتى {until}: ",
)

Format = Literal["rss", "atom", "json"]
Drift = Literal["id", "link", "host"]


@dataclass(frozen=True)
class Newsroom:
    """One publisher. The first of its sources is its main one; the others are sisters that list the same reports."""

    key: str
    name: str
    place: str
    country: str
    tag: str
    language: Language
    format: Format
    sources: tuple[str, ...]
    drifts: tuple[Drift, ...]  # what of a report's keys may change and leave it the same report

    @property
    def host(self) -> str:
        return f"{self.key}.example"


NEWSROOMS = (
    Newsroom("sahel-matin", "Sahel Matin", "Bamako", "ML", "fr", FRENCH, "rss", ("feed", "monde"), ("id", "link")),
    Newsroom("habari-leo", "Habari Leo", "Dodoma", "TZ", "sw", SWAHILI, "atom", ("feed", "siasa"), ("link",)),
    Newsroom("al-nahr", "النهر", "القاهرة", "EG", "ar", ARABIC, "json", ("feed",), ("host",)),
)


Words = tuple[str, str, str | None, str]  # headline, summary, content (None: none), and address without parameters


@dataclass(frozen=True)
class Version:
    """What one entry of a document says, word by word as the publisher means it."""

    report: int
    title: str
    summary: str
    content: str | None
    guid: str
    link: str
    published: datetime
    updated: datetime
    correction: str = ""  # the note in its text; "": none
    is_marked: bool = False  # its headline says that it is withdrawn

    @property
    def words(self) -> Words:
        return self.title, self.summary, self.content, self.link.partition("?")[0]


@dataclass
class Report:
    """A report as its newsroom has it now."""

    number: int
    newsroom: Newsroom
    published: datetime
    updated: datetime
    slug: str
    guid: str
    host: str
    embargo: str = ""  # before its headline, while it is new
    headline: str = ""  # behind it
    hostile: str = ""
    edited: str = ""
    correction: str = ""
    is_marked: bool = False
    listed: set[str] = field(default_factory=set)  # the sources that list it
    is_deleted: bool = False  # the main source says that it is, in the way of its format

    @property
    def name(self) -> str:
        return name_of(self.number)

    def version(self, source: str) -> Version:
        """What a source of its publisher says of it."""
        language, is_main = self.newsroom.language, source == self.newsroom.sources[0]
        begins = language.withdrawn if self.is_marked else self.embargo
        lead = language.lead.format(name=self.name)
        paragraphs = (lead, language.text, self.edited, self.correction)
        content = "".join(f"<p>{said}</p>" for said in paragraphs if said) + self.hostile
        link = f"http://{self.host}/{self.slug}"
        guid = self.guid
        if self.newsroom.format == "rss" and not is_main:
            link += f"?utm_source={source}"
        if self.newsroom.format == "atom" and not is_main:  # it has ids of its own, and lists no more than the lead
            guid, content = f"tag:{source}:{self.number}", ""
        if self.newsroom.format == "json":
            guid = link
        return Version(
            report=self.number,
            title=begins + language.headline.format(name=self.name) + self.headline,
            summary=lead,
            content=content or None,
            guid=guid,
            link=link,
            published=self.published,
            updated=self.updated,
            correction=self.correction if content else "",
            is_marked=self.is_marked,
        )


@dataclass(frozen=True)
class Listing:
    """What a document lists."""

    entries: tuple[Version, ...] = ()
    deleted: tuple[str, ...] = ()  # ids of reports that it says are deleted
    twice: int = 0  # so many of its entries stand in it a second time
    empty: int = 0  # and so many items that say nothing

    def write(self, newsroom: Newsroom) -> bytes:
        return _WRITERS[newsroom.format](self)


def _repeated(listing: Listing) -> Sequence[Version]:
    return (*listing.entries, *listing.entries[: listing.twice])


def _rss(listing: Listing) -> bytes:
    items = [
        f"<item><guid isPermaLink='false'>{escape(each.guid)}</guid><title>{escape(each.title)}</title>"
        f"<link>{escape(each.link)}</link><pubDate>{format_datetime(each.published, usegmt=True)}</pubDate>"
        f"<description>{escape(each.summary)}</description>"
        f"<content:encoded>{escape(each.content or '')}</content:encoded></item>"
        for each in _repeated(listing)
    ]
    items += ["<item></item>"] * listing.empty
    space = "xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    return f"<rss version='2.0' {space}><channel><title>S</title>{''.join(items)}</channel></rss>".encode()


def _atom(listing: Listing) -> bytes:
    entries = [
        f"<entry><id>{escape(each.guid)}</id><title type='html'>{escape(each.title)}</title>"
        f"<link href={quoteattr(each.link)}/><published>{each.published.isoformat()}</published>"
        f"<updated>{each.updated.isoformat()}</updated><summary type='html'>{escape(each.summary)}</summary>"
        + (f"<content type='html'>{escape(each.content)}</content>" if each.content else "")
        + "</entry>"
        for each in _repeated(listing)
    ]
    entries += ["<entry></entry>"] * listing.empty
    stones = [f"<at:deleted-entry ref={quoteattr(guid)} when='2099-01-01T00:00:00Z'/>" for guid in listing.deleted]
    spaces = "xmlns='http://www.w3.org/2005/Atom' xmlns:at='http://purl.org/atompub/tombstones/1.0'"
    return f"<feed {spaces}><id>urn:h</id><title>H</title>{''.join(stones + entries)}</feed>".encode()


def _json(listing: Listing) -> bytes:
    items: list[Mapping[str, object]] = [
        {
            "id": each.guid,
            "url": each.link,
            "title": each.title,
            "summary": each.summary,
            "content_html": each.content,
            "date_published": each.published.isoformat(),
        }
        for each in _repeated(listing)
    ]
    items += [{} for _ in range(listing.empty)]
    items += [{"id": guid, "title": "-", "_wire": {"status": "canceled"}} for guid in listing.deleted]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "N", "items": items}).encode()


_WRITERS: Mapping[Format, Callable[[Listing], bytes]] = {"rss": _rss, "atom": _atom, "json": _json}


@dataclass
class Desk:
    """All newsrooms at work: their reports, and what their sources list."""

    reports: list[Report] = field(default_factory=list)
    clutter: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)  # twice and empty, by source
    _words: int = 0

    def _word(self) -> str:
        """Another one every time, so that no version is like one before."""
        self._words += 1
        return name_of(999 - self._words % 1000).lower()

    def publish(self, newsroom: Newsroom, sources: Sequence[str], now: datetime, until: datetime | None) -> Report:
        number = len(self.reports)
        report = Report(
            number=number,
            newsroom=newsroom,
            published=now,
            updated=now,
            slug=f"{number}/a",
            guid=f"tag:{newsroom.key}:{number}",
            host=newsroom.host,
            hostile=HOSTILE[number % len(HOSTILE)],
            embargo=newsroom.language.embargo.format(until=f"{until:%Y-%m-%dT%H:%M:%SZ}") if until else "",
            listed=set(sources),
        )
        self.reports.append(report)
        return report

    def edit(self, report: Report, now: datetime, *, headline: bool, text: bool, hostile: str) -> None:
        report.updated = now
        if headline:
            report.embargo = ""
            report.headline = f" {self._word()}"
        if text:
            report.edited = report.newsroom.language.edited.format(word=self._word())
            report.hostile = hostile

    def correct(self, report: Report, now: datetime) -> None:
        report.updated = now
        report.correction = report.newsroom.language.correction.format(word=self._word())

    def listing(self, newsroom: Newsroom, source: str) -> Listing:
        """The newest first, as feeds list."""
        mine = [report for report in reversed(self.reports) if report.newsroom is newsroom]
        is_main = source == newsroom.sources[0]
        twice, empty = self.clutter.get((newsroom.key, source), (0, 0))
        entries = tuple(r.version(source) for r in mine if source in r.listed and not (is_main and r.is_deleted))
        deleted = tuple(r.version(source).guid for r in mine if is_main and r.is_deleted)
        return Listing(entries, deleted, min(twice, len(entries)), empty)
