"""How a database is named on the command line and in the environment: a file, or the address of one of PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from aggregator.model import Template
from aggregator.text import database_urls


class Database(click.Path):
    """A file, or the address of a database of PostgreSQL: that is shown in no message, since it may have a password."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)
        self.name = "database"

    def convert(  # type: ignore[override]
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | Template:
        if not isinstance(value, str) or not database_urls.is_database_url(value):
            path = super().convert(value, param, ctx)
            assert isinstance(path, Path)
            return path
        if not database_urls.is_sound(value):
            self.fail(f"this is no address of a database, expected {database_urls.EXPECTED}", param, ctx)
        return Template(value)
