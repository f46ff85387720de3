"""What names on the command line mean: codes and keys. Refuses, as a usage error, what nothing can match, and names the
nearest that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches

import click

from aggregator.config.codes import (
    countries_named,
    country_names,
    is_country,
    is_language,
    language_names,
    languages_named,
)
from aggregator.model.errors import ConfigError
from aggregator.pipeline.opening import load_config
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text.folding import fold

_LISTED = 12  # known values, that are named where none is near


# Publishers


def publisher_key(paths: Paths, store: Store, said: str) -> str:
    """The key of a publisher of the database or of the configuration, by its key or its name; click.BadParameter."""
    said.encode()  # of what is not UTF-8 the command says so
    known = store.known_publishers()
    if said in known:
        return said
    names = {key: each.name for key, each in known.items()} | _configured(paths)
    if said in names:
        return said
    found = sorted(key for key, name in names.items() if fold(name).split() == fold(said).split() != [])
    if len(found) > 1:
        raise click.BadParameter(
            f"several publishers have the name {said!r}: give a key, {' or '.join(found)}", param_hint="--publisher"
        )
    if not found:
        near = _near(said, names, lambda: {name: key for key, name in names.items()})
        said = f"there is no publisher {said!r}{near}; `aggregator publishers` lists them"
        raise click.BadParameter(said, param_hint="--publisher")
    return found[0]


def _configured(paths: Paths) -> dict[str, str]:
    """Names by key."""
    try:
        config = load_config(paths)
    except ConfigError:  # the database alone is known, then
        return {}
    return {each.key: each.key for each in config.faulty} | {each.key: each.name for each in config.publishers}


# Countries and languages


def country_code(said: str, here: Collection[str]) -> str:
    """The code of a country, by its code or its name; `here`: those that are known without asking ISO."""
    said.encode()  # of what is not UTF-8 the command says so
    code = said.upper()
    if code in here or (len(code) == 2 and code.isascii() and code.isalpha() and is_country(code)):
        return code
    refusal = f"{said!r} is no country of ISO 3166-1 such as ML or Mali, nor XA or XW"
    return _one(said, countries_named(said), "--country", refusal, _near(said, here, country_names))


def language_tag(said: str, here: Collection[str]) -> str:
    """The tag of a language, by a tag or its name; `here`: those that are known without asking ISO."""
    said.encode()
    primary = said.partition("-")[0].lower()
    if primary in {each.partition("-")[0].lower() for each in here} and said.isascii():
        return said
    if said.replace("-", "").isalnum() and said.isascii() and is_language(said):
        return said
    refusal = f"{said!r} is no language of ISO 639 such as fr or French"
    return _one(said, languages_named(said), "--language", refusal, _near(said, here, language_names))


def _one(said: str, found: Sequence[str], option: str, refusal: str, near: str) -> str:
    if len(found) == 1:
        return found[0]
    if found:
        raise click.BadParameter(f"{said!r} may be {' or '.join(found)}: give one of these", param_hint=option)
    raise click.BadParameter(f"{refusal}{near}", param_hint=option)


# Words of ours


def one_of(known: Sequence[str]) -> Callable[[click.Context, click.Parameter, Sequence[str]], tuple[str, ...]]:
    """A callback that reads values of an option that may be given several times, each one of these words."""

    def read(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
        read = tuple("_".join(value.replace("-", " ").replace("_", " ").split()).lower() for value in values)
        for value, word in zip(values, read, strict=True):
            if word not in known:
                near = _near(word, known) or f"; known: {', '.join(known)}"
                raise click.BadParameter(f"{value!r} is not known{near}")
        return read

    return read


def columns(known: Sequence[str]) -> Callable[[click.Context, click.Parameter, str | None], tuple[str, ...] | None]:
    """A callback that reads names of columns with commas between them."""

    def read(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
        if value is None:
            return None
        names = tuple(name.strip() for name in value.split(","))
        for name in names:
            if name not in known:
                near = _near(name, known)
                raise click.BadParameter(f"there is no column {name!r}{near}; the columns: {', '.join(known)}")
        if len(set(names)) < len(names):
            raise click.BadParameter(f"a column is named twice in {value!r}")
        return names

    return read


def _near(word: str, known: Collection[str], names: Callable[[], Mapping[str, str]] = dict) -> str:
    """`; did you mean ...?`, or all that are known, where these are few. `names`: what is known, by its names."""
    by_fold = {each.casefold(): each for each in sorted(known)}
    if close := get_close_matches(word.casefold(), by_fold, n=3):
        return f"; did you mean {' or '.join(by_fold[each] for each in close)}?"
    by_name = {fold(name): f"{value} ({name})" for name, value in names().items() if name != value}
    if close := get_close_matches(fold(word), by_name, n=3, cutoff=0.7):
        return f"; did you mean {' or '.join(by_name[each] for each in close)}?"
    return f"; known here: {', '.join(by_fold.values())}" if 0 < len(by_fold) <= _LISTED else ""
