"""The directory of publishers as people read it: some of them by what they are, and counts of all; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from aggregator.config.codes import country_name, language_name
from aggregator.config.opml import Outline
from aggregator.model import Group, Publisher, Source
from aggregator.text.languages import primary_subtag
from aggregator.text.printable import line

_GROUPS: Mapping[Group, str] = {
    "news_organization": "News organisations",
    "institution": "Institutions",
    "individual": "Individuals",
}


def polled(publisher: Publisher) -> tuple[Source, ...]:
    """Its sources that are asked for news: switched on, and of a known address."""
    return tuple(source for source in publisher.sources if source.enabled and source.kind != "discover")


def switched_off(publisher: Publisher) -> tuple[Source, ...]:
    return tuple(source for source in publisher.sources if not source.enabled)


def outlines(publishers: Iterable[Publisher]) -> dict[str, list[Outline]]:
    """The sources that are polled, by the names of their countries. Those that need a secret are left out: nobody else
    could use their addresses.
    """
    folders: dict[str, list[Outline]] = {}
    for publisher in sorted(
        publishers, key=lambda publisher: (country_name(publisher.country), publisher.name.casefold())
    ):
        for source in polled(publisher):
            if source.access is None:
                folders.setdefault(country_name(publisher.country), []).append(_outline(publisher, source))
    return folders


def _outline(publisher: Publisher, source: Source) -> Outline:
    return Outline(
        title=publisher.name,
        url=source.url,
        homepage=publisher.homepage,
        language=publisher.languages[0],
        categories=(publisher.country, publisher.kind),
    )


def summary(publishers: Iterable[Publisher]) -> str:
    """How many there are of each group, and of how many an address is polled: a table in Markdown."""
    others = [publisher for publisher in publishers if publisher.group != "own"]
    names = ("", "publishers", "polled", "address doubted, off", "only a homepage known")
    rows = [(name, *_standing([p for p in others if p.group == group])) for group, name in _GROUPS.items()]
    return _table(names, [*rows, ("All", *_standing(others))])


def _standing(publishers: Sequence[Publisher]) -> tuple[int, int, int, int]:
    """All, those of which a source is polled, those whose sources are off, those whose feed is yet to be found."""
    live = sum(bool(polled(publisher)) for publisher in publishers)
    sought = sum(
        not polled(publisher) and any(source.enabled for source in publisher.sources) for publisher in publishers
    )
    return len(publishers), live, len(publishers) - live - sought, sought


def page(publishers: Iterable[Publisher]) -> str:
    """The counts by group, country, language, kind and rights profile: a page in Markdown."""
    others = [publisher for publisher in publishers if publisher.group != "own"]
    parts = [
        "# The directory",
        "<!-- Written by `make directory`; tests/config/test_directory.py compares it with config/. -->",
        "What is in `config/publishers/`, the wire's own desk aside. No address was tried before it was written "
        "down. `aggregator publishers` lists them one by one.",
        summary(others),
        "## By country",
        _by_country(others),
        "## By language",
        "A publisher counts once for each of its languages.",
        _counts(("language", "publishers"), (language for p in others for language in _languages(p))),
        "## By kind",
        _counts(("kind", "publishers"), (publisher.kind for publisher in others)),
        "## By rights",
        "Profiles of `config/rights.toml`; a public body is quoted only, until somebody has read its terms.",
        _counts(("profile", "publishers"), (publisher.profile or "none" for publisher in others)),
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _by_country(publishers: Sequence[Publisher]) -> str:
    names = ("country", "", "news organisations", "institutions", "individuals", "polled")
    rows = []
    for country in sorted({publisher.country for publisher in publishers}, key=country_name):
        here = [publisher for publisher in publishers if publisher.country == country]
        groups = Counter(publisher.group for publisher in here)
        rows.append((country_name(country), country, *(groups[group] for group in _GROUPS), _standing(here)[1]))
    return _table(names, rows)


def _languages(publisher: Publisher) -> Iterator[str]:
    for tag in sorted({primary_subtag(tag) for tag in publisher.languages}):
        yield f"{language_name(tag)} ({tag})"


def _counts(names: Sequence[str], words: Iterable[str]) -> str:
    counted = sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))
    return _table(names, counted)


def _table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Text stands left, numbers right."""
    rows = list(rows)
    marks = ["---:" if isinstance(value, int) else "---" for value in rows[0]] if rows else ["---"] * len(names)
    lines = [names, marks, *([_shown(value) for value in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in lines)


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else line(str(value)).replace("|", r"\|")
