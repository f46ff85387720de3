"""What is worked out of a publisher's bare table before it takes shape: what is left out, laid over, or said twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from aggregator.model import AI_USES
from aggregator.model.plain import as_dict

TomlTable = Mapping[str, Any]


def source_key(url: str) -> str:
    """The key of a source that was given none: the path of its address as a slug; `main` where that leaves nothing."""
    path = re.sub(r"\.[a-z0-9]{1,5}$", "", unquote(urlsplit(url).path).lower())
    return re.sub(r"[^a-z0-9]+", "-", path).strip("-") or "main"


def completed(table: TomlTable) -> dict[str, Any]:
    """A publisher's table in which each source of kind "discover" has an address: the homepage, where it names none."""
    sources, homepage = table.get("source"), table.get("homepage")
    if not isinstance(sources, list) or homepage is None:
        return dict(table)
    return {**table, "source": [_discovering(source, homepage) for source in sources]}


def _discovering(source: object, homepage: object) -> object:
    if isinstance(source, dict) and source.get("kind") == "discover":
        return {"url": homepage, **source}
    return source


def merged(profile: TomlTable, own: TomlTable) -> dict[str, Any]:
    """A profile with a publisher's own keys over it, key by key, in the tables within too."""
    if isinstance(own.get("ai_use"), dict) and profile.get("ai_use") in AI_USES:  # the word is short for a table
        profile = {**profile, "ai_use": as_dict(AI_USES[profile["ai_use"]])}
    inner = {
        key: {**profile[key], **value}
        for key, value in own.items()
        if isinstance(value, dict) and isinstance(profile.get(key), dict)
    }
    return {**profile, **own, **inner}


def texts(disclaimers: object) -> dict[str, str]:
    """What of a `[disclaimers]` table is text; the shape of the file complains about the rest."""
    items = disclaimers.items() if isinstance(disclaimers, dict) else ()
    return {name: text for name, text in items if isinstance(text, str)}
