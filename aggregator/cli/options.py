"""Options that several commands have, and how their values are read."""

from __future__ import annotations

import getpass
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import reduce
from typing import IO, Any

import click

from aggregator.cli.times import zone
from aggregator.text.dates import read_since, read_to_come, utc_now

Command = Callable[..., Any]
Option = Callable[[Command], Command]

GREATEST = 2**63 - 1  # the greatest number that SQLite holds


def together(*options: Option) -> Option:
    """Several options as one, in this order."""
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


def exclude(given: Mapping[str, object]) -> None:
    """Refuses, as a usage error, options of which one alone can be meant. `given`: by the name of each whether it was
    given.
    """
    names = [name for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise click.UsageError(f"give {' or '.join(names)}, not {'both' if len(names) == 2 else 'all'}")


def read_time(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    """`90m`, `6h`, `2d`, `1w` ago, or a date, in the wire's time zone where it names none."""
    if value is None:
        return None
    if moment := read_since(value, utc_now(), zone()):
        return moment
    raise click.BadParameter(f"{value!r} is neither a time ago such as 90m, 6h, 2d nor a date such as 2026-11-22")


def read_time_to_come(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    """`90m`, `6h`, `2d`, `1w` from now, or a date to come."""
    if value is None:
        return None
    if moment := read_to_come(value, utc_now()):
        return moment
    raise click.BadParameter(f"{value!r} is no time to come such as 6h, 2d, 2026-12-01 or 2026-12-01T06:00Z")


class WrittenFile(click.File):
    """A file of text that is written whole, or stays as it was; a device or a pipe is written as it is, since to put a
    file in its place would delete it.
    """

    def __init__(self) -> None:
        super().__init__("w", encoding="utf-8", atomic=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        is_other = isinstance(value, str) and value != "-" and not may_be_replaced(value)
        return _AS_IT_IS.convert(value, param, ctx) if is_other else super().convert(value, param, ctx)


_AS_IT_IS = click.File("w", encoding="utf-8")


def may_be_replaced(path: str) -> bool:
    """Whether there is a file, or nothing: a new file takes no other thing's place (a device, a pipe)."""
    return path != "-" and (os.path.isfile(path) or not os.path.lexists(path))


@contextmanager
def written_whole(path: str) -> Iterator[IO[bytes]]:
    """A file that is written whole, or stays as it was, whatever ends the command; `-`, a device and a pipe are written
    as it goes. Raises click.BadParameter and OSError.
    """
    if not path:
        raise click.BadParameter("a file has a name; - is the screen", param_hint="--out")
    if not may_be_replaced(path):
        with click.open_file(path, "wb") as file:
            yield file
            file.flush()
        return
    place = os.path.realpath(path)
    beside_it = os.path.join(os.path.dirname(place), f".{os.path.basename(place)[:100]}.{os.getpid()}.new")
    try:
        handle = os.open(beside_it, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        if os.path.exists(place):
            shutil.copymode(place, beside_it)
        os.replace(beside_it, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside_it)
        raise


def one_line(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A sentence, without line ends and doubled spaces."""
    if value is not None and not value.strip():
        raise click.BadParameter(f"{parameter.opts[0]} is empty; say it in a sentence")
    return value and " ".join(value.split())


def _actor(_: click.Context, __: click.Parameter, value: str | None) -> str:
    """`person:NAME`: the one named, or the operating system's user."""
    if value is not None and not value.strip():
        raise click.BadParameter("the name of the person who acts is empty")
    try:
        return f"person:{(value or getpass.getuser()).strip()}"
    except (KeyError, OSError):  # a user without a name
        return f"person:{os.getuid()}"


AS_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")
REASON = click.option("--reason", required=True, callback=one_line, help="Why. Readers see it in the notice.")
REFERENCE = click.option("--ref", "reference", callback=one_line, help="A ticket, a letter, a court's file.")
ACTOR = click.option("--actor", metavar="NAME", callback=_actor, help="Who acts. [default: you]")
LISTEN = click.option("--listen", metavar="HOST:PORT", help="[default: that of wire.toml, else 127.0.0.1:8080]")
