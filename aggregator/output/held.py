"""A report as the desk reads it: its words, what keeps it out, what was decided, what waits, who complained."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

from aggregator.output.text import NOT_PASSED_ON, heading
from aggregator.text.dates import for_people
from aggregator.text.printable import address, line, lines

_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"

# What keeps a report out, by its notice; and the acts that do it.
HELD: Mapping[str, tuple[str, frozenset[str]]] = {
    "withheld": ("Withheld", frozenset(("withhold", "join"))),
    "legal": ("Withheld in answer to a legal demand", frozenset(("withhold",))),
    "gone": ("Suspended: it is no longer at its publisher's address", frozenset(("suspend",))),
    "withdrawn": ("Withdrawn", frozenset(("withdraw",))),
    "removed": ("Deleted for good", frozenset(("purge",))),
}


def states(held: Mapping[str, Any], zone: tzinfo = UTC) -> list[str]:
    """What keeps a report out of the wire, a sentence each; one that says so of a report that is in the wire. `held`:
    what `Store.held_report` returns.
    """
    said = []
    if until := held["embargoed_until"]:
        over = ", which is over: the daemon or the next `aggregator fetch` releases it" * held["embargo_is_over"]
        said.append(f"Under embargo until {for_people(until, zone)}{over}")
    if held["notice"]:
        said.append(out_since(held, zone))
    if not said and held["text_scope"] in (None, "none"):
        said.append("Stored, and not shown: its publisher's rights let nothing of it out")
    elif held["text_scope"] == "none":
        said.append("Its publisher's rights let nothing of it out")
    return said or ["In the wire"]


def out_since(held: Mapping[str, Any], zone: tzinfo = UTC) -> str:
    """How, since when, by whom and why a report that has a notice is out of the wire."""
    what, names = HELD[held["notice"]]
    return what + _by(held["acts"], names, zone)


def _by(acts: Sequence[Mapping[str, Any]], names: Collection[str], zone: tzinfo) -> str:
    last = next((act for act in reversed(acts) if act["act"] in names), None)
    return f" since {for_people(last['at'], zone)} by {who(last['actor'])}: {last['reason']}" if last else ""


def who(actor: str) -> str:
    """A person by name; what its publisher's feed or page asked for as that."""
    kind, _, name = actor.partition(":")
    return f"its publisher's {name}" if kind == "publisher" else name or actor


def page(held: Mapping[str, Any], zone: tzinfo = UTC) -> str:
    """The whole page. What is the publisher's, a complainant's or a person's is indented, or stands behind a label."""
    return "\n".join(_page(held, zone)) + "\n"


def _page(held: Mapping[str, Any], zone: tzinfo) -> Iterator[str]:
    yield f"{_BOLD}{heading(held['publisher_name'], held['publisher_place'])}{_PLAIN}"
    yield f"{_BOLD}{line(held['title'] or '(no headline)')}{_PLAIN}"
    dated = for_people(held["published"], zone) if held["published"] else None
    above = [
        held["byline"],
        dated or f"received {for_people(held['first_seen'], zone)}",
        held["class"],
        held["language"],
    ]
    yield f"  {line(' · '.join(filter(None, above)))}"
    yield from (f"{_BOLD}{line(said)}{_PLAIN}" for said in states(held, zone))
    if held["text_scope"] is not None and not held["channels"]:
        yield f"  {NOT_PASSED_ON}"
    yield ""
    yield f"  {lines(_words(held), indent=_AROUND)}"
    yield ""
    yield from _beside(held, zone)
    if held.get("page"):
        yield from of_page(held["page"], zone)
    yield from _versions(held, zone)
    yield from _acts(held["acts"], zone)
    yield from _pending(held["pending"], zone)
    yield from _complaints(held["complaints"], zone)


_AROUND = "\n  "


def _words(held: Mapping[str, Any]) -> str:
    words: str = held["text"] or held["summary"] or ""
    if words:
        return words
    if held["notice"] == "removed":
        return "(its words were deleted)"
    return "(it has no words but its headline)" if held["has_text"] else "(its words are no longer stored)"


