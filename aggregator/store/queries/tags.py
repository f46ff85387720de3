"""What reports are about: writes the tags of reports with their words, and of those that waited, and reads them.

`articles` says which topics and countries a report has, `article_topics` and `article_countries` have them in the order
of lists, the broader ones of its topics too, and `tags` has the evidence. The row in `articles` is written first, so
that its trigger still finds what was there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from aggregator.model import Article, MakerWords, Tag, TagEvidence, Tags, TagWords, Untagged
from aggregator.model.tags import MOST_OF_TEXT
from aggregator.store.connection import Connection
from aggregator.store.queries import ledger, who
from aggregator.store.queries.lists import as_list
from aggregator.text.dates import to_iso

COLUMNS = ("stated_language", "language_from", "topics", "about")  # of `articles`, as `row` has them


def row(article: Article) -> tuple[str | None, ...]:
    """Of a new article; see COLUMNS."""
    tags = article.tags or Tags(by="")
    return (article.stated_language, tags.language_from, _codes(tags.topics), _codes(tags.countries))


def assignments(article: Article) -> dict[str, str | None]:
    """What an article that has new words has from now on, by SQL that ends with its value. Without tags it keeps those
    that it has until it gets others. All in one statement with its other columns: `former_readings` is of moments.
    """
    stated: dict[str, str | None] = {"stated_language = ?": article.stated_language}
    if article.tags is None:
        return stated | {"language = CASE WHEN language_from IS NOT NULL THEN language ELSE ? END": article.language}
    return stated | _of_tags(article.tags)


def _of_tags(tags: Tags) -> dict[str, str | None]:
    return {
        "language = ?": tags.language,
        "language_from = ?": tags.language_from,
        "topics = ?": _codes(tags.topics),
        "about = ?": _codes(tags.countries),
    }


def write(connection: Connection, numbered: Sequence[tuple[int, Article]], *, is_new: bool) -> None:
    """Of articles whose rows were written just now. Those without tags wait for them, and the evidence for those that
    they had goes: its words may stand in the report no more.
    """
    tagged = [(number, article.tags) for number, article in numbered if article.tags is not None]
    _write(connection, tagged, is_new=is_new)
    waiting = [(number,) for number, article in numbered if article.tags is None]
    if not is_new:
        connection.executemany("DELETE FROM tags WHERE article_id = ?", waiting)
    connection.executemany("INSERT INTO tag_queue (article_id) VALUES (?) ON CONFLICT DO NOTHING", waiting)


def _write(connection: Connection, tagged: Sequence[tuple[int, Tags]], *, is_new: bool) -> None:
    if not tagged:
        return
    if not is_new:
        for table in ("article_topics", "article_countries", "tag_queue"):
            connection.executemany(
                f"DELETE FROM {table} WHERE article_id = ?",  # noqa: S608  (constants)
                [(number,) for number, _ in tagged],
            )
    connection.executemany(
        "INSERT INTO tags (article_id, made_by, topics, countries) VALUES (?, ?, ?, ?) ON CONFLICT (article_id)"
        " DO UPDATE SET made_by = excluded.made_by, topics = excluded.topics, countries = excluded.countries",
        [(number, tags.by, _evidence(tags.topics), _evidence(tags.countries)) for number, tags in tagged],
    )
    times = _sort_times(connection, [number for number, _ in tagged])
    connection.executemany(
        "INSERT INTO article_topics (topic, sort_time, article_id, weight) VALUES (?, ?, ?, ?)",
        [(code, times[number], number, weight) for number, tags in tagged for code, weight in _with_broader(tags)],
    )
    connection.executemany(
        "INSERT INTO article_countries (country, sort_time, article_id, weight) VALUES (?, ?, ?, ?)",
        [(each.code, times[number], number, each.weight) for number, tags in tagged for each in tags.countries],
    )


def _sort_times(connection: Connection, articles: Sequence[int]) -> dict[int, str]:
    rows = connection.execute(
        "SELECT a.article_id, a.sort_time FROM json_each(?) AS named"
        " CROSS JOIN articles AS a ON a.article_id = CAST(named.value AS INTEGER)",
        (json.dumps(articles),),
    )
    return dict(rows.fetchall())


def _with_broader(tags: Tags) -> Iterator[tuple[str, float | None]]:
    yield from ((each.code, each.weight) for each in tags.topics)
    yield from ((code, None) for code in tags.broader)


def _codes(those: Sequence[Tag]) -> str | None:
    return _as_array(tuple([each.code for each in those])) if those else None


@lru_cache(1_000)  # reports are about the same few topics and countries
def _as_array(codes: tuple[str, ...]) -> str:
    return json.dumps(codes)


def _evidence(those: Sequence[Tag]) -> str | None:
    return as_list([replace(each, weight=round(each.weight, 4)) for each in those]) if those else None


# What waits, and what was tagged by other tables

# What an older version stored as a language was the one stated, or the publisher's first.
_UNTAGGED = f"""
    SELECT a.article_id, a.publisher, p.languages, a.revision, a.title, substr(b.text, 1, {MOST_OF_TEXT}), b.categories,
      coalesce(a.stated_language, CASE WHEN a.language_from IS NULL THEN a.language END), a.byline, p.name,
      (SELECT json_group_array(m.stated) FROM (
        SELECT coalesce(credit, copyright) AS stated FROM media
        WHERE article_id = a.article_id AND coalesce(credit, copyright) IS NOT NULL ORDER BY place) AS m),
      CASE WHEN length(b.text) > 600 THEN substr(b.text, length(b.text) - 599) ELSE b.text END,
      (SELECT json_group_array(m.placed) FROM (
        SELECT place || ' ' || caption AS placed FROM media
        WHERE article_id = a.article_id AND coalesce(credit, copyright) IS NULL AND caption IS NOT NULL
        ORDER BY place) AS m)
"""  # noqa: S608  (a number)
_OF_QUEUE = f"""
    {_UNTAGGED} FROM (SELECT article_id FROM tag_queue ORDER BY article_id DESC LIMIT ?) AS q
    CROSS JOIN articles AS a ON a.article_id = q.article_id
    CROSS JOIN publishers AS p ON p.publisher = a.publisher
    CROSS JOIN bodies AS b ON b.article_id = a.article_id
    ORDER BY a.article_id DESC
"""  # noqa: S608  (made of constants)
# A report whose words were let go of keeps the tags that it has.
_OTHERS = """
    FROM articles AS a
    CROSS JOIN json_each(:tables) AS now ON now.key = a.publisher
    CROSS JOIN publishers AS p ON p.publisher = a.publisher
    CROSS JOIN bodies AS b ON b.article_id = a.article_id
    LEFT JOIN tags AS g ON g.article_id = a.article_id
    WHERE a.article_id > :after AND (:publisher IS NULL OR a.publisher = :publisher)
      AND g.made_by IS DISTINCT FROM now.value
      AND NOT (a.has_text = 0 AND instr(coalesce(g.topics, '') || coalesce(g.countries, ''), '"words": null') > 0)
"""


def to_tag(connection: Connection, most: int) -> list[Untagged]:
    """Of what waits, what came last."""
    return _untagged(connection.execute(_OF_QUEUE, (most,)))


def tagged_by_others(
    connection: Connection, tables: Mapping[str, str], publisher: str | None, after: int, most: int
) -> list[Untagged]:
    """Reports behind this number whose tags are of other tables than these, by publisher; at most so many."""
    named = {"tables": json.dumps(dict(tables)), "publisher": publisher, "after": after, "most": most}
    sql = f"{_UNTAGGED} {_OTHERS} ORDER BY a.article_id LIMIT :most"
    return _untagged(connection.execute(sql, named))


def count_by_others(connection: Connection, tables: Mapping[str, str], publisher: str | None) -> int:
    """How many those are, all together."""
    named = {"tables": json.dumps(dict(tables)), "publisher": publisher, "after": 0}
    (count,) = connection.execute(f"SELECT count(*) {_OTHERS}", named).fetchone()
    return int(count)


def _untagged(rows: Iterable[tuple[Any, ...]]) -> list[Untagged]:
    return [
        Untagged(
            article_id=number,
            publisher=publisher,
            languages=tuple(json.loads(languages)),
            revision=revision,
            words=TagWords(
                title=title,
                text=text,
                categories=tuple(json.loads(categories or "[]")),
                stated=stated,
                makers=MakerWords(
                    byline=byline,
                    house=(name, publisher),
                    credits=tuple(json.loads(credits)),
                    captions=tuple((int(place), caption) for place, _, caption in map(_parted, json.loads(captions))),
                    last_line=end.rstrip().rpartition("\n")[2],
                ),
            ),
        )
        for (
            number,
            publisher,
            languages,
            revision,
            title,
            text,
            categories,
            stated,
            byline,
            name,
            credits,
            end,
            captions,
        ) in rows
    ]


def _parted(placed: str) -> tuple[str, str, str]:
    return placed.partition(" ")


def save(connection: Connection, found: Sequence[tuple[Untagged, Tags]], now: datetime) -> int:
    """Writes tags of stored reports, but of those that have newer words meanwhile, or whose words were let go of, which
    are the evidence; returns of how many language, topics, countries, makers or credits are others now. Those that were
    released and are in the wire get a line in the ledger. Within a transaction.
    """
    lines: list[ledger.Line] = []
    changed = 0
    for report, tags in found:
        stored = connection.execute(
            """
            SELECT a.language, coalesce(a.topics, '[]'), coalesce(a.about, '[]'), a.released_seq, a.status, a.has_text,
              a.revision
            FROM articles AS a CROSS JOIN bodies AS b ON b.article_id = a.article_id WHERE a.article_id = ?
            """,
            (report.article_id,),
        ).fetchone()
        if stored is None or stored[-1] != report.revision:
            continue
        language, topics, about, released, status, has_text, revision = stored
        if not has_text and _has_words(report):
            continue
        columns = {"stated_language = ?": report.words.stated, **_of_tags(tags)}
        connection.execute(
            f"UPDATE articles SET {', '.join(columns)} WHERE article_id = ?",  # noqa: S608  (constants)
            (*columns.values(), report.article_id),
        )
        _write(connection, [(report.article_id, tags)], is_new=False)
        has_others = who.has_others(connection, report.article_id, tags.who)
        if tags.who is not None:
            who.write(connection, [(report.article_id, tags.who)])
        connection.executemany(
            "UPDATE media SET credit = ? WHERE article_id = ? AND place = ?",
            [(credit, report.article_id, place) for place, credit in tags.credits],
        )
        if has_others or tags.credits or is_other(language, json.loads(topics), json.loads(about), tags):
            changed += 1
            if released is not None and status == "usable":
                lines.append(
                    ledger.Line(change_kind="retagged", at=to_iso(now), article_id=report.article_id, revision=revision)
                )
    ledger.append(connection, lines)
    return changed


def _has_words(report: Untagged) -> bool:
    """Whether it was read with words that go where a report's words are let go of."""
    makers = report.words.makers
    return bool(report.words.text or (makers and (makers.credits or makers.captions)))


def is_other(language: str | None, topics: Sequence[str], about: Sequence[str], tags: Tags) -> bool:
    """Whether a report can be chosen by something else than before."""
    return (
        language != tags.language
        or {*topics} != {each.code for each in tags.topics}
        or {*about} != {each.code for each in tags.countries}
    )


def count_changed(connection: Connection, found: Sequence[tuple[Untagged, Tags]]) -> int:
    """As `save`, and writes nothing."""
    return sum(
        is_other(language, json.loads(topics), json.loads(about), tags)
        or bool(tags.credits)
        or who.has_others(connection, report.article_id, tags.who)
        for report, tags in found
        for language, topics, about in connection.execute(
            "SELECT language, coalesce(topics, '[]'), coalesce(about, '[]') FROM articles WHERE article_id = ?",
            (report.article_id,),
        )
    )


# What becomes of the evidence


def let_go(connection: Connection, articles: Sequence[int]) -> None:
    """Of articles whose words are let go of: the tags stay, and of the evidence what stands in headline and categories.
    Within a transaction.
    """
    rows = connection.execute(
        "SELECT article_id, topics, countries FROM tags"
        " WHERE article_id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))",
        (json.dumps(list(articles)),),
    ).fetchall()
    connection.executemany(
        "UPDATE tags SET topics = ?, countries = ? WHERE article_id = ?",
        [(_without_words(topics), _without_words(countries), number) for number, topics, countries in rows],
    )


def _without_words(stored: str | None) -> str | None:
    if stored is None:
        return None
    those = json.loads(stored)
    for evidence in (said for each in those for said in each["evidence"]):
        if evidence["where"] in _GOES:
            evidence["words"] = None
    return json.dumps(those, ensure_ascii=False)


_GOES = ("text", "dateline")


# Reading


def of_report(connection: Connection, public_id: str) -> Tags | None:
    """With the evidence; None: there is no such report, or it has no tags."""
    found = connection.execute(
        """
        SELECT g.made_by, a.language, a.language_from, g.topics, g.countries FROM articles AS a
        CROSS JOIN tags AS g ON g.article_id = a.article_id WHERE a.id = ?
        """,
        (public_id,),
    ).fetchone()
    if found is None:
        return None
    by, language, language_from, topics, countries = found
    return Tags(by=by, language=language, language_from=language_from, topics=_tags(topics), countries=_tags(countries))


def _tags(stored: str | None) -> tuple[Tag, ...]:
    return tuple(
        Tag(
            each["code"],
            each["weight"],
            tuple(
                TagEvidence(said["words"], said["where"], said["rule"]) for said in each["evidence"] if said["words"]
            ),
        )
        for each in json.loads(stored or "[]")
    )
