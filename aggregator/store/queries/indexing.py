"""What the index of words is made of, whichever store keeps it: the newest revision of each report, the queue of those
that wait, and words of ours.

Before its text a row of the index has words of ours for its publisher, class and language, so that a search within what
is rare reads few rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from aggregator.model import Article
from aggregator.store.connection import Connection
from aggregator.store.queries import settings
from aggregator.text.folding import fold
from aggregator.text.languages import primary_subtag

BATCH = 500
ARE_MATCHED = "are_matched"  # setting: what is put into the queue now has been matched by all saved searches
_AT_ONCE = 10  # new articles of one transaction, from which on up to BATCH they are indexed in it
# Ranking every match of a common word in a million articles takes seconds; of the newest 2,000, milliseconds.
RANKED_OF = 2_000

# Of what a row is made: revision, title, summary, text, first key of its publisher, class, language.
Row = tuple[int, str, str, str, str | None, str | None, str | None]
# The row of an article's newest revision.
NEWEST = """
    SELECT r.revision_id, a.title, b.summary, b.text, coalesce(p.first_key, p.publisher), a.class, a.language
    FROM articles AS a
    JOIN publishers AS p ON p.publisher = a.publisher
    JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
    JOIN bodies AS b ON b.article_id = a.article_id
"""


def next_queued(connection: Connection) -> tuple[int, int, int] | None:
    """How many revisions of the queue are next, the newest first, and from which one up to which; None: none waits."""
    queued = connection.execute(
        "SELECT revision_id FROM search_queue ORDER BY revision_id DESC LIMIT ?", (BATCH,)
    ).fetchall()
    return (len(queued), queued[-1][0], queued[0][0]) if queued else None


def new_in_queue(connection: Connection, new: Mapping[int, Article]) -> list[tuple[int, Article]]:
    """What waits of these new articles, by their numbers, with the revision of each, where it is best indexed at once.

    Few stay in the queue, because a batch costs much by itself, and very many, so that nobody waits long for the lock.
    """
    if not _AT_ONCE <= len(new) <= BATCH:
        return []
    queued = connection.execute(
        """
        SELECT r.revision_id, r.article_id FROM revisions AS r CROSS JOIN search_queue AS q USING (revision_id)
        WHERE r.article_id BETWEEN ? AND ? AND r.number = 1 ORDER BY r.revision_id
        """,
        (min(new), max(new)),
    ).fetchall()
    return [(revision, new[number]) for revision, number in queued if number in new]


def folded(article: Article) -> tuple[str, str, str]:
    """Title, summary and text of a new article as they are searched; no text where the summary is all of it."""
    summary, text = article.folded
    text = "" if article.text == article.summary else text or fold(article.text)
    return article.folded_title, summary or fold(article.summary), text


def queue_all(connection: Connection) -> int:
    """Queues all that is to be found, and nothing else; returns how many reports that are."""
    connection.execute("DELETE FROM search_removals")
    connection.execute("DELETE FROM search_queue")
    settings.write(connection, ARE_MATCHED, "1")  # what saved searches find stays the same: the words are
    queued = connection.execute(
        """
        INSERT INTO search_queue (revision_id)
        SELECT r.revision_id FROM articles AS a
        JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
        JOIN bodies AS b ON b.article_id = a.article_id
        """
    ).rowcount
    settings.write(connection, ARE_MATCHED, None)
    return queued


# Words of ours

MARK = "\ue000"  # begins them; a character of private use, which nobody types (`text.query`)
_MOST_MARKS = 50  # of one kind; of more, reading the words of each costs more than it saves


@lru_cache(1_000)
def _mark(said: str) -> str:
    return MARK + hashlib.sha256(said.encode()).hexdigest()[:16]


def marks_of_row(first_key: str | None, item_class: str | None, language: str | None) -> list[str]:
    """The words of a row, of what is not None."""
    named = {"p": first_key, "c": item_class, "l": language and primary_subtag(language)}
    return [_mark(f"{kind}{value}") for kind, value in named.items() if value is not None]


def marks_of_choice(first_keys: Sequence[str], classes: Sequence[str], languages: Sequence[str]) -> list[list[str]]:
    """The words for these publishers, for these classes and for these languages, where there are some and not too many:
    a row has one word of each list. Each is one word, whatever a key is made of. Of a publisher it is that for its
    first key, which stays when it is renamed; of a language that for its first subtag, so that `fr-CA` is found with
    `fr`.
    """
    subtags = list(map(primary_subtag, languages))
    by_kind = (("p", first_keys), ("c", classes), ("l", subtags))
    named = [[_mark(f"{kind}{value}") for value in dict.fromkeys(values)] for kind, values in by_kind]
    return [words for words in named if 0 < len(words) <= _MOST_MARKS]
