"""How SQLite answers each reading query of the store: by an index, whatever it knows of how many rows there are.

A case calls a method of the store, which reads a filled database; each statement that it really ran is explained
(https://sqlite.org/eqp.html) with what `sqlite_stat1` says in five states, from nothing to a wire of millions. What is
read whole, or sorted, is allowed by name below, with the reason why it stays small.
"""

from __future__ import annotations

import gzip
import inspect
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from aggregator.desk.housekeeping import maintain
from aggregator.model import Cursor, Selection, Source, Wanted
from aggregator.store import Store
from aggregator.store.sqlite.lock import Program
from aggregator.text.query import parse
from tests.conftest import file_of
from tests.make_database import DATABASES

NOW = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
WEEK = NOW - timedelta(days=7)
PUBLISHER, COUNTRY = "mbalawe-star", "MW"
