"""Sources, discovered feeds, subscribers and alerts at the desk: what is said of them, and what a person does there."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.recording import record as record_polls
from aggregator.text.dates import to_iso, utc_now
from tests.conftest import make_poll
from tests.databases import upgraded
from tests.hostile import run
from tests.make_database import CONFIG
from tests.web.desk_browser import AtDesk, at_desk, form, forms, page_of, text_of
from tests.web.serving import AT_REST, served

STRANGER = "http://stranger.example/feed?<script>alert(1)</script>"
FOUND = "http://nawras.example/found.xml?a=1&b='\"><img src=x onerror=alert(2)>"
HOSTILE = "the server said <script>alert(3)</script> \u202edellac"
SHOWN = HOSTILE.replace("\u202e", "")  # what turns the direction of reading is left out
HELD, FAILING, MASS, SOUGHT = "difaf/rss", "faits-a-ciel-ouvert/feed", "farol-do-mbalawe/rss", "nawras/rss-ar"
SUBSCRIBER = 'url = "https://partner.example/hook"\nsecret = "${PARTNER_SECRET}"\ncontact = "ops@partner.example"\n'
SEARCH = 'words = "Mbalawe"\ntitle = "River & <b>bridge</b>"\n[[tell]]\nemail = "desk@daily.example"\n'


def troubled(folder: Path) -> Paths:
    """A wire of invented publishers in which much is wrong, and its own copy of the configuration."""
    paths = Paths(folder / "config", folder / "wire.db")
    shutil.copytree(CONFIG, folder / "config")
    file = next((folder / "config" / "publishers").rglob("nawras.toml"))
    file.write_text(file.read_text().replace("[[source]]", '[[source]]\nkind = "discover"', 1))
    for name, text in (("subscribers/partner.toml", SUBSCRIBER), ("searches/river.toml", SEARCH)):
        (folder / "config" / name).parent.mkdir(exist_ok=True)
        (folder / "config" / name).write_text(text)
    with (folder / "config" / "wire.toml").open("a") as wire:
        wire.write('\n[mail]\nhost = "mail.daily.example"\nfrom = "wire@daily.example"\n')
    (folder / "wire.db").write_bytes(upgraded("0.8.0"))
    now = utc_now()
    open_wire(paths, load_config(paths), now + AT_REST).close()
    with closing(sqlite3.connect(folder / "wire.db")) as connection, connection:
        _go_wrong(connection, now)
    return paths


def _go_wrong(connection: sqlite3.Connection, now: datetime) -> None:
    """What a poll would record, of servers that no test can reach."""

    def number(name: str) -> int:
        found = connection.execute("SELECT source_id FROM sources WHERE publisher || '/' || source_key = ?", (name,))
        return int(found.fetchone()[0])

    at = to_iso(now)
    held = "INSERT INTO redirects (source_id, url, state, reason, at) VALUES (?, ?, 'pending', ?, ?)"
    connection.execute(held, (number(HELD), STRANGER, f"{STRANGER}, which is not known", at))
    failed = "UPDATE sources SET failures = 3, last_error = ? WHERE source_id = ?"
    connection.execute(failed, (HOSTILE, number(FAILING)))
    proposed = "UPDATE sources SET next_reason = 'discover', last_success = NULL, proposed = ?, proposed_as = ? "
    connection.execute(f"{proposed} WHERE source_id = ?", (FOUND, "rss20, 12 entries", number(SOUGHT)))
    connection.execute(
        """
        INSERT INTO pending_changes (article_id, signal, source_id, mass_kind, reason, article_key, since, received_at)
        SELECT article_id, 'tombstone', source_id, 'withdrawn', 'mass', id, ?1, ?1 FROM articles
        WHERE source_id = ?2 AND status = 'usable'
        """,
        (at, number(MASS)),
    )
    connection.execute(
        "INSERT INTO subscribers (subscriber, began_at, began_seq, seq, failing_since, attempts, error)"
        " VALUES ('partner', ?1, 0, 1, ?1, 4, ?2)",
        (at, HOSTILE),
    )
    letter = "INSERT INTO dead_letters (subscriber, seq, at, attempts, error) VALUES ('partner', 1, ?, 9, ?)"
    connection.execute(letter, (at, HOSTILE))
    connection.execute(
        "INSERT INTO alert_messages (tell_id, token, made_at, attempts, attempted_at, error, given_up_at)"
        " SELECT tell_id, 'token', ?1, 5, ?1, ?2, ?1 FROM tells",
        (at, HOSTILE),
    )


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtDesk]:
    folder = tmp_path_factory.mktemp("desk-sources")
    paths = troubled(folder)
    with served(folder, paths.config_folder()) as wire:
        yield at_desk(wire)


def health(person: AtDesk) -> dict[str, dict[str, object]]:
    paths = person.wire.paths
    ran = run("--config", str(paths.config_folder()), "--db", str(paths.database()), "health", "--json")
    return {row["source_name"]: row for row in json.loads(ran.out)}


PAGES = (
    "/desk/sources",
    "/desk/sources?state=all",
    f"/desk/source/{HELD}",
    f"/desk/source/{FAILING}",
    f"/desk/source/{SOUGHT}",
    "/desk/discovered",
    "/desk/subscribers",
    "/desk/subscribers/partner",
    "/desk/alerts",
    "/desk/add",
)


@pytest.mark.parametrize("path", PAGES)
def test_what_came_over_the_network_is_only_words(person: AtDesk, path: str) -> None:
    page = person.page(path)
    assert not page.xpath("//script | //img | //b | //*[@style] | //@onerror")
    assert len(page.xpath("//h1")) == 1
    assert not [each for each in page.xpath("//@href") if not each.startswith(("/", "#", "http", "mailto:"))]
    for field in page.xpath("//input[not(@type='hidden')] | //select"):
        assert page.xpath(f"//label[@for='{field.get('id')}']")
    refused = at_desk(person.wire, f"reader-{PAGES.index(path)}", "read").page(path)
    assert [each.action for each in forms(refused)] == ["/desk/logout"]


def test_each_problem_is_said_as_the_command_says_it_with_its_next_step(person: AtDesk) -> None:
    page = person.page("/desk/sources")
    text = text_of(page, "//main")
    rows = health(person)
    for name in (HELD, FAILING):
        assert str(rows[name]["advice"]) in text
        assert page.xpath(f"//article//a[@href='/desk/source/{name}']")
    assert SHOWN in text
    charts = page.xpath("//*[local-name()='svg']/@aria-label")
    assert len(charts) == len(page.xpath("//article"))
    assert all(label.startswith("New reports by day: ") for label in charts)
    assert f"New reports by day: {rows[MASS]['articles_7_days']} in 14 days, " in " ".join(charts)
    narrowed = person.page("/desk/sources?state=failing&words=CIEL")
    assert [each.text_content() for each in narrowed.xpath("//article//small")] == [FAILING]
    assert person.get("/desk/sources?state=none").status_code == 400
    assert person.get("/desk/sources?page=99").status_code == 404
    assert person.get("/desk/source/no/such").status_code == 404


def test_a_redirect_is_accepted_only_as_it_was_seen(person: AtDesk) -> None:
    accept = form(person.page("/desk/sources"), f"/desk/source/{HELD}/redirect/accept")
    answer = person.send(accept, url="http://another.example/feed")
    assert answer.status_code == 409
    assert health(person)[HELD]["redirect"] == "pending"
    assert STRANGER in person.done(accept)
    row = health(person)[HELD]
    assert (row["redirect"], row["redirected_to"], row["next_reason"]) == ("person", STRANGER, "accepted")
    assert person.send(accept).status_code == 409  # it waits no more


def test_a_refused_redirect_pauses_the_source_with_the_reason(person: AtDesk) -> None:
    name = "hand-pump-network/feed-atom"
    with closing(sqlite3.connect(person.wire.paths.database())) as connection, connection:
        connection.execute(
            "INSERT INTO redirects (source_id, url, state, reason, at) SELECT source_id, ?, 'pending', 'x', ?"
            " FROM sources WHERE publisher || '/' || source_key = ?",
            (STRANGER, to_iso(person.wire.now[0]), name),
        )
    refuse = form(person.page(f"/desk/source/{name}"), f"/desk/source/{name}/redirect/refuse")
    assert STRANGER in person.done(refuse)
    row = health(person)[name]
    assert (row["paused_by"], row["redirect"]) == ("person:amina", "pending")
    # Resumed from the page of the source, once somebody has written another address.
    page = person.page(f"/desk/source/{name}")
    assert f"its redirect to {STRANGER} was refused" in text_of(page, "//main")


def test_pause_and_resume(person: AtDesk) -> None:
    name = "redio-mbuyu/habari-rss"
    pause = form(person.page(f"/desk/source/{name}"), f"/desk/source/{name}/pause")
    assert person.send(pause, reason=" ").status_code == 409
    assert person.send(pause, reason="x", until="forever").status_code == 409
    assert "is paused" in person.done(pause, reason="Mhariri aliomba", until="1d")
    row = health(person)[name]
    assert (row["paused_by"], row["paused_until"] is not None) == ("person:amina", True)
    assert "Mhariri aliomba" in str(row["problem"])
    assert "due now" in person.done(form(person.page("/desk/sources"), f"/desk/source/{name}/resume"))
    assert health(person)[name]["paused_by"] is None


def test_changes_that_wait_are_accepted_or_refused(person: AtDesk) -> None:
    def waiting() -> int:
        return int(str(health(person)[MASS]["pending"]))

    page, before = person.page("/desk/sources"), waiting()
    refuse, accept = (form(page, f"/desk/source/{MASS}/changes/{act}") for act in ("refuse", "accept"))
    assert before >= 2
    assert str(before) in person.done(accept)
    assert waiting() == 0
    assert person.send(refuse).status_code == 409
    with closing(sqlite3.connect(person.wire.paths.database())) as connection:
        acts = connection.execute("SELECT count(*) FROM acts WHERE actor = 'person:amina'").fetchone()
        gone = connection.execute(
            "SELECT count(*) FROM articles WHERE publisher = 'farol-do-mbalawe' AND status = 'canceled'"
        ).fetchone()
    assert (acts[0], gone[0]) == (before, before)


def test_a_discovered_feed_is_written_down(person: AtDesk) -> None:
    page = person.page("/desk/discovered")
    assert FOUND in text_of(page, "//article")
    assert not [each for each in page.xpath("//@href") if "found.xml" in each]  # it is no sound address
    base = f"/desk/discovered/{SOUGHT}"
    sound = "http://nawras.example/found.xml"
    with closing(sqlite3.connect(person.wire.paths.database())) as connection, connection:
        connection.execute("UPDATE sources SET proposed = ? WHERE proposed IS NOT NULL", (sound,))
    for act in ("accept", "refuse"):  # another one waits now
        assert person.send(form(page, f"{base}/{act}")).status_code == 409
    assert sound in person.done(form(person.page("/desk/discovered"), f"{base}/accept"))
    file = next((person.wire.paths.config_folder() / "publishers").rglob("nawras.toml"))
    sources = tomllib.loads(file.read_text())["source"]
    assert {"url": sound, "kind": "feed"}.items() <= sources[0].items()
    open_wire(person.wire.paths, load_config(person.wire.paths), person.wire.now[0]).close()  # as the daemon does


def test_a_feed_that_is_refused_is_not_searched_again(person: AtDesk) -> None:
    name = "kumasi-nettle/atom"
    with closing(sqlite3.connect(person.wire.paths.database())) as connection, connection:
        connection.execute(
            "UPDATE sources SET source_kind = 'discover', next_reason = 'discover', proposed = ?"
            " WHERE publisher || '/' || source_key = ?",
            (FOUND, name),
        )
    refuse = form(person.page("/desk/discovered"), f"/desk/discovered/{name}/refuse")
    assert name in person.done(refuse)
    assert health(person)[name]["paused_by"] == "person:amina"
    assert name not in text_of(person.page("/desk/discovered"), "//article")


def test_subscribers_are_paused_resumed_and_sent_to_again(person: AtDesk) -> None:
    page = person.page("/desk/subscribers")
    assert "${PARTNER_SECRET}" not in page_of(person.get("/desk/subscribers")).text_content()
    text = text_of(page, "//main")
    assert SHOWN in text
    assert "It is tried again by itself" in text
    base = "/desk/subscribers/partner"
    assert "to partner again: 1." in person.done(form(page, f"{base}/replay"))
    assert "paused" in person.done(form(page, f"{base}/pause"))
    assert "where it stood" in person.done(form(person.page(base), f"{base}/resume"))
    assert person.get("/desk/subscribers/nobody").status_code == 404


def test_alerts_are_paused_and_resumed(person: AtDesk) -> None:
    page = person.page("/desk/alerts")
    text = text_of(page, "//article")
    assert "River & <b>bridge</b>" in text
    assert SHOWN in text
    assert "Messages that were given up: 1" in text
    assert "tried again" in person.done(form(page, "/desk/alerts/river/resume"))
    assert "given up" not in text_of(person.page("/desk/alerts"), "//article")
    assert "is paused" in person.done(form(page, "/desk/alerts/river/pause"))
    assert "Paused since" in text_of(person.page("/desk/alerts"), "//article")


def test_nobody_who_is_not_signed_in_sees_or_does_anything(person: AtDesk) -> None:
    nobody = AtDesk(person.wire, {"Sec-Fetch-Site": "same-origin"})
    for path in PAGES:
        answer = nobody.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/desk/login")
    token = forms(person.page("/desk/sources"))[0].fields["form_token"]
    for action in (f"/desk/source/{FAILING}/pause", "/desk/alerts/river/pause", "/desk/subscribers/partner/pause"):
        assert nobody.post(action, {"form_token": token, "reason": "x"}).status_code == 403
        assert person.post(action, {"reason": "x"}).status_code == 403
        assert person.post(action, {"reason": "x", "form_token": token}, Sec_Fetch_Site="cross-site").status_code == 403


def test_the_first_page_counts_what_needs_a_person(tmp_path: Path) -> None:
    paths = troubled(tmp_path)
    with served(tmp_path, paths.config_folder()) as wire:
        person = at_desk(wire)
        page = person.page("/desk")
        listed = len(person.page("/desk/sources").xpath("//article"))
    for path in ("/desk/sources", "/desk/discovered", "/desk/subscribers", "/desk/alerts"):
        assert page.xpath(f"//main//a[@href='{path}']")
    assert str(listed) in text_of(
        page, "//main//li[.//a[@href='/desk/sources']] | //main//tr[.//a[@href='/desk/sources']]"
    )


def test_silent_sources_and_gaps_are_listed_as_the_command_lists_them(tmp_path: Path) -> None:
    paths = troubled(tmp_path)
    config, now = load_config(paths), utc_now()
    silent, gappy = "kumasi-nettle", "kurunzi-ya-pwani"
    with open_wire(paths, config, now) as store:
        for hours, gap in ((5, None), (3, "open"), (1, None)):
            at = now - timedelta(hours=hours)
            sources = [source for each in config.publishers if each.key == gappy for source in each.sources]
            record_polls(store, [(make_poll(source, at, entries=0, gap=gap), ()) for source in sources], at)
    with closing(sqlite3.connect(paths.database())) as connection, connection:
        connection.execute(
            "UPDATE sources SET last_new = ?, silent_after = ? WHERE publisher = ?",
            (to_iso(now - timedelta(days=9)), to_iso(now - timedelta(days=2)), silent),
        )
    with served(tmp_path, paths.config_folder()) as wire:
        person = at_desk(wire)
        rows = health(person)
        for state, publisher, step in (("silent", silent, "look at http"), ("gaps", gappy, "in publishers/ke/")):
            page = person.page(f"/desk/sources?state={state}")
            names = [each.text_content() for each in page.xpath("//article//small")]
            assert sorted(names) == sorted(name for name, row in rows.items() if state in row["states"])  # type: ignore[operator]
            assert {name.partition("/")[0] for name in names} == {publisher}
            assert text_of(page, "//main").count(step) == len(names)