def _beside(held: Mapping[str, Any], zone: tzinfo) -> Iterator[str]:
    said = {
        "Credit": held["credit"],
        "Original": address(held["url"]),
        "Licence": held["licence"],
        "Text": held["text_scope"] and held["text_scope"].replace("_", " "),
        "Channels": " ".join(held["channels"]) or "none",
        "First seen": for_people(held["first_seen"], zone),
        "Id": held["id"],
    }
    yield from (f"{_DIM}{name}:{_PLAIN} {line(value)}" for name, value in said.items() if value)


_OF_PAGE = {"content": "text", "published_stated": None}  # what fields are called beside a report; None: not named


def of_page(read: Mapping[str, Any], zone: tzinfo) -> Iterator[str]:
    """What came of reading the report's own page: what of it is the page's, with the rule by which it was found."""
    at = for_people(read["read_at"] or read["tried_at"], zone)
    if read["outcome"] == "failed":
        tried = for_people(read["tried_at"], zone)
        yield line(f"Page: could not be read at {tried}: {read['reason'] or 'no reason is known'}")
    elif read["reason"]:
        yield line(f"Page: read {at}; no text was taken: {read['reason']}")
    if read["fields"]:
        named = ((_OF_PAGE.get(name, name), read["evidence"].get(name)) for name in read["fields"])
        said = ", ".join(f"{name} ({rule})" if rule else name for name, rule in named if name)
        yield line(f"From its page, {at}: {said}")
    elif read["outcome"] == "read":
        yield line(f"Page: read {at}; it says nothing that the feed does not say")


def _versions(held: Mapping[str, Any], zone: tzinfo) -> Iterator[str]:
    for row in held["versions"]:
        shown = ", shown above" if row["number"] == held["version"] and len(held["versions"]) > 1 else ""
        kind = row["change_kind"] or "a version"
        yield line(
            f"Version {row['number']}: {for_people(row['seen_at'], zone)} {kind}, from {row['source_name']}{shown}"
        )
        if row["title"] and row["title"] != held["title"]:
            yield f"  {line(row['title'])}"


def _acts(acts: Sequence[Mapping[str, Any]], zone: tzinfo) -> Iterator[str]:
    for act in acts:
        beside = [
            f"until {for_people(act['until'], zone)}" if act["until"] else None,
            f"complaint {act['complaint_id']}" if act["complaint_id"] else None,
            f"reference {act['reference']}" if act["reference"] else None,
        ]
        said = ", ".join(filter(None, (act["act"], *beside)))
        yield line(f"Desk: {for_people(act['at'], zone)} {said}, by {act['actor']}: {act['reason']}")


def _pending(those: Sequence[Mapping[str, Any]], zone: tzinfo) -> Iterator[str]:
    for one in those:
        source, since = one["source_name"], for_people(one["since"], zone)
        if one["mass_kind"] is None:
            yield line(f"Waiting: other words from {source} since {since}; stored within a day")
        elif one["signal"] == "tombstone":
            yield line(f"Waiting: {source} lists it as deleted, since {since}; `aggregator pending`")
        else:
            kind = one["mass_kind"].replace("_", " ")
            yield line(f"Waiting: {kind}, from {source} since {since}; `aggregator pending`")
        for name in ("title", "url", "text"):
            if one[name]:
                yield f"  {name}: {lines(one[name], indent='    ')}"


def _complaints(those: Sequence[Mapping[str, Any]], zone: tzinfo) -> Iterator[str]:
    for one in those:
        state = f"resolved {for_people(one['resolved_at'], zone)}" if one["resolved_at"] else "open"
        erased = f"erased {for_people(one['erased_at'], zone)}" if one["erased_at"] else None
        by = erased or one["complainant"] or "anonymous"
        received = for_people(one["received_at"], zone)
        head = f"Complaint {one['number']} ({one['complaint_kind']}, {state}): {received}, {by}"
        yield line(head)
        if one["email"]:
            yield f"  E-mail, not checked: {line(one['email'])}"
        if one["text"]:
            yield f"  {lines(one['text'], indent='  ')}"
        if one["resolution"]:
            yield f"  Resolution: {line(one['resolution'])}"
        if one["answer"]:
            yield f"  Answer: {lines(one['answer'], indent='  ')}"
