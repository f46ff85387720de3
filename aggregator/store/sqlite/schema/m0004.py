"""The statements of migration 0004: addresses that servers wrote and that were filled in like templates go."""

from __future__ import annotations

# Only the address in a publisher's file is filled in from the environment. Earlier versions filled in whatever stood in
# `sources`, so an address with `${NAME}` that did not come from the file has to leave: it would be asked as it stands.
LITERAL = (
    # A private source had moved to an address that repeats its secret: it is asked again at the one in its file, which
    # redirects there. `old_url` is NULL where `url` is the file's own.
    "UPDATE sources SET url = old_url, old_url = NULL WHERE old_url IS NOT NULL AND instr(url, '${') > 0",
    # NULL: it redirects nowhere for good.
    "UPDATE sources SET moved_to = NULL, moved_since = NULL WHERE instr(moved_to, '${') > 0",
    # NULL: no feed is proposed; the site is searched again when its time comes. So it is where a page named a feed with
    # a user name, which would be shown.
    """
    UPDATE sources SET proposed = NULL, proposed_as = NULL WHERE instr(proposed, '${') > 0
      OR instr(substr(proposed, 1, instr(substr(proposed, 9) || '/', '/') + 8), '@') > 0
    """,
)
