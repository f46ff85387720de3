"""Every key of a publisher's rights and contacts, and where it takes effect: no key is accepted and then forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Keys of `[rights]` as they stand there, those of `[contact]` with the table's name. This table is held to the schema,
# and it is tried out that each key does something, by tests/rights/test_rights_in_force.py.
TAKES_EFFECT: Mapping[str, str] = MappingProxyType(
    {
        "relationship": "the disclaimer; `check` warns where the terms of a licence or of the law were not read",
        "basis": "the disclaimer; what others may take of a report; the rules that a configuration must keep to load",
        "text_scope": "what of a report is in the views `wire` and `wire_at`",
        "credit": "the credit line",
        "excerpt_max_words": "the length of excerpts, stored ones too",
        "licence": "the credit line, the disclaimer, and the column `licence` of `wire`",
        "licence_url": "the credit line, for the field {licence_url}",
        "copyright_holder": "the copyright notice, and the credit line for the field {holder}",
        "copyright_notice": "the copyright notice",
        "edits": "the terms that travel with a report; `check` refuses what the licence forbids",
        "translation": "the terms that travel with a report; `check` refuses what the licence forbids",
        "commercial_use": "the terms that travel with a report; `check` refuses what the licence forbids",
        "systematic_republication": "what of a report is in the views `wire` and `wire_at`",
        "images.scope": "which pictures leave with a report; `check` refuses a scope that has no ground",
        "images.hotlink": "whether pictures are shown from their publisher's own address; else as copies",
        "storage": "which words are stored, and for how long",
        "retention_days": "when stored words are deleted",
        "redistribute": "by which channels a report leaves; the column `channels`; the mark `not for redistribution`",
        "ai_use": "what leaves for each use by machines, and the terms that travel with a report; a table of `train`, "
        "`input` and `search` too (see below)",
        "index": "whether search engines are asked to list the page of a report",
        "canonical": "which address the page of a report names as the one that counts",
        "corrections.on_missing": "what becomes of a report whose page is missing",
        "corrections.on_gone": "what becomes of a report whose page is gone",
        "expires": "the moment from which at most an excerpt is published; `check` and `health` name it",
        "terms_checked": "`check` warns where it is needed and not set",
        "tracking_pixel": "the picture of one dot beside full text on the channel `web`",
        "contact.corrections": "the disclaimer, and the letters that `complaint` proposes",
        "contact.permissions": "whom every report that leaves says to ask for permission",
        "contact.tell_taken": "who gets an e-mail about reports that others took from their pages",
        "contact.technical": "whom `health` says to ask where a site turns this wire's reader away",
    }
)
