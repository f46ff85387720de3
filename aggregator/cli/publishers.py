"""publishers: what may be carried of each, and how much is held; as a list, as OPML, or as a page of counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, get_args

import click

from aggregator.cli.faults import say_faults
from aggregator.cli.filters import country_code, language_tag
from aggregator.cli.options import AS_JSON, in_capitals
from aggregator.cli.printing import say_table
from aggregator.cli.rows import say_rows
from aggregator.config import directory
from aggregator.config.opml import write
from aggregator.model import Group, Kind, Publisher
from aggregator.pipeline.opening import load_config, read_store
from aggregator.pipeline.paths import Paths
from aggregator.rights import effective
from aggregator.text.dates import utc_now

_OF_A_PUBLISHER = ("publisher", "name", "place", "country", "publisher_kind", "languages", "profile")
_OF_A_SOURCE = ("key", "url", "kind", "enabled", "reason")
_WRITTEN = click.File("w", encoding="utf-8", atomic=True)  # whole, or as it was


@click.command()
@click.option("--country", callback=in_capitals, metavar="CODE", help="Those of a country: two letters, such as ML.")
@click.option("--group", type=click.Choice(get_args(Group)), help="Newsrooms, institutions or individuals.")
@click.option("--kind", type=click.Choice(get_args(Kind)), metavar="KIND", help="Such as newspaper or government.")
@click.option("--language", metavar="CODE", help="Those that publish in it: such as fr.")
@click.option("--rights", metavar="PROFILE", help="Those of a profile of rights.toml.")
@click.option("--off", is_flag=True, help="Those with a source that is switched off, and for what reason.")
@click.option("--opml", type=_WRITTEN, metavar="FILE", help="Write the sources of these as OPML 2.0; - prints it.")
@click.option("--markdown", type=_WRITTEN, metavar="FILE", help="Write a page of counts of these; - prints it.")
@AS_JSON
@click.pass_obj
def publishers(
    paths: Paths, /, off: bool, as_json: bool, opml: IO[str] | None, markdown: IO[str] | None, **of: str | None
) -> None:
    """List the publishers, what may be carried of each, and how much is held."""
    if as_json and (opml or markdown):
        raise click.UsageError("--json belongs to the list: --opml and --markdown have forms of their own")
    if opml and markdown and getattr(opml, "name", "-") == getattr(markdown, "name", "-"):
        raise click.UsageError("give --opml and --markdown different files")
    config = load_config(paths)
    say_faults(config)
    of |= _codes(config.publishers, of)
    choice = directory.Choice(**of)
    profiles = sorted({publisher.profile for publisher in config.publishers if publisher.profile})
    if choice.rights is not None and choice.rights not in profiles:
        raise click.BadParameter(
            f"no publisher here has it; those in use: {', '.join(profiles)}", param_hint="--rights"
        )
    chosen = [publisher for publisher in config.publishers if choice.takes(publisher)]
    if off:
        chosen = [publisher for publisher in chosen if directory.switched_off(publisher)]
    if opml is not None:
        opml.write(write(config.wire.name, directory.outlines(chosen), utc_now()))
    if markdown is not None:
        markdown.write(directory.page(chosen))
    if off and not (opml or markdown or as_json):
        _print_switched_off(chosen)
    elif opml is None and markdown is None:
        columns = (*_OF_A_PUBLISHER, "text_scope", "licence", "polled", "articles", "newest")
        say_rows(_publisher_rows(paths, chosen), columns, as_json)


def _codes(publishers: Sequence[Publisher], of: Mapping[str, str | None]) -> dict[str, str]:
    """Country and language, where they are given, by their codes."""
    found = {}
    if (country := of["country"]) is not None:
        found["country"] = country_code(country, {each.country for each in publishers})
    if (language := of["language"]) is not None:
        found["language"] = language_tag(language, {tag for each in publishers for tag in each.languages})
    return found


def _publisher_rows(paths: Paths, chosen: Iterable[Publisher]) -> list[dict[str, Any]]:
    """What config/ says of each, and what the database holds of it, where there is one yet."""
    held: dict[str, dict[str, Any]] = {}
    if paths.database().exists():
        with read_store(paths) as store:
            held = {row["publisher"]: row for row in store.publishers()}
    rows, today = [], utc_now().date()
    for publisher in _in_order(chosen):
        rights, of_it = effective(publisher.rights, today), held.get(publisher.key, {})
        said: dict[str, Any] = {name: getattr(publisher, name) for name in ("name", "place", "country")}
        said |= {"publisher": publisher.key, "publisher_kind": publisher.kind, "publisher_group": publisher.group}
        said |= {"languages": publisher.languages, "homepage": publisher.homepage, "profile": publisher.profile}
        said |= {"text_scope": rights.text_scope, "licence": rights.licence, "polled": len(directory.polled(publisher))}
        said |= {"sources": [{name: getattr(source, name) for name in _OF_A_SOURCE} for source in publisher.sources]}
        rows.append({**said, "articles": of_it.get("articles", 0), "newest": of_it.get("newest")})
    return rows


def _in_order(publishers: Iterable[Publisher]) -> list[Publisher]:
    return sorted(publishers, key=lambda publisher: (publisher.country, publisher.name.casefold()))


def _print_switched_off(publishers: Iterable[Publisher]) -> None:
    rows = [
        (source.name, source.url, source.reason) for p in _in_order(publishers) for source in directory.switched_off(p)
    ]
    say_table(("source", "url", "reason"), rows)
