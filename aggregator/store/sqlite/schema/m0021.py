"""Migration 0021: indexes and words of the search index, so that no list and no search reads the whole wire."""

from __future__ import annotations

INDEXED = (
    # Reports of one class, in one language, from one country stand together in the order of lists, and there are few
    # such groups: whatever is rare is found without walking past the rest (`store.sqlite.groups`).
    "CREATE INDEX articles_by_class ON articles (class, coalesce(language, ''), country, sort_time)",
    # With these columns behind, what does not fit is passed over without looking at its row.
    "DROP INDEX articles_by_publisher",
    "CREATE INDEX articles_by_publisher ON articles (publisher, sort_time, class, language, country)",
    # Few lines of the ledger are about a publisher.
    "CREATE INDEX changes_of_publisher ON changes (publisher) WHERE publisher IS NOT NULL",
    # Few acts come of a complaint.
    "CREATE INDEX acts_of_complaint ON acts (complaint_id) WHERE complaint_id IS NOT NULL",
)

# A row of the search index has words for the class and the language of its article, so what takes it back needs those
# that it was made of, as it needs the words (m0009).
SEARCHED = (
    "ALTER TABLE search_removals ADD COLUMN class TEXT",  # NULL: of a row without such words
    "ALTER TABLE search_removals ADD COLUMN language TEXT",  # NULL: not stated, or of a row without such words
    "DROP TRIGGER search_headline_changes",
    "DROP TRIGGER search_words_change",
    "DROP TRIGGER search_words_go",
    """
    CREATE TRIGGER search_headline_changes BEFORE UPDATE OF title, revision, class, language ON articles
    WHEN old.title <> new.title OR old.revision <> new.revision OR old.class <> new.class
      OR old.language IS NOT new.language
    BEGIN
      INSERT OR IGNORE INTO search_removals (revision_id, title, summary, text, class, language)
      SELECT r.revision_id, old.title, b.summary, b.text, old.class, old.language FROM revisions AS r
      JOIN article_search_docsize AS indexed ON indexed.id = r.revision_id
      JOIN bodies AS b ON b.article_id = r.article_id
      WHERE r.article_id = old.article_id AND r.number = old.revision;
      INSERT OR IGNORE INTO search_queue (revision_id)
      SELECT r.revision_id FROM revisions AS r JOIN bodies AS b ON b.article_id = r.article_id
      WHERE r.article_id = new.article_id AND r.number = new.revision;
    END
    """,
    """
    CREATE TRIGGER search_words_change BEFORE UPDATE OF summary, text ON bodies
    WHEN old.summary <> new.summary OR old.text <> new.text
    BEGIN
      INSERT OR IGNORE INTO search_removals (revision_id, title, summary, text, class, language)
      SELECT r.revision_id, a.title, old.summary, old.text, a.class, a.language FROM articles AS a
      JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
      JOIN article_search_docsize AS indexed ON indexed.id = r.revision_id
      WHERE a.article_id = old.article_id;
      INSERT OR IGNORE INTO search_queue (revision_id)
      SELECT r.revision_id FROM articles AS a
      JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
      WHERE a.article_id = new.article_id;
    END
    """,
    """
    CREATE TRIGGER search_words_go BEFORE DELETE ON bodies
    BEGIN
      INSERT OR IGNORE INTO search_removals (revision_id, title, summary, text, class, language)
      SELECT r.revision_id, a.title, old.summary, old.text, a.class, a.language FROM articles AS a
      JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
      JOIN article_search_docsize AS indexed ON indexed.id = r.revision_id
      WHERE a.article_id = old.article_id;
    END
    """,
)
