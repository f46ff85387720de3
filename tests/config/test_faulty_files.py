"""A fault in a publisher's file stops that publisher alone: nothing new of it comes, and what is stored stays so."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.config.lines import located, switched_off_at
from aggregator.config.loading import load
from aggregator.demo import Press
from aggregator.model.errors import ConfigError
from aggregator.pipeline.daemon import read_again
from aggregator.pipeline.faults import log_faults
from aggregator.pipeline.opening import load_config, open_existing, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.pipeline import Pipeline
from aggregator.text.dates import utc_now
from tests.cli.test_cli import Desk
from tests.conftest import NOW, some
from tests.hostile import Ran, run
from tests.rows import every_row
from tests.test_trip import feed

TWO = "publishers/ml/two.toml"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


def said(desk: Desk, *arguments: str) -> Ran:
    return run("--config", str(desk.config), *arguments)


def spoil(desk: Desk, before: str, after: str, key: str = "two") -> None:
    file = desk.config / "publishers" / "ml" / f"{key}.toml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def state(desk: Desk) -> list[list[tuple[object, ...]]]:
    """What anybody reads of the publisher, and the ledger."""
    queries = (
        "SELECT * FROM wire WHERE publisher = 'two' ORDER BY id",
        "SELECT * FROM terms WHERE publisher = 'two' ORDER BY class",
        "SELECT * FROM publishers WHERE publisher = 'two'",
        "SELECT count(*) FROM changes WHERE change_kind = 'terms_changed' OR publisher = 'two'",
    )
    with closing(sqlite3.connect(desk.database)) as connection:
        return [connection.execute(sql).fetchall() for sql in queries]


def bring_news(desk: Desk) -> None:
    for host in ("one.example", "two.example"):
        desk.press.set_document(host, "/feed", feed(f"{host}-1", f"{host}-2", f"{host}-3"))
    desk.press.forget()


def not_utf_8(desk: Desk) -> None:
    (desk.config / TWO).write_bytes((desk.config / TWO).read_bytes().replace(b"Bamako", b"S\xe9gou"))


def empty(desk: Desk) -> None:
    (desk.config / TWO).write_text("")


def a_faulty_profile(desk: Desk) -> None:
    spoil(desk, '"quotation"', '"mine"')
    with (desk.config / "rights.toml").open("a") as rights:
        rights.write('\n[mine]\nrelationship = "none"\nbasis = "quotation"\ntext_scope = "excerpts"\ncredit = "x"\n')


def spoiling(before: str, after: str) -> Callable[[Desk], None]:
    return lambda desk: spoil(desk, before, after)


SPOILT: dict[str, tuple[Callable[[Desk], None], str]] = {
    "broken TOML": (spoiling('place = "Bamako"', 'place = "Bamako'), f"{TWO}: line 3, column 16: "),
    "unknown key": (spoiling("place =", "palce ="), f"{TWO}: line 3: palce: found an unknown key, "),
    "bad value": (spoiling('"newspaper"', '"newspapr"'), f'{TWO}: line 5: kind: found "newspapr", '),
    "wrong rights": (
        spoiling("[[source]]", '[rights]\ntext_scope = "full_text"\n[[source]]'),
        f'{TWO}: line 10: rights.text_scope: found "full_text", ',
    ),
    "no such profile": (spoiling('"quotation"', '"quotaton"'), f"{TWO}: line 8: rights_profile: found"),
    "no such language": (spoiling('["en"]', '["qq"]'), f'{TWO}: line 6: languages[1]: found "qq", '),
    "not UTF-8": (not_utf_8, f"{TWO}: line 3: found bytes that are not UTF-8, "),
    "empty": (empty, f"{TWO}: found no key at all, "),
    "a faulty profile": (a_faulty_profile, 'mine.text_scope: found "excerpts", '),
}


@every_row("name", SPOILT)
def test_a_faulty_file_is_named_with_the_line_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    with Press(now=NOW) as press:
        made, (change, fault) = Desk(tmp_path, press), SPOILT[name]
    change(made)
    config = load(made.config)
    assert any(fault in line for line in config.faults)
    assert [publisher.key for publisher in config.publishers] == ["one", "test-wire"]


@pytest.mark.soak
@pytest.mark.parametrize("name", some(SPOILT, 3))
def test_a_faulty_file_stops_its_publisher_alone(desk: Desk, name: str) -> None:
    assert said(desk, "fetch").code == 0
    before, (change, fault) = state(desk), SPOILT[name]
    change(desk)
    bring_news(desk)
    fetched = said(desk, "fetch", "--all", "--json")
    assert fetched.code == 1
    assert fault in fetched.err
    assert "not polled until these faults are corrected: two;" in fetched.err
    assert [(poll["source_name"], poll["new"]) for poll in json.loads(fetched.out)] == [("one/one-example-feed", 1)]
    assert not [seen for seen in desk.press.requests if "two.example" in str(seen)]
    assert state(desk) == before
    checked, health = said(desk, "check"), said(desk, "health")
    assert (checked.code, health.code) == (1, 1)
    assert fault in checked.err
    assert fault in health.err
    assert "correct the file" in health.out
    listed = json.loads(said(desk, "latest", "--publisher", "two", "--json").out)
    assert len(listed) == 2


def test_a_corrected_file_is_polled_again(desk: Desk) -> None:
    said(desk, "fetch")
    spoil(desk, '"newspaper"', '"newspapr"')
    bring_news(desk)
    assert said(desk, "fetch", "--all").code == 1
    spoil(desk, '"newspapr"', '"newspaper"')
    polls = json.loads(said(desk, "fetch", "--all", "--json").out)
    assert {poll["source_name"]: poll["new"] for poll in polls} == {
        "one/one-example-feed": 0,
        "two/two-example-feed": 1,
    }
    assert (said(desk, "health").code, said(desk, "check").code) == (0, 0)


def test_a_publisher_that_was_never_sound_is_not_in_the_wire(desk: Desk) -> None:
    spoil(desk, '"newspaper"', '"newspapr"')
    assert said(desk, "fetch").code == 1
    assert desk.rows("SELECT DISTINCT publisher FROM wire") == [("one",)]
    assert desk.rows("SELECT publisher FROM publishers WHERE publisher = 'two'") == []
    health = said(desk, "health")
    assert (health.code, "kind: found" in health.err) == (1, True)


def test_a_removed_file_is_no_faulty_one(desk: Desk) -> None:
    said(desk, "fetch")
    (desk.config / TWO).unlink()
    assert said(desk, "fetch").code == 0
    assert desk.rows("SELECT configured FROM publishers WHERE publisher = 'two'") == [(0,)]


def test_of_two_files_with_one_key_neither_is_polled(desk: Desk) -> None:
    said(desk, "fetch")
    before = state(desk)
    (desk.config / "publishers" / "sn").mkdir()
    text = (desk.config / TWO).read_text().replace('"ML"', '"SN"').replace('/feed"', '/other"')
    (desk.config / "publishers" / "sn" / "two.toml").write_text(text)
    fetched = said(desk, "fetch", "--all", "--json")
    assert fetched.code == 1
    assert [poll["source_name"] for poll in json.loads(fetched.out)] == ["one/one-example-feed"]
    assert state(desk) == before
    assert 'publishers/ml/two.toml: found the key "two" twice' in fetched.err
    assert 'publishers/sn/two.toml: found the key "two" twice' in fetched.err


def test_of_two_files_with_one_address_neither_is_polled(desk: Desk) -> None:
    said(desk, "fetch")
    before = state(desk)
    # A file that was copied, and whose address was left as it was; by its name it comes first.
    shutil.copy(desk.config / TWO, desk.config / "publishers" / "ml" / "a-copy.toml")
    bring_news(desk)
    fetched = said(desk, "fetch", "--all", "--json")
    assert [poll["source_name"] for poll in json.loads(fetched.out)] == ["one/one-example-feed"]
    assert state(desk) == before
    assert desk.rows("SELECT publisher FROM publishers WHERE publisher = 'a-copy'") == []
    assert fetched.err.count("expected an address that no other source has") == 2


TOUCHING = [
    ("wire.toml", "name ="),
    ("wire.toml", 'colour = "red"\n'),
    ("rights.toml", "[quotation\n"),
    ("rights.toml", ""),
]


@pytest.mark.soak
@pytest.mark.parametrize(("file", "text"), some(TOUCHING, 2))
def test_what_touches_everybody_stops_everything_with_one_message(desk: Desk, file: str, text: str) -> None:
    said(desk, "fetch")
    spoil(desk, '"newspaper"', '"newspapr"')
    (desk.config / file).write_text(text)
    desk.press.forget()
    for words in (("fetch", "--all"), ("run",), ("recheck",)):
        ran = said(desk, *words)
        assert (ran.code, "Traceback" in ran.err) == (1, False)
        assert f"{file}: " in ran.err
    assert not desk.press.requests
    assert (said(desk, "check").code, said(desk, "health").code) == (1, 1)
    assert said(desk, "latest").code == 0  # which needs no configuration


def test_a_profile_that_nobody_uses_is_named_and_stops_nobody(desk: Desk) -> None:
    with (desk.config / "rights.toml").open("a") as rights:
        rights.write('\n[unused]\ntext_scope = "all"\n')
    fetched = said(desk, "fetch", "--json")
    assert (fetched.code, len(json.loads(fetched.out))) == (1, 2)
    assert "unused.text_scope" in fetched.err


def test_the_wire_s_own_file_stops_its_own_reports_alone(desk: Desk) -> None:
    own = desk.config / "publishers" / "xa" / "test-wire.toml"
    own.write_text(own.read_text().replace('"own"', '"onw"', 1))
    fetched = said(desk, "fetch", "--json")
    assert (fetched.code, len(json.loads(fetched.out))) == (1, 2)
    report = desk.config / "report.md"
    report.write_text('+++\ntitle = "A report"\n+++\nWords.\n')
    published = said(desk, "publish", str(report))
    assert published.code == 1
    assert "publishers/xa/test-wire.toml: line " in published.err
    assert "Traceback" not in published.err


def test_a_folder_that_cannot_be_read_is_no_folder_of_removed_publishers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(desk, "fetch")
    (desk.config / "publishers" / "ml").rename(desk.config.parent / "elsewhere")
    (desk.config / "publishers" / "ml").symlink_to(desk.config.parent / "elsewhere")  # a folder may be a link
    assert [publisher.key for publisher in load(desk.config).publishers] == ["one", "test-wire", "two"]
    real = os.listdir

    def refuse(path: Path) -> list[str]:  # the superuser may read what nobody may
        if path.name == "ml":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(ConfigError, match="a folder that cannot be read"):
        load(desk.config)


def test_a_fault_is_shown_with_its_line() -> None:
    text = (
        'a = 1\n[rights]\nb = """\nc = 2\n"""\nd . "e" = 3\n[[source]]\nurl = 1\n[[source]]\nurl = 2\nlist = [\n1,\n]\n'
    )
    lines = {
        "a: found 1": "line 1: ",
        "rights.b: found": "line 3: ",
        "rights.c: found nothing": "line 2: ",  # of the table that lacks it
        "rights.d.e: found": "line 6: ",
        "source[1].url: found": "line 8: ",
        "source[2].url: found": "line 10: ",
        "source[2].list[1]: found": "line 11: ",
        "z: found nothing": "",
        "found bytes": "",
    }
    for what, line in lines.items():
        assert located(f"{what} x", text) == f"{line}{what} x"


def test_the_line_that_switches_a_source_off_is_found_by_its_number() -> None:
    text = "[[source]]\nurl = 1\n[[source]]\nurl = 2\nenabled = false\n"
    assert [switched_off_at(text, number) for number in (1, 2, 3)] == [None, 5, None]
    assert switched_off_at("source = [{enabled = false}]", 1) is None


def test_a_named_publisher_with_a_faulty_file_is_no_usage_error(desk: Desk) -> None:
    spoil(desk, '"newspaper"', '"newspapr"')
    for words in (("fetch", "two"), ("fetch", "two/two-example-feed"), ("check", "--live", "two")):
        ran = said(desk, *words)
        assert (ran.code, "line 5: kind: found" in ran.err) == (1, True)


def test_a_daemon_takes_over_the_sound_files_and_names_the_faulty(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    paths = Paths(desk.config, desk.database)
    before = load_config(paths)
    open_wire(paths, before, utc_now()).close()
    spoil(desk, '"newspaper"', '"newspapr"')
    spoil(desk, '"Bamako"', '"Ségou"', "one")
    after = read_again(paths, before)
    assert {each.key: each.place for each in after.publishers}["one"] == "Ségou"
    with caplog.at_level(logging.ERROR):
        log_faults(after)
    assert "two" in caplog.text
    assert f'{TWO}: line 5: kind: found "newspapr"' in caplog.text
    caplog.clear()
    (desk.config / "wire.toml").write_text("name =")
    assert read_again(paths, before) is before
    assert "the one before stays in force" in caplog.text


def test_pages_of_a_faulty_publisher_are_not_visited_and_stay_due(desk: Desk) -> None:
    paths = Paths(desk.config, desk.database)
    said(desk, "fetch")
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        connection.execute("UPDATE articles SET url = 'http://' || publisher || '.example/' || article_id")
        connection.execute(
            "INSERT INTO rechecks (article_id, visits, next_at) SELECT article_id, 0, '2020-01-01T00:00:00Z' FROM"
            " articles"
        )
    spoil(desk, '"newspaper"', '"newspapr"')
    config = load_config(paths)

    async def visit() -> set[str]:
        with open_wire(paths, config, utc_now()) as store:
            async with Pipeline(config, store, utc_now, lambda host: desk.press.address) as pipeline:
                return {finding.recheck.publisher for finding in await pipeline.recheck(100, 100)}

    assert asyncio.run(visit()) == {"one"}
    with open_existing(paths) as store:
        assert {each.publisher for each in store.due_visits(utc_now(), 9, 9, ["one", "two"])} == {"two"}


def test_import_adds_nothing_beside_a_faulty_file(desk: Desk) -> None:
    spoil(desk, '"newspaper"', '"newspapr"')
    listed = desk.config / "list.opml"
    listed.write_text('<opml><body><outline text="New" xmlUrl="https://new.example/feed"/></body></opml>')
    ran = said(desk, "import", str(listed), "--country", "ML", "--language", "fr")
    assert ran.code == 1
    assert "nothing was added: correct these first" in ran.err
    assert not list(desk.config.rglob("new*"))


def test_a_secret_that_is_not_set_stops_its_source_alone(desk: Desk) -> None:
    file = desk.config / TWO
    url = f"{desk.press.url}/two.example/feed?token=${{NO_SUCH_TOKEN}}"
    file.write_text(file.read_text() + f'[[source]]\nurl = "{url}"\nkey = "secret"\n')
    fetched = said(desk, "fetch", "--json")
    assert fetched.code == 1
    outcomes = {poll["source_name"]: poll["outcome"] for poll in json.loads(fetched.out)}
    assert outcomes.pop("two/secret") == "failed"
    assert outcomes == {"one/one-example-feed": "ok", "two/two-example-feed": "ok"}
    assert "the variable NO_SUCH_TOKEN is not set" in fetched.out
