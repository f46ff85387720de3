"""Who is on this wire: all publishers of which something may be read here, by country."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from msgspec import Struct

from aggregator.desk.signals import by_publisher, of_publisher
from aggregator.model import Group, Kind
from aggregator.model.profile import PublisherProfile
from aggregator.rights import widest
from aggregator.text.folding import fold
from aggregator.text.languages import primary_subtag
from aggregator.web.pages import locales, wording
from aggregator.web.pages.page import Page, PageRoute, Visit
from aggregator.web.pages.writing import country_in, language_in

OF_LATE = timedelta(days=30)


class Row(Struct, frozen=True):
    """A publisher in the list. `reports`: of late."""

    profile: PublisherProfile
    kind: str  # in words
    languages: str  # likewise
    reports: int


class InCountry(Struct, frozen=True):
    """The publishers of one country, by name."""

    code: str
    name: str
    rows: tuple[Row, ...]


class Choice(Struct, frozen=True):
    """One value that the list can be narrowed to."""

    value: str
    label: str
    is_chosen: bool


def publishers(visit: Visit) -> Page:
    """What nobody may read here is left out, as the API does."""
    shown = list(_shown(visit))
    counts = visit.store.reports_since(visit.now.date() - OF_LATE)
    wanted = [each for each in shown if _is_wanted(each, visit)]
    found = [_row(each, counts.get(each.publisher, 0), visit) for each in wanted]
    is_narrowed = bool(visit.given)
    return Page(
        template="publishers.html",
        title=visit.gettext("Who is on this wire"),
        description=visit.gettext("The publishers of this wire by country, with their kinds, languages and reports."),
        values={
            "countries": _by_country(found, visit),
            "kinds": _kinds(shown, visit),
            "groups": _groups(shown, visit),
            "languages": _languages(shown, visit),
            "number": len(found),
            "number_of_all": len(shown),
            "is_narrowed": is_narrowed,
        },
        canonical=visit.address("/publishers"),
        is_indexed=not is_narrowed,
    )


def _row(profile: PublisherProfile, reports: int, visit: Visit) -> Row:
    names = [language_in(tag, visit.reader.language) for tag in profile.languages]
    kind = visit.gettext(wording.KIND_OF_ONE[profile.kind])
    return Row(profile, kind, locales.list_in(names, visit.reader.language, "unit"), reports)


def _shown(visit: Visit) -> Iterable[PublisherProfile]:
    by, said = visit.by, by_publisher(visit.store)
    for profile in visit.store.publisher_profiles():
        if widest(profile.rights, by, of_publisher(said, profile.publisher, profile.homepage)) != "none":
            yield profile


def _is_wanted(profile: PublisherProfile, visit: Visit) -> bool:
    """Whether it is what the parameters ask for; what is not known asks for nothing that there is."""
    kind, group, language = (visit.one(name) for name in ("kind", "group", "language"))
    return (
        (kind is None or profile.kind == kind)
        and (group is None or profile.group == group)
        and (language is None or language.lower() in (primary_subtag(tag) for tag in profile.languages))
    )


def _by_country(rows: Sequence[Row], visit: Visit) -> tuple[InCountry, ...]:
    """In the order of their names in the reader's language, what is of no country last."""
    by: dict[str, list[Row]] = {}
    for row in rows:
        by.setdefault(row.profile.country, []).append(row)
    language = visit.reader.language
    found = [
        InCountry(code, country_in(code, language), tuple(sorted(of, key=lambda row: sorted_as(row.profile.name))))
        for code, of in by.items()
    ]
    return tuple(sorted(found, key=lambda each: (each.code in ("XA", "XW"), sorted_as(each.name))))


def sorted_as(name: str) -> str:
    """By what a name is put in order: without accents and case."""
    return fold(name)


def _kinds(shown: Iterable[PublisherProfile], visit: Visit) -> tuple[Choice, ...]:
    found: dict[Kind, str] = {each.kind: visit.gettext(wording.KINDS[each.kind]) for each in shown}
    return _choices(found.items(), visit.one("kind"))


def _groups(shown: Iterable[PublisherProfile], visit: Visit) -> tuple[Choice, ...]:
    found: dict[Group, str] = {each.group: visit.gettext(wording.GROUPS[each.group]) for each in shown}
    return _choices(found.items(), visit.one("group"))


def _languages(shown: Iterable[PublisherProfile], visit: Visit) -> tuple[Choice, ...]:
    tags = {primary_subtag(tag) for each in shown for tag in each.languages}
    return _choices(((tag, language_in(tag, visit.reader.language)) for tag in tags), visit.one("language"))


def _choices(found: Iterable[tuple[str, str]], chosen: str | None) -> tuple[Choice, ...]:
    return tuple(
        Choice(value, label, value == chosen) for value, label in sorted(found, key=lambda each: sorted_as(each[1]))
    )


ROUTES = (PageRoute("/publishers", publishers, ("kind", "group", "language")),)
