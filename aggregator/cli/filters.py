"""Refuses, as a usage error, a publisher, country or language that nothing can match; it names the nearest."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

import click

from aggregator.config.codes import is_country, is_language
from aggregator.model import Selection
from aggregator.model.errors import ConfigError
from aggregator.pipeline.opening import load_config
from aggregator.pipeline.paths import Paths
from aggregator.store import Store

_LISTED = 12  # known values, that are named where none is near


def refuse_unknown(paths: Paths, store: Store, selection: Selection) -> None:
    """click.BadParameter: a value that neither the database, the configuration nor ISO knows."""
    publisher, country, language = selection.publisher, selection.country, selection.language
    if publisher is None and country is None and language is None:
        return
    "".join(filter(None, (publisher, country, language))).encode()  # of what is not UTF-8 the command says so
    known = store.known_publishers()
    if publisher is not None and publisher not in known:
        _refuse_unknown_publisher(publisher, {*known, *_configured(paths)})
    if country is not None:
        refuse_unknown_country(country, {each.country for each in known.values()})
    if language is not None:
        refuse_unknown_language(language, {tag for each in known.values() for tag in each.languages})


def _refuse_unknown_publisher(key: str, known: Collection[str]) -> None:
    if key not in known:
        said = f"there is no publisher {key!r}{_near(key, known)}; `aggregator publishers` lists them"
        raise click.BadParameter(said, param_hint="--publisher")


def refuse_unknown_country(code: str, here: Collection[str]) -> None:
    """`here`: the countries that are known without asking ISO."""
    if code in here:
        return
    if not (len(code) == 2 and code.isascii() and code.isalpha() and is_country(code)):
        said = f"{code!r} is no country of ISO 3166-1 such as ML, nor XA or XW{_near(code, here)}"
        raise click.BadParameter(said, param_hint="--country")


def refuse_unknown_language(tag: str, here: Collection[str]) -> None:
    """`here`: the languages that are known without asking ISO."""
    primary = tag.partition("-")[0].lower()
    if primary in {each.partition("-")[0].lower() for each in here} and tag.isascii():
        return
    if not (tag.replace("-", "").isalnum() and tag.isascii() and is_language(tag)):
        raise click.BadParameter(
            f"{tag!r} is no language of ISO 639 such as fr{_near(tag, here)}", param_hint="--language"
        )


def _configured(paths: Paths) -> set[str]:
    try:
        config = load_config(paths)
    except ConfigError:  # the database alone is known, then
        return set()
    return {each.key for each in config.publishers} | {each.key for each in config.faulty}


def _near(word: str, known: Collection[str]) -> str:
    """`; did you mean ...?`, or all that are known, where these are few."""
    by_fold = {each.casefold(): each for each in sorted(known)}
    if close := get_close_matches(word.casefold(), by_fold, n=3):
        return f"; did you mean {' or '.join(by_fold[each] for each in close)}?"
    return f"; known here: {', '.join(by_fold.values())}" if 0 < len(by_fold) <= _LISTED else ""
