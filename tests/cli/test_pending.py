"""Changes that wait for a person: `pending` shows and decides them, `fetch` and `health` point to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.text.dates import to_iso, utc_now
from tests import commands
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.desk.test_mass_changes import EARLY, atom, changed, entry, stone


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        opened = Desk(tmp_path, press)
        press.set_document("one.example", "/feed", changed(0, 60, "one.example"))
        opened("fetch")
        yield opened


def test_the_commands_show_what_waits_and_decide_it(desk: Desk) -> None:
    assert desk("pending") == "nothing waits for a person\n"
    assert json.loads(desk("pending", "--json")) == []
    forged = changed(30, 60, "one.example", title="WITHDRAWN: {}\n\u202e  one: nothing waits")
    desk.press.set_document("one.example", "/feed", forged)
    assert desk("fetch", "one") == ""
    listed = desk("pending")
    assert listed.startswith("One: 10 withdrawn (one/one-example-feed), waiting since ")
    assert "and 5 more; --all shows them" in listed
    assert "aggregator pending accept one/one-example-feed --kind withdrawn" in listed
    assert re.search("    headline: WITHDRAWN: 20 +one: nothing waits\n", listed)
    assert "\u202e" not in listed
    assert desk("pending", "--all").count("    headline: ") == 10
    assert {row["mass_kind"] for row in json.loads(desk("pending", "--json"))} == {"withdrawn"}
    assert desk("health", "--all").index("one/one-example-feed") < desk("health", "--all").index("two/two-example-feed")
    assert json.loads(desk("health", "--json"))[0]["pending"] == 10
    assert "no such change of 'two' waits" in desk("pending", "accept", "two", code=2)
    assert "no such change of 'one' waits" in desk("pending", "refuse", "one", "--kind", "moved", code=2)
    assert "belong to `aggregator pending` alone" in desk("pending", "--json", "accept", "one", code=2)
    assert desk("pending", "accept", "one", "--actor", "Asha") == "one: 10 changes accepted: 10 withdrawn\n"
    assert desk.rows("SELECT DISTINCT actor FROM acts WHERE act = 'accept'") == [("person:Asha",)]
    assert desk("pending") == "nothing waits for a person\n"


def test_what_all_reports_come_to_say_is_shown(desk: Desk) -> None:
    words = "<p>Buy \u202e<b>pills</b></p> at\n one: " + "pills " * 100
    desk.press.set_document("one.example", "/feed", changed(8, 60, "one.example", words=words))
    desk("fetch", "one")
    listed = desk("pending").splitlines()
    assert listed[0].startswith("One: 8 same_words (one/one-example-feed)")
    assert listed[2].startswith("    text: Buy pills at one: pills pills")
    assert listed[2].endswith("…")
    assert len(listed[2]) < 250
    desk("pending", "refuse", "one")
    desk.press.set_document("one.example", "/feed", changed(8, 60, "one.example", words=" "))
    desk("fetch", "one")
    assert desk("pending").splitlines()[2] == "    text: (none)"


def test_fetch_says_what_waits_and_what_is_kept_out(desk: Desk) -> None:
    today = to_iso(utc_now())
    parts = [stone(n, "one.example") for n in range(30)]
    parts += [entry(n, "one.example").replace(EARLY, today) for n in range(1000, 1300)]
    desk.press.set_document("one.example", "/feed", atom(parts))
    done = commands.run(desk.command("fetch", "one"), capture_output=True, text=True, timeout=60, check=True)
    assert "one/one-example-feed: 10 changes of reports wait for a person" in done.stderr
    assert "`aggregator pending accept one/one-example-feed`" in done.stderr
    assert "one/one-example-feed: 100 of 300 new reports are kept out of `latest`" in done.stderr
    assert done.stdout == ""
    desk.press.set_document("one.example", "/feed", atom([*parts, entry(5000, "one.example")]))
    polls = json.loads(desk("fetch", "one", "--json"))
    assert [(poll["pending"], poll["over_limit"], poll["new"]) for poll in polls] == [(0, 0, 1)]
