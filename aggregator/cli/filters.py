"""How options that choose reports are read at the command line: what `pipeline.choosing` refuses is a usage error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import click

from aggregator.cli.options import Option, together
from aggregator.cli.times import with_times
from aggregator.model.errors import SelectionError
from aggregator.pipeline.choosing import country_code, language_tag, near, words_of


@contextmanager
def as_usage() -> Iterator[None]:
    """Makes a SelectionError a click.UsageError; within a callback of an option, click names that one."""
    try:
        yield
    except SelectionError as error:
        if error.option:
            raise click.BadParameter(str(error), param_hint=f"--{error.option}") from error
        raise click.UsageError(with_times(str(error))) from error


def read_by(read: Callable[[str], object]) -> Callable[[click.Context, click.Parameter, str | None], object]:
    """A callback that reads the value of an option."""

    def callback(_: click.Context, __: click.Parameter, value: str | None) -> object:
        try:
            return None if value is None else read(value)
        except SelectionError as error:
            raise click.BadParameter(str(error)) from error

    return callback


def one_of(known: Sequence[str]) -> Callable[[click.Context, click.Parameter, Sequence[str]], tuple[str, ...]]:
    """A callback that reads values of an option that may be given several times, each one of these words."""

    def read(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
        try:
            return words_of(values, known)
        except SelectionError as error:
            raise click.BadParameter(str(error)) from error

    return read


def of_publishers(kinds: Sequence[str], groups: Sequence[str]) -> Option:
    """The options that choose publishers by what they are, as `config.catalogue.Search` names them."""
    a_country, a_language = (_each(read) for read in (country_code, language_tag))
    several = partial(click.option, multiple=True)
    return together(
        several("--country", "countries", callback=a_country, metavar="COUNTRY", help="Code or name: ML, Mali."),
        several("--group", "groups", callback=one_of(groups), metavar="GROUP", help=f"One of: {', '.join(groups)}."),
        several("--kind", "kinds", callback=one_of(kinds), metavar="KIND", help=f"One of: {', '.join(kinds)}."),
        several("--language", "languages", callback=a_language, metavar="LANGUAGE", help="Code or name: fr, French."),
    )


def _each(
    read: Callable[[str, Collection[str]], str],
) -> Callable[[click.Context, click.Parameter, Sequence[str]], tuple[str, ...]]:
    def callback(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
        try:
            return tuple(read(value, ()) for value in values)
        except SelectionError as error:
            raise click.BadParameter(str(error)) from error

    return callback


def columns(known: Sequence[str]) -> Callable[[click.Context, click.Parameter, str | None], tuple[str, ...] | None]:
    """A callback that reads names of columns with commas between them."""

    def read(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
        if value is None:
            return None
        names = tuple(name.strip() for name in value.split(","))
        for name in names:
            if name not in known:
                close = near(name, known)
                raise click.BadParameter(f"there is no column {name!r}{close}; the columns: {', '.join(known)}")
        if len(set(names)) < len(names):
            raise click.BadParameter(f"a column is named twice in {value!r}")
        return names

    return read
