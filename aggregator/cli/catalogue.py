"""catalogue: searches the publishers that come with the program; `add` copies them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, get_args

import click

from aggregator.cli.options import AS_JSON, together
from aggregator.cli.printing import say
from aggregator.cli.rows import say_json_rows
from aggregator.config import catalogue as shipped
from aggregator.config.codes import country_called, country_names, language_called, language_names
from aggregator.model import Group, Kind
from aggregator.model.errors import ConfigError
from aggregator.pipeline.opening import publisher_files
from aggregator.pipeline.paths import Paths
from aggregator.rights import did_you_mean
from aggregator.text.printable import counted

_FEED = {"known": "feed known", "off": "feed doubted, off", "sought": "feed not known"}


def _read(
    called: Callable[[str], str | None], names: Callable[[], Collection[str]], what: str
) -> Callable[..., tuple[str, ...]]:
    """Codes, of what may be said by code or by name."""

    def read(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
        codes = {value: called(value) for value in values}
        for value, code in codes.items():
            if code is None:
                raise click.BadParameter(
                    f"{value!r} is {what}{did_you_mean(value.casefold(), {name.casefold() for name in names()})}"
                )
        return tuple(filter(None, codes.values()))

    return read


def _one_of(known: Collection[str]) -> Callable[..., tuple[str, ...]]:
    """Words of a list, in which `-` and a space may stand for `_`."""

    def read(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
        words = tuple(value.lower().replace("-", "_").replace(" ", "_") for value in values)
        for value, word in zip(values, words, strict=True):
            if word not in known:
                raise click.BadParameter(f"{value!r} is not one of {', '.join(known)}{did_you_mean(word, known)}")
        return words

    return read


_KINDS = tuple(kind for kind in get_args(Kind) if kind != "own")
_GROUPS = tuple(group for group in get_args(Group) if group != "own")
_NO_COUNTRY = "no country of ISO 3166-1, by code (ML) or by name (Mali), nor XA (all of Africa) or XW (the world)"
_NO_LANGUAGE = "no language of ISO 639, by code (fr) or by name (French)"
_of_country = _read(country_called, country_names, _NO_COUNTRY)
_of_language = _read(language_called, language_names, _NO_LANGUAGE)
_COUNTRY = "Code or name, e.g. ML or Mali. May be repeated, as may the others."
CHOICE = together(
    click.option("--country", "countries", multiple=True, callback=_of_country, metavar="COUNTRY", help=_COUNTRY),
    click.option("--group", "groups", multiple=True, callback=_one_of(_GROUPS), help=f"One of: {', '.join(_GROUPS)}."),
    click.option("--kind", "kinds", multiple=True, callback=_one_of(_KINDS), help=f"One of: {', '.join(_KINDS)}."),
    click.option(
        "--language", "languages", multiple=True, callback=_of_language, help="Code or name, e.g. fr or French."
    ),
)


@click.command()
@click.argument("words", nargs=-1)
@CHOICE
@AS_JSON
@click.pass_obj
def catalogue(paths: Paths, /, words: tuple[str, ...], as_json: bool, **of: tuple[str, ...]) -> None:
    """Search the publishers that come with the program.

    WORDS are looked for in name, key, place, site, country and language, without regard to accents and capitals; each
    may be the beginning of a word. `aggregator add KEY` copies a publisher into your configuration.
    Those that your configuration has are marked "added". Where no feed is known, the site is searched for one after it
    was added.
    """
    search = shipped.Search(words=words, **of)
    found = sorted(filter(search.takes, shipped.all_listed()), key=lambda one: (one.country, one.name.casefold()))
    here = _here(paths)
    if as_json:
        say_json_rows([_object(one, here) for one in found])
        return
    for one in found:
        say(one.key, bold=True)
        said = (one.name, one.country, one.kind, " ".join(one.languages), _FEED[one.feed])
        say(f"  {' · '.join(said)}{' · added' if one.key in here else ''}")
    count = f"{len(found):,} of {counted(len(shipped.files()), 'publisher')}"
    say(f"{count}; `aggregator add KEY` copies one" if found else f"{count}; ask for fewer words or conditions")


def _here(paths: Paths) -> Collection[str]:
    """The keys of the publishers that the configuration has; none where there is no configuration yet."""
    try:
        return publisher_files(paths).keys()
    except ConfigError:
        return ()


def _object(one: shipped.Listed, here: Collection[str]) -> dict[str, Any]:
    of_publisher = {"publisher": one.key, "publisher_kind": one.kind, "publisher_group": one.group}
    names = ("name", "place", "country", "languages", "homepage", "feed")
    return of_publisher | {name: getattr(one, name) for name in names} | {"added": one.key in here}
