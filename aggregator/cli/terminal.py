"""Tables and the progress bar, as they are drawn; it alone knows rich. `printing` loads it when one is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from aggregator.text.printable import line, lines, shown

# A table in a pipe or a log has no width of its own; rich would take 80 columns and cut.
_WIDTH_WITHOUT_TERMINAL = 200


def print_table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """To standard output that is no terminal; see `printing.say_table`."""
    Console(highlight=False, width=_WIDTH_WITHOUT_TERMINAL).print(_table(names, rows))


def print_fitting(names: Sequence[str], rows: Sequence[Sequence[Any]], *, plain: bool) -> bool:
    """To standard output, where the table is no wider than the terminal; False: it is, and nothing was printed.
    `plain`: without escape codes.
    """
    console = Console(highlight=False, color_system=None if plain else "auto")
    table = _table(names, rows)
    fits = table.__rich_measure__(console, console.options.update(max_width=_ANY_WIDTH)).maximum <= console.width
    if fits:
        console.print(table)
    return fits


_ANY_WIDTH = 1 << 20  # columns


def _table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    columns = (Column(Text(line(name)), overflow="fold") for name in names)  # a key that is cut cannot be copied
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(lines(shown(value), indent="  ")) for value in row))
    return table


@contextmanager
def bar(doing: str, total: int) -> Iterator[Callable[[str], None]]:
    """On standard error; see `printing.progress`."""
    last = TextColumn("{task.fields[last]}")
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), last)
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(doing, total=total, last="")
        yield lambda name: shown.update(task, advance=1, last=name)
