"""An alert as people read it in an e-mail: its subject, its plain text and its HTML; and as a program reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from aggregator.model import Alert, AlertEntry, OwedKind
from aggregator.model.release import Release
from aggregator.output import beside
from aggregator.output.record import record
from aggregator.text.html import shortened
from aggregator.text.printable import address, line

_MOST_SUBJECT = 150  # characters
_MOST_WORDS = 1_200_000  # characters of all reports, in both parts; of which base64 makes 5 MB, and HTML 8 at most
_TOO_LONG = "This report is too long for an e-mail. Its words are left out here."
_LABELS: Mapping[OwedKind, str] = MappingProxyType(
    {
        "corrected": "Corrected",
        "taken_back": "Withdrawn or held back: do not use it",
        "restored": "In the wire again",
    }
)
_STYLE = (
    "body{margin:0 auto;max-width:44rem;padding:1rem;font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff}"
    "h1{font-size:1.3rem}h2{font-size:1.15rem;line-height:1.3;margin:.2rem 0}article{border-top:1px solid #d8d8d8;"
    "padding:1rem 0}.label{font-weight:700;color:#8a1c1c;margin:0}.publisher{font-weight:600;margin:0}"
    ".facts,footer{color:#595959;font-size:.9rem}a{color:#0b4f8a}"
)


def subject(alert: Alert) -> str:
    """One line; of a single report its headline."""
    if len(alert.entries) == 1:
        (entry,) = alert.entries
        said = f"{beside.headline(entry.release)} ({entry.publisher_name})" if entry.release else _title(entry)
        label = {"corrected": "Corrected: ", "taken_back": "Withdrawn: ", "restored": "Restored: "}.get(entry.kind, "")
        what = f"{label}{said}"
    else:
        what = f"{len(alert.entries)} reports"
    return shortened(line(f"[{alert.title}] {what}"), _MOST_SUBJECT)


def fitting(alert: Alert) -> Alert:
    """The alert without the words of those reports that would make its e-mail larger than servers take. Words are left
    out whole: what is cut may say something else.
    """
    entries, room = list[AlertEntry](), _MOST_WORDS
    for entry in alert.entries:
        release = entry.release
        length = sum(map(len, (release.text, release.summary, release.html))) if release else 0
        if release and 2 * length > room:
            short = replace(release, text="", summary="", html="")
            entries.append(replace(entry, release=short, notice=_TOO_LONG))
        else:
            room -= 2 * length
            entries.append(entry)
    return replace(alert, entries=tuple(entries))


def text(alert: Alert) -> str:
    """Plain text, each report with all that must stand beside it."""
    return "\n".join(_text(alert)) + "\n"


def _text(alert: Alert) -> Iterator[str]:
    yield line(f"{alert.wire}: {alert.title}")
    yield line(f"Search: {alert.words}")
    for entry in alert.entries:
        yield ""
        yield "-" * 72
        if label := _LABELS.get(entry.kind):
            yield f"*** {label} ***"
        yield line(_publisher(entry))
        if entry.release:
            yield from beside.as_text(entry.release, entry.notice)
        else:
            yield from (line(_title(entry)), "", line(entry.notice))
    yield ""
    yield "-" * 72
    yield line(alert.general)
    yield f"Comment or complain: {line(alert.complaints_url)} or {line(alert.complaints_email)}"
    yield f"You get this because the search {line(alert.search)} of {line(alert.wire)} names you. To end it, write to"
    yield f"{line(alert.complaints_email)}."


def html(alert: Alert) -> str:
    """A page that loads nothing: no picture, no style sheet, no script."""
    title = escape(line(alert.title))
    entries = "\n".join(map(_article, alert.entries))
    return f"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{_STYLE}</style></head>
<body>
<h1>{escape(line(alert.wire))}: {title}</h1>
<p class="facts">Search: {escape(line(alert.words))}</p>
{entries}
<footer>
<p>{escape(line(alert.general))}</p>
<p>Comment or complain: <a href="{escape(alert.complaints_url)}">{escape(alert.complaints_url)}</a> or \
<a href="mailto:{escape(alert.complaints_email)}">{escape(alert.complaints_email)}</a></p>
<p>You get this because the search {escape(alert.search)} of {escape(line(alert.wire))} names you. To end it, write to
<a href="mailto:{escape(alert.complaints_email)}">{escape(alert.complaints_email)}</a>.</p>
</footer>
</body></html>
"""


def _article(entry: AlertEntry) -> str:
    release = entry.release
    language = f' lang="{escape(release.language)}"' if release and release.language else ""
    label = f'<p class="label">{escape(label)}</p>\n' if (label := _LABELS.get(entry.kind)) else ""
    said = (
        _html_of(release, entry.notice)
        if release
        else f'<h2 dir="auto">{escape(_title(entry))}</h2>\n<p dir="auto">{escape(line(entry.notice))}</p>'
    )
    return (
        f'<article{language}>\n{label}<p class="publisher" dir="auto">{escape(line(_publisher(entry)))}</p>\n'
        f"{said}\n</article>"
    )


def _html_of(release: Release, notice: str) -> str:
    title, link = escape(line(beside.headline(release))), address(release.url)
    facts = " · ".join(escape(line(said)) for said in beside.facts(release))
    plain = release.text or release.summary or notice
    words = "".join(f"<p>{escape(line(said))}</p>" for said in plain.splitlines() if said)
    if release.html and "<img" not in release.html:  # a picture would say to its server who reads
        words = release.html
    below = [said for said in (*release.disclaimers, beside.rights(release)) if said]
    links = [f'<a href="{escape(link)}">The original</a>'] if link else []
    if release.licence_url:
        links.append(f'<a href="{escape(release.licence_url)}">Licence: {escape(release.licence or "")}</a>')
    links.append(f"Corrections: {escape(line(release.corrections_contact))}")
    if release.permissions_contact:
        links.append(f"Permissions: {escape(line(release.permissions_contact))}")
    return "\n".join(
        [
            f'<h2 dir="auto"><a href="{escape(link)}">{title}</a></h2>' if link else f'<h2 dir="auto">{title}</h2>',
            f'<p class="facts">{facts}</p>' if facts else "",
            f'<div dir="auto">{words}</div>' if words else "",
            *(f'<p class="facts" dir="auto">{escape(line(said))}</p>' for said in below),
            f'<p class="facts">{" · ".join(links)}</p>',
        ]
    ).replace("\n\n", "\n")


def _publisher(entry: AlertEntry) -> str:
    if entry.release:
        return beside.publisher(entry.release)
    place = f" ({entry.publisher_place})" if entry.publisher_place else ""
    return f"{entry.publisher_name}{place}"


def _title(entry: AlertEntry) -> str:
    """Of a report that was taken back: its words are gone, so its number says which it is."""
    return line(entry.headline) if entry.headline else f"report {entry.id}"


def as_object(alert: Alert) -> dict[str, Any]:
    """What a command is told, as docs/alerts.md describes it."""
    return {
        "search": alert.search,
        "title": alert.title,
        "words": alert.words,
        "wire": alert.wire,
        "general": alert.general,
        "complaints_url": alert.complaints_url,
        "complaints_email": alert.complaints_email,
        "reports": [
            {
                "id": entry.id,
                "kind": entry.kind,
                "publisher": entry.publisher,
                "publisher_name": entry.publisher_name,
                "notice": entry.notice or None,
                "report": record(entry.release) if entry.release else None,
            }
            for entry in alert.entries
        ],
    }
