"""The index of words in PostgreSQL: see `store.connection.WordIndex`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.model import Article, Part
from aggregator.store.connection import Connection

RANKED = "SELECT revision_id AS revision, 0 AS score FROM article_search WHERE words @@ CAST(? AS tsquery)"


def add_new(connection: Connection, new: Mapping[int, Article]) -> None:
    """What waits is indexed by `index_batch`."""


def take_back(connection: Connection, articles: Sequence[int]) -> None:
    raise NotImplementedError


def expression(wanted: Sequence[Part], unwanted: Sequence[Part] = (), marks: Sequence[str] = ()) -> str:
    raise NotImplementedError


def any_of(parts: Sequence[Part]) -> str:
    raise NotImplementedError


def matching(expression: str, within: str = "") -> str:
    raise NotImplementedError


def marked_from(connection: Connection) -> int | None:
    return None


def marks(first_keys: Sequence[str], classes: Sequence[str], languages: Sequence[str]) -> list[str]:
    return []
