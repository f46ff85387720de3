"""Migration 0043: what pages said to machines of reports that versions before 0.8.0 purged goes with them."""

from __future__ import annotations

# It stands beside the addresses of their pages, in which headlines stand. Since 0.8.0 a purge takes it itself.
PURGED = (
    """
    DELETE FROM rights_signals WHERE article_id IN (SELECT article_id FROM articles WHERE notice = 'removed')
    """,
)
