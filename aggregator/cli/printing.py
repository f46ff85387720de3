"""What commands print, made fit for a terminal, a pipe and a log; no other file of this room writes anywhere.

A command hands over one line, several, JSON, or what `output` has rendered. Standard output that has another encoding
than UTF-8 gets \\u0645 for what it cannot say, and one that cannot be written ends the command with a message.
"""

from __future__ import annotations

import codecs
import csv
import errno
import io
import logging
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from functools import cache
from types import ModuleType
from typing import Any, TextIO

import click
from click.exceptions import NoArgsIsHelpError

from aggregator.text import printable
from aggregator.text.dates import times_for_people, zone_name

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_NARROWEST = 20  # columns
_STYLE = re.compile("\x1b\\[[0-9;]*m")  # takes no room
_ESCAPE = "aggregator.escape"  # the name of our handler of encoding errors


def is_plain() -> bool:
    """Whether a terminal is to get no escape codes: it knows none, or the user wants none (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") in ("dumb", "unknown")


def say(text: str = "", *, err: bool = False, bold: bool = False, fg: str | None = None) -> None:
    """One line; on a terminal that is narrower than it as many as it takes, all but the first indented. In a pipe it
    stays one, so that `grep` finds all of it.
    """
    said = _fitted(printable.line(text), "  ", err=err)
    click.echo(click.style(said, bold=bold or None, fg=fg) if bold or fg else said, err=err)


def _fitted(text: str, more: str, *, err: bool) -> str:
    """Lines, those that are wider than the terminal wrapped between words; `more` indents what they go on with."""
    stream = sys.stderr if err else sys.stdout
    if stream is None or not stream.isatty():
        return text
    width = max(shutil.get_terminal_size().columns, _NARROWEST)
    return "\n".join(each for said in text.split("\n") for each in _wrapped(said, width, more))


def _wrapped(said: str, width: int, more: str) -> Sequence[str]:
    if len(_STYLE.sub("", said)) <= width:
        return (said,)
    start = said[: len(said) - len(said.lstrip(" "))]
    return textwrap.wrap(
        said.lstrip(" "),
        width,
        initial_indent=start,
        subsequent_indent=f"{start}{more}" if len(start) + len(more) < width // 2 else more,
        break_long_words=False,  # a key or a command that is cut cannot be copied
        break_on_hyphens=False,
    )


def say_lines(text: str, *, indent: str = "", err: bool = False) -> None:
    """Several lines. `indent` stands before all but the first: before words that are not ours, so that none of their
    lines can pass for one of ours.
    """
    click.echo(_fitted(printable.lines(text, indent), "  ", err=err), err=err)


def say_json(value: Any, *, indent: int | None = None) -> None:
    """Bytes are written as hexadecimal digits."""
    click.echo(printable.as_json(value, indent=indent, default=printable.shown))


def say_rendered(text: str) -> None:
    """What `output` has made, which is fit and ends its lines itself."""
    click.echo(text, nl=False)


def say_page(text: str, more: str = "") -> None:
    """Such text for people: its colours go to a terminal only, and so do line breaks between words where it is wider
    than the terminal. `more`: by how much a line that is indented goes on deeper, where others could be taken for it.
    """
    lines = (_fitted(line, more if line.startswith("  ") else "  ", err=False) for line in text.split("\n"))
    click.echo("\n".join(lines), nl=False)


def say_csv(
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    verbatim: bool,
    delimiter: str = ",",
    for_excel: bool = False,
) -> None:
    """A header and rows; see `text.printable.cell`. Excel takes a file for UTF-8 when it begins with U+FEFF."""
    if for_excel:
        sys.stdout.write("\ufeff")
    writer = csv.writer(sys.stdout, lineterminator="\r\n" if for_excel else "\n", delimiter=delimiter)
    writer.writerow(map(printable.line, names))
    writer.writerows([printable.cell(value, verbatim=verbatim) for value in row] for row in rows)


def flush() -> None:
    """All that was printed is written; what cannot be ends the command, see `ended`."""
    sys.stdout.flush()


def say_table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A header and rows; at a terminal that is narrower, a line a column instead. None is an empty field, and bytes are
    shown as hexadecimal digits. Of a value of several lines all but the first are indented, so that none of them passes
    for a row.
    """
    if sys.stdout is not None and sys.stdout.isatty():
        _say_fitting(names, list(rows))
    else:
        _terminal().print_table(names, rows)


