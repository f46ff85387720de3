"""catalogue: searches the publishers that come with the program; `add` copies them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, get_args

import click

from aggregator.cli.filters import of_publishers
from aggregator.cli.options import AS_JSON
from aggregator.cli.printing import say
from aggregator.cli.rows import say_json_rows
from aggregator.config import catalogue as shipped
from aggregator.model import Group, Kind
from aggregator.model.errors import ConfigError
from aggregator.pipeline.opening import publisher_files
from aggregator.pipeline.paths import Paths
from aggregator.text.printable import counted

_FEED = {"known": "feed known", "off": "feed doubted, off", "sought": "feed not known"}


_KINDS = tuple(kind for kind in get_args(Kind) if kind != "own")
_GROUPS = tuple(group for group in get_args(Group) if group != "own")
CHOICE = of_publishers(_KINDS, _GROUPS)


@click.command()
@click.argument("words", nargs=-1)
@CHOICE
@AS_JSON
@click.pass_obj
def catalogue(paths: Paths, /, words: tuple[str, ...], as_json: bool, **of: tuple[str, ...]) -> None:
    """Search the publishers that come with the program.

    WORDS are looked for in name, key, place, site, country and language, without regard to accents and capitals; each
    may be the beginning of a word. Each option may be given several times. `aggregator add KEY` copies a publisher into
    your configuration. Those that your configuration has are marked "added". Where no feed is known, the site is
    searched for one after it was added.
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
