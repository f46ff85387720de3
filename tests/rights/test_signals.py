"""What sites say to machines: each form in each place, with its conflicts and faults, as data; and what comes of it."""

from __future__ import annotations

import time
import tomllib
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.fetch.robots import text_of
from aggregator.model import AI_USES, Entry, FetchResult, Rights, Rsl, Source
from aggregator.model.errors import ParseError
from aggregator.model.publisher import Use, Uses, UseState
from aggregator.model.release import Outlet, Refusal
from aggregator.model.signals import Signal, SignalForm
from aggregator.parse import parse, rsl
from aggregator.parse.head import head_of
from aggregator.rights import binding, grounds, release, signal_forms, uses
from aggregator.rights.robots import robots_txt
from tests import ROOT
from tests.conftest import NOW
from tests.releases import FULL, WIRE, held
from tests.rows import every_row

VECTORS: list[dict[str, Any]] = tomllib.loads((ROOT / "tests/fixtures/signals/vectors.toml").read_text("utf-8"))[
    "vector"
]
SITE = "https://daily.example"
STATES = {"r": "refused", "a": "allowed", "u": "unstated"}
USES: tuple[Use, ...] = get_args(Use)
ITEM = """<rss version="2.0" xmlns:rsl="https://rslstandard.org/rsl" xmlns:dc="http://purl.org/dc/elements/1.1/"
xmlns:cc="http://backend.userland.com/creativeCommonsRssModule"><channel><title>x</title><link>https://daily.example/</link>
<item><title>x</title><link>{url}</link><guid>1</guid>{said}</item></channel></rss>"""


def signals(vector: dict[str, Any]) -> tuple[Signal, ...]:
    """All that is said of one report, as the program reads it."""
    url = SITE + vector.get("path", "/news/1")
    found: list[Signal] = []
    if "robots" in vector:
        found += signal_forms.of_robots(text_of(vector["robots"].encode()), "https://www.daily.example", "testwire")
    if "headers" in vector:
        found += signal_forms.of_headers(vector["headers"], url)
    if "tdmrep" in vector:
        file = f"{SITE}/.well-known/tdmrep.json"
        found += signal_forms.of_tdmrep(vector["tdmrep"].encode(), file, SITE)
    if "page" in vector:
        head = head_of(vector["page"].encode(), url)
        found += signal_forms.of_head(head, url)
        for inline in head.inline:
            found += signal_forms.of_rsl(rsl.read(inline.encode()), url, url, "meta")
    if "rsl" in vector:
        found += of_rsl(vector["rsl"])
    bound = binding(found, (url, f"{SITE}/feed"), f"{SITE}/")
    return (*bound, *of_entry(vector["entry"], url)) if "entry" in vector else bound


def of_rsl(document: str) -> tuple[Signal, ...]:
    try:
        return signal_forms.of_rsl(rsl.read(document.encode()), f"{SITE}/rsl.xml", SITE)
    except ParseError:
        return ()


def of_entry(said: str, url: str) -> tuple[Signal, ...]:
    result = FetchResult(url=f"{SITE}/feed", http_status=200, headers={}, body=ITEM.format(url=url, said=said).encode())
    (entry,) = parse(result, Source(publisher="daily", key="feed", url=result.url)).entries
    licences = (link.href for link in entry.links if link.rel == "license")
    return signal_forms.of_entry(entry.rights, licences, entry.rsl, url)


def rights_of(vector: dict[str, Any]) -> Rights:
    said = vector.get("ai_use", "allowed")
    return replace(FULL, ai_use=Uses(**said) if isinstance(said, dict) else said, licence=vector.get("licence"))


def in_letters(states: Uses) -> str:
    return "".join(getattr(states, use)[0] for use in USES)


def together(found: tuple[Signal, ...]) -> Uses:
    """The strictest of what is said."""
    states = {use: {getattr(each.uses, use) for each in found} for use in USES}
    return Uses(**{use: next((one for one in ("refused", "allowed") if one in of), "unstated")  # type: ignore[arg-type]
                   for use, of in states.items()})  # fmt: skip


def test_there_are_enough_vectors() -> None:
    assert len(VECTORS) >= 120
    assert len({vector["name"] for vector in VECTORS}) == len(VECTORS)


