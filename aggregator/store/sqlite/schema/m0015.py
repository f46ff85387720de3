"""Migration 0015: sources whose ids were distrusted by an error of ours are trusted again."""

from __future__ import annotations

# Two errors taught distrust. One story that stood twice in a document under one id and address was taken for several
# items. Whoever does use one id for several says so again in the next document of three items; its entries are known by
# their addresses meanwhile. And an entry whose id and address differ from a report's by the fragment alone (a comment
# on it) was taken for that report; then its id seemed to be in use for another one, or to change. For that, only
# sources with such a merge are trusted again.
TRUSTED_AGAIN = (
    """
    UPDATE sources SET ladder = 'id', ladder_reason = NULL, id_conflicts = 0
    WHERE ladder <> 'id' AND ladder_reason LIKE 'one id stands for several items:%'
    """,
    """
    UPDATE sources SET ladder = 'id', ladder_reason = NULL, id_conflicts = 0
    WHERE (ladder <> 'id' OR id_conflicts > 0) AND id IN (
      SELECT m.source FROM merges AS m JOIN articles AS a ON a.id = m.article
      WHERE m.matched_by IN ('alt', 'url') AND (m.key LIKE '%#%' OR a.url LIKE '%#%')
    )
    """,
)
