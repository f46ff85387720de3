"""What the answers of the API look like, as JSON Schema: every key of every answer, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args

from aggregator.model import Group, ItemClass, Kind
from aggregator.model.release import UseState
from aggregator.output.record import FIELDS

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
MAYBE: Schema = {"type": ["string", "null"]}
NUMBER: Schema = {"type": "integer"}
YES_OR_NO: Schema = {"type": "boolean"}


def _said(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _words(of: Any) -> Schema:
    return {"type": "string", "enum": list(get_args(of))}


def _of(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(fields: Mapping[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    """With all of these keys, but for those that are optional, and no other."""
    needed = [name for name in fields if name not in optional]
    return {"type": "object", "properties": dict(fields), "required": needed, "additionalProperties": False}


_ALWAYS = ("id", "publisher", "publisher_name", "homepage", "country", "first_seen", "credit", "usage_terms",
           "disclaimer", "corrections_contact", "complaints_url", "words_hash")  # fmt: skip
_TYPED: Mapping[str, Schema] = MappingProxyType(
    {
        **dict.fromkeys(_ALWAYS, TEXT),
        "revision": NUMBER,
        "corrected": YES_OR_NO,
        **dict.fromkeys(("authors", "agencies", "categories", "topics", "about"), _list(TEXT)),
        "publisher_kind": _words(Kind),
        "publisher_group": _words(Group),
        "class": _words(ItemClass),
        "scope": {"type": "string", "enum": ["headline_only", "excerpt", "full_text"]},
        **{f"ai_{use}": _words(UseState) for use in ("train", "input", "search")},
    }
)
_RECORD: Mapping[str, Schema] = {name: _said(_TYPED.get(name, MAYBE), said) for name, said in FIELDS}
_PICTURE = _object(
    {
        "url": _said(TEXT, "at its publisher's own address; of a copy, on the wire's own site"),
        "type": TEXT,
        "width": _said(NUMBER, "pixels"),
        "height": NUMBER,
        "caption": TEXT,
        "credit": TEXT,
        "copyright": TEXT,
        "alt": TEXT,
        "disclaimer": _said(TEXT, "must stand beside it"),
        "sizes": _said(
            _list(_object({"url": TEXT, "width": NUMBER, "height": NUMBER})), "all files of a copy, the smallest first"
        ),
    },
    ("type", "width", "height", "caption", "credit", "copyright", "alt", "sizes"),
)
_LISTED: Mapping[str, Schema] = {**_RECORD, "pictures": _list(_of("Picture"))}
_WIRE = _object(
    {
        "name": TEXT,
        "url": TEXT,
        "general": _said(TEXT, "the wire's statement on all that it carries"),
        "complaints_url": TEXT,
        "complaints_email": TEXT,
    }
)
_NEXT = _said(MAYBE, "the address of the next page; null: this is the last")
_VERSION = _object(
    {
        "number": NUMBER,
        "change_kind": _said(TEXT, "new, revised or corrected"),
        "seen_at": TEXT,
        **{name: _RECORD[name] for name in ("title", "byline", "summary", "text", "url")},
        "changed": _said(_list(TEXT), "of title, summary, body, byline, url, media, dates, page; none of the first"),
        "differences": _list(_of("Difference")),
    }
)
_DIFFERENCE = _object(
    {
        "field": {"type": "string", "enum": ["title", "byline", "summary", "text", "url"]},
        "pieces": _list(
            _object({"kind": {"type": "string", "enum": ["same", "gone", "come"]}, "text": TEXT}),
        ),
    }
)
_PUBLISHER: Mapping[str, Schema] = {
    "publisher": _said(TEXT, "its key"),
    "publisher_name": TEXT,
    "publisher_place": MAYBE,
    "country": TEXT,
    "publisher_kind": _words(Kind),
    "publisher_group": _words(Group),
    "languages": _said(_list(TEXT), "BCP 47"),
    "homepage": TEXT,
    "scope": _said(_TYPED["scope"], "what of its reports leaves by this channel at most"),
}
_SOURCE = _object(
    {
        "source_name": _said(TEXT, "publisher/key"),
        "publisher": TEXT,
        "publisher_name": TEXT,
        "url": _said(MAYBE, "null: it holds a secret"),
        "kind": TEXT,
        "class": _words(ItemClass),
        "every_minutes": _said({"type": ["number", "null"]}, "null: as the wire polls others"),
        "enabled": YES_OR_NO,
        "reason": _said(MAYBE, "why it is switched off"),
    }
)
_HEALTH: Mapping[str, Schema] = {
    "source_name": TEXT, "publisher_name": TEXT, "url": TEXT, "enabled": YES_OR_NO, "last_poll": MAYBE,
    "last_success": MAYBE, "last_new": MAYBE, "failures": NUMBER, "last_error": MAYBE, "articles_7_days": NUMBER,
    "gaps_7_days": NUMBER, "pages_failed_7_days": NUMBER, "next_at": MAYBE, "next_reason": MAYBE,
    "ids_not_trusted": MAYBE, "validators_not_trusted": MAYBE, "problem": MAYBE, "advice": MAYBE, "search": MAYBE,
    "redirect": MAYBE,
    "redirected_to": MAYBE, "pending": NUMBER, "agreement_ended": MAYBE, "agreement_ends": MAYBE,
    "counted_at": MAYBE, "fault": MAYBE, "since": MAYBE, "silent": YES_OR_NO, "gap_at": MAYBE, "gap_after": MAYBE,
    "paused_until": MAYBE, "paused_by": MAYBE, "states": _said(_list(TEXT), "all that troubles it"),
}  # fmt: skip
_COUNTS: Mapping[str, Schema] = {
    **dict.fromkeys(("polls", "well", "failed", "offline", "held", "gaps", "gaps_closed", "received"), NUMBER),
    "left_out": {"type": "object", "additionalProperties": NUMBER, "description": "entries, by reason or rule"},
    "expected": _said({"type": ["number", "null"]}, "null: not known yet"),
}
_COVERAGE = _object(
    {
        "publisher": TEXT,
        "publisher_name": TEXT,
        **_COUNTS,
        "pages_read": NUMBER,
        "pages_not_read": {"type": "object", "additionalProperties": NUMBER, "description": "pages, by reason"},
        "complete_since": MAYBE,
        "complete_until": MAYBE,
        "missing": _list(
            _object(
                {
                    "source_name": TEXT,
                    "after": MAYBE,
                    "before": TEXT,
                    "least": {"type": ["number", "null"]},
                    "most": {"type": ["number", "null"]},
                }
            )
        ),
        "silent": _list(_object({"source_name": TEXT, "since": TEXT, "until": MAYBE})),
        "unknown": _list(_object({"source_name": TEXT, "since": MAYBE, "why": TEXT})),
        "days": _list(_object({"day": TEXT, **_COUNTS, "silent": YES_OR_NO})),
    }
)
_RIGHTS = _object(
    {
        "publisher": TEXT,
        "publisher_name": TEXT,
        "profile": _said(MAYBE, "of rights.toml"),
        "relationship": TEXT,
        "basis": TEXT,
        "text_scope": {"type": "string", "enum": ["none", "headline_only", "excerpt", "full_text"]},
        "channels": _said(_list(TEXT), "by which its reports may leave"),
        "licence": MAYBE,
        "licence_url": MAYBE,
        "commercial_use": TEXT,
        "edits": TEXT,
        "translation": TEXT,
        "images": _said(TEXT, "the scope of pictures"),
        "index": TEXT,
        **{f"ai_{use}": _words(UseState) for use in ("train", "input", "search")},
        "terms_checked": _said(MAYBE, "the day a person read the publisher's terms; null: nobody has"),
        "expires": _said(MAYBE, "the last day of an agreement"),
    }
)
_SEARCH = _object(
    {
        "name": TEXT,
        "title": TEXT,
        "words": _said(TEXT, "as `aggregator search` takes them"),
        **dict.fromkeys(
            (
                "publishers",
                "countries",
                "kinds",
                "groups",
                "languages",
                "topics",
                "about",
                "classes",
            ),
            _list(TEXT),
        ),
        "reports": _said(TEXT, "the address of what it finds"),
        "feed": _said(TEXT, "the address of its Atom feed; .rss and .json are there too"),
    }
)
_SUBSCRIPTION = _object(
    {
        "subscriber": TEXT,
        "acknowledged_seq": _said({"type": ["integer", "null"]}, "number of the last message that it confirmed"),
        "attempts": _said(NUMBER, "that failed, of the message that is sent now"),
        "error": _said(MAYBE, "why the last one failed; null: all is well"),
        "acknowledged_at": MAYBE,
        "next_at": _said(MAYBE, "when that message is sent again, at the earliest; null: at once"),
        "failing_since": MAYBE,
        "paused_at": _said(MAYBE, "null: no person has paused it"),
        "ended_at": _said(MAYBE, "null: its server did not say 410"),
        "dead_letters": _said(
            _list(_object({"seq": NUMBER, "change_kind": TEXT, "id": MAYBE, "at": TEXT, "error": TEXT})),
            "messages that could not be delivered within three days",
        ),
    }
)
_CHANGE = _object(
    {
        "seq": NUMBER,
        "cursor": _said(TEXT, "give it to `after` the next time"),
        "change_kind": _said(
            TEXT, "new, revised, corrected, resent, withheld, withdrawn, restored, deleted, terms_changed"
        ),
        "at": TEXT,
        "id": _said(MAYBE, "null: the line is about a publisher"),
        "publisher": TEXT,
        "publisher_name": TEXT,
        "publisher_place": MAYBE,
        "title": _said(MAYBE, "as it may leave now; null: it may not"),
        "url": MAYBE,
        "revision": {"type": ["integer", "null"]},
        "note": _said(MAYBE, "why; null: the publisher changed its report"),
        "report": {"oneOf": [_of("Listed"), {"type": "null"}], "description": "as it may leave now; null: it may not"},
    }
)
_GAP = _object(
    {
        "publisher": TEXT,
        "publisher_name": TEXT,
        "gaps": _said(NUMBER, "how often its feed had moved on further than it could be read"),
        "first_found": TEXT,
        "last_found": TEXT,
    }
)
_CURSOR = _said(MAYBE, "up to where the ledger was read: give it to `after` the next time; null: it has no line yet")
_NEWEST = _said(NUMBER, "the number of the ledger's last line, whether it is in the selection or not; 0: there is none")
_GAPS = _said(
    _list(_GAP), "publishers of the selection of which reports of the last 7 days may be missing here; 50 at most"
)

SCHEMAS: Mapping[str, Schema] = MappingProxyType(
    {
        "Problem": _object({"type": TEXT, "title": TEXT, "status": NUMBER, "detail": TEXT}, ("detail",)),
        "Wire": _WIRE,
        "Picture": _PICTURE,
        "Listed": _object(_LISTED),
        "Report": _object({**_LISTED, "html": _said(MAYBE, "the full text, safe to show; null: it does not leave")}),
        "Reports": _object(
            {
                "wire": _of("Wire"),
                "reports": _list(_of("Listed")),
                "next": _NEXT,
                "cursor": _said(MAYBE, "give it to `after`, to have what comes later; null: the ledger is empty"),
            }
        ),
        "Searches": _object({"searches": _list(_SEARCH)}),
        "Difference": _DIFFERENCE,
        "Version": _VERSION,
        "Revisions": _object({"id": TEXT, "credit": TEXT, "disclaimer": TEXT, "revisions": _list(_of("Version"))}),
        "Publishers": _object({"publishers": _list(_object(_PUBLISHER))}),
        "Sources": _object({"sources": _list(_SOURCE)}),
        "Health": _object(
            {
                "silent_since": _said(
                    MAYBE, "since when the wire as a whole had nothing new for too long; null: it is not"
                ),
                "sources": _list(_object(_HEALTH)),
            }
        ),
        "Coverage": _object({"since": TEXT, "until": TEXT, "publishers": _list(_COVERAGE)}),
        "Rights": _object({"publishers": _list(_RIGHTS)}),
        "Subscriptions": _object({"subscriptions": _list(_SUBSCRIPTION)}),
        "Changes": _object(
            {"changes": _list(_of("Change")), "next": _NEXT, "cursor": _CURSOR, "newest": _NEWEST, "gaps": _GAPS}
        ),
        "Change": _CHANGE,
        "Heartbeat": _object({"cursor": _CURSOR, "newest": _NEWEST, "gaps": _GAPS}),
    }
)
