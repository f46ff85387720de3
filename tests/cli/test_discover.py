"""A site whose feed is looked for: what `fetch` and `health` say of it, and how its address comes into the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.demo import Press
from tests.cli.test_cli import Desk
from tests.cli.test_doors import publisher_file, site  # noqa: F401  (a fixture)
from tests.conftest import NOW
from tests.pipeline.test_probing import alternate, page


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


def discovering(desk: Desk, key: str, url: str) -> None:
    """The publisher has the source alone of which only the site is known."""
    kept = publisher_file(desk, key).read_text().partition("[[source]]")[0]
    publisher_file(desk, key).write_text(f'{kept}[[source]]\nurl = "{url}"\nkind = "discover"\n')


def test_from_the_proposal_to_the_file(desk: Desk, site: str) -> None:  # noqa: F811
    publisher_file(desk, "two").unlink()
    file = publisher_file(desk)
    kept = file.read_text().partition("[[source]]")[0]
    file.write_text(f'{kept}[[source]]\n# the site\nurl = "{site}"\nkind = "discover"\n')
    (poll,) = json.loads(desk("fetch", "one", "--json"))
    assert (poll["outcome"], poll["proposed"]) == ("ok", f"{site}whole.xml")
    assert desk("fetch", "--all", "--json") == "[]\n"  # a site is not searched again by --all
    (row,) = (row for row in json.loads(desk("health", "--json")) if row["source_name"] == "one/main")
    assert row["advice"] == f"aggregator probe --write one {site}whole.xml"
    desk(*row["advice"].split()[1:])
    assert file.read_text() == f'{kept}[[source]]\n# the site\nurl = "{site}whole.xml"\nkind = "feed"\n'
    assert [poll["new"] for poll in json.loads(desk("fetch", "one", "--json"))] == [2]


def test_fetch_of_a_site_says_what_was_found_and_what_to_do_next(desk: Desk, site: str) -> None:  # noqa: F811
    discovering(desk, "one", site)
    accept = f"`aggregator probe --write one {site}whole.xml` writes it into the file, and then it is fetched"
    assert desk("fetch", "one") == f"one/main: found {site}whole.xml (rss20, 2 entries); {accept}\n"
    discovering(desk, "two", f"{site}nothing/")
    desk.press.misbehave("127.0.0.1", "*", "status", status=404)
    said = desk("fetch", "two", code=1)
    assert said.startswith("two/nothing: no feed found; ")
    assert said.endswith(f"  `aggregator probe {site}nothing/` says what was tried\n")


def test_many_searches_in_vain_are_one_line_where_nobody_asked_for_them(desk: Desk) -> None:
    for number in range(6):
        desk.add(f"n{number}.example")
        discovering(desk, f"n{number}", f"{desk.press.url}/nothing/{number}")
    assert desk("fetch", code=1) == "no feed found on 6 sites; `aggregator health --json` says why\n"
    assert desk.rows("SELECT count(*) FROM polls WHERE outcome = 'ok'") == [(2,)]


def test_health_tells_of_sites_together_and_of_what_was_found_one_by_one(desk: Desk) -> None:
    found_feed = f"{desk.press.url}/two.example/feed"
    desk.press.set_document("two.example", "/home", page(alternate(found_feed)))
    discovering(desk, "two", f"{desk.press.url}/two.example/home")
    for key in ("vain", "vainer", "waiting"):
        desk.add(f"{key}.example")
        discovering(desk, key, f"{desk.press.url}/{key}.example/none")
    desk("fetch", "one", "two", "vain", "vainer", code=1)
    said = desk("health")
    told = "4 sites without a known feed, searched once a week: 1 not searched yet, 2 nothing found, 1 feed found"
    accept = f"aggregator probe --write two {found_feed}"
    assert said.index("two/") < said.index(accept) < said.index(told)
    assert "one/one-example-feed" not in said
    assert said.index(accept) < desk("health", "--all").index("one/one-example-feed")
    assert "vain" not in said
    assert "waiting/" not in said
    states = {row["source_name"].partition("/")[0]: row["search"] for row in json.loads(desk("health", "--json"))}
    assert states == {"one": None, "two": "found", "vain": "nothing", "vainer": "nothing", "waiting": "waiting"}
    desk(*accept.split()[1:])
    desk("fetch", "two")
    assert "3 sites without a known feed, searched once a week: 1 not searched yet, 2 nothing found" in desk("health")
