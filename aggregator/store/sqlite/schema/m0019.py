"""Migration 0019: indexes, so that no list and no search reads the whole wire."""

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
