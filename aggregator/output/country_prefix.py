"""The country that the wire writes before a headline, such as `Mali:`, which is no word of the publisher's."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.model.release import Release
from aggregator.tags.countries import countries_of
from aggregator.text.folding import fold

_BEGINNING = 80  # characters of a headline, at whose start the country's name may stand
_MOST = 2  # countries that are written before one headline; of more, none says what it is about


def country_prefix(release: Release, named: Callable[[str], str]) -> str | None:
    """The country, or the two, that the wire found the report to be about, in English: `Malawi, Mozambique`.

    None: none was found or too many were, or the headline begins with the name of one of them, in its own language or
    in English. `named`: a country's English name by its code.
    """
    if not release.headline or not 0 < len(release.about) <= _MOST:
        return None
    names = [named(code) for code in release.about]
    if any(_begins(release.headline, name) for name in names) or _begins_with_country(release):
        return None
    return ", ".join(names)


def _begins_with_country(release: Release) -> bool:
    beginning = release.headline[:_BEGINNING]
    return any(
        evidence.rule == "name" and evidence.where == "headline" and _begins(beginning, evidence.words)
        for tag in countries_of(beginning, "", None, release.language)
        for evidence in tag.evidence
        if tag.code in release.about
    )


def _begins(headline: str, name: str) -> bool:
    said, begun = f"{fold(headline)} ", fold(name)
    return said.startswith(begun) and not said[len(begun)].isalnum()
