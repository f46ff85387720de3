"""Where the links of a document lead; the same for every kind of document."""

from __future__ import annotations

from urllib.parse import urljoin


def resolved(base: str, href: str) -> str:
    """The address in full. One that is in full, or is none at all, such as one with a bracket in its host's place, is
    kept as it was said.
    """
    if href.startswith(("http://", "https://")):
        return href
    try:
        return urljoin(base, href)
    except ValueError:
        return href
