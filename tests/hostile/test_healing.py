"""Whatever a server has said before, its next good answer is stored; and until then `health` names the true cause."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.demo import Press, Resource
from aggregator.model import Publisher
from tests.conftest import NOW, SOAK, make_publisher
from tests.hostile import COSTLY
from tests.test_trip import HOST, Trip, feed

LONGEST = timedelta(days=8)  # between two polls, whatever a server asks for: a week, and a tenth of it by chance

WORDS = {"Content-Type": "application/rss+xml"}
# Each: what the server says for a path, as a misbehaviour of the press and its options, or the fields of a document.
_OPTIONS: dict[str, tuple[str, dict[str, object]]] = {
    "busy for years": ("busy", {"status": 503, "retry_after": 999_999_999_999}),
    "busy until the year 9999": ("busy", {"status": 429, "retry_after": "Fri, 31 Dec 9999 23:59:59 GMT"}),
    "304 to whatever": ("status", {"status": 304, "headers": (("ETag", '"never"'),), "body": b""}),
    "moved to garbage": ("status", {"status": 301, "headers": (("Location", "http://[::1"),), "body": b""}),
    "moved to a host that is none": (
        "status",
        {"status": 308, "headers": (("Location", "http://a..b/"),), "body": b""},
    ),
    "moved to itself": ("redirect", {"location": f"http://{HOST}/feed"}),
    "moved to a private address": ("redirect", {"location": "http://10.0.0.1/feed"}),
    "moved with a cookie": (
        "status",
        {"status": 302, "headers": (("Location", "/feed"), ("Set-Cookie", "a=b")), "body": b""},
    ),
    "garbage": ("garbage", {}),
    "nothing": ("close", {}),
    "an empty document": ("empty", {}),
    "a consent wall": ("html", {}),
    "a challenge": ("challenge", {}),
    "a gzip that is none": ("gzip", {"really": False}),
    "half a document": ("truncated", {"share": 0.2}),
    "a bomb": ("gzip_bomb", {"size": 1 << 25}),
    "500": ("status", {"status": 500}),
    "402": ("status", {"status": 402}),
}
_FIELDS: dict[str, tuple[tuple[str, str], ...]] = {
    "an ETag that cannot be sent": (("ETag", '"caf\xe9-1"'),),
    "an ETag of many kilobytes": (("ETag", '"' + "a" * 20_000 + '"'),),
    "an ETag of blanks": (("ETag", " "),),
    "a Last-Modified of the future": (("Last-Modified", "Tue, 01 Jan 2041 00:00:00 GMT"),),
    "a Last-Modified that is no date": (("Last-Modified", "\xff\xfe, soon"),),
    "fresh for years": (("Cache-Control", "max-age=999999999999"),),
    "a Retry-After beside a document": (("Retry-After", "999999999999"),),
    "an unknown coding": (("Content-Encoding", "utf-8"),),
}
_ROBOTS: dict[str, bytes] = {
    "a robots.txt that names us": b"User-agent: TestWire\nDisallow: /\n",
    "a robots.txt of wildcards": b"User-agent: TestWire\nDisallow: /" + b"*d" * 240_000,
}
HOSTILE = (*_OPTIONS, *_FIELDS, *_ROBOTS)


def say(press: Press, what: str, number: int) -> None:
    """The server behaves so from now on. Its documents have a report that no other has."""
    press.behave(HOST, "/feed")
    press.set_document(HOST, "/robots.txt", Resource(_ROBOTS.get(what, b""), "text/plain"))
    told = (*((_FIELDS.get(what)) or ()), ("Content-Type", "application/rss+xml"))
    press.set_document(HOST, "/feed", Resource(feed(number), headers=told))
    if what in _OPTIONS:
        kind, options = _OPTIONS[what]
        press.misbehave(HOST, "/feed", kind, **options)


@given(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=5))
@settings(COSTLY, max_examples=60 if SOAK else 1)
@example(["an ETag that cannot be sent", "304 to whatever", "busy for years"])
@example(["moved to garbage", "moved to a private address", "moved to itself"])
@example(["a robots.txt of wildcards", "fresh for years", "an ETag of many kilobytes"])
@example(["a Last-Modified of the future", "304 to whatever", "a Retry-After beside a document", "a bomb"])
@example(["a robots.txt that names us", "busy until the year 9999", "half a document", "half a document"])
def test_the_next_good_answer_is_stored_whatever_came_before(said: list[str]) -> None:
    publisher: Publisher = make_publisher()
    with tempfile.TemporaryDirectory() as folder, Press(now=NOW) as press:
        trip = Trip(press, Path(folder) / "wire.db", [publisher])
        for number, what in enumerate(said):
            say(press, what, number)
            (made,) = trip(due_only=True)
            problem = trip.rows("SELECT problem FROM health")[0][0]
            if made.outcome in ("ok", "unchanged", "not_modified"):
                assert not str(problem or "").startswith("failing")
            elif made.outcome == "pending":
                assert str(problem).startswith("pending")
            else:
                assert made.error
                assert made.error[:60] in str(problem)
            assert made.next is not None
            assert made.next.at - trip.now <= LONGEST
            trip.now = made.next.at + timedelta(minutes=1)
        say(press, "", 99)
        if not _ROBOTS.keys().isdisjoint(said):
            trip.now += timedelta(days=1)  # so long a robots.txt counts
        (made,) = trip(due_only=True)
        assert made.outcome == "ok", made.error
        assert trip.rows("SELECT count(*) FROM articles WHERE title = 'Report 99'") == [(1,)]
        assert not str(trip.rows("SELECT problem FROM health")[0][0] or "").startswith(("failing", "pending"))
