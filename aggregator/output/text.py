"""Reports as a person reads them on a terminal: the publisher above, what it answers for below, the rights beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, tzinfo

from aggregator.model import TagEvidence, Tags
from aggregator.model.fields import FIELDS
from aggregator.model.release import Release
from aggregator.output import beside
from aggregator.output.record import record
from aggregator.text.dates import for_people
from aggregator.text.printable import line, lines

# Whoever prints to something that is no terminal strips these; click.echo does.
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_LABELS = {field.name: field.label for field in FIELDS if field.label}
NOT_PASSED_ON = "not for redistribution"  # what stands beside a report that may leave by no channel


def listing(releases: Sequence[Release], zone: tzinfo = UTC) -> str:
    """A block a report, newest as given, the publisher's name and place above the headline; times in `zone`."""
    return "\n".join(_entry(release, zone) for release in releases)


def _entry(release: Release, zone: tzinfo) -> str:
    said = [for_people(release.sort_time, zone), release.country, release.language, _class(release)]
    block = [
        f"{_BOLD}{line(beside.publisher(release))}{_PLAIN}  {_DIM}{line(' · '.join(filter(None, said)))}{_PLAIN}",
        f"  {line(beside.headline(release))}",
        f"  {_DIM}{release.id}  {release.url or 'no address'}{_PLAIN}",
    ]
    if not release.channels:
        block.append(f"  {NOT_PASSED_ON}")
    return "\n".join(block) + "\n"


def page(
    release: Release,
    zone: tzinfo = UTC,
    tags: Tags | None = None,
    named: Callable[[str], str] = str,
    country: str | None = None,
) -> str:
    """One report with all that must stand beside it, times in `zone`. Its first line is the publisher, its second the
    headline; whatever else is the publisher's is indented. `tags`: with their evidence, of which there is what may
    leave. `named`: a country's name by its code. `country`: stands before the headline, see `country_prefix`.
    """
    received = f"received {for_people(release.first_seen, zone)}"
    above = [
        for_people(release.published, zone) if release.published else received,
        _class(release),
        release.byline,  # as stated; most begin with "By" already
        release.language,
    ]
    text = lines(release.text or release.summary or "(the headline is all we may carry)", indent="\n  ")
    parts = [
        f"{_BOLD}{line(beside.publisher(release))}{_PLAIN}",
        f"{_BOLD}{line(': '.join(filter(None, (country, beside.headline(release)))))}{_PLAIN}",
        f"  {line(' · '.join(filter(None, above)))}",
        *(() if release.channels else (f"  {NOT_PASSED_ON}",)),
        "",
        *_pictures(release),
        f"  {text}",
        "",
        *(f"{_DIM}{label}:{_PLAIN} {line(value)}" for label, value in _below(release, zone) if value),
        *_tagged(release, tags, named),
    ]
    return "\n".join(parts) + "\n"


def _pictures(release: Release) -> Iterator[str]:
    """The credit line of each, then its caption; its address stands below the report."""
    for each in release.pictures:
        yield f"  {_DIM}{line(each.disclaimer)}{_PLAIN}"
        if each.caption:
            yield f"  {line(each.caption)}"
        yield ""


def _below(release: Release, zone: tzinfo) -> list[tuple[str, str | None]]:
    """What stands below a report, each behind its label, in this order."""
    return [
        (_LABELS["credit"], release.credit),
        (_LABELS["disclaimer"], _disclaimer(release, zone)),
        *(("Picture", each.url) for each in release.pictures),
        ("Dateline", release.dateline),
        ("Agency", ", ".join(release.agencies) or None),
        (_LABELS["url"], release.url),
        (_LABELS["licence"], release.licence),
        (_LABELS["copyright_notice"], release.copyright_notice),
        ("Terms", release.usage_terms),
        (_LABELS["complaints_url"], release.complaints_url),
        (_LABELS["text_scope"], release.scope.replace("_", " ")),
        (_LABELS["channels"], " ".join(release.channels) or "none"),
        (_LABELS["updated"], for_people(release.updated, zone) if release.updated else None),
        (_LABELS["id"], release.id),
    ]


def _tagged(release: Release, tags: Tags | None, named: Callable[[str], str]) -> Iterator[str]:
    """What the wire found it to be about, a line each, with the evidence for it."""
    for label, names, those in (
        (_LABELS["topics"], dict(beside.topics(release)), tags.topics if tags else ()),
        (_LABELS["about"], {code: named(code) for code in release.about}, tags.countries if tags else ()),
    ):
        evidence = {each.code: beside.evidence(each, release) for each in those}
        for code, name in names.items():
            words = [_evidence(each) for each in evidence.get(code, ())]
            said = name if name == code else f"{name} ({code})"
            yield f"{_DIM}{label}:{_PLAIN} {line(': '.join(filter(None, (said, '; '.join(words)))))}"


def _evidence(evidence: TagEvidence) -> str:
    named = dict.fromkeys((evidence.where, evidence.rule))  # once, where the rule is called as the place
    return f"“{evidence.words}” ({', '.join(named)})"


def _disclaimer(release: Release, zone: tzinfo) -> str:
    """All that must be said beside it; when it was changed is told in `zone`, as are all times on a terminal."""
    said = str(record(release)["disclaimer"])
    if release.changed_at is None:
        return said
    in_utc = for_people(release.changed_at, UTC)
    return said.replace(in_utc, for_people(release.changed_at, zone), 1)


def heading(name: str, place: str) -> str:
    """The publisher as it stands above a report: with its place, where that is known."""
    return beside.named(name, place)


def _class(release: Release) -> str | None:
    said = beside.item_class(release)
    return said and f"[{said}]"