@every_row("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_what_is_said_and_what_comes_of_it(vector: dict[str, Any]) -> None:
    found = signals(vector)
    assert in_letters(together(found)) == vector["said"]
    expected = vector.get("is", vector["said"].replace("u", "a"))
    assert in_letters(uses(rights_of(vector), found)) == expected
    if "forms" in vector:
        assert [each.form for each in found] == vector["forms"]
    if "origin" in vector:
        assert {each.origin for each in found if each.form == "content-signal"} == {vector["origin"]}
    if "policy" in vector:
        assert [each.policy or "" for each in found if each.form == "tdmrep"] == [vector["policy"]]
    assert all(each.literal.isprintable() and len(each.literal) <= 300 for each in found)


STATE = st.sampled_from(get_args(UseState))
SAID = st.builds(Uses, train=STATE, input=STATE, search=STATE)
SIGNAL = st.builds(
    Signal,
    form=st.sampled_from(["content-usage", "content-signal", "tdmrep", "rsl", "licence", "noai"]),
    place=st.sampled_from(["robots", "header", "file", "meta"]),
    url=st.just(f"{SITE}/robots.txt"),
    about=st.sampled_from([SITE, f"{SITE}/news/1"]),
    literal=st.just("x"),
    uses=SAID,
)
ORDER = ("refused", "unstated", "allowed")


@given(st.one_of(st.sampled_from(list(AI_USES)), SAID), st.lists(SIGNAL, max_size=4))
def test_a_signal_narrows_and_never_widens(ai_use: Any, said: list[Signal]) -> None:
    rights = replace(FULL, ai_use=ai_use)
    without, found = uses(rights), uses(rights, said)
    for use in USES:
        assert ORDER.index(getattr(found, use)) <= ORDER.index(getattr(without, use))
        is_refused = any(getattr(each.uses, use) == "refused" for each in said)
        assert (getattr(found, use) == "refused") is (is_refused or getattr(without, use) == "refused")


@given(st.lists(SIGNAL, max_size=4), st.sampled_from(list(AI_USES)), st.sampled_from(["web", "feed", "api", "email"]))
def test_the_gate_lets_out_no_report_for_a_use_that_is_refused(said: list[Signal], ai_use: Any, channel: Any) -> None:
    report = replace(held(rights=replace(FULL, ai_use=ai_use)), url=f"{SITE}/news/1", signals=tuple(said))
    bound = binding(said, (report.url, report.source_url), report.homepage)
    decided = grounds(report.rights, bound)
    for use in USES:
        found = release(report, WIRE, Outlet(channel=channel, now=NOW, use=use))
        state = decided[use].state
        is_out = state == "allowed" or (state == "unstated" and use != "train")
        assert isinstance(found, Refusal) is not is_out
        if use == "input" and state == "unstated":
            assert not isinstance(found, Refusal)
            assert (found.scope, found.text, found.html) == ("headline_only", "", "")


def test_what_an_entry_says_of_itself_binds_its_report() -> None:
    entry = Entry(id="1", rsl=(Rsl(prohibits="ai-train"),), rights="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED")
    found = release(replace(held(rights=FULL), entry=entry), WIRE, Outlet(channel="api", now=NOW))
    assert not isinstance(found, Refusal)
    assert in_letters(found.uses) == "rrr"
    assert found.uses_basis.startswith("train refused by licence (entry); ")


@every_row(
    "text",
    ["Content-Usage: " + "train-ai=n, " * 40_000, "Content-Signal: " + "ai-train=no," * 40_000,
     "User-agent: a\nContent-Usage: /x train-ai=n\n" * 12_000, "Content-Usage: a" + "=" * 400_000,
     "Content-Usage: a=(" + "b " * 200_000, "User-agent: " + "a," * 200_000],
    ids=["keys", "words", "groups", "equals", "list", "agents"],
)  # fmt: skip
def test_a_large_robots_txt_is_read_in_bounded_time(text: str) -> None:
    began = time.process_time()
    found = signal_forms.of_robots(text, SITE, "testwire")
    assert len(found) <= 201
    assert time.process_time() - began < 3.0


def test_of_a_document_that_is_too_long_its_beginning_counts() -> None:
    content = '<content url="/"><license><prohibits type="usage">ai-train</prohibits></license></content>'
    for number in (1, 20_000):
        found = of_rsl(f'<rsl xmlns="https://rslstandard.org/rsl">{content * number}</rsl>'[: 256 * 1024])
        assert {each.uses.train for each in found} == {"refused"}


def test_terms_may_be_named_from_where_they_are_said() -> None:
    said = {"tdm-reservation": "1", "tdm-policy": "/terms.json"}
    assert [each.policy for each in signal_forms.of_headers(said, f"{SITE}/news/1")] == [f"{SITE}/terms.json"]
    unsafe = signal_forms.of_headers({**said, "tdm-policy": "javascript:alert(1)"}, f"{SITE}/news/1")
    assert [each.policy for each in unsafe] == [None]


def test_our_own_robots_txt_is_that_of_the_strictest_publisher() -> None:
    everybody = Uses(train="allowed", input="allowed", search="allowed")
    assert robots_txt([everybody]) == "User-agent: *\nAllow: /\n"
    of_two = robots_txt([everybody, Uses(input="allowed", search="allowed")])
    assert "User-agent: GPTBot\n" in of_two  # training is not allowed by one
    assert "User-agent: ChatGPT-User\n" not in of_two
    strict = robots_txt([everybody, AI_USES["prohibited"]])
    assert {"User-agent: GPTBot", "User-agent: ChatGPT-User", "User-agent: PerplexityBot"} <= {*strict.splitlines()}
    assert strict.count("Disallow: /\n") == 3
    found = signal_forms.of_robots(strict, SITE, "testwire")
    assert [each.form for each in found] == ["ai-tokens"]


def test_the_page_on_rights_describes_every_form() -> None:
    page = (ROOT / "docs" / "rights.md").read_text("utf-8")
    table = page.partition("<!-- signals:")[2].partition("\n\n")[0]
    forms = [row.split("`")[1] for row in table.splitlines() if row.startswith("| `")]
    assert sorted(forms) == sorted(get_args(SignalForm))
