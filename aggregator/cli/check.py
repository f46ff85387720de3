"""check: whether the configuration is sound; with --live, how its sources do."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from aggregator.cli import daemons
from aggregator.cli.faults import say_faults
from aggregator.cli.keys import sources_named
from aggregator.cli.options import AS_JSON
from aggregator.cli.printing import say, say_json, say_lines
from aggregator.config import catalogue
from aggregator.identity.publishers import renamed
from aggregator.model import Config
from aggregator.model.errors import ConfigError, StoreError
from aggregator.model.place import Place
from aggregator.pipeline.faults import names_of
from aggregator.pipeline.opening import is_in_force, publisher_files, read_config, read_store, refuse_placeholders
from aggregator.pipeline.paths import Paths
from aggregator.rights import agreement_warnings
from aggregator.store import everybody_reads
from aggregator.tags.language import LIBRARIES
from aggregator.tags.tables import tables_of
from aggregator.text.dates import utc_now
from aggregator.text.printable import counted, escaped

_LISTED_ONE_BY_ONE = 5  # files with the same warning


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--live", is_flag=True, help="Poll every source once, or those of KEY, and store nothing.")
@AS_JSON
@click.pass_obj
def check(paths: Paths, keys: tuple[str, ...], live: bool, as_json: bool) -> None:
    """Check the configuration; with --live, fetch every source.

    It prints every error of every file, with line and key. It warns of agreements that have ended or end within 30
    days, names the keys that nothing acts on yet, and says when the database was written with other files than these,
    and when reports are to be tagged anew.

    --live needs no database and stores nothing. For each source it says what its document has, whether its validators
    work, and where it redirects to; the exit code is 1 when one gave no answer, or no document that can be read. A
    publisher whose file has an error is not fetched. A KEY is a publisher's key or publisher/source.
    """
    if keys and not live:
        raise click.UsageError("a KEY belongs to --live: the files are always checked together")
    config = _checked(paths, as_json)
    if live:
        from aggregator.cli.check_live import say_how_they_do  # takes as long as all the rest, which asks nobody

        refuse_placeholders(config)
        enabled = [source for publisher in config.publishers for source in publisher.sources if source.enabled]
        has_faults = say_faults(config)
        if keys:
            names = sources_named(paths, config, enabled, keys)
            enabled = [source for source in enabled if source.name in names]
        is_dead = say_how_they_do(paths, config, enabled, as_json)
        if has_faults or is_dead:
            sys.exit(1)
        return
    faults = [*config.faults, *(config.placeholders if config.placeholders_forbid_polling else ())]
    _print_all(paths, config, faults, as_json)
    if faults:
        sys.exit(1)


def _print_all(paths: Paths, config: Config, faults: Sequence[str], as_json: bool) -> None:
    """The faults of publishers, all warnings and notes, and how many are fine."""
    folder = paths.config_folder()
    warnings = [*_of_files(paths, config), *config.warnings, *_open_to_all(paths.database())]
    sources = sum(len(publisher.sources) for publisher in config.publishers)
    left, to_retag = _without_file(paths, config), _to_retag(paths, config)
    counts = {"publishers": len(config.publishers), "sources": sources}
    if as_json:
        beside: dict[str, Any] = {
            "without_file": left,
            "warnings": warnings,
            "in_force": is_in_force(paths),
            "language_libraries": LIBRARIES,
            "to_retag": to_retag,
        }
        beside["daemon"] = daemons.as_object(paths)
        beside["not_sent_to"] = [each.key for each in config.faulty_subscribers]
        beside["not_searched"] = [each.key for each in config.faulty_searches]
        stopped = [each.key for each in config.faulty]
        _print_checked(folder, {"faults": faults, "not_polled": stopped, **beside, **counts})
        return
    for line in _gathered(warnings):
        say(f"warning: {escaped(line)}")
    _print_notes(paths, left, _subscribers_without_file(paths, config))
    if to_retag:
        have = f"{counted(to_retag, 'report')} {'has' if to_retag == 1 else 'have'} tags that other tables or settings"
        say(f"note: {have} made than those of now; `aggregator retag` finds them anew")
    fine = f"OK: {counted(len(config.publishers), 'publisher')}, {counted(sources, 'source')}"
    if not faults:
        say(f"{fine} in {folder}")
        return
    for line in faults:
        say(escaped(line), err=True)
    said = [f"{counted(len(faults), 'error')} in {folder}."]
    if config.faulty:
        said.append(f"Not polled until {_it_or_they(len(config.faults))} fixed: {names_of(config.faulty)}.")
    if config.faulty_subscribers:
        said.append(f"Sent nothing until then: {names_of(config.faulty_subscribers)}.")
    if config.faulty_searches:
        names = names_of(config.faulty_searches)
        said.append(f"No alerts until then of what these searches find: {names}.")
    if config.placeholders_forbid_polling and config.placeholders:
        said.append(
            "Nothing is fetched until the wire has a name of its own: write it there, or `aggregator init DIR`."
        )
    say(f"{' '.join(said)} {fine}", err=True)


def _it_or_they(errors: int) -> str:
    return "it is" if errors == 1 else "they are"


def _of_files(paths: Paths, config: Config) -> list[str]:
    """The agreements that have ended or end soon, and what the catalogue has changed since it was copied: warnings."""
    files = publisher_files(paths)
    publishers = {files[one.key]: one for one in config.publishers}
    return [*agreement_warnings(publishers, utc_now().date()), *catalogue.warnings(publishers)]


def _open_to_all(database: Place) -> Iterator[str]:
    if everybody_reads(database):
        said = "every user of this machine can open it, with complaints and what is held back"
        yield f"{database}: {said}; `chmod 600 {database}`"


def _without_file(paths: Paths, config: Config) -> list[str]:
    """The publishers that the database has reports of, and that have no file any more."""
    try:
        with read_store(paths) as store:
            stored = store.stored_publishers()
    except StoreError:  # there is none yet, or it cannot be read
        return []
    has_file = {*(each.key for each in config.publishers), *(each.key for each in config.faulty)}
    leaving = set(renamed(config.publishers, stored))
    return sorted(each.key for each in stored if each.brought_reports and each.key not in has_file | leaving)


def _to_retag(paths: Paths, config: Config) -> int | None:
    """How many reports of these publishers were tagged by other tables or settings than those of now; None: nobody can
    say, as there is no database, or one of an older version.
    """
    try:
        with read_store(paths) as store:
            return store.count_tagged_by_others(tables_of(config.publishers)) if store.is_current() else None
    except StoreError:
        return None


def _subscribers_without_file(paths: Paths, config: Config) -> list[str]:
    """The subscribers that were sent something, and that have no file any more."""
    try:
        with read_store(paths) as store:
            stored = {queue.name for queue in store.queues() if queue.ended_at is None}
    except StoreError:
        return []
    here = {*(each.name for each in config.subscribers), *(each.key for each in config.faulty_subscribers)}
    return sorted(stored - here)


def _print_notes(paths: Paths, left: Sequence[str], subscribers: Sequence[str]) -> None:
    """What is neither a fault nor a warning, and yet may not be as the operator thinks."""
    if subscribers:
        said = (
            "they are sent nothing, and no withdrawal either. A file that is renamed is a new subscriber, which begins"
        )
        back = "with what comes then: give the file its name back to go on"
        many = counted(len(subscribers), "subscriber")
        say(f"note: {many} without a file: {', '.join(subscribers)}; {said} {back}")
    if left:
        said = "their reports stay in the wire under the terms that they had last"
        delete = "`aggregator publishers remove KEY --purge` deletes those of one"
        say(f"note: {counted(len(left), 'publisher')} without a file: {', '.join(left)}; {said}; {delete}")
    if "pycld2" not in LIBRARIES:
        said = (
            "reports in Tigrinya, Kirundi, Setswana, Chichewa, Wolof and some thirty others are found by `languages` in"
        )
        say(
            "note: pycld2 is not installed, as on Python 3.14: py3langid alone finds the language of a report, and"
            f" {said} the files of their publishers; Python 3.11 to 3.13 has both"
        )
    daemon = daemons.older_configuration(paths, is_faulty=False)
    if daemon:
        say(f"note: {daemon}")
    if is_in_force(paths) is False:
        who = "" if daemon else ", or the next daemon,"
        say(
            "note: the database was written with other files than these, or by another version; what is read shows the"
            f" terms of these files at once, and the next `aggregator fetch`{who} stores them"
        )


def _checked(paths: Paths, as_json: bool) -> Config:

    folder = paths.config_folder()
    try:
        return read_config(paths)
    except ConfigError as error:
        if as_json:
            found: dict[str, Any] = {"faults": error.faults, "warnings": [], "daemon": daemons.as_object(paths)}
            _print_checked(folder, found)
        else:
            say_lines(str(error), err=True)
            if daemon := daemons.older_configuration(paths, is_faulty=True):
                say(f"note: {daemon}", err=True)
            errors = len(error.faults)
            said = f"{counted(errors, 'error')} in {folder}. Nothing is loaded until {_it_or_they(errors)} fixed"
            say(said, err=True)
        sys.exit(1)


def _print_checked(folder: Path, said: Mapping[str, Any]) -> None:
    say_json({"config": str(folder), **said})


def _gathered(warnings: Sequence[str]) -> Iterator[str]:
    """The warnings, those that many files share listed once: nobody reads five hundred lines."""
    files: dict[str, list[str]] = {}
    for line in warnings:
        name, _, what = line.partition(": ")
        files.setdefault(what, []).append(name)
    for what, names in files.items():
        if len(names) <= _LISTED_ONE_BY_ONE:
            yield from (f"{name}: {what}" for name in names)
        else:
            yield f"{len(names)} files: {what}; such as {', '.join(names[:2])} (--json names all)"
