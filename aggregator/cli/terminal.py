"""Tables and the progress bar, on a terminal and elsewhere; it alone knows rich."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from aggregator.text.printable import line, lines

# A table in a pipe or a log has no width of its own; rich would take 80 columns and cut.
_WIDTH_WITHOUT_TERMINAL = 200


def print_table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """To standard output. None is an empty field, and bytes are shown as hexadecimal digits. Of a value of several
    lines all but the first are indented, so that none of them passes for a row.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    columns = (Column(Text(line(name)), overflow="fold") for name in names)  # a key that is cut cannot be copied
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(lines("" if value is None else _shown(value), indent="  ")) for value in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH_WITHOUT_TERMINAL)
    console.print(table)


@contextmanager
def progress(doing: str, total: int, visible: bool) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal, moved on by a call with the name of what is done; elsewhere nothing, since cron mails
    whatever is printed.
    """
    if not visible or not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    last = TextColumn("{task.fields[last]}")
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), last)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total, last="")
        yield lambda name: bar.update(task, advance=1, last=name)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return value.hex() if isinstance(value, bytes) else str(value)
