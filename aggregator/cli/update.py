"""What `add --update` does: shows what the catalogue changed of copied publishers, and takes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from pathlib import Path

import click

from aggregator.cli.printing import say
from aggregator.config import catalogue
from aggregator.config.adding import refused
from aggregator.config.files import text_in
from aggregator.config.renaming import former_keys
from aggregator.config.saving import save
from aggregator.config.writing import with_value
from aggregator.pipeline.opening import publisher_files
from aggregator.pipeline.paths import Paths
from aggregator.rights import did_you_mean
from aggregator.text.printable import escaped


def update(paths: Paths, keys: Sequence[str], *, yes: bool, overwrite: bool, keep: bool) -> None:
    """Of the publishers with these keys, or of all that the catalogue changed; a file at a time. Ends with 1 where
    something was not taken. click.UsageError: a key that is not here. ConfigError: a file cannot be read or written.
    """
    folder, files = paths.config_folder(), publisher_files(paths)
    for key in keys:
        if key not in files:
            near = did_you_mean(key, files) or f"; `aggregator add {key}` copies it" * (key in catalogue.files())
            raise click.UsageError(f"{folder} has no publisher {key!r}{near}")
    are_taken = [
        _update(folder, files[key], yes=yes, overwrite=overwrite, keep=keep)
        for key in (keys or list(_changed(folder, files)))
    ]
    if not are_taken:
        say("The catalogue has no other version of any publisher here.")
    if not all(are_taken):
        sys.exit(1)


def _changed(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    """The keys of the copies of which the catalogue has another version."""
    for key, name in files.items():
        mark = catalogue.mark_of(text_in(folder, name))
        if mark is not None and (one := _listed(mark)) is not None and one.mark != mark:
            yield key


def _listed(mark: str) -> catalogue.Listed | None:
    key = mark.partition("@")[0]
    return catalogue.listed(key) if key in catalogue.files() else None


def _update(folder: Path, name: str, *, yes: bool, overwrite: bool, keep: bool) -> bool:
    """Whether the file is as it is to be."""
    text = text_in(folder, name)
    mark = catalogue.mark_of(text)
    if mark is None:
        say(f"{name}: it was not copied from the catalogue, and stays as it is", err=True)
        return False
    one = _listed(mark)
    if one is None:
        say(f"{name}: the catalogue has this publisher no more; your file stays as it is", err=True)
        return False
    if one.mark == mark:
        say(f"{name}: the catalogue has not changed since; your file stays as it is")
        return True
    if keep:
        save(folder, name, catalogue.remarked(text, one))
        say(f"{name}: kept; `check` names later changes of the catalogue")
        return True
    is_own = not catalogue.is_as_copied(text, mark)
    _print_difference(name, catalogue.without_mark(text), one.text)
    if not _is_wanted(name, is_own=is_own, yes=yes, overwrite=overwrite):
        return False
    return _take(folder, name, text, one, is_own=is_own)


def _print_difference(name: str, mine: str, theirs: str) -> None:
    before, after = mine.splitlines(), theirs.splitlines()
    for line in unified_diff(before, after, fromfile=name, tofile="the catalogue", lineterm=""):
        say(line)


def _is_wanted(name: str, *, is_own: bool, yes: bool, overwrite: bool) -> bool:
    lost = "; it has changes of your own, which would go" if is_own else ""
    if overwrite or (yes and not is_own):
        return True
    if yes or not sys.stdin.isatty():
        said = "--yes --overwrite takes the catalogue's" if is_own else "--yes takes it"
        say(f"{name}: not changed{lost}; {said}, --keep keeps yours", err=True)
        return False
    return click.confirm(f"{escaped(name)}: take this{lost}?", err=True)


def _take(folder: Path, name: str, text: str, one: catalogue.Listed, *, is_own: bool) -> bool:
    new, former = catalogue.copied(one), former_keys(folder, name)
    if former is not None:  # of them the ids of its reports are made
        new = with_value(name, new, "former_keys", list(former))
    if why := refused(folder, {name: new}).get(name):
        say(f"{name}: not changed, because it would have a fault: {why}", err=True)
        return False
    if is_own:
        kept = _free_name(folder, f"{name}.old")
        save(folder, kept, text)
        say(f"{kept}: your file as it was")
    save(folder, name, new)
    say(f"{name}: now as the catalogue has it")
    return True


def _free_name(folder: Path, name: str) -> str:
    """No earlier file is overwritten."""
    number, free = 1, name
    while (folder / free).exists():
        number += 1
        free = f"{name}.{number}"
    return free
