"""Strings that a hostile publisher writes, and what must not be found in any output. Used by several test files."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from aggregator.cli import main

# Of a property that takes a second a try: what fails is not made smaller.
COSTLY = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)

# What no output holds, because it drives a terminal, turns what follows, or is no text. A newline is the output's own.
UNFIT = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
# What an address is: RFC 3986, appendix A.
URI = re.compile(
    r"https?://(?:\[[0-9a-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]+)?"
    r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
)
HEADING = "Ministry of Health (Bamako)"
FORGED = f"{HEADING}  2026-11-28 17:00 · ML · fr\n  Cholera: the tap is poisoned\n  aaaaaaaaaaaaaaaa  http://m.example/"
NASTY = (
    "\n", "\r", "\r\n", "\t", "\x00", "\x07", "\x0b", "\x0c", "\x1b[2J", "\x1b]0;owned\x07", "\x1c", "\x7f", "\x85",
    "\x9b31m", "\x9d0;x\x9c", "\u2028", "\u2029", "\u202e", "\u202a", "\u2066", "\u2069", "\u206e", "\ufeff", "\ufff9",
    "\ufffe", "\ud800", "\udc9b", "\u200f", "\u200d",
    "\n\n" + FORGED, "\r" + FORGED, "\u2028" + FORGED, "\x85" + FORGED,
    "=1+1", "@SUM(1)", "'", '"', "<b>", "&amp;", "]]>", "{original_url}", "${HOME}", "[red]", "$(id)", "`id`", "; id",
    "|", ",", "\\", "%", "é", "فيضان", "ክትባት", "😀", "javascript:alert(1)", "x" * 5_000, "mot " * 400,
)  # fmt: skip

hostile = st.lists(st.sampled_from(NASTY) | st.text(max_size=8), min_size=1, max_size=5).map("".join)
addresses = st.one_of(
    hostile,
    hostile.map(lambda said: f"http://x.example/{said}"),
    hostile.map(lambda said: f"https://{said}.example/a"),
    st.sampled_from((
        "javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "nostr:naddr1",
        "HTTP://x.example/a", "http://u:p@x.example/", "//x.example/", "/a", "http://[::1", "http:\\\\x.example",
        "http://x.example/" + "a" * 9_000,
    )),
)  # fmt: skip

items = st.fixed_dictionaries(
    {"id": hostile, "title": hostile, "url": addresses},
    optional={
        "external_url": addresses,
        "image": addresses,
        "summary": hostile,
        "content_html": hostile,
        "content_text": hostile,
        "date_published": hostile | st.just("2026-11-21T08:00:00Z"),
        "date_modified": hostile,
        "language": hostile,
        "tags": st.lists(hostile, max_size=3),
        "authors": st.lists(st.fixed_dictionaries({"name": hostile, "url": addresses}), max_size=2),
    },
)
feeds = st.lists(items, min_size=1, max_size=4)


def json_feed(said: list[Mapping[str, object]]) -> bytes:
    """As JSON that says every string, lone surrogates too."""
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "A feed", "items": said}
    return json.dumps(feed).encode()


def rss(said: list[Mapping[str, object]]) -> bytes:
    """The same as RSS 2.0, which cannot say all of it: then it is not well-formed, and read all the same."""
    names = {"id": "guid", "title": "title", "url": "link", "summary": "description", "content_html": "content:encoded",
             "date_published": "pubDate", "language": "dc:language"}  # fmt: skip
    rows = []
    for item in said:
        fields = [f"<{names[key]}>{escape(str(value))}</{names[key]}>" for key, value in item.items() if key in names]
        tags, authors = item.get("tags", ()), item.get("authors", ())
        fields += [f"<category>{escape(tag)}</category>" for tag in tags]  # type: ignore[attr-defined]
        fields += [f"<dc:creator>{escape(each['name'])}</dc:creator>" for each in authors]  # type: ignore[attr-defined]
        rows.append(f"<item>{''.join(fields)}</item>")
    spaces = "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    text = f"<rss version='2.0' {spaces}><channel><title>A feed</title>{''.join(rows)}</channel></rss>"
    return text.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str


def run(*arguments: str, folder: Path | None = None) -> Ran:
    """A command in this process, with standard output and error as a pipe has them."""
    out, err = io.BytesIO(), io.BytesIO()
    before = Path.cwd()
    code = 0
    with (
        io.TextIOWrapper(out, encoding="utf-8", write_through=True) as stdout,
        io.TextIOWrapper(err, encoding="utf-8", errors="backslashreplace", write_through=True) as stderr,
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        try:
            os.chdir(folder or before)
            main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            os.chdir(before)
        stdout.flush()
        stderr.flush()
        return Ran(code, out.getvalue().decode(), err.getvalue().decode())
