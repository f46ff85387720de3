"""Adds publishers, or a source to a publisher's file, where the configuration gets no fault by it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aggregator.config.lines import without_line
from aggregator.config.loading import load
from aggregator.config.saving import save, save_new
from aggregator.config.writing import with_source
from aggregator.model.errors import ConfigError


def faults_with(folder: Path, texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Of publishers' files as they would be, by name, those that the loader does not take beside all that is there,
    each with its faults. Raises ConfigError for a fault that touches everybody.
    """
    tried = load(folder, texts) if texts else None
    faulty = tried.faulty if tried else ()
    return {
        each.file: tuple(line.removeprefix(f"{each.file}: ") for line in each.faults)
        for each in faulty
        if each.file in texts
    }


def refused(folder: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """As `faults_with`, each with the first reason."""
    return {name: faults[0] for name, faults in faults_with(folder, texts).items()}


def add_publisher(folder: Path, name: str, text: str) -> None:
    """Writes the file of a new publisher. ConfigError: the loader would not take it, with all its faults, or a file of
    this name is there; then nothing has changed.
    """
    if faults := faults_with(folder, {name: text}).get(name):
        raise ConfigError([*(f"{name}: {line}" for line in faults), "nothing was added"])
    save_new(folder, name, text)


def add_source(folder: Path, name: str, url: str, kind: str) -> None:
    """Puts a source into the file `name` below `folder`, which keeps its comments. ConfigError: with it, the
    configuration would have another fault than it has, or the file cannot be written; then nothing has changed.
    """
    try:
        before = (folder / name).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{name}: found a file that cannot be read ({error}), expected one in UTF-8"]) from None
    after = with_source(name, before, url, kind)
    there = {(each.file, without_line(line)) for each in load(folder).faulty for line in each.faults}
    tried = load(folder, {name: after})
    new = [
        line
        for each in tried.faulty
        for line in each.faults
        if each.file == name or (each.file, without_line(line)) not in there
    ]
    if new:
        raise ConfigError([*new, f"{name}: it was not changed, because with {url} it would have these faults"])
    save(folder, name, after)
