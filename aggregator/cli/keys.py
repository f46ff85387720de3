"""What a KEY on the command line stands for: a publisher or one of its sources; and why there is none to poll."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click

from aggregator.config import catalogue
from aggregator.config.lines import switched_off_at
from aggregator.model import Config, Publisher, Source
from aggregator.model.errors import ConfigError
from aggregator.pipeline.opening import publisher_file
from aggregator.pipeline.paths import Paths
from aggregator.rights import did_you_mean
from aggregator.text.printable import argument


def sources_named(paths: Paths, config: Config, sources: Iterable[Source], keys: Sequence[str]) -> set[str]:
    """The names of those sources that the keys stand for. click.UsageError: one stands for none of them. ConfigError:
    the file of its publisher has a fault.
    """
    sources = tuple(sources)
    known = {name for source in sources for name in (source.publisher, source.name)}
    for key in keys:
        if key not in known:
            raise click.UsageError(_why_not_polled(paths, config, key))
    return {source.name for source in sources if {source.publisher, source.name} & set(keys)}


def known_sources(paths: Paths, config: Config | None, sources: Iterable[str], keys: Sequence[str]) -> list[str]:
    """The names among `sources` that the keys stand for: each a source, or a publisher and all that it has.
    click.UsageError: one stands for none. `config`: to say what is known of it; None: it cannot be read.
    """
    sources = tuple(sources)
    for key in keys:
        if not any(key in (name, name.partition("/")[0]) for name in sources):
            known = {*sources, *(name.partition("/")[0] for name in sources)}
            if config is not None and any(publisher.key == key for publisher in config.publishers):
                raise click.UsageError(f"{key!r} has no source in the database; `aggregator fetch {key}` says why")
            close = did_you_mean(key, sorted(known)) or "; `aggregator health --all` lists the sources"
            raise click.UsageError(f"no publisher or source {key!r} is known{close}")
    return [name for name in sources if {name, name.partition("/")[0]} & set(keys)]


def _why_not_polled(paths: Paths, config: Config, key: str) -> str:
    """Of a KEY that no source answers to that is polled: what is the case, and what to do about it; for people. Raises
    ConfigError where the file of the publisher has a fault.
    """
    owner, _, name = key.partition("/")
    publisher = next((each for each in config.publishers if each.key == owner), None)
    if faults := [line for each in config.faulty if each.key == owner for line in each.faults]:
        raise ConfigError([*faults, f"{owner}: not polled until its file is correct; nothing was fetched"])
    if publisher is None:
        return _unknown(paths, config, key)
    sources = [source for source in publisher.sources if name in ("", source.key)]
    if not publisher.sources:
        return _without_sources(paths, config, publisher)
    if not sources:
        names = ", ".join(source.name for source in publisher.sources)
        return f"{publisher.name} has no source {key!r}; what it has: {names}"
    if any(source.enabled for source in sources):
        paused = [source.name for source in sources if source.enabled]
        resume = " and ".join(f"`aggregator resume {source}`" for source in paused)
        said = f"{', '.join(paused)}: paused; `aggregator health {key}` says why and until when"
        return f"{said}; {resume} polls it again, and `aggregator fetch --force {key}` once"
    return "\n".join((f"{key!r} is switched off:", *_switched_off(paths, publisher, sources)))


def _unknown(paths: Paths, config: Config, key: str) -> str:

    former = {each: publisher.key for publisher in config.publishers for each in publisher.former_keys or ()}
    if renamed := former.get(key.partition("/")[0]):
        return f"{key.partition('/')[0]!r} was renamed to {renamed!r}"
    known = [publisher.key for publisher in config.publishers]
    if "/" in key:
        known += [source.name for publisher in config.publishers for source in publisher.sources]
    owner = key.partition("/")[0]
    close = did_you_mean(key, known) or "; `aggregator publishers` lists them"
    if owner in catalogue.files():
        close = f"; `aggregator add {owner}` copies it from the catalogue"
    return f"{paths.config_folder()} has no publisher {owner!r}{close}"


def _without_sources(paths: Paths, config: Config, publisher: Publisher) -> str:
    said = f"{publisher_file(paths, publisher.key)} names no [[source]], so there is nothing to poll"
    if publisher.key == config.wire.publisher:
        return f"{said}: the wire's own reports come from `aggregator publish`"
    command = f"aggregator probe --write {publisher.key} {argument(publisher.homepage)}"
    return f"{said}; `{command}` looks for one and writes it down"


def _switched_off(paths: Paths, publisher: Publisher, sources: Sequence[Source]) -> Iterator[str]:
    """Of each the reason that its file gives, and the line that keeps it off."""
    file = publisher_file(paths, publisher.key)
    text = (paths.config_folder() / file).read_text(encoding="utf-8-sig")
    if not publisher.enabled:
        line = switched_off_at(text, None)
        yield f"  {publisher.name}: {publisher.reason or 'its file gives no reason'}"
        yield f"    to poll it, delete `enabled = false` and its `reason` in {file}{f':{line}' if line else ''}"
        return
    for number, source in enumerate(publisher.sources, start=1):
        if source in sources:
            line = switched_off_at(text, number)
            yield f"  {source.name} ({source.url}): {source.reason or 'its file gives no reason'}"
            if source.access is None:  # `probe` has no secret to fill in
                yield f"    `aggregator probe {argument(source.url)}` tries the address"
            yield f"    to poll it, delete `enabled = false` and its `reason` in {file}{f':{line}' if line else ''}"