def say_result(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """What a query returned: at a terminal as `say_table`; in a pipe a header and rows, each one line with tabs between
    the columns.
    """
    if sys.stdout is not None and sys.stdout.isatty():
        _say_fitting(names, list(rows))
        return
    click.echo("\t".join(map(printable.line, names)))
    for row in rows:
        click.echo("\t".join(printable.line(printable.shown(value)) for value in row))


def _say_fitting(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if _terminal().print_fitting(names, rows, plain=is_plain()):
        return
    if not rows:  # to show that there are none
        click.echo(_fitted("  ".join(map(printable.line, names)), "  ", err=False))
    for number, row in enumerate(rows, start=1):
        click.echo(f"-- row {number}")
        for name, value in zip(names, row, strict=True):
            shown = printable.lines(printable.shown(value), indent="  ")
            said = f"{printable.line(name)}: {shown}".rstrip()
            click.echo(_fitted(said, "  ", err=False) if " " in shown else said)


@contextmanager
def progress(doing: str, total: int, visible: bool) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal, moved on by a call with the name of what is done; elsewhere nothing, since cron mails
    whatever is printed.
    """
    if not visible or not sys.stderr.isatty() or is_plain():
        yield lambda name: None
        return
    with _terminal().bar(doing, total) as move_on:
        yield move_on


def _terminal() -> ModuleType:
    from aggregator.cli import terminal  # rich takes a twentieth of a second; neither JSON nor cron needs it

    return terminal


def say_usage(error: click.ClickException) -> None:
    """click's own message, which may quote what stands in a file; of a wrong call one line, with where to read more."""
    if isinstance(error, click.UsageError) and error.ctx and not isinstance(error, NoArgsIsHelpError):
        said = error.format_message()
        more = "" if "\n" in said else f"; `{error.ctx.command_path} --help` says more"
        say_lines(f"Error: {said.rstrip('.') if more else said}{more}", err=True)
        return
    shown = io.StringIO()
    error.show(shown)
    say_lines(shown.getvalue().rstrip("\n"), err=True)


class _Formatter(logging.Formatter):
    """A record is one line, or has its other lines indented: a traceback, the faults of a configuration. Whatever it
    quotes drives no terminal and forges no record.
    """

    def __init__(self, zone: Callable[[], tzinfo]) -> None:
        super().__init__(_LOG_FORMAT)
        self._zone = cache(zone)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """In the wire's time zone, with seconds: `2026-11-22 13:00:05 EAT`."""
        local = datetime.fromtimestamp(record.created, self._zone())
        return f"{local:%Y-%m-%d %H:%M:%S} {zone_name(local)}"

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = times_for_people(record.message, self._zone())
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return printable.lines(super().format(record), indent="  ")


def set_up_log(level: int, zone: Callable[[], tzinfo]) -> None:
    """The log of this process, to standard error, with times in a zone that is asked for with the first record."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(zone))
    logging.basicConfig(level=level, handlers=[handler])


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""\u0645, and for characters beyond U+FFFF two of them, which in JSON says the same (RFC 8259 section 7)."""
    assert isinstance(error, UnicodeEncodeError)
    said = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{said[at]:02x}{said[at + 1]:02x}" for at in range(0, len(said), 2)), error.end


# What the operating system refuses without the name of a file, and what to do.
_REFUSALS = {
    errno.ENOSPC: "the disk is full; make room, then run this again",
    errno.EDQUOT: "the disk is over this user's quota; make room, then run this again",
    errno.ENOENT: "the folder in which this was started is no longer there; start it in another one",
    errno.EMFILE: "this user may not open so many files at once; raise the limit (`ulimit -n`, LimitNOFILE=)",
    errno.ENFILE: "this machine has too many files open; close programs, then run this again",
    errno.ENOMEM: "there is not enough memory; close programs, then run this again",
    errno.EAGAIN: "this user may not start another process or thread; raise the limit (`ulimit -u`, TasksMax=)",
}


class _Output(io.FileIO):
    """Standard output, with the reason why it cannot be written."""

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            raise


class _Messages(io.FileIO):
    """Standard error. That nobody reads it any more (`aggregator fetch 2>&1 | head -1`) is no failure, and no reason to
    end early: what is left to say goes nowhere.
    """

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


def ended(run: Callable[[], int]) -> int:
    """The exit code of `run`, with all that it has printed really written; 1 where that cannot be. That whoever reads
    has closed the pipe is no failure.
    """
    codecs.register_error(_ESCAPE, _escaped)
    output = _watched(sys.stdout)
    _let_messages_go(sys.stderr)
    code = 1
    try:
        code = run()
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        if output is None or output.failure is None:  # not of standard output, and the error names no file
            logging.getLogger("aggregator").debug("where it came from", exc_info=True)
            say(f"aggregator: {_REFUSALS.get(error.errno or 0) or error.strerror or error}", err=True)
            return 1
    if output is None or output.failure is None:
        return code
    os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())  # what is left is written at the end, and cannot be
    if isinstance(output.failure, BrokenPipeError):  # nobody reads any more: `aggregator latest | head`
        return 0
    say(f"aggregator: standard output cannot be written: {output.failure.strerror}", err=True)
    return 1


def _let_messages_go(stream: TextIO) -> None:
    if isinstance(stream, io.TextIOWrapper) and stream is sys.__stderr__:  # else no file, as in `_watched`
        stream.flush()
        messages = io.BufferedWriter(_Messages(stream.fileno(), "w", closefd=False))
        sys.stderr = io.TextIOWrapper(messages, stream.encoding, "backslashreplace", line_buffering=True)


def _watched(stream: TextIO) -> _Output | None:
    """Standard output as it is used from now on; None: it is no file, in a test or in another program."""
    if not isinstance(stream, io.TextIOWrapper) or stream is not sys.__stdout__:
        return None
    stream.flush()
    output = _Output(stream.fileno(), "w", closefd=False)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(output), stream.encoding, _ESCAPE, line_buffering=stream.line_buffering
    )
    return output
