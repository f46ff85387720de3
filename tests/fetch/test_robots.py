"""robots.txt, by RFC 9309: whom a group binds, which rule wins, and what no answer means; and who asks for it when."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from time import process_time
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.demo import Press, Resource
from aggregator.fetch import Fetcher, RobotsCache
from aggregator.fetch.limits import Limits
from aggregator.fetch.redirects import origin_of
from aggregator.fetch.robots import MOST_BYTES, Memory, Rules, kept
from aggregator.model import PageVisit, RobotsCopy, Validators
from aggregator.model.errors import AddressRefused, FetchError, FetchTimeout, RobotsRefused
from aggregator.text.paths import PathRules, path_of
from tests.conftest import NOW, WIRE, examples, make_source, some
from tests.rows import every_row

T = TypeVar("T")
HOST = "daily.example"
PAGE = f"http://{HOST}/news/1"
HOUR = timedelta(hours=1)
TWO_GROUPS = "User-agent: TestWire\nDisallow: /a\n\nUser-agent: *\nAllow: /\n\nUser-agent: testwire\nDisallow: /b"


def rules(text: str | bytes, status: int | None = 200, at: datetime = NOW) -> Rules:
    body = text.encode() if isinstance(text, str) else text
    return Rules(RobotsCopy(origin=f"http://{HOST}", fetched_at=at, http_status=status, body=body), "TestWire")


@every_row(
    ("text", "path", "allowed"),
    [
        # whom a group binds (section 2.2.1)
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: OtherBot\nDisallow: /", "/a", True),
        ("User-agent: TestWire\nDisallow: /", "/a", False),
        ("user-AGENT: testwire\nDISALLOW: /", "/a", False),
        ("User-agent: TestWire/1.0\nDisallow: /", "/a", False),
        ("User-agent: TestWire (news)\nDisallow: /", "/a", False),
        ("User-agent: Test\nDisallow: /", "/a", True),
        ("User-agent: Wire\nDisallow: /", "/a", True),
        ("User-agent: TestWireFeed\nDisallow: /", "/a", True),
        ("User-agent: *bot\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /\nUser-agent: TestWire\nAllow: /", "/a", True),
        ("User-agent: TestWire\nDisallow:\nUser-agent: *\nDisallow: /", "/a", True),
        ("User-agent: *\nAllow: /\n\nUser-agent: TestWire\nDisallow: /a", "/a", False),
        ("User-agent: OtherBot\nUser-agent: TestWire\nDisallow: /a", "/a", False),
        # groups of one token merge
        (TWO_GROUPS, "/a", False),
        (TWO_GROUPS, "/b", False),
        ("Disallow: /", "/a", True),
        # which rule wins (section 2.2.2)
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a/b", "/a/b/c", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),
        ("User-agent: *\nDisallow: /a", "/A", True),
        ("User-agent: *\nDisallow: /a", "/b/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: *\nDisallow: /*/private", "/x/private/1", False),
        ("User-agent: *\nDisallow: /caf%C3%A9", "/café", False),
        ("User-agent: *\nDisallow: /a?p=", "/a?p=1", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        # what people write
        ("\ufeffUser-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\r\nDisallow: /\r\n", "/a", False),
        ("User-agent: *  # everybody\nDisallow: / # all", "/a", False),
        ("User-agent: *\nCrawl-delay: 5\nDisallow: /a", "/a", False),
        ("User-agent: *\nSitemap: http://daily.example/s.xml\nDisallow: /a", "/a", False),
        ("<!DOCTYPE html><html><body>404</body></html>", "/a", True),
        (b"\xff\xfe\x00 \x80 garbage\nUser-agent: *\nDisallow: /", "/a", False),
    ],
)  # fmt: skip
def test_rules(text: str | bytes, path: str, allowed: bool) -> None:
    assert rules(text).allows(f"http://{HOST}{path}") is allowed


@every_row(
    ("status", "allowed"),
    [(400, True), (401, True), (403, True), (404, True), (410, True), (451, True), (300, True),
     (429, False), (500, False), (503, False), (None, False)],
)  # fmt: skip
def test_no_robots_txt_allows_all_and_no_answer_nothing(status: int | None, allowed: bool) -> None:
    assert rules("", status).allows(PAGE) is allowed


@every_row(
    ("text", "refused"),
    [
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: TestWire\nDisallow: /", True),
        ("User-agent: TestWire\nDisallow: /news", True),
        ("User-agent: TestWire\nDisallow: /other", False),
        ("User-agent: OtherBot\nDisallow: /testwire\nUser-agent: *\nDisallow: /", False),
        ("# TestWire is welcome\nUser-agent: *\nDisallow: /", False),
        ("", False),
    ],
)
def test_only_a_group_of_our_own_refuses_a_feed(text: str, refused: bool) -> None:
    assert rules(text).names_us_and_disallows(PAGE) is refused
    assert rules(text, 500).names_us_and_disallows(PAGE) is False


@every_row(("said", "seconds"), [("5", 5.0), ("0.5", 0.5), ("3600", 60.0), ("-1", 0.0), ("soon", 0.0), ("nan", 0.0)])
def test_crawl_delay_is_honoured_up_to_a_minute(said: str, seconds: float) -> None:
    assert rules(f"User-agent: *\nCrawl-delay: {said}\nDisallow:").delay == seconds


def test_a_copy_is_good_for_a_day_and_silence_for_an_hour() -> None:
    assert rules("").is_fresh(NOW + 24 * HOUR - timedelta(seconds=1))
    assert not rules("").is_fresh(NOW + 24 * HOUR)
    assert rules("", None).is_fresh(NOW + HOUR / 2)
    assert not rules("", None).is_fresh(NOW + HOUR)
    assert not rules("").is_fresh(NOW - HOUR)  # the clock was set back


def test_while_a_site_is_silent_its_last_word_counts() -> None:
    said = rules("User-agent: *\nDisallow: /a").copy
    silent, missing = rules("", None, NOW + 24 * HOUR).copy, rules("", 404, NOW + 24 * HOUR).copy
    assert kept(silent, said) == replace(said, fetched_at=silent.fetched_at)
    assert kept(silent, None) == silent
    assert kept(silent, silent) == silent
    assert kept(missing, said) == missing


@pytest.mark.parametrize(
    ("url", "origin"),
    [("http://Daily.Example/a?b#c", "http://daily.example"), ("https://daily.example:8443/", "https://daily.example:8443"),
     ("http://user:pass@daily.example/", "http://daily.example")],
)  # fmt: skip
def test_one_robots_txt_speaks_for_one_origin(url: str, origin: str) -> None:
    assert origin_of(url) == origin


# Over real HTTP


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        for path in ("/feed", "/news/1", "/news/2", "/private/1"):
            opened.set_document(HOST, path, Resource(b"<html>words</html>", "text/html"))
        yield opened


def publish(press: Press, text: str | bytes, host: str = HOST) -> None:
    press.set_document(host, "/robots.txt", Resource(text.encode() if isinstance(text, str) else text, "text/plain"))


def asked(press: Press) -> list[str]:
    return [seen.path for seen in press.requests]


def run(press: Press, call: Callable[[Fetcher], Awaitable[T]], robots_cache: RobotsCache | None = None) -> T:
    async def trip() -> T:
        async with Fetcher(
            WIRE, lambda host: press.address if host.endswith(".example") else None, robots_cache
        ) as fetcher:
            return await call(fetcher)

    return asyncio.run(trip())


def visit(press: Press, url: str = PAGE, validators: Validators = Validators()) -> PageVisit:  # noqa: B008
    return run(press, lambda fetcher: fetcher.page(url, validators, NOW))


def test_a_page_is_visited_where_robots_lets_us_and_says_what_it_answers(press: Press) -> None:
    publish(press, "User-agent: *\nDisallow: /private")
    first = visit(press)
    assert (first.http_status, first.url) == (200, PAGE)
    second = visit(press, validators=first.validators)
    assert (second.http_status, second.validators) == (304, first.validators)
    assert asked(press) == ["/robots.txt", "/news/1"] * 2
    assert press.requests[0].headers["user-agent"] == WIRE.user_agent
    with pytest.raises(RobotsRefused, match=r"daily\.example/robots\.txt \(200\) disallows"):
        visit(press, f"http://{HOST}/private/1")
    assert "/private/1" not in asked(press)


@pytest.mark.parametrize("status", [404, 410, 451, 403, 500, 503])
def test_a_page_that_is_no_longer_there_is_an_answer_too(press: Press, status: int) -> None:
    press.misbehave(HOST, "/news/1", "status", status=status)
    assert visit(press).http_status == status


def test_a_page_too_large_to_read_is_not_read(press: Press) -> None:
    press.misbehave(HOST, "/news/1", "endless")
    assert visit(press).http_status == 200


def test_a_page_that_moved_is_followed_and_robots_is_asked_at_every_host(press: Press) -> None:
    press.misbehave(HOST, "/news/1", "redirect", location="http://www.other.example/news/1")
    press.set_document("www.other.example", "/news/1", Resource(b"words", "text/html"))
    assert visit(press).url == "http://www.other.example/news/1"
    publish(press, "User-agent: TestWire\nDisallow: /", "www.other.example")
    with pytest.raises(RobotsRefused, match=r"www\.other\.example"):
        visit(press)


def test_a_page_that_redirects_to_itself_is_given_up(press: Press) -> None:
    press.misbehave(HOST, "/news/1", "redirect", location="/news/1")
    with pytest.raises(FetchError, match="redirects"):
        visit(press)
    assert asked(press).count("/news/1") == 6


def test_a_page_may_not_lead_to_a_private_address(press: Press) -> None:
    press.misbehave(HOST, "/news/1", "redirect", location="http://169.254.169.254/latest/")
    with pytest.raises((AddressRefused, RobotsRefused)):
        visit(press)


@pytest.mark.parametrize(
    ("kind", "options", "allowed"),
    [
        ("status", {"status": 404}, True),
        ("status", {"status": 500}, False),
        ("busy", {}, False),
        ("close", {}, False),
        ("garbage", {}, False),
        ("redirect", {"location": "/robots.txt"}, True),  # without end: as good as none
        ("redirect", {"location": "/rules"}, False),
    ],
)
def test_what_a_broken_robots_txt_means(press: Press, kind: str, options: dict[str, object], allowed: bool) -> None:
    publish(press, "")
    press.set_document(HOST, "/rules", Resource(b"User-agent: *\nDisallow: /", "text/plain"))
    press.misbehave(HOST, "/robots.txt", kind, **options)
    if allowed:
        assert visit(press).http_status == 200
    else:
        with pytest.raises(RobotsRefused):
            visit(press)


def test_of_a_huge_robots_txt_the_first_500_kilobytes_count(press: Press) -> None:
    filler = "# " + "x" * 97 + "\n"
    before = filler * (MOST_BYTES // 100 - 1)
    publish(press, f"{before}User-agent: *\nDisallow: /private\n" + filler * 100 + "Disallow: /news\n")
    assert visit(press).http_status == 200
    with pytest.raises(RobotsRefused):
        visit(press, f"http://{HOST}/private/1")


def test_an_endless_robots_txt_is_cut_off(press: Press) -> None:
    press.misbehave(HOST, "/robots.txt", "endless")
    assert visit(press).http_status == 200


def test_robots_txt_is_asked_for_once_a_day(press: Press) -> None:
    publish(press, "User-agent: *\nDisallow:")

    async def day(fetcher: Fetcher) -> None:
        pages = [f"http://{HOST}/news/{number}" for number in (1, 2)]
        await asyncio.gather(*(fetcher.page(url, Validators(), NOW) for url in pages))
        await fetcher.page(PAGE, Validators(), NOW + 23 * HOUR)
        assert asked(press).count("/robots.txt") == 1
        await fetcher.page(PAGE, Validators(), NOW + 24 * HOUR)

    run(press, day)
    assert asked(press).count("/robots.txt") == 2


def test_the_shelf_keeps_it_beyond_the_process(press: Press) -> None:
    publish(press, "User-agent: *\nDisallow: /private")
    kept: dict[str, RobotsCopy] = {}

    async def recall(origin: str) -> RobotsCopy | None:
        return kept.get(origin)

    async def remember(copy: RobotsCopy) -> None:
        kept[copy.origin] = copy

    for _ in range(2):
        run(press, lambda fetcher: fetcher.page(PAGE, Validators(), NOW), RobotsCache(recall, remember))
    assert asked(press) == ["/robots.txt", "/news/1", "/news/1"]
    assert kept[f"http://{HOST}"].http_status == 200


@pytest.mark.parametrize(
    ("text", "refused"), [("User-agent: *\nDisallow: /", False), ("User-agent: TestWire\nDisallow: /feed", True)]
)
def test_a_configured_feed_is_refused_only_by_name(press: Press, text: str, refused: bool) -> None:
    publish(press, text)

    async def poll(fetcher: Fetcher) -> None:
        url = f"http://{HOST}/feed"
        async with fetcher.turn(url) as turn:
            await fetcher.heed(url, turn, NOW)

    if refused:
        with pytest.raises(RobotsRefused, match="names TestWire"):
            run(press, poll)
    else:
        run(press, poll)


@pytest.mark.parametrize("hangs", [False, True])
def test_robots_and_the_feed_share_one_deadline(press: Press, hangs: bool) -> None:
    """A host that hangs keeps a pass waiting no longer than one deadline; robots.txt takes a third of it at most."""
    url = f"http://{HOST}/feed"
    wire = replace(WIRE, fetch=replace(WIRE.fetch, timeout=timedelta(seconds=3)))
    press.misbehave(HOST, "/feed", "slow", seconds=2.4)
    if hangs:
        press.misbehave(HOST, "/robots.txt", "slow", seconds=30)

    async def poll() -> int:
        async with Fetcher(wire, lambda host: press.address) as fetcher, fetcher.turn(url) as turn:
            await fetcher.heed(url, turn, NOW)
            return (await fetcher.get(make_source(url), Validators(), turn, NOW)).http_status

    if hangs:
        with pytest.raises(FetchTimeout):
            asyncio.run(poll())
    else:
        assert asyncio.run(poll()) == 200


def test_a_delay_is_left_after_a_visit() -> None:
    async def trip() -> float:
        limits, clock = Limits(10, 1, timedelta(0)), asyncio.get_running_loop().time
        began = clock()
        for delay in (0.05, 0.0):
            async with limits.turn(HOST, delay):
                started = clock()
        return started - began

    assert asyncio.run(trip()) >= 0.05


# What it costs: the rules and the address are both the publisher's


def filled(line: Callable[[int], str], size: int = MOST_BYTES) -> str:
    """A robots.txt of so many bytes, whose lines are made from their numbers."""
    lines, length, number = ["User-agent: *\n"], 14, 0
    while length < size:
        lines.append(line(number))
        length += len(lines[-1])
        number += 1
    return "".join(lines)


COSTLY = {
    "beginnings": lambda n: f"Disallow: /{n}\n",
    "beginnings of every length": lambda n: f"Disallow: /{'a' * n}!\n",
    "two texts": lambda n: f"Disallow: /*{chr(97 + n % 26)}q*z{n}\n",
    "hundreds of wildcards": lambda n: f"Disallow: /{'*a' * 200}*b\n",
    "one rule of wildcards": lambda n: f"Disallow: /{'*a' * 250_000}*b\n",
    "texts that nearly match": lambda n: f"Disallow: /*{'a' * 44}b{'a' * 44}\n",
    "few of them": lambda n: f"Disallow: /*{'a' * 22}b{'a' * 22}\n" if n < 100 else "#" * 1000 + "\n",
    "escapes": lambda n: f"Disallow: /{'%41' * 30}*b\n",
}
ADDRESSES = ("a" * 4_000, "%61" * 1_300, "é" * 2_000, "aq/z" * 1_000)
READ_SECONDS = 5.0  # ten times what it takes to read the costliest, in a thread
COMPARED_SECONDS = 0.05  # ten times what the costliest address takes, in the event loop


@pytest.mark.soak
@every_row("line", some(COSTLY.values(), 5), ids=some(COSTLY, 5))
def test_no_rules_and_no_address_take_long_to_compare(line: Callable[[int], str]) -> None:
    began = process_time()
    known = rules(filled(line)).read()
    assert process_time() - began < READ_SECONDS
    for path in ADDRESSES:
        began = process_time()
        known.allows(f"http://{HOST}/{path}")
        assert process_time() - began < COMPARED_SECONDS


@cache
def costly(kind: str) -> Rules:
    return rules(filled(COSTLY[kind]))


def test_an_honest_address_is_compared_with_thousands_of_rules() -> None:
    page = f"http://{HOST}/le-pont-de-bamako-rouvre.html"
    for kind in ("two texts", "texts that nearly match"):
        assert costly(kind).allows(page)
    assert not rules(
        filled(COSTLY["two texts"]) + "Disallow: /*-bamako\n",
    ).allows(page)


def test_an_address_that_would_take_too_long_to_compare_is_not_visited_and_the_reason_is_told() -> None:
    known = costly("texts that nearly match")
    assert not known.allows(f"http://{HOST}/{'a' * 4_000}")
    with pytest.raises(RobotsRefused, match=r"so many rules with \* that they are not compared with http://daily"):
        known.delay_before(f"http://{HOST}/{'a' * 4_000}")


def test_the_event_loop_goes_on_while_a_large_file_is_read() -> None:
    copy = rules(filled(COSTLY["beginnings"])).copy
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    async def ask(origin: str, now: datetime) -> RobotsCopy:
        return copy

    async def run() -> int:
        memory, ticking = Memory("TestWire", RobotsCache()), asyncio.create_task(tick())
        known = await memory.asked(copy.origin, NOW, ask)
        before = ticks
        known.allows(PAGE)
        ticking.cancel()
        return before

    assert asyncio.run(run()) > 20


def test_the_memory_of_files_is_bounded_by_their_size() -> None:
    body = b"#" * MOST_BYTES

    async def ask(origin: str, now: datetime) -> RobotsCopy:
        return RobotsCopy(origin=origin, fetched_at=now, http_status=200, body=body)

    async def run() -> list[bool]:
        memory = Memory("TestWire", RobotsCache())
        origins = [f"http://{number}.example" for number in range(70)]
        for origin in origins:
            await memory.asked(origin, NOW, ask)
        return [await memory.at_hand(origin, NOW) is not None for origin in origins]

    held = asyncio.run(run())
    assert held == sorted(held)  # those that came last
    assert 60 <= sum(held) < 70


@given(
    st.lists(st.tuples(st.booleans(), st.text("/ab*$%4é?", max_size=8)), max_size=6), st.text("/ab$%4é?", max_size=8)
)
@settings(max_examples=examples(400), deadline=None)
def test_rules_match_as_the_rfc_says(written: list[tuple[bool, str]], path: str) -> None:
    """Against a plain reading of RFC 9309 section 2.2.2, by regular expressions."""
    known = PathRules()
    for is_allowed, value in written:
        known.add(value, is_allowed=is_allowed)
    at = path_of(f"http://{HOST}/{path}")
    best = (0, True)
    for is_allowed, value in written:
        is_anchored = value.endswith("$")
        spelled = path_of(f"http://{HOST}/{value.removesuffix('$')}".replace("*", "\0"))[1:].replace("%00", "*")
        forms = [(spelled, is_anchored)] + ([(f"{spelled}%24", False)] if is_anchored else [])
        for form, ends in forms:
            pattern = ".*".join(map(re.escape, form.split("*"))) + ("$" if ends else "")
            if value and re.match(pattern, at, re.DOTALL):
                best = max(best, (len(form) + ends, is_allowed))
    assert known.allow(at) is best[1]
