"""What a publisher's site refuses to machines is in no output, by no channel; what is let out says what is refused."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.model import AI_USES, Channel
from aggregator.model.publisher import Use, Uses, UseState
from aggregator.model.release import Feed, Held, Outlet, Release
from aggregator.model.signals import Signal
from aggregator.output import beside, static
from aggregator.output.formats import FORMATS
from aggregator.rights import release
from tests.releases import NOW, WIRE, feed, held, reports

STATE = st.sampled_from(get_args(UseState))
SAID = st.builds(
    Signal,
    form=st.sampled_from(["content-usage", "content-signal", "rsl", "noai"]),
    place=st.sampled_from(["robots", "file"]),
    url=st.just("https://daily.example/robots.txt"),
    about=st.just(""),
    literal=st.just("Content-Signal: ai-train=no"),
    uses=st.builds(Uses, train=STATE, input=STATE, search=STATE),
)
USES = (None, *get_args(Use))
REPORTS = tuple(one for one, _ in reports())


def site_of(report: Held) -> str:
    return report.homepage.rstrip("/")


def word(number: int) -> str:
    return f"Zq{'abcdefghijkl'[number]}xword"


@pytest.mark.parametrize("name", sorted(FORMATS))
@given(st.lists(st.tuples(st.sampled_from(list(AI_USES)), st.lists(SAID, max_size=2)), min_size=len(REPORTS),
                max_size=len(REPORTS)), st.sampled_from(get_args(Channel)), st.sampled_from(USES))  # fmt: skip
def test_no_output_has_a_word_of_a_report_that_is_refused(
    name: str, said: list[tuple[Any, list[Signal]]], channel: Channel, use: Use | None
) -> None:
    """Each report has a word of its own in headline, summary and text."""
    out, refused, headlines_only = [], [], []
    for number, (report, (ai_use, signals)) in enumerate(zip(REPORTS, said, strict=True)):
        own = [replace(each, about=site_of(report)) for each in signals]
        of_it = replace(
            report,
            title=f"{word(number)}t",
            summary=f"{word(number)}s is closed.",
            text=f"{word(number)}b is closed.",
            entry=None,
            url=None,
            rights=replace(report.rights, ai_use=ai_use),
            signals=tuple(own),
        )
        states = {getattr(each.uses, use) for each in own} if use else set()
        is_refused = use is not None and ("refused" in states or getattr(AI_USES[ai_use], use) == "refused")
        found = release(of_it, WIRE, Outlet(channel=channel, now=NOW, use=use))
        if is_refused:
            refused.append(word(number))
        elif use == "input" and getattr(AI_USES[ai_use], use) == "unstated" and report.licence is None:
            headlines_only.append(word(number))
        if isinstance(found, Release):
            out.append(found)
    written = b"".join(FORMATS[name].render(feed(tuple(out)))).decode()
    assert not [each for each in refused if each in written]
    assert not [each for each in headlines_only if f"{each}b" in written or f"{each}s" in written]


def signalled() -> Release:
    """A report whose site reserves it, with the address of its terms."""
    signal = Signal(
        form="tdmrep", place="file", url="https://daily.example/.well-known/tdmrep.json", about="https://daily.example",
        literal='{"location": "/", "tdm-reservation": 1}', uses=Uses(train="refused", input="refused"),
        policy="https://daily.example/terms?a=1&b=2",
    )  # fmt: skip
    report = held(signals=(signal,), rights=replace(held().rights, ai_use="allowed"))
    found = release(report, WIRE, Outlet(channel="web", now=NOW))
    assert isinstance(found, Release)
    return found


def rendered(name: str, one: Feed) -> str:
    return b"".join(FORMATS[name].render(one)).decode()


def test_every_output_says_what_machines_may_do() -> None:
    one = signalled()
    (item,) = json.loads(rendered("jsonfeed", feed((one,))))["items"]
    basis = "train refused by TDMRep (file); input refused by TDMRep (file); search allowed by configuration"
    assert item["_wire"]["ai"] == {"train": "refused", "input": "refused", "search": "allowed", "basis": basis}
    said = json.loads(rendered("ninjs", feed((one,))))[0]
    assert said["rightsInfo"] == {"linkedRights": one.policy_url}
    assert "Training of models: refused. Answers by machines: refused. Search: allowed." in said["usageTerms"]
    address = "https://daily.example/terms?a=1&amp;b=2"
    assert f'<link rel="license" href="{address}"/>' in rendered("atom", feed((one,)))
    assert f"<dcterms:license>{address}</dcterms:license>" in rendered("rss", feed((one,)))
    assert "Training of models: refused." in rendered("atom", feed((one,))).partition("<rights>")[2]
    assert "Training of models: refused." in rendered("rss", feed((one,))).partition("<dc:rights>")[2]
    (row,) = csv.DictReader(io.StringIO(rendered("csv", feed((one,)))))
    assert (row["ai_train"], row["ai_input"], row["ai_search"]) == ("refused", "refused", "allowed")
    assert json.loads(rendered("jsonl", feed((one,))))["ai_train"] == "refused"


def test_a_page_of_a_report_says_that_it_is_reserved_and_by_which_terms(tmp_path: Path) -> None:
    one = signalled()
    static.write(feed((one,)), None, tmp_path / "site", static.Names(str, str))
    page = (tmp_path / "site" / "report" / f"{one.id}.html").read_text("utf-8")
    assert '<meta name="tdm-reservation" content="1">' in page
    assert '<meta name="tdm-policy" content="https://daily.example/terms?a=1&amp;b=2">' in page
    assert '<link rel="license" href="https://daily.example/terms?a=1&amp;b=2">' in page
    assert beside.reservation(one) == {"tdm-reservation": "1", "tdm-policy": one.policy_url}
    free = replace(one, uses=AI_USES["allowed"])
    assert beside.reservation(free) == {"tdm-reservation": "0"}
