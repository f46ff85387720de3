"""search: what is typed at a shell finds what is meant, or the command says why it cannot and what to write."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

from aggregator.model import Phrase, Selection
from aggregator.store import Store
from aggregator.text.query import DEEPEST, MOST_CHARACTERS, MOST_WORDS, parse
from tests import ROOT, databases
from tests.conftest import DEMO, NOW
from tests.hostile import Ran, run


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search") / "wire.db"
    path.write_bytes(databases.in_force("0.2.0"))
    return path


def search(database: Path, typed: str) -> Ran:
    """As it is typed at a shell."""
    return run(
        "--config", str(DEMO / "config"), "--db", str(database), "search", *shlex.split(typed), folder=database.parent
    )


def found(database: Path, typed: str) -> set[str]:
    ran = search(database, f"--json --limit 500 {typed}")
    assert ran.code == 0, ran
    return {report["id"] for report in json.loads(ran.out)}


def test_words_are_joined_and_left_out_as_they_are_typed(database: Path) -> None:
    bridge, flood, river = (found(database, word) for word in ("bridge", "flood", "mbalawe"))
    assert bridge - flood
    assert flood - bridge
    assert bridge & flood
    assert bridge & river
    cases = {
        "bridge flood": bridge & flood,
        "bridge AND flood": bridge & flood,
        "'bridge AND flood'": bridge & flood,
        "bridge OR flood": bridge | flood,
        "mbalawe -bridge": river - bridge,
        "mbalawe NOT bridge": river - bridge,
        "-bridge mbalawe": river - bridge,
        "-bridge --limit 300 mbalawe": river - bridge,
        "mbalawe -- -bridge": river - bridge,
        "'mbalawe -bridge'": river - bridge,
        "'(bridge OR flood) mbalawe'": (bridge | flood) & river,
        "mbalawe '(bridge' OR 'flood)'": (bridge | flood) & river,
        "mbalawe NOT '(bridge OR flood)'": river - bridge - flood,
        "'mbalawe -(bridge flood)'": river - (bridge & flood),
        "or bridge": found(database, '"or" bridge'),
    }
    for typed, expected in cases.items():
        assert found(database, typed) == expected, typed


def test_headlines_phrases_beginnings_and_articles(database: Path) -> None:
    bridge, in_title = found(database, "bridge"), found(database, "title:bridge")
    assert in_title < bridge
    assert in_title == found(database, "TITLE:Bridge") == found(database, "'title:(bridge OR zzz)'")
    assert found(database, "-title:bridge bridge") == bridge - in_title
    assert found(database, 'title:"water bills"') == found(database, "title:'\"water bills\"'") != set()
    assert found(database, '"water bills"') == found(database, "water bills")
    assert found(database, '"flood bridge"') < found(database, "flood bridge")
    assert found(database, "election") < found(database, "elect*")
    assert found(database, "الفيضان") == found(database, "فيضان") == found(database, "بالفيضان") != set()
    assert found(database, '"l’étoile"') == found(database, '"d\'Étoile"') == found(database, "etoile") != set()


def test_reports_that_were_changed_since(database: Path) -> None:
    changed = found(database, "changed:2026-01-01")
    with Store.read(database) as store:
        _, rows = store.query("SELECT w.id FROM wire AS w JOIN articles USING (article_id) WHERE revision > 1")
        assert changed == {row[0] for row in rows} != set()
        _, rows = store.query("SELECT max(at) FROM changes WHERE revision > 1")
        ((last,),) = rows
    assert found(database, f"changed:{last}") < changed
    assert found(database, f"changed:{last}")
    bridge = found(database, "bridge")
    assert found(database, "bridge changed:2026-01-01") == bridge & changed != set()
    assert found(database, "-bridge changed:2026-01-01") == changed - bridge
    assert found(database, "bridge changed:2026-01-01 --ranked") == bridge & changed
    for typed in ("changed:2026-01-01", "bridge changed:2026-01-01", "changed:2026-01-01 -bridge"):
        ran = search(database, f"{typed} --count")
        assert int(ran.out) == len(found(database, typed))


NOTHING = [
    ("elections", "Nothing found for elections. `election*` finds"),
    ('"flood bridge"', 'Nothing found for "flood bridge". `flood bridge` finds'),
    ("mbalawe zzzz", "Nothing found for mbalawe zzzz. `mbalawe` finds"),
    ("Pénuries carburant", "Nothing found for Pénuries carburant. `Pénurie* carburant` finds"),
    ("title:bridges", "Nothing found for title:bridges. `title:bridge*` finds"),
    ("zzzz", "Nothing found for zzzz."),
    ("zzzz changed:2026-01-01", "Nothing found for zzzz changed:2026-01-01."),
]


@pytest.mark.parametrize(("typed", "said"), NOTHING)
def test_where_nothing_is_found_another_search_is_named(database: Path, typed: str, said: str) -> None:
    ran = search(database, typed)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith(said)
    assert ("finds" in ran.err) is ("finds" in said)
    if "finds" in said:
        offered, count = ran.err.split("`")[1], ran.err.split(" finds ")[1].rstrip(".\n")
        assert len(found(database, offered)) == int(count)


REFUSED = [
    ("''", "no word to search for"),
    ("'*'", "`elect*`"),
    ("...", "no letter and no digit"),
    ("-bridge", "`flood -bridge`"),
    ("-- -bridge", "`flood -bridge`"),
    ("NOT bridge", "only exclusions"),
    ("'(bridge'", "never closed"),
    ("flood OR", "`flood OR drought`"),
    ("flood OR -bridge", "same side of OR"),
    ("titel:bridge", "did you mean `title:bridge`"),
    ("titel:", "without a space"),
    ("changed:soon", "names no time"),
    ("changed:1d --ranked", "--ranked needs words"),
    ("x" * 2_000, "at most 1,000"),
    ("bridge --nosuch", "No such option"),
    ("--limit 5", "Missing argument"),
]


@pytest.mark.parametrize(("typed", "why"), REFUSED, ids=[typed[:20] for typed, _ in REFUSED])
def test_what_can_find_nothing_is_a_usage_error(database: Path, typed: str, why: str) -> None:
    ran = search(database, typed)
    assert (ran.code, ran.out) == (2, "")
    assert why in ran.err
    assert len(ran.err.splitlines()) == 1
    assert "fts5" not in ran.err.lower()


def test_what_the_page_on_search_says_holds(database: Path) -> None:
    page = (ROOT / "docs" / "search.md").read_text()
    typed = re.findall(r"^\| `(.*?)` \| ", page, re.MULTILINE)
    assert len(typed) == 10
    for each in (*typed, *re.findall(r"`(title:.*?|\w+ (?:AND|NOT) \w+)`", page)):
        assert not parse(each, NOW).is_empty
    for word, others in re.findall(r"^\| `(.*?)` \| (\S.*?) and the like", page, re.MULTILINE):
        (own,) = parse(word).wanted
        assert isinstance(own, Phrase)
        for other in others.split(", "):
            (theirs,) = parse(other).wanted
            assert isinstance(theirs, Phrase)
            assert set(own.forms) <= set(theirs.forms), other
    bounds = re.findall(r"A search has ([\d,]+)\s+characters, (\d+) words and brackets (\d+) deep", page)
    assert bounds == [tuple(f"{each:,}" for each in (MOST_CHARACTERS, MOST_WORDS, DEEPEST))]
    (sql,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    with closing(sqlite_utils.Database(database).conn) as connection:
        titles = [title for _, _, title in sqlite_utils.Database(connection).execute(sql)]
    with Store.read(database) as store:
        assert titles == [report.title for report in store.search(parse("pénurie"), Selection())] != []
        assert list(store.query("SELECT fold('فَيَضَان')")[1]) == [("فيضان",)]
