"""Lists of a country and of a region: what reports are about, and what publishers are in."""

from __future__ import annotations

from msgspec import Struct

from aggregator.config.codes import COUNTRY_FORM, is_country
from aggregator.model import Selection
from aggregator.tags import regions
from aggregator.text.folding import fold
from aggregator.web.pages.lists import BEFORE, Link, List, coded, count, no_such_list
from aggregator.web.pages.page import PageRoute, Visit
from aggregator.web.pages.writing import country_in

BY = "by"  # the parameter that says whether a place is that of publishers


def _country(visit: Visit, code: str) -> List | str:
    """As readers expect of a wire: what reports are about, from wherever they come; beside it what comes from there."""
    capital = code.upper()
    if capital in regions.OF_PUBLISHERS:
        return f"/region/{regions.OF_PUBLISHERS[capital]}"
    if not COUNTRY_FORM.fullmatch(capital) or not is_country(capital):
        raise no_such_list()
    name, region = country_in(capital, visit.reader.language), regions.region_of(capital)
    return _place(
        visit,
        _Place(
            path=f"/country/{code}",
            name=name,
            about=Selection(about=(capital,)),
            feed_about=f"/feeds/about/{code}",
            of=Selection(countries=(capital,)),
            feed_of=f"/feeds/country/{code}" if _has_publishers(visit, capital) else None,
            above=_regions_above(visit, region) if region else (),
            compared_about=f"/positions?about={code}",
            compared_of=f"/positions?country={code}",
        ),
    )


def _region(visit: Visit, code: str) -> List | str:
    if code not in regions.regions():
        raise no_such_list()
    language = visit.reader.language
    return _place(
        visit,
        _Place(
            path=f"/region/{code}",
            name=country_in(code, language),
            about=Selection(about=tuple(sorted(regions.countries_of(code)))),
            feed_about=f"/feeds/region/{code}",
            of=Selection(countries=regions.publishers_in(code)),
            feed_of=None,
            above=_regions_above(visit, code)[:-1],
            within=tuple(
                Link(
                    f"/{'region' if part in regions.regions() else 'country'}/{part.lower()}",
                    country_in(part, language),
                )
                for part in _parts(visit, code)
            ),
        ),
    )


class _Place(Struct, frozen=True, kw_only=True):
    """A country or a region: the list of what is about it, and that of what its publishers say; each with its feed."""

    path: str
    name: str
    about: Selection
    feed_about: str
    of: Selection
    feed_of: str | None
    above: tuple[Link, ...]
    within: tuple[Link, ...] = ()
    compared_about: str | None = None
    compared_of: str | None = None


def _place(visit: Visit, place: _Place) -> List:
    """The list of reports about a place, or of what its publishers say about anything."""
    gettext, is_of = visit.gettext, visit.one(BY) == "publishers"
    about_it = gettext("Reports about %(place)s") % {"place": place.name}
    from_it = gettext("Reports from publishers in %(place)s") % {"place": place.name}
    note = gettext("What this wire found to be about this place, from wherever it comes.")
    if is_of:
        note = gettext("What publishers in this place say, about whatever it is.")
    title = from_it if is_of else about_it
    return List(
        selection=place.of if is_of else place.about,
        path=place.path,
        parameters={BY: "publishers"} if is_of else {},
        title=title,
        description=f"{title}. {note}",
        note=note,
        feed=place.feed_of if is_of else place.feed_about,
        above=place.above,
        switch=(
            Link(place.path, about_it, count(visit, place.about), not is_of),
            Link(f"{place.path}?{BY}=publishers", from_it, count(visit, place.of), is_of),
        ),
        within=place.within,
        compared=place.compared_of if is_of else place.compared_about,
    )


def _regions_above(visit: Visit, region: str) -> tuple[Link, ...]:
    """A region and those that it is in, the widest first."""
    return tuple(
        Link(f"/region/{code}", country_in(code, visit.reader.language))
        for code in reversed(regions.with_wider(region))
    )


def _parts(visit: Visit, region: str) -> list[str]:
    """What a region contains that a report here is about or a publisher here is in, by name."""
    own = {each.country for each in visit.store.known_publishers().values()}
    parts = [
        part
        for part in regions.regions()[region]
        if (countries := regions.countries_of(part) if part in regions.regions() else frozenset({part})) & own
        or count(visit, Selection(about=tuple(sorted(countries))), 1)
    ]
    return sorted(parts, key=lambda part: fold(country_in(part, visit.reader.language)))


def _has_publishers(visit: Visit, country: str) -> bool:
    return any(each.country == country for each in visit.store.known_publishers().values())


ROUTES = (
    PageRoute("/country/{code}", coded(_country), (*BEFORE, BY)),
    PageRoute("/region/{code}", coded(_region), (*BEFORE, BY)),
)
