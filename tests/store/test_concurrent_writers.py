"""Several programs write the ledger at once: its numbers have no gaps and rise in the order in which lines come to be
seen, so that whoever reads on from a cursor misses none, however long the transaction of a line took.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from aggregator.model import Cursor
from aggregator.store import Store
from aggregator.store.queries.ledger import START, chained
from tests import commands
from tests.conftest import STORES, file_of, make_entry, open_store, record
from tests.store.writing import PUBLISHERS, address_of, lines_of
from tests.waiting import until


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(kind: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(kind, tmp_path / "wire.db", PUBLISHERS) as opened:
        yield opened


class Follower:
    """Reads on from where it is, as a subscriber does, or a web server for those who wait."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.after: Cursor | None = None
        self.numbers: list[int] = []

    def read(self, seconds: float = 0.05) -> None:
        """What has come, as soon as something has, or after so many seconds."""
        if self._store.wait_for_news(seconds):
            lines = self._store.changes(self.after)
            self.numbers += [line["seq"] for line in lines]
            if lines:
                self.after = Cursor.read(lines[-1]["cursor"])


def test_whoever_reads_on_from_a_cursor_misses_no_line(kind: str, store: Store) -> None:
    """Of three programs one is killed, and each undoes some of its transactions."""
    with ExitStack() as stack:
        followers = [Follower(stack.enter_context(Store.read(store.place))) for _ in range(2)]
        said = [*commands.COMMAND[:-1], "tests.store.writing", kind, address_of(store.place)]
        programs = [
            stack.enter_context(commands.Popen([*said, str(number)], stdout=subprocess.PIPE)) for number in range(3)
        ]
        killed, *others = programs
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"0\n"  # it has written some
        killed.send_signal(signal.SIGKILL)
        while any(program.poll() is None for program in others):
            for follower in followers:
                follower.read()
        assert [program.wait() for program in programs] == [-signal.SIGKILL, 0, 0]
        (last,) = {len(all_lines(store))}
        assert last > lines_of(2)
        for follower in followers:
            while not follower.after or follower.after.seq < last:
                follower.read(1)
            assert follower.numbers == list(range(1, last + 1))


def all_lines(store: Store) -> list[tuple[int, str, str, str, bytes]]:
    """The ledger, where the hash of each line runs over all before it."""
    with file_of(store) as connection:
        lines: list[tuple[int, str, str, str, bytes]] = connection.execute(
            "SELECT c.seq, c.change_kind, a.id, c.at, c.hash FROM changes AS c"
            " JOIN articles AS a ON a.article_id = c.article_id ORDER BY c.seq"
        ).fetchall()
    previous = START
    for place, (seq, change_kind, subject, at, hashed) in enumerate(lines, 1):
        previous = chained(previous, seq, change_kind, subject, at)
        assert (seq, hashed) == (place, previous)
    return lines


def test_whoever_waits_is_woken_by_a_line(store: Store) -> None:
    """Where the store notifies at all; in a file everybody looks again."""
    with Store.read(store.place) as one, Store.read(store.place) as another:
        for reader in (one, another):
            assert reader.wait_for_news(0)  # the first time
        for number in range(3):
            record(store, PUBLISHERS[0], make_entry(number))
            for reader in (one, another):
                until(partial(reader.wait_for_news, 0.05))
                assert len(reader.changes()) == number + 1
