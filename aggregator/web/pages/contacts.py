"""Where a contact leads that a file of the configuration, or a report, has: an e-mail address or a page."""

from __future__ import annotations

from urllib.parse import quote

from aggregator.text.printable import address


def contact_link(said: str) -> str | None:
    """What a link to it holds; None: it leads nowhere."""
    if "@" in said and "://" not in said:
        return f"mailto:{quote(said, safe='@')}"
    return address(said)
