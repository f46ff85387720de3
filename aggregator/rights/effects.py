"""Every key of a publisher's rights and contacts, and where it takes effect: no key is accepted and then forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from aggregator.model import Contact, Images, Rights

# Keys of `[rights]` as they stand there, those of `[contact]` with the table's name. None: nothing acts on it yet, and
# `check` says so wherever a file sets it. This table is held to the schema, and it is tried out for each key that it
# does something, or nothing, by tests/rights/test_rights_in_force.py.
TAKES_EFFECT: Mapping[str, str | None] = MappingProxyType(
    {
        "relationship": "the disclaimer; `check` warns where the terms of a licence or of the law were not read",
        "basis": "the disclaimer; the rules that a configuration must keep to load",
        "text_scope": "what of a report is in the views `wire` and `wire_at`",
        "credit": "the credit line",
        "excerpt_max_words": "the length of excerpts, stored ones too",
        "licence": "the credit line, the disclaimer, and the column `licence` of `wire`",
        "licence_url": "the credit line, for the field {licence_url}",
        "copyright_holder": "the copyright notice, and the credit line for the field {holder}",
        "copyright_notice": "the copyright notice",
        "edits": "the wire edits nothing, whatever it says; `check` refuses what the licence forbids",
        "translation": "the wire translates nothing, whatever it says; `check` refuses what the licence forbids",
        "commercial_use": None,
        "systematic_republication": "what of a report is in the views `wire` and `wire_at`",
        "images.scope": "the wire passes no picture on, whatever it says; `check` refuses one that has no ground",
        "images.hotlink": None,
        "storage": "which words are stored, and for how long",
        "retention_days": "when stored words are deleted",
        "redistribute": "the column `channels` of the views, and the mark `not for redistribution`",
        "ai_use": None,
        "index": None,
        "canonical": None,
        "corrections.on_missing": "what becomes of a report whose page is missing",
        "corrections.on_gone": "what becomes of a report whose page is gone",
        "expires": "the moment from which at most an excerpt is published; `check` and `health` name it",
        "terms_checked": "`check` warns where it is needed and not set",
        "tracking_pixel": None,
        "contact.corrections": "the disclaimer, and the letters that `complaint` proposes",
        "contact.permissions": None,
        "contact.technical": None,
    }
)
WITHOUT_EFFECT = tuple(sorted(key for key, where in TAKES_EFFECT.items() if where is None))

_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        **{name: field.default for name, field in Rights.__dataclass_fields__.items()},
        **{f"images.{name}": field.default for name, field in Images.__dataclass_fields__.items()},
        **{f"contact.{name}": field.default for name, field in Contact.__dataclass_fields__.items()},
    }
)


def set_without_effect(tables: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Those of WITHOUT_EFFECT that these bare tables set to something else than the default, sorted. A table is a
    publisher's file, or a profile as `{"rights": profile}`; they need not be sound.
    """
    found = set()
    for table in tables:
        for key in WITHOUT_EFFECT:
            path = key.split(".") if key.startswith("contact.") else ["rights", *key.split(".")]
            value: Any = table
            for step in path:
                value = value.get(step) if isinstance(value, Mapping) else None
            if value is not None and value != _DEFAULTS[key]:
                found.add(key)
    return tuple(sorted(found))
