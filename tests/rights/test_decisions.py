"""What `show --rights` says: for each way out what leaves, and the key that keeps the rest back."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args

from msgspec.structs import replace

from aggregator.model import Channel, Images
from aggregator.model.release import Held, Outlet, Refusal, Use
from aggregator.rights import decisions, release
from tests.releases import EXCERPT, FULL, HEADLINE, NOW, OPEN, WIRE, held, reports
from tests.rows import every_row

WEB = Outlet(channel="web", now=NOW)
HIDDEN = Images(scope="agreement", hotlink=False)


@every_row(
    ("rights", "leaves", "key", "pictures", "of_pictures"),
    [
        (FULL, "full_text", None, 2, None),
        (EXCERPT, "excerpt", "text_scope", 0, "images.scope"),
        (HEADLINE, "headline_only", "text_scope", 0, "images.scope"),
        (OPEN, "full_text", None, 1, "images.scope"),
        (replace(FULL, images=HIDDEN), "full_text", None, 0, "images.hotlink"),
        (replace(FULL, expires=date(2026, 11, 28)), "excerpt", "expires", 0, "expires"),
        (replace(FULL, systematic_republication="no"), "excerpt", "systematic_republication", 0,
         "systematic_republication"),
        (replace(FULL, storage="metadata_only"), "headline_only", "storage", 0, "storage"),
        (replace(FULL, storage="transient", retention_days=1, redistribute=("web",)), "full_text", None, 2, None),
        (replace(FULL, text_scope="none"), "none", "text_scope", 0, "text_scope"),
        (replace(FULL, redistribute=("api",)), "none", "redistribute", 0, "redistribute"),
    ],
)  # fmt: skip
def test_the_key_that_decides(rights: Any, leaves: str, key: str | None, pictures: int, of_pictures: Any) -> None:
    (found,) = (each for each in decisions(held(rights=rights), WEB) if (each.channel, each.use) == ("web", None))
    assert (found.leaves, found.decided_by) == (leaves, key)
    assert (found.pictures, found.pictures_held, found.pictures_decided_by) == (pictures, 2, of_pictures)


@every_row(
    ("ai_use", "leaves"),
    [
        ("allowed", ("full_text", "full_text", "full_text")),
        ("search_only", ("none", "none", "full_text")),
        ("prohibited", ("none", "none", "none")),
        ("unstated", ("none", "headline_only", "full_text")),
    ],
)
def test_each_use_by_machines(ai_use: Any, leaves: tuple[str, ...]) -> None:
    found = [each for each in decisions(held(rights=replace(FULL, ai_use=ai_use)), WEB) if each.channel == "api"]
    assert [each.use for each in found] == [None, *get_args(Use)]
    assert [each.leaves for each in found] == ["full_text", *leaves]
    assert all((each.decided_by == "ai_use") is (each.leaves != "full_text") for each in found)


def test_words_that_were_let_go() -> None:
    lent = replace(FULL, storage="transient", retention_days=1)
    later = replace(WEB, now=NOW.replace(month=12, day=2))
    found = [each for each in decisions(held(rights=lent), later) if each.use is None]
    assert {(each.leaves, each.decided_by) for each in found} == {("headline_only", "retention_days")}


@every_row("report", [each for each, _ in reports()], ids=lambda each: each.id[:3])
def test_a_decision_is_what_the_gate_does(report: Held) -> None:
    found = {(each.channel, each.use): each for each in decisions(report, WEB)}
    assert found.keys() == {(channel, use) for channel in get_args(Channel) for use in (None, *get_args(Use))}
    for (channel, use), said in found.items():
        done = release(report, WIRE, replace(WEB, channel=channel, use=use))
        if isinstance(done, Refusal):
            assert (said.leaves, said.reason, said.said) == ("none", done.reason, done.text)
        else:
            assert (said.leaves, said.reason, said.pictures) == (done.scope, None, len(done.pictures))
