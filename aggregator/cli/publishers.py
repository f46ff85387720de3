"""publishers: what may be carried of each, and how much is held; as a list, as OPML, or as a page of counts. Renames
and removes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import IO, Any, get_args

import click
from msgspec import Struct

from aggregator.cli import options
from aggregator.cli.faults import say_faults
from aggregator.cli.filters import of_publishers
from aggregator.cli.options import AS_JSON
from aggregator.cli.printing import say, say_table
from aggregator.cli.rows import say_rows
from aggregator.config import directory
from aggregator.config.catalogue import Search
from aggregator.config.opml import write
from aggregator.desk import purging
from aggregator.model import Cause, Group, Kind, Publisher
from aggregator.pipeline import renaming
from aggregator.pipeline.opening import load_config, open_existing, publisher_files, read_store
from aggregator.pipeline.paths import Paths
from aggregator.rights import agreement_warnings, did_you_mean, effective, end_in_words
from aggregator.store import exists
from aggregator.text.dates import utc_now
from aggregator.text.printable import counted, escaped

_OF_A_PUBLISHER = ("publisher", "name", "place", "country", "publisher_kind", "languages", "profile")
_OF_A_SOURCE = ("key", "url", "kind", "enabled", "reason")
_EVER = datetime.max.replace(tzinfo=UTC)
_WRITTEN = options.WrittenFile()


@click.group(invoke_without_command=True)
@of_publishers(get_args(Kind), get_args(Group))
@click.option("--rights", "profiles", multiple=True, metavar="PROFILE", help="Those of a profile of rights.toml.")
@click.option("--off", is_flag=True, help="Those with a source that is switched off, and for what reason.")
@click.option("--opml", type=_WRITTEN, metavar="FILE", help="Write the sources of these as OPML 2.0; - prints it.")
@click.option("--markdown", type=_WRITTEN, metavar="FILE", help="Write a page of counts of these; - prints it.")
@AS_JSON
@click.pass_context
def publishers(
    context: click.Context,
    /,
    off: bool,
    as_json: bool,
    opml: IO[str] | None,
    markdown: IO[str] | None,
    profiles: tuple[str, ...],
    **of: tuple[str, ...],
) -> None:
    """List the publishers, their rights and number of reports.

    The first five options may be given several times.
    """
    if context.invoked_subcommand is not None:
        if off or as_json or opml or markdown or profiles or any(of.values()):
            raise click.UsageError("these options belong to `aggregator publishers` alone")
        return
    paths: Paths = context.obj
    if as_json and (opml or markdown):
        raise click.UsageError("--json belongs to the list: --opml and --markdown have forms of their own")
    if opml and markdown and getattr(opml, "name", "-") == getattr(markdown, "name", "-"):
        raise click.UsageError("give --opml and --markdown different files")
    config = load_config(paths)
    say_faults(config)
    _refuse_unknown(profiles, config.publishers)
    search = Search(**of)
    chosen = [one for one in config.publishers if search.takes(one) and (not profiles or one.profile in profiles)]
    if off:
        chosen = [publisher for publisher in chosen if directory.switched_off(publisher)]
    if opml is not None:
        opml.write(write(config.wire.name, directory.outlines(chosen), utc_now()))
    if markdown is not None:
        markdown.write(directory.page(chosen))
    if off and not (opml or markdown or as_json):
        _print_switched_off(chosen)
    elif opml is None and markdown is None:
        columns = (*_OF_A_PUBLISHER, "text_scope", "licence", "polled", "articles", "held", "withdrawn", "newest")
        say_rows(_publisher_rows(paths, chosen), columns, as_json)
        if not as_json:
            _print_below(paths, chosen)


@publishers.command()
@click.argument("old")
@click.argument("new")
@click.pass_obj
def rename(paths: Paths, old: str, new: str) -> None:
    """Give a publisher another key. Its reports and their ids stay.

    Its file gets the name of the NEW key, and the OLD one among its former_keys, so that every machine that has the
    file makes the same ids. Where the file has its new name already, this says that it is the same publisher; where two
    files have changed names, of both. The daemon may run: it reads the files again by itself.
    """
    done = renaming.rename(paths, old, new, utc_now())
    what = f"{done.file}: {old} {'was renamed already' if done.was_done else 'is renamed'} to {new}"
    if done.also:
        what += f", and {done.also}: {new} to {old}"
    say(f"{what}; {_counted(done.reports)}" if done.reports is not None else f"{what}; there is no database yet")


@publishers.command()
@click.argument("key")
@click.option("--purge", "is_purged", is_flag=True, help="Delete its reports for good, too.")
@click.option("--reason", callback=options.one_line, help="With --purge: why. Readers see it in the notices.")
@options.REFERENCE
@options.ACTOR
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(paths: Paths, /, key: str, is_purged: bool, yes: bool, **why: Any) -> None:
    """Delete a publisher's file, so that it is no longer polled.

    Its reports stay in the wire under the terms that they have, unless --purge deletes them. With --purge, also of a
    publisher whose file is gone. To stop polling for a while, write enabled = false into the file.
    """
    if is_purged != bool(why["reason"]):
        raise click.UsageError("--purge needs --reason, and --reason belongs to --purge")
    file, held = publisher_files(paths).get(key), _held(paths, key)
    if file is None and not (is_purged and held is not None):
        known = publisher_files(paths)
        close = did_you_mean(key, known) or "; `aggregator publishers` lists them"
        gone = f"; `aggregator publishers remove {key} --purge` deletes its reports" if held is not None else close
        raise click.UsageError(f"there is no publisher {key!r} in {paths.config_folder()}{gone}")
    reports = held.reports if held and is_purged else []
    asked = [f"Delete {file}"] if file else []
    if is_purged:
        asked.append(f"{'delete' if asked else 'Delete'} {counted(len(reports), 'report')} of {key} for good")
    if not yes:
        click.confirm(" and ".join(asked) + "?", abort=True)
    if file is not None:
        renaming.remove(paths, key, utc_now())
        say(f"{file}: deleted; {key} is no longer polled")
    if is_purged:
        with open_existing(paths) as store:
            reports = purging.chosen(store, (), _EVER, key)  # some may have come while the question was answered
            purging.purge(store, reports, Cause(**why), utc_now())
        say(f"Purged: {len(reports):,}")
    elif held is not None and held.reports:
        say(f"{_counted(len(held.reports))} in the wire, under its last terms: {held.terms}")


class _Held(Struct, frozen=True):
    reports: list[str]  # their ids
    terms: str  # what leaves of each, in words


def _held(paths: Paths, key: str) -> _Held | None:
    """What the database holds of a publisher; None: it does not know it."""
    if not exists(paths.database()):
        return None
    with read_store(paths, utc_now()) as store:
        if key not in store.known_publishers():
            return None
        scope = store.text_scope(key)
        ends = next((row["last_day"] for row in store.ending_agreements(date.max) if row["publisher"] == key), None)
        until = f"; after {ends}, when its agreement ends, less" if ends else ""
        return _Held(purging.chosen(store, (), _EVER, key), f"{scope.replace('_', ' ')}{until}")


def _counted(reports: int) -> str:
    return f"its {reports:,} reports stay" if reports != 1 else "its 1 report stays"


def _refuse_unknown(profiles: Iterable[str], publishers: Sequence[Publisher]) -> None:
    """click.BadParameter: a profile that no publisher has."""
    in_use = sorted({one.profile for one in publishers if one.profile})
    for profile in profiles:
        if profile not in in_use:
            known = f"those in use: {', '.join(in_use)}"
            raise click.BadParameter(f"no publisher here has {profile!r}; {known}", param_hint="--rights")


def _publisher_rows(paths: Paths, chosen: Iterable[Publisher]) -> list[dict[str, Any]]:
    """What config/ says of each, and what the database holds of it, where there is one yet."""
    held: dict[str, dict[str, Any]] = {}
    if exists(paths.database()):
        with read_store(paths) as store:
            held = {row["publisher"]: row for row in store.publishers()}
    rows, today = [], utc_now().date()
    for publisher in _in_order(chosen):
        rights, of_it = effective(publisher.rights, today), held.get(publisher.key, {})
        said: dict[str, Any] = {name: getattr(publisher, name) for name in ("name", "place", "country")}
        said |= {"publisher": publisher.key, "publisher_kind": publisher.kind, "publisher_group": publisher.group}
        said |= {"languages": publisher.languages, "homepage": publisher.homepage, "profile": publisher.profile}
        said |= {"enabled": publisher.enabled, "reason": publisher.reason, "former_keys": publisher.former_keys}
        said |= {"agreement": end_in_words(publisher.rights, today), "agreement_ends": _day(publisher.rights.expires)}
        said |= {"text_scope": rights.text_scope, "licence": rights.licence, "polled": len(directory.polled(publisher))}
        said |= {"sources": [{name: getattr(source, name) for name in _OF_A_SOURCE} for source in publisher.sources]}
        rows.append(
            {
                **said,
                **{name: of_it.get(name, 0) for name in ("articles", "held", "withdrawn")},
                "newest": of_it.get("newest"),
            }
        )
    return rows


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _in_order(publishers: Iterable[Publisher]) -> list[Publisher]:
    return sorted(publishers, key=lambda publisher: (publisher.country, publisher.name.casefold()))


def _print_below(paths: Paths, chosen: Sequence[Publisher]) -> None:
    """Why some of them are not as their profiles say: an agreement has ended, or ends soon; they are switched off."""
    files = publisher_files(paths)
    for line in agreement_warnings({files[one.key]: one for one in chosen}, utc_now().date()):
        say(f"warning: {escaped(line)}")
    for publisher in chosen:
        if not publisher.enabled:
            say(f"{publisher.key} is switched off{f': {publisher.reason}' if publisher.reason else ''}")


def _print_switched_off(publishers: Iterable[Publisher]) -> None:
    rows = [
        (source.name, source.url, source.reason) for p in _in_order(publishers) for source in directory.switched_off(p)
    ]
    say_table(("source", "url", "reason"), rows)
