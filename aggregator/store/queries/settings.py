"""What the store notes for itself, by name: one value each, as text."""

from __future__ import annotations

from aggregator.store.connection import Connection


def read(connection: Connection, name: str) -> str | None:
    """The value; None: nothing was noted under that name."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def write(connection: Connection, name: str, value: str | None) -> None:
    """None forgets it. Within a transaction."""
    if value is None:
        connection.execute("DELETE FROM settings WHERE name = ?", (name,))
    else:
        connection.execute(
            "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )
