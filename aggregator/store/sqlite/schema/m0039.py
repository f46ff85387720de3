"""Migration 0039: what reports are about, with the evidence, and by which word their language was known."""

from __future__ import annotations

TAGGED = (
    # what the feed says, BCP 47; NULL: nothing, or it came before version 0.8.0
    "ALTER TABLE articles ADD COLUMN stated_language TEXT",
    # what says the language: stated, script, words, short or configured; NULL: it is not known, or not looked for yet
    "ALTER TABLE articles ADD COLUMN language_from TEXT",
    # JSON array of codes, the heaviest first; NULL: none, or not looked for yet
    "ALTER TABLE articles ADD COLUMN topics TEXT",
    "ALTER TABLE articles ADD COLUMN about TEXT",
    """
    CREATE TABLE tags (                -- what was found out about articles, with the evidence
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id),
      made_by TEXT NOT NULL,           -- by which tables and settings; '': its words broke what reads them
      topics TEXT,                     -- JSON array of objects: code, weight, evidence; NULL: none
      countries TEXT                   -- likewise
    ) STRICT
    """,
    """
    CREATE TABLE article_topics (
      topic TEXT NOT NULL,             -- code of an IPTC Media Topic
      sort_time TEXT NOT NULL,         -- that of the article
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      weight REAL,                     -- NULL: it is about a narrower one of this topic
      PRIMARY KEY (topic, sort_time, article_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX article_topics_of_article ON article_topics (article_id)",
    """
    CREATE TABLE article_countries (   -- countries that articles are about
      country TEXT NOT NULL,           -- ISO 3166-1 alpha-2
      sort_time TEXT NOT NULL,         -- that of the article
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      weight REAL NOT NULL,
      PRIMARY KEY (country, sort_time, article_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX article_countries_of_article ON article_countries (article_id)",
    """
    CREATE TRIGGER tags_follow AFTER UPDATE OF sort_time ON articles WHEN old.sort_time <> new.sort_time
    BEGIN
      UPDATE article_topics SET sort_time = new.sort_time WHERE article_id = new.article_id;
      UPDATE article_countries SET sort_time = new.sort_time WHERE article_id = new.article_id;
    END
    """,
    """
    CREATE TABLE tag_queue (           -- articles whose newest words have no tags yet
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id)
    ) STRICT
    """,
    "INSERT INTO tag_queue SELECT article_id FROM bodies",
    # JSON arrays of all codes that it had then; NULL: none, or a version before 0.8.0 noted it
    "ALTER TABLE former_readings ADD COLUMN topics TEXT",
    "ALTER TABLE former_readings ADD COLUMN about TEXT",
    "DROP TRIGGER former_reading",
    """
    CREATE TRIGGER former_reading AFTER UPDATE OF class, language, topics, about ON articles
    WHEN old.released_seq IS NOT NULL AND (old.class <> new.class OR old.language IS NOT new.language
      OR old.topics IS NOT new.topics OR old.about IS NOT new.about)
    BEGIN
      INSERT INTO former_readings (article_id, class, language, topics, about, until_seq)
      VALUES (old.article_id, old.class, old.language,
        (SELECT json_group_array(t.topic) FROM article_topics AS t WHERE t.article_id = old.article_id),
        old.about, (SELECT coalesce(max(seq), 0) FROM changes));
    END
    """,
)
