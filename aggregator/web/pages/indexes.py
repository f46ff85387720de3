"""Which lists there are: the countries, regions, topics and languages of this wire, each with its number of reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from babel import Locale, UnknownLocaleError
from msgspec import Struct

from aggregator.config.codes import country_names
from aggregator.model import Selection
from aggregator.tags import regions
from aggregator.tags.vocabulary import first_levels, topics
from aggregator.text.folding import fold
from aggregator.text.languages import primary_subtag
from aggregator.web.pages.lists import Link, count, topic_link
from aggregator.web.pages.page import Page, PageRoute, Visit
from aggregator.web.pages.writing import country_in, language_in


class Part(Struct, frozen=True):
    """Lists that belong together. `of`: the wider list above them, if there is one."""

    of: Link | None
    links: tuple[Link, ...]


class Country(Struct, frozen=True):
    """The list of what is about a country, and how many reports its publishers have."""

    link: Link
    from_its_publishers: int


class Countries(Struct, frozen=True):
    """Those of a region; None: of no region."""

    of: Link | None
    countries: tuple[Country, ...]


class OwnName(Struct, frozen=True):
    """What a language calls itself, where that is known."""

    tag: str
    name: str


def _page(
    visit: Visit,
    title: str,
    description: str,
    parts: Iterable[Part | Countries],
    own_names_of: Mapping[str, OwnName] | None = None,
    template: str = "index.html",
) -> Page:
    """`own_names_of`: what languages call themselves, by the path of their list."""
    return Page(
        template=template,
        title=title,
        description=description,
        values={"parts": tuple(parts), "own_names_of": own_names_of or {}},
        canonical=visit.address(visit.path),
    )


def countries(visit: Visit) -> Page:
    """Those that a report is about or a publisher is in, by region."""
    gettext, language = visit.gettext, visit.reader.language
    have = {each.country for each in visit.store.known_publishers().values()}
    found: dict[str | None, list[Country]] = defaultdict(list)
    for code in sorted(set(country_names().values()) - regions.OF_PUBLISHERS.keys()):
        path = f"/country/{code.lower()}"
        about = count(visit, Selection(about=(code,)))
        of = count(visit, Selection(countries=(code,))) if code in have else 0
        if about or of:
            found[regions.region_of(code)].append(Country(Link(path, country_in(code, language), about), of))
    parts = [
        Countries(
            Link(f"/region/{region}", country_in(region, language)) if region else None,
            tuple(sorted(those, key=lambda each: fold(each.link.label))),
        )
        for region, those in sorted(found.items(), key=lambda each: -len(each[1]))
    ]
    description = gettext("Reports by the country that they are about, and by the country of their publishers.")
    return _page(visit, gettext("Countries"), description, parts, template="countries.html")


def _by_label(links: Iterable[Link]) -> tuple[Link, ...]:
    return tuple(sorted(links, key=lambda link: fold(link.label)))


def regions_(visit: Visit) -> Page:
    """The continents, each with its parts, where there are reports about them."""
    gettext = visit.gettext
    parts = []
    for continent in regions.regions()[regions.WORLD]:
        whole = _region(visit, continent)
        if whole.count:
            links = (_region(visit, part) for part in regions.regions()[continent])
            parts.append(Part(whole, _by_label(each for each in links if each.count)))
    return _page(
        visit,
        gettext("Regions"),
        gettext(
            "Reports by the region of the world that they are about. Regions are those of the United Nations (M49)."
        ),
        sorted(parts, key=lambda part: -(part.of.count or 0) if part.of else 0),
    )


def _region(visit: Visit, code: str) -> Link:
    number = count(visit, Selection(about=tuple(sorted(regions.countries_of(code)))))
    return Link(f"/region/{code}", country_in(code, visit.reader.language), number)


def topics_(visit: Visit) -> Page:
    """The topics of the first level with their narrower ones, where there are reports about them."""
    gettext, language = visit.gettext, visit.reader.language
    parts = []
    for code in first_levels():
        if number := count(visit, Selection(topics=(code,))):
            narrower = (
                topic_link(each.code, language)
                for each in topics().values()
                if each.broader == code and count(visit, Selection(topics=(each.code,)), 1)
            )
            parts.append(Part(topic_link(code, language, number), _by_label(narrower)))
    return _page(
        visit,
        gettext("Topics"),
        gettext("Reports by what this wire found them to be about. Topics are those of IPTC Media Topics."),
        sorted(parts, key=lambda part: -(part.of.count or 0) if part.of else 0),
    )


def languages(visit: Visit) -> Page:
    """The languages of the publishers, where there are reports in them."""
    gettext = visit.gettext
    tags = {primary_subtag(tag) for each in visit.store.known_publishers().values() for tag in each.languages}
    links = [
        Link(f"/language/{tag}", language_in(tag, visit.reader.language), number)
        for tag in tags
        if (number := count(visit, Selection(languages=(tag,))))
    ]
    return _page(
        visit,
        gettext("Languages"),
        gettext("Reports by the language in which they are written."),
        [Part(None, _by_label(links))] if links else [],
        own_names_of={f"/language/{tag}": own for tag in tags if (own := _own_name(tag))},
    )


def _own_name(tag: str) -> OwnName | None:
    try:
        name = Locale.parse(tag).get_language_name(tag)
    except (UnknownLocaleError, ValueError):
        return None
    return OwnName(tag, name) if name else None


ROUTES = (
    PageRoute("/countries", countries),
    PageRoute("/regions", regions_),
    PageRoute("/topics", topics_),
    PageRoute("/languages", languages),
)
