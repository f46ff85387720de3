"""The paths of the feeds that are served, as they stand in the feeds themselves and as hubs know them."""

from __future__ import annotations

from urllib.parse import quote

LATEST = "/feeds/latest"


def feed_path(of: str, value: str) -> str:
    """That of a feed of a country, publisher, language, kind, group or class, or about a topic, a country or a
    region, without its suffix.
    """
    written = value if of == "publisher" else value.lower().replace("_", "-")
    return f"/feeds/{of}/{quote(written)}"
