"""import: publishers from a list of feeds, each as a file; the loader reads all of them before one is kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import click

from aggregator.cli.options import AS_JSON
from aggregator.cli.printing import say, say_json
from aggregator.config.adding import refused
from aggregator.config.codes import is_country, is_language
from aggregator.config.new_publishers import Known, LeftOut, NewPublisher, Told
from aggregator.config.opml import Outline, read
from aggregator.config.saving import save
from aggregator.model import Kind
from aggregator.model.errors import ConfigError
from aggregator.pipeline.opening import read_config
from aggregator.pipeline.paths import Paths
from aggregator.text.urls import without_user


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--country",
    metavar="CODE",
    help="Country for all of them (two letters, e.g. ML). [default: a category or folder so named]",
)
@click.option("--language", metavar="CODE", help="Language of those for which the list has none, e.g. fr.")
@click.option(
    "--kind",
    type=click.Choice([kind for kind in get_args(Kind) if kind != "own"]),
    default="news_site",
    show_default=True,
    metavar="KIND",
    help="Kind of those for which the list has none.",
)
@AS_JSON
@click.pass_obj
def import_(paths: Paths, /, file: Path, country: str | None, language: str | None, kind: Kind, as_json: bool) -> None:
    """Add publishers from an OPML file (skips those already here).

    Each new publisher is quoted only: headline, link and an excerpt. Those that are skipped are named, with the reason.
    """
    told = Told(country=country.upper() if country else None, language=language, kind=kind)
    if told.country is not None and not (len(told.country) == 2 and is_country(told.country)):
        raise click.BadParameter(f"{country!r} is no country of ISO 3166-1", param_hint="--country")
    if language is not None and not is_language(language):
        raise click.BadParameter(f"{language!r} is no language of ISO 639", param_hint="--language")
    listed = read(file.read_bytes())
    if listed.remark:
        say(f"{file.name}: {listed.remark}; look whether all of it is here", err=True)
    added, left_out = _sound(paths, listed.outlines, told)
    for each in added:
        save(paths.config_folder(), each.name, each.text)
    _print(added, left_out, listed.unread, as_json)
    sys.exit(0 if added or any(each.is_here for each in left_out) else 1)


def _sound(paths: Paths, outlines: tuple[Outline, ...], told: Told) -> tuple[list[NewPublisher], list[LeftOut]]:
    """Those that the loader takes beside all that is there, and the others with the reason. Raises ConfigError where a
    file that is there has a fault: it may have an address that is to be added.
    """
    there = read_config(paths)
    if there.faults:
        raise ConfigError([*there.faults, "nothing was added: correct these first, since nobody knows what is here"])
    sorted_out = list(Known(there.publishers).sort(outlines, told))
    added = [each for each in sorted_out if isinstance(each, NewPublisher)]
    left_out = [each for each in sorted_out if isinstance(each, LeftOut)]
    whys = refused(paths.config_folder(), {each.name: each.text for each in added})
    left_out += [LeftOut(outline=each.outline, why=whys[each.name]) for each in added if each.name in whys]
    return [each for each in added if each.name not in whys], left_out


def _print(added: list[NewPublisher], left_out: list[LeftOut], unread: int, as_json: bool) -> None:
    if as_json:
        files = [{"file": each.name, "name": each.outline.title, "url": each.outline.url} for each in added]
        others = [
            {
                "name": each.outline.title,
                "url": without_user(each.outline.url),
                "why": each.why,
                "here_already": each.is_here,
            }
            for each in left_out
        ]
        say_json({"added": files, "left_out": others, "unread": unread})
        return
    for each in added:
        say(f"added     {each.name}  {each.outline.title}")
    for other in left_out:
        url = without_user(other.outline.url)  # whoever wrote the list may not have meant to show a password
        say(f"left out  {other.outline.title or '(no name)'} ({url}): {other.why}")
    also = f", {unread} that could not be read" if unread else ""
    here = sum(each.is_here for each in left_out)
    already = f" ({here} here already)" if here else ""
    say(f"{len(added)} added, {len(left_out)} left out{already}{also}")
