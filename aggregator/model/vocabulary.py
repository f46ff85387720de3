"""The closed vocabularies of the wire: its rights model (README, "Rights"), IPTC pubStatus for `Status`, and the rules
of identity, which a publisher has and its articles carry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "newspaper",
    "magazine",
    "news_site",
    "broadcaster",
    "agency",
    "press_release_service",
    "ngo",
    "government",
    "intergovernmental",
    "academic",
    "think_tank",
    "church",
    "company",
    "blog",
    "individual",
    "own",
]
Group = Literal["news_organization", "institution", "individual", "own"]
Relationship = Literal["own", "partner", "open_licence", "public_body", "press_release", "none"]
Basis = Literal["own", "agreement", "open_licence", "public_domain", "statutory", "press_release", "quotation", "none"]
TextScope = Literal["none", "headline_only", "excerpt", "full_text"]
Edits = Literal["none", "style_only", "licensed"]
Translation = Literal["no", "with_label", "licensed"]
CommercialUse = Literal["yes", "no", "not_sold_separately", "ask"]
SystematicRepublication = Literal["yes", "no", "unstated"]
ImageScope = Literal["none", "per_image_licence", "same_as_text", "agreement"]
Storage = Literal["keep", "metadata_only", "transient"]
Channel = Literal["web", "feed", "api", "email"]
AiUse = Literal["allowed", "search_only", "prohibited", "unstated"]
Index = Literal["index", "noindex"]
Canonical = Literal["publisher", "self", "none"]
OnMissing = Literal["keep", "suspend", "withdraw"]
OnGone = Literal["withdraw", "suspend"]
ItemClass = Literal["news", "analysis", "opinion", "interview", "press_release", "document", "notice", "own_report"]
Status = Literal["usable", "withheld", "canceled"]
# Of a line of the ledger. terms_changed is about a publisher, all others are about an article.
ChangeKind = Literal[
    "new",
    "revised",
    "corrected",
    "refile",
    "withheld",
    "withdrawn",
    "restored",
    "removed_by_wire",
    "terms_changed",
]

GROUP_OF_KIND: Mapping[Kind, Group] = {
    "newspaper": "news_organization",
    "magazine": "news_organization",
    "news_site": "news_organization",
    "broadcaster": "news_organization",
    "agency": "news_organization",
    "press_release_service": "institution",
    "ngo": "institution",
    "government": "institution",
    "intergovernmental": "institution",
    "academic": "institution",
    "think_tank": "institution",
    "church": "institution",
    "company": "institution",
    "blog": "individual",
    "individual": "individual",
    "own": "own",
}

IdTrust = Literal["learned", "trusted", "ignored"]
Ladder = Literal["id", "url"]  # the strongest key that a source can be trusted with
DISCOVER = "discover"  # the kind of a source of which only the site is known
# Of a poll. offline: nobody answered at all, so the fault is ours; challenge, consent, cookie: the site answers only
# browsers, people, or whoever sends its cookie back; payment_required: 402, it sells what was asked for; held: a
# document came, nothing of it was stored, and a person must look.
Outcome = Literal[
    "ok", "unchanged", "not_modified", "failed", "offline", "challenge", "consent", "cookie", "payment_required", "held"
]
# Of a redirect. held: it waits for a person; refused: it leads to an address of another publisher of this wire;
# undecided: the document itself must say more.
RedirectState = Literal["accepted", "undecided", "held", "refused"]

Gap = Literal["open", "closed"]  # between two documents of a source; closed: by reading its older pages

# Of the desk. accept, refuse: a change of a known report that waited for a person.
Act = Literal["withhold", "restore", "withdraw", "embargo", "release", "suspend", "purge", "accept", "refuse"]
# What one poll can do to many known reports at once: withdraw them, give them other links, give them all one and the
# same headline, link or text, change their words.
MassKind = Literal["withdrawn", "moved", "same_words", "revised"]
Notice = Literal["withheld", "withdrawn", "legal", "gone", "removed"]  # what stands in an article's place
ComplaintKind = Literal[
    "factual",
    "copyright",
    "licence",
    "court_order",
    "statute",
    "privacy",
    "safety",
    "publisher_request",
    "own_content",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRules:
    """`[identity]` of a publisher's file: what of its ids and addresses says which report an entry is."""

    ids: IdTrust = "learned"  # from its documents; trusted: always believed; ignored: never
    ignore_parameters: tuple[str, ...] = ()  # of the query, that say nothing of the page; `from_*`: all that begin so
    keep_parameters: tuple[str, ...] | None = None  # only these say anything of it; None: all do
    strip_path_prefixes: tuple[str, ...] = ()  # `/print`, `/sport`: the page is the same without
    same_hosts: tuple[str, ...] = ()  # that serve the same pages as the first of them


LEARNED = IdentityRules()  # of a publisher whose file says nothing
