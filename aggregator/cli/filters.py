"""How options that choose reports are read at the command line: what `pipeline.choosing` refuses is a usage error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from aggregator.cli.times import with_times
from aggregator.model.errors import SelectionError
from aggregator.pipeline.choosing import near, words_of


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
