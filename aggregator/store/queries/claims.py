"""What a program is doing just now, so that no other does the same: reads and writes `claims`.

A claim on a source ends with the transaction that records its poll. Where that never comes it ends with its program:
the operating system knows whether that still runs (`lock.Program`). A program that was stopped and not ended (SIGSTOP)
no longer confirms its claims, and after a quarter of an hour they are nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from aggregator.model import ClaimKind
from aggregator.store.connection import Connection
from aggregator.text.dates import from_iso, to_iso


class Program(Protocol):
    """A program that claims; `number` is its own as long as it runs."""

    @property
    def number(self) -> int: ...

    def is_running(self, number: int) -> bool:
        """Whether the program with this number runs."""


GOOD_FOR = timedelta(minutes=15)  # without being confirmed


def of_others(connection: Connection, kind: ClaimKind, program: Program, now: datetime) -> set[str]:
    """The sources, or publishers, that other programs are busy with. A claim that is dated in the
    future does not count: the clock ran ahead when it was taken.
    """
    rows = connection.execute(
        "SELECT subject, program, at FROM claims WHERE claim_kind = ? AND program <> ?", (kind, program.number)
    )
    lately = [(subject, number) for subject, number, at in rows if abs(now - from_iso(at)) < GOOD_FOR]
    running = {number for number in {number for _, number in lately} if program.is_running(number)}
    return {subject for subject, number in lately if number in running}


def take(connection: Connection, kind: ClaimKind, subjects: Iterable[str], program: Program, now: datetime) -> set[str]:
    """Claims those that no other program is busy with, and returns them. Claims that have ended leave the table. Within
    a transaction.
    """
    others, free = of_others(connection, kind, program, now), set(subjects)
    held = connection.execute(
        "SELECT subject FROM claims WHERE claim_kind = ? AND program <> ?", (kind, program.number)
    )
    ended = [(kind, subject) for (subject,) in held if subject not in others]
    connection.executemany("DELETE FROM claims WHERE claim_kind = ? AND subject = ?", ended)
    free -= others
    connection.executemany(
        "INSERT INTO claims (claim_kind, subject, program, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (claim_kind, subject) DO UPDATE SET program = excluded.program, at = excluded.at",
        [(kind, subject, program.number, to_iso(now)) for subject in free],
    )
    return free


def confirm(connection: Connection, kind: ClaimKind, subjects: Iterable[str], program: Program, now: datetime) -> None:
    """Claims go on for another quarter of an hour; those that another program has taken since do not come back. Within
    a transaction.
    """
    connection.executemany(
        "UPDATE claims SET at = ? WHERE claim_kind = ? AND subject = ? AND program = ?",
        [(to_iso(now), kind, subject, program.number) for subject in subjects],
    )


def give_back(connection: Connection, kind: ClaimKind, subjects: Iterable[str], program: Program) -> None:
    """Ends claims of this program. Within a transaction."""
    connection.executemany(
        "DELETE FROM claims WHERE claim_kind = ? AND subject = ? AND program = ?",
        [(kind, subject, program.number) for subject in subjects],
    )


def forget(connection: Connection, program: Program) -> None:
    """Ends the claims of a program that had this number before and has not ended them itself. Within a transaction."""
    connection.execute("DELETE FROM claims WHERE program = ?", (program.number,))
