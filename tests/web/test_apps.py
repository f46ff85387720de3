"""Apps for reading feeds: what the Google Reader API and that of Miniflux give to whom, and what is marked by them."""

from __future__ import annotations

import hashlib
import html
import os
import pty
import re
import select
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.routing import Route

from aggregator.desk import acts
from aggregator.desk.outgoing import outlet, releases
from aggregator.desk.purging import purge
from aggregator.model import Cause, Channel, Client, Selection
from aggregator.model.apps import AppListing, AppReader
from aggregator.model.release import Release
from aggregator.output import beside
from aggregator.pipeline.opening import load_config, open_existing, open_wire, read_store
from aggregator.store import Store
from aggregator.tags.mediatopics import topic_label
from aggregator.tags.tagging import tag_all
from aggregator.tags.vocabulary import first_levels
from aggregator.text.dates import from_iso, to_iso
from aggregator.text.query import parse
from aggregator.web import make_app
from tests import ROOT
from tests.conftest import SOAK
from tests.make_database import CONFIG
from tests.waiting import until
from tests.web.serving import Served, served

NEWSBOAT = shutil.which("newsboat")
BECAUSE = Cause(actor="person:ama", reason="a mistake")
GREADER = "/api/greader.php"
ITEM = "tag:google.com,2005:reader/item/"
READ, STARRED, ALL = (f"user/-/state/com.google/{name}" for name in ("read", "starred", "reading-list"))
SEARCHED = "Mbalawe"  # by the saved search `river`
MANY = 1_000_000  # requests a minute
TOPICS = set(map(topic_label, first_levels()))


@dataclass
class Wire(Served):
    """The wire that all tests share, and what asks it."""

    client: httpx.Client


def token_of(name: str) -> str:
    return f"{name}-0123456789-0123456789-0123456789"


def hash_of(name: str) -> str:
    return hashlib.sha256(token_of(name).encode()).hexdigest()


def add_token(wire: Wire, name: str, *channels: Channel, rate: int = MANY) -> App:
    with open_existing(wire.paths) as store:
        assert store.add_token(hash_of(name), Client(name=name, channels=channels or ("api",), rate=rate), wire.now[0])
    return App(wire, name)


class App:
    """An app that has logged in by a token, and speaks both protocols."""

    def __init__(self, wire: Wire, name: str) -> None:
        self.wire, self.name = wire, name
        self.token = token_of(name)
        self.client = wire.client
        self.google = {"Authorization": f"GoogleLogin auth={name}/{self.token}"}
        self.miniflux = {"X-Auth-Token": self.token}

    def get(self, path: str, **query: object) -> Any:
        """Of the API of Miniflux."""
        answer = self.client.get(f"/v1/{path}", params={**query}, headers=self.miniflux)  # type: ignore[dict-item]
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, said: object = None) -> int:
        return self.client.put(f"/v1/{path}", json=said, headers=self.miniflux).status_code

    def entry(self, number: int) -> Any:
        return self.get(f"entries/{number}")

    def ask(self, path: str, *pairs: tuple[str, object]) -> Any:
        """Of the Google Reader API."""
        answer = self.client.get(f"{GREADER}/reader/api/0/{path}?{urlencode(pairs)}", headers=self.google)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, *pairs: tuple[str, object], token: str | None = None) -> httpx.Response:
        said = urlencode([*pairs, *([("T", token)] if token is not None else [])])
        headers = {**self.google, "Content-Type": "application/x-www-form-urlencoded"}
        return self.client.post(f"{GREADER}/reader/api/0/{path}", content=said, headers=headers)

    def ids(self, stream: str = ALL, *pairs: tuple[str, object], a_page: int = 1_000) -> list[int]:
        """All items of a stream, page by page."""
        found: list[int] = []
        more: list[tuple[str, object]] = []
        while True:
            page = self.ask("stream/items/ids", ("s", stream), ("n", a_page), *pairs, *more)
            found += [int(each["id"]) for each in page["itemRefs"]]
            if "continuation" not in page:
                return found
            more = [("c", page["continuation"])]

    def unread(self) -> dict[str, int]:
        return {each["id"]: each["count"] for each in self.ask("unread-count", ("output", "json"))["unreadcounts"]}


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    folder = tmp_path_factory.mktemp("served")
    config = shutil.copytree(CONFIG, folder / "config")
    (config / "searches").mkdir(exist_ok=True)
    (config / "searches" / "river.toml").write_text(f'words = "{SEARCHED}"\n')
    with served(folder, config) as found:
        with open_wire(found.paths, load_config(found.paths), found.now[0]) as store:
            while store.index():
                pass
            while store.match_backwards():
                pass
            publishers = {each.key: each for each in load_config(found.paths).publishers}
            while waiting := store.to_tag(1_000):
                tags = tag_all([(each.words, publishers[each.publisher].tags, each.languages) for each in waiting])
                store.save_tags(list(zip(waiting, tags, strict=True)), found.now[0])
        with httpx.Client(base_url=found.address, timeout=30, verify=False) as client:
            yield Wire(**vars(found), client=client)


@contextmanager
def reading(wire: Wire) -> Iterator[Store]:
    with read_store(wire.paths, wire.now[0]) as store:
        yield store


def released(wire: Wire, channel: Channel) -> dict[str, Release]:
    """What the gate lets out by a channel, by id."""
    with reading(wire) as store:
        ids = store.first_seen(None, None, None)
        out = list(releases(store, load_config(wire.paths).wire, ids, outlet(store, channel, wire.now[0])))
    return {each.id: each for each in out if isinstance(each, Release)}


def number_of(wire: Wire, report: str) -> int:
    with closing(sqlite3.connect(wire.paths.database())) as connection:
        return int(connection.execute("SELECT article_id FROM articles WHERE id = ?", (report,)).fetchone()[0])


def states(wire: Wire, name: str) -> list[tuple[int, int | None, int]]:
    with closing(sqlite3.connect(wire.paths.database())) as connection:
        return connection.execute(
            "SELECT article_id, is_read, is_starred FROM app_states JOIN app_readers USING (reader_id)"
            " WHERE token_hash = ? ORDER BY article_id", (hash_of(name),),
        ).fetchall()  # fmt: skip


# What an app gets


@pytest.mark.parametrize("channel", ["api", "web"])
def test_an_app_gets_what_the_gate_lets_out_by_its_channel_with_all_that_stands_beside_it(
    wire: Wire, channel: Channel
) -> None:
    app = add_token(wire, f"gate-{channel}", channel)
    out = released(wire, channel)
    assert len(out) > 20
    entries = app.get("entries", limit=1000)["entries"]
    usable = {each["hash"]: each for each in entries if each["hash"] in out}
    assert usable.keys() == out.keys()
    items = app.ask(f"stream/contents/{ALL}", ("n", 200))["items"]
    by_number = {each["id"]: each for each in items}
    for key, release in out.items():
        entry = usable[key]
        assert entry["title"] == beside.headline(release)
        assert entry["content"] == beside.as_html(release)
        item = by_number[f"{ITEM}{entry['id']:016x}"]
        assert (item["title"], item["summary"]["content"]) == (entry["title"], entry["content"])
        assert item["origin"]["title"] == beside.publisher(release) == entry["feed"]["title"]
    # Notices of what is out of the wire, and nothing of reports whose rights do not name the channel.
    with reading(wire) as store:
        for entry in entries:
            if entry["hash"] not in out:
                notice = store.notice(entry["hash"])
                assert notice is not None
                assert channel in notice["channels"]
                assert notice["text"] in html.unescape(entry["content"])
    assert len(entries) == len(items)


def test_feeds_are_publishers_and_folders_are_countries(wire: Wire) -> None:
    app = add_token(wire, "folders")
    feeds, folders = app.get("feeds"), app.get("categories")
    subscriptions = app.ask("subscription/list", ("output", "json"))["subscriptions"]
    assert [each["id"] for each in subscriptions] == [f"feed/{each['id']}" for each in feeds]
    assert [each["categories"][0]["label"] for each in subscriptions] == [each["category"]["title"] for each in feeds]
    subjects = {"river"} | TOPICS & {each["title"] for each in folders}
    assert {each["category"]["title"] for each in feeds} == {each["title"] for each in folders} - subjects
    assert "Ghana" in {each["title"] for each in folders}
    labels = {each["id"] for each in app.ask("tag/list", ("output", "json"))["tags"]} - {STARRED}
    assert labels == {f"user/-/label/{each['title']}" for each in folders}
    entries = app.get("entries", limit=1000)["entries"]
    assert {each["feed"]["id"] for each in entries} == {each["feed_id"] for each in entries}
    for feed in feeds[:3]:
        of_feed = {each["id"] for each in entries if each["feed_id"] == feed["id"]}
        assert {each["id"] for each in app.get(f"feeds/{feed['id']}/entries")["entries"]} == of_feed
        assert set(app.ids(f"feed/{feed['id']}")) == of_feed
    for folder in [each for each in folders if each["title"] not in subjects][:3]:
        inside = [each for each in feeds if each["category"] == folder]
        of_folder = {each["id"] for each in entries if each["feed_id"] in {feed["id"] for feed in inside}}
        listed = app.get(f"categories/{folder['id']}/entries", limit=1000)
        assert {each["id"] for each in listed["entries"]} == of_folder
        assert set(app.ids(f"user/-/label/{folder['title']}")) == of_folder
        of_it = app.get(f"categories/{folder['id']}/feeds")
        assert [each["id"] for each in of_it] == [each["id"] for each in inside]
    ghana = next(each for each in folders if each["title"] == "Ghana")
    without = app.ids(ALL, ("xt", f"feed/{feeds[0]['id']}"), ("xt", "user/-/label/Ghana"))
    left_out = {feeds[0]["id"], *(each["id"] for each in feeds if each["category"] == ghana)}
    assert set(without) == {each["id"] for each in entries if each["feed_id"] not in left_out}


def test_a_saved_search_is_a_folder_in_which_what_is_taken_back_stays(wire: Wire) -> None:
    app = add_token(wire, "searches")
    with reading(wire) as store:
        found = {report.id for report in store.search(parse(SEARCHED, wire.now[0]), Selection())}
    (folder,) = [each for each in app.get("categories", counts="true") if each["title"] == "river"]
    path, label = f"categories/{folder['id']}", "user/-/label/river"
    entries = app.get(f"{path}/entries", limit=1000)["entries"]
    assert len(found) > 5
    assert {each["hash"] for each in entries if "No longer" not in each["title"]} == found
    assert app.get(f"{path}/feeds") == []
    ids = app.ids(label)
    assert ids == sorted((each["id"] for each in entries), reverse=True)
    assert folder["total_unread"] == app.unread()[label] == len(ids)
    assert {"id": label, "type": "tag"} in app.ask("tag/list", ("output", "json"))["tags"]
    assert (
        app.get("entries", category_id=folder["id"], limit=3, order="id", direction="desc")["entries"][0]["id"]
        == ids[0]
    )
    assert app.put("entries", {"entry_ids": ids[:1], "status": "read"}) == 204
    assert app.ids(label, ("xt", READ)) == ids[1:]
    report = app.entry(ids[1])["hash"]
    with open_existing(wire.paths) as store:
        acts.withhold(store, report, BECAUSE, wire.now[0])
    assert app.ids(label) == ids
    assert app.post("mark-all-as-read", ("s", label)).text == "OK"
    assert app.ids(label, ("xt", READ)) == []
    assert set(app.ids(ALL, ("xt", READ))) == set(app.ids()) - set(ids)
    assert app.put(f"{path}/mark-all-as-read") == 204
    with open_existing(wire.paths) as store:
        acts.restore(store, report, BECAUSE, wire.now[0])


def test_a_topic_is_a_folder_of_the_reports_about_it(wire: Wire) -> None:
    app = add_token(wire, "topics")
    with reading(wire) as store:
        about = {
            topic_label(code): {each.id for each in store.latest(Selection(topics=(code,)))} for code in first_levels()
        }
    folders = {each["title"]: each for each in app.get("categories", counts="true") if each["title"] in TOPICS}
    assert len(folders) > 2
    assert folders.keys() == {title for title, found in about.items() if found}
    unread, tags = app.unread(), app.ask("tag/list", ("output", "json"))["tags"]
    for title, folder in folders.items():
        label = f"user/-/label/{title}"
        entries = app.get(f"categories/{folder['id']}/entries", limit=1000)["entries"]
        assert {each["hash"] for each in entries if "No longer" not in each["title"]} == about[title] & set(
            released(wire, "api")
        )
        assert app.get(f"categories/{folder['id']}/feeds") == []
        ids = app.ids(label)
        assert ids == sorted((each["id"] for each in entries), reverse=True)
        assert folder["total_unread"] == unread.get(label, 0) == len(ids)
        assert {"id": label, "type": "tag"} in tags
    title, folder = max(folders.items(), key=lambda each: each[1]["total_unread"])
    ids = app.ids(f"user/-/label/{title}")
    assert app.post("mark-all-as-read", ("s", f"user/-/label/{title}")).text == "OK"
    assert set(app.ids(ALL, ("xt", READ))) == set(app.ids()) - set(ids)
    assert app.get("entries", category_id=folder["id"], status="unread")["entries"] == []


def test_each_entry_comes_once_on_all_pages_in_every_order(wire: Wire) -> None:
    app = add_token(wire, "pages")
    ids = app.ids()
    assert app.ids(a_page=25) == ids == sorted(set(ids), reverse=True)
    assert app.ids(ALL, ("r", "o"), a_page=25) == sorted(ids)
    for order in ("id", "created_at", "published_at"):
        for direction in ("asc", "desc"):
            found: list[int] = []
            for offset in range(0, len(ids) + 30, 30):
                page = app.get("entries", order=order, direction=direction, limit=30, offset=offset)
                found += [each["id"] for each in page["entries"]]
                assert page["total"] == len(ids) or not page["entries"]
            assert sorted(found) == sorted(ids), (order, direction)
            if order != "published_at":
                assert found == sorted(ids, reverse=direction == "desc")
    by_number: list[int] = []
    while page := app.get("entries", order="id", after_entry_id=max(by_number, default=0), limit=30)["entries"]:
        by_number += [each["id"] for each in page]
    assert by_number == sorted(ids)


def published(app: App) -> dict[int, str]:
    return {each["id"]: each["published_at"] for each in app.get("entries", limit=1000)["entries"]}


def test_both_forms_of_an_id_name_one_item(wire: Wire) -> None:
    app = add_token(wire, "ids")
    first, second = app.ids()[:2]
    said = [("i", first), ("i", f"{ITEM}{second:016x}"), ("i", f"{first:016x}"), ("i", 2**62), ("i", -5)]
    items = app.post("stream/items/contents", *said).json()["items"]
    assert [each["id"] for each in items] == [f"{ITEM}{first:016x}", f"{ITEM}{second:016x}"]
    for wrong in ("", "x", f"{ITEM}xyz", f"{ITEM}12", "1.5", "９"):
        assert app.post("stream/items/contents", ("i", wrong)).status_code == 400
    for number in (0, 10**9, 10**18):
        assert app.client.get(f"/v1/entries/{number}", headers=app.miniflux).status_code == 404


def test_times_narrow_a_listing(wire: Wire) -> None:
    app = add_token(wire, "times")
    times = sorted(published(app).values())
    middle = int(from_iso(times[len(times) // 2]).timestamp())
    before = app.get("entries", published_before=middle, limit=1000)["entries"]
    after = app.get("entries", after=middle, limit=1000)["entries"]
    assert before
    assert after
    assert {each["id"] for each in (*before, *after)} == set(app.ids())
    assert all(
        from_iso(each["published_at"]).timestamp() >= middle for each in after if "No longer" not in each["title"]
    )
    ahead = int((wire.now[0] + timedelta(days=1)).timestamp())
    assert app.ids(ALL, ("ot", ahead)) == []
    assert app.ids(ALL, ("nt", 1_000_000_000)) == []
    assert app.ids(ALL, ("ot", 0)) == app.ids(ALL, ("nt", ahead)) == app.ids()


# What is marked


def test_marks_are_kept_by_token_and_may_be_repeated(wire: Wire) -> None:
    app, other = add_token(wire, "marks"), add_token(wire, "other-marks")
    first, second, third = app.ids()[:3]
    before = app.unread()
    token = app.client.get(f"{GREADER}/reader/api/0/token", headers=app.google).text
    for _ in range(2):
        done = app.post("edit-tag", ("i", first), ("i", f"{ITEM}{second:016x}"), ("a", READ), token=token)
        assert (done.status_code, done.text) == (200, "OK")
        assert app.ids(ALL, ("it", READ)) == [first, second]
        assert app.post("edit-tag", ("i", third), ("a", STARRED), token=token).text == "OK"
        assert app.ids(STARRED) == [third]
    assert app.unread()[ALL] == before[ALL] - 2 == len(app.ids(ALL, ("xt", READ)))
    assert app.entry(first)["status"] == "read"
    assert app.entry(third)["starred"] is True
    assert {READ, STARRED}.isdisjoint(app.ask("stream/items/contents", ("i", app.ids()[5]))["items"][0]["categories"])
    assert {STARRED} < set(app.ask("stream/items/contents", ("i", third))["items"][0]["categories"])
    for _ in range(2):
        assert app.put("entries", {"entry_ids": [first, second, 10**9], "status": "unread"}) == 204
        assert app.post("edit-tag", ("i", third), ("r", STARRED)).text == "OK"
    assert app.ids(ALL, ("it", READ)) == app.ids(STARRED) == []
    assert app.unread() == before
    for expected in (True, False):
        assert app.put(f"entries/{first}/bookmark") == 204
        assert app.entry(first)["starred"] is expected
        assert [each["id"] for each in app.get("entries", starred="true")["entries"]] == [first] * expected
    assert other.unread() == before
    assert states(wire, "other-marks") == []


def test_everything_is_marked_by_feed_folder_and_time(wire: Wire) -> None:
    app = add_token(wire, "all")
    feeds = {each["id"]: each for each in app.get("feeds")}
    counters = app.get("feeds/counters")
    assert sum(counters["unreads"].values()) == app.unread()[ALL] == len(app.ids())
    feed, other = [int(number) for number, count in sorted(counters["unreads"].items()) if count > 1][:2]
    kept = app.ids(f"feed/{other}")[0]
    assert app.put(f"feeds/{feed}/mark-all-as-read") == 204
    assert f"feed/{feed}" not in app.unread()
    assert app.get(f"feeds/{feed}/entries", status="unread")["total"] == 0
    assert app.get(f"feeds/{feed}/entries", status="read")["total"] == counters["unreads"][str(feed)]
    # What is marked unread by itself stays so.
    again = app.ids(f"feed/{feed}")[-1]
    assert app.post("edit-tag", ("i", again), ("r", READ)).text == "OK"
    assert app.unread()[f"feed/{feed}"] == 1
    assert app.ids(f"feed/{feed}", ("xt", READ)) == [again]
    folder = feeds[other]["category"]
    assert app.post("mark-all-as-read", ("s", f"feed/{other}"), ("ts", 1)).text == "OK"  # older than all
    assert app.unread()[f"feed/{other}"] == counters["unreads"][str(other)]
    assert app.post("mark-all-as-read", ("s", f"user/-/label/{folder['title']}")).text == "OK"
    assert f"feed/{other}" not in app.unread()
    assert app.post("edit-tag", ("i", kept), ("a", STARRED)).text == "OK"
    assert app.post("mark-all-as-read", ("s", ALL)).text == "OK"
    assert app.unread() == {}
    assert app.get("entries", status="unread")["total"] == 0
    assert app.ids(STARRED) == [kept]
    assert [(number, starred) for number, _, starred in states(wire, "all")] == [(kept, 1)]
    assert app.put("users/2/mark-all-as-read") == 403
    assert app.put("users/1/mark-all-as-read") == 204


def usable(app: App, *, but: Sequence[int] = ()) -> Any:
    """An entry in full text that is in the wire."""
    found = app.get("entries", limit=1000)["entries"]
    return next(
        each for each in found
        if each["id"] not in but and "No longer" not in each["title"] and "<p>" in each["content"]
        and len(each["content"]) > 2_000
    )  # fmt: skip


def test_what_is_taken_back_turns_into_its_notice_under_the_same_id_and_is_unread_again(wire: Wire) -> None:
    app = add_token(wire, "taken-back")
    entry = usable(app)
    number, report = entry["id"], entry["hash"]
    words = released(wire, "api")[report].text.splitlines()
    assert app.put("entries", {"entry_ids": [number], "status": "read"}) == 204
    wire.now[0] += timedelta(minutes=1)  # with the wire the demo's files of today came into force
    since = int(wire.now[0].timestamp())
    assert number not in app.ids(ALL, ("ot", since))
    act: Callable[..., object]
    for act in (acts.withhold, acts.restore, acts.withdraw):
        wire.now[0] += timedelta(minutes=1)
        with open_existing(wire.paths) as store:
            act(store, report, BECAUSE, wire.now[0])
        found = app.entry(number)
        items = app.ask("stream/items/contents", ("i", number))["items"]
        assert [each["title"] for each in items] == [found["title"]]
        if act is acts.restore:
            assert (found["title"], found["content"]) == (entry["title"], entry["content"])
            continue
        assert found["title"] != entry["title"]
        assert entry["title"] not in str(found)
        assert entry["title"] not in str(items)
        assert not [line for line in words if len(line) > 20 and line in found["content"]]
        assert found["hash"] == report
        assert found["feed_id"] == entry["feed_id"]
        assert found["status"] == "unread"
        assert number in app.ids(ALL, ("ot", since))
        assert number in {each["id"] for each in app.get("entries", changed_after=since, limit=1000)["entries"]}


def test_a_purge_takes_the_state_with_it_and_leaves_the_notice(wire: Wire) -> None:
    app = add_token(wire, "purge")
    entry = usable(app)
    number = entry["id"]
    assert app.put("entries", {"entry_ids": [number], "status": "read"}) == 204
    assert app.put(f"entries/{number}/star") == 204
    with open_existing(wire.paths) as store:
        purge(store, [entry["hash"]], BECAUSE, wire.now[0])
    assert states(wire, "purge") == []
    found = app.entry(number)
    assert (found["hash"], found["starred"], found["status"]) == (entry["hash"], False, "unread")
    assert "We removed this report from the wire" in found["content"]
    assert entry["title"] not in str(found)
    assert number not in app.ids(STARRED)
    assert number in app.ids()


def test_a_corrected_report_is_unread_again(wire: Wire) -> None:
    app = add_token(wire, "corrected")
    entry, kept = usable(app), usable(app, but=[usable(app)["id"]])
    assert app.put("entries", {"entry_ids": [entry["id"], kept["id"]], "status": "read"}) == 204
    with closing(sqlite3.connect(wire.paths.database())) as connection, connection:
        for number, kind in ((entry["id"], "corrected"), (kept["id"], "revised")):
            connection.execute(
                "INSERT INTO changes (seq, article_id, revision, change_kind, at, hash)"
                " SELECT max(seq) + 1, ?, 1, ?, ?, x'00' FROM changes", (number, kind, to_iso(wire.now[0])),
            )  # fmt: skip
    assert app.entry(entry["id"])["status"] == "unread"
    assert app.entry(kept["id"])["status"] == "read"
    with closing(sqlite3.connect(wire.paths.database())) as connection, connection:
        connection.execute("DELETE FROM changes WHERE hash = x'00'")


def test_a_report_that_rights_close_turns_into_a_notice_for_those_who_had_it(wire: Wire) -> None:
    app, never = add_token(wire, "narrowed"), add_token(wire, "never", "email")
    entry = usable(app)
    with reading(wire) as store:
        publisher = store.to_release([entry["hash"]])[0].publisher
    known = set(never.ids())
    (file,) = (wire.paths.config_folder() / "publishers").rglob(f"{publisher}.toml")
    others = set(app.ids(f"feed/{entry['feed_id']}"))

    def stored() -> None:
        wire.now[0] += timedelta(seconds=1)
        with open_wire(wire.paths, load_config(wire.paths), wire.now[0]):
            pass

    rules = wire.paths.config_folder() / "rights.toml"
    rights = rules.read_text()
    profile = re.search(r'^rights_profile = "(.*)"$', file.read_text(), re.M)
    assert profile is not None
    section = re.search(rf"^\[{re.escape(profile[1])}\]\n(?:(?!\[).*\n)*", rights, re.M)
    assert section is not None
    without = re.sub(r"^redistribute = .*\n", "", section[0], flags=re.M)
    try:
        rules.write_text(rights.replace(section[0], without.replace("]\n", ']\nredistribute = ["web"]\n', 1)))
        stored()
        found = app.entry(entry["id"])
        assert "do not let this report be read here any more" in found["content"]
        assert entry["title"] not in str(found)
        assert others == set(app.ids(f"feed/{entry['feed_id']}"))
        assert set(never.ids()) <= known
    finally:
        rules.write_text(rights)
        stored()
    assert app.entry(entry["id"])["content"] == entry["content"]


# Who may ask, and what is refused


def test_a_token_that_is_revoked_lets_nobody_in_and_its_state_is_deleted(wire: Wire) -> None:
    app = add_token(wire, "revoked")
    assert app.put("entries", {"entry_ids": app.ids()[:3], "status": "read"}) == 204
    assert app.put("users/1/mark-all-as-read") == 204
    assert app.put(f"entries/{app.ids()[0]}/star") == 204
    with open_existing(wire.paths) as store:
        assert store.revoke_token("revoked", wire.now[0])
        gone = AppReader(token_hash=hash_of("revoked"), channel="api")
        assert store.app_entries(gone, AppListing(is_starred=True)) == ([], 0)
        store.app_mark(gone.token_hash, [1], is_read=True, is_starred=None)  # of a request that was under way
    assert states(wire, "revoked") == []
    assert app.client.get("/v1/me", headers=app.miniflux).status_code == 401
    assert app.post("edit-tag", ("i", 1), ("a", READ)).status_code == 401


def test_an_app_logs_in_with_the_name_of_a_token_and_the_token(wire: Wire) -> None:
    app = add_token(wire, "login")
    login = f"{GREADER}/accounts/ClientLogin"
    said = app.client.post(login, data={"Email": "login", "Passwd": app.token, "service": "reader"})
    auth = dict(line.split("=", 1) for line in said.text.splitlines())["Auth"]
    assert (
        app.client.get(
            f"{GREADER}/reader/api/0/user-info", headers={"Authorization": f"GoogleLogin auth={auth}"}
        ).json()["userName"]
        == "login"
    )
    wrong = [{"Email": "login", "Passwd": "x"}, {"Email": "other", "Passwd": app.token}, {"Email": "login"}, {},
             {"Email": "login", "Passwd": hash_of("login")}, {"Email": "login", "Passwd": "x" * 5_000}]  # fmt: skip
    for each in wrong:
        refused = app.client.post(login, data=each)
        assert (refused.status_code, "Auth=" in refused.text) == (401, False)
    assert app.client.get("/v1/me", auth=("login", app.token)).json()["username"] == "login"
    for headers in ({}, {"Authorization": "GoogleLogin auth=login"}, {"Authorization": "Bearer " + app.token},
                    {"Authorization": f"GoogleLogin auth=other/{app.token}"},
                    {"Authorization": "GoogleLogin auth=a/é"},
                    {"Authorization": "Basic !!!"}, {"Authorization": "Basic bG9naW4="},
                    {"X-Auth-Token": "x"}):  # fmt: skip
        coded = {name: value.encode() for name, value in headers.items()}
        assert app.client.get(f"{GREADER}/reader/api/0/user-info", headers=coded).status_code == 401
        refused = app.client.get("/v1/me", headers=coded)
        assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
    assert app.client.get("/v1/me", auth=("other", app.token)).status_code == 401


def test_a_token_may_ask_as_often_as_it_may(wire: Wire) -> None:
    app = add_token(wire, "slow", rate=2)
    for expected in (200, 200, 429):
        answer = app.client.get("/v1/me", headers=app.miniflux)
        assert answer.status_code == expected
    assert 0 < int(answer.headers["retry-after"]) <= 60


HOSTILE = {
    "stream/items/ids": [
        "", "s=", "s=feed", "s=user/-/label/", "s=feed/1&s=feed/2", f"s={ALL}&n=0", f"s={ALL}&n=-1", f"s={ALL}&n=x",
        f"s={ALL}&c=x", f"s={ALL}&c=-1", f"s={ALL}&c={'9' * 30}", f"s={ALL}&ot=x", f"s={ALL}&nt=-1",
        f"s={ALL}&ot={2**63}",
        f"s={ALL}&xt=nonsense", f"s={ALL}&it=%00", f"s={ALL}&n=%EF%BC%91",
    ],
    "stream/items/contents": ["", "i=", "i=%FF", "i='; DROP TABLE articles"],
}  # fmt: skip
REFUSED_ENTRIES = [
    "limit=-1", "limit=1001", "limit=x", "offset=-1", "offset=100001&limit=100", "order=title", "order=id;",
    "direction=up", "status=open", "starred=maybe", "before=x", "after_entry_id=-3", "search=x", "limit=%C2%B2",
    "before_entry_id=99999999999999999999",
]  # fmt: skip


def test_what_cannot_be_understood_is_refused_and_changes_nothing(wire: Wire) -> None:
    app = add_token(wire, "hostile")
    for path, queries in HOSTILE.items():
        for query in queries:
            answer = app.client.get(f"{GREADER}/reader/api/0/{path}?{query}", headers=app.google)
            assert answer.status_code == 400, (query, answer.status_code)
    for query in REFUSED_ENTRIES:
        answer = app.client.get(f"/v1/entries?{query}", headers=app.miniflux)
        assert (answer.status_code, "error_message" in answer.json()) == (400, True), query
    bodies: list[object] = [
        None, [], {}, {"entry_ids": []}, {"entry_ids": ["1"], "status": "read"},
        {"entry_ids": [True], "status": "read"},
        {"entry_ids": [1]}, {"entry_ids": [1], "status": "removed"}, {"entry_ids": [-1], "status": "read"},
    ]  # fmt: skip
    assert [app.put("entries", body) for body in bodies] == [400] * len(bodies)
    nested = app.client.put("/v1/entries", content="[" * 60_000, headers=app.miniflux)
    assert nested.status_code == 400
    huge = {"entry_ids": [2**80, 10**9], "status": "read"}
    assert app.put("entries", huge) == 204
    assert app.client.put("/v1/entries", content="1" * 70_000, headers=app.miniflux).status_code == 413
    for said in ([("a", READ)], [("i", 1)], [("i", 1), ("a", "user/-/label/mine")], [("i", 1), ("a", f"{ALL}x")]):
        assert app.post("edit-tag", *said).status_code == 400
    bad = app.post("edit-tag", ("i", 1), ("a", READ), token="another")
    assert (bad.status_code, bad.headers["x-reader-google-bad-token"]) == (401, "true")
    assert app.client.get(f"{GREADER}/reader/api/0/edit-tag?i=1&a={READ}", headers=app.google).status_code == 405
    assert app.post("subscription/edit", ("ac", "subscribe"), ("s", "feed/http://x.example")).status_code == 403
    for path in ("stream/contents/feed/99999", "stream/contents/user/-/label/Atlantis", "nothing", "../../v1/me"):
        assert app.client.get(f"{GREADER}/reader/api/0/{path}", headers=app.google).status_code == 404, path
    for path in ("feeds/99999", "feeds/99999/entries", "categories/99999/entries", "icons/1", "feeds/1/icon", "x"):
        assert app.client.get(f"/v1/{path}", headers=app.miniflux).status_code == 404, path
    assert app.put("entries/99999/bookmark") == app.put("feeds/99999/mark-all-as-read") == 404
    assert states(wire, "hostile") == []


# The page


def test_the_page_names_all_addresses_and_each_answers(wire: Wire) -> None:
    app = add_token(wire, "page")
    named = re.findall(r"^\| `(GET|PUT) (/v1/\S+)` \|", PAGE, re.M)
    routes = [each for each in make_app(wire.paths, lambda: wire.now[0]).routes if isinstance(each, Route)]
    served = {
        (method, each.path.replace(":int", ""))
        for each in routes
        for method in (each.methods or ())
        if each.path.startswith("/v1/") and method in ("GET", "PUT") and "{rest" not in each.path
    }
    assert sorted(named) == sorted(served)
    entry = app.get("entries", limit=1)["entries"][0]
    numbers = {"feeds": entry["feed_id"], "categories": entry["feed"]["category"]["id"], "entries": entry["id"],
               "users": 1, "icons": 1}  # fmt: skip
    for method, path in named:
        kind = path.split("/")[2]
        address = path.replace("{number}", str(numbers.get(kind)))
        body = {"entry_ids": [entry["id"]], "status": "read"} if path == "/v1/entries" and method == "PUT" else None
        answer = app.client.request(method, address, json=body, headers=app.miniflux)
        assert answer.status_code == (404 if "icon" in path else 204 if method == "PUT" else 200), path
        assert app.client.request(method, address, json=body).status_code == 401
    for path in re.findall(r"^\| `(/(?:reader|accounts)/\S+)` \|", PAGE, re.M):
        query = {"s": ALL, "i": entry["id"], "a": READ, "Email": app.name, "Passwd": app.token}
        if path.endswith("mark-all-as-read"):
            del query["i"]
        answer = app.client.post(f"{GREADER}{path}", data=query, headers=app.google)
        assert answer.status_code == 200, path
        assert app.client.post(f"{GREADER}{path}", data={"s": ALL}).status_code == 401


# newsboat


def run_newsboat(folder: Path, *steps: tuple[Callable[[bytes], object], bytes]) -> None:
    """Lets it fetch everything; or on a terminal: what must be true of what it shows, and then the key that it gets."""
    files = ("--url-file", "urls", "--cache-file", "cache.db", "--config-file", "config")
    environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    command = [str(NEWSBOAT), *files, *(() if steps else ("-x", "reload"))]
    if not steps:
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, timeout=60)
        return
    terminal, its = pty.openpty()
    shown = bytearray()

    def read() -> bytes:
        while select.select([terminal], [], [], 0)[0]:
            shown.extend(os.read(terminal, 65_536))
        return bytes(shown)

    with subprocess.Popen(command, cwd=folder, env=environment, stdin=its, stdout=its, stderr=its) as program:
        try:
            for has_come, key in steps:
                until(lambda: has_come(read()))  # noqa: B023  (called at once)
                shown.clear()
                os.write(terminal, key)
            until(lambda: (read(), program.poll())[1] is not None)
        finally:
            program.kill()
            os.close(its)
            os.close(terminal)


def shows(text: bytes) -> Callable[[bytes], object]:
    return lambda shown: text in shown


PAGE = (ROOT / "docs" / "apps.md").read_text()
# Whose settings stand in docs/apps.md, and where stars are kept.
SOURCES = {"miniflux": False, "feedhq": True}


@pytest.mark.skipif(NEWSBOAT is None, reason="newsboat is not installed: apt-get install newsboat")
@pytest.mark.soak
@pytest.mark.parametrize("source", SOURCES if SOAK else ["feedhq"])
def test_newsboat_with_the_settings_of_the_page_syncs_marks_and_stars(wire: Wire, tmp_path: Path, source: str) -> None:
    has_stars = SOURCES[source]
    app = add_token(wire, f"newsboat-{source}")
    (settings,) = re.findall(rf'```\n(urls-source "{source}"\n.*?)```', PAGE, re.DOTALL)
    for old, new in (("https://wire.example", wire.address), ("ama-phone", app.name), ("TOKEN", app.token)):
        assert old in settings
        settings = settings.replace(old, new)
    (tmp_path / "config").write_text(settings)
    (tmp_path / "urls").touch()

    def held() -> dict[int, tuple[Any, ...]]:
        with closing(sqlite3.connect(tmp_path / "cache.db")) as connection:
            rows = connection.execute("SELECT guid, title, content, unread FROM rss_item").fetchall()
        return {int(guid.removeprefix(ITEM), 16 if guid.startswith(ITEM) else 10): row for guid, *row in rows}

    run_newsboat(tmp_path)
    entries = app.get("entries", limit=1000)["entries"]
    assert {each["id"]: each["title"] for each in entries} == {number: row[0] for number, row in held().items()}
    for each in entries:
        assert beside_in(each["content"], held()[each["id"]][1])
    # What is read elsewhere is read in it; what is taken back turns into its notice.
    first = app.ids(f"feed/{min(app.get('feeds'), key=lambda feed: feed['title'])['id']}")
    read = usable(app, but=first)
    gone = usable(app, but=[*first, read["id"]])
    assert app.put("entries", {"entry_ids": [read["id"]], "status": "read"}) == 204
    with open_existing(wire.paths) as store:
        acts.withhold(store, gone["hash"], BECAUSE, wire.now[0])
    run_newsboat(tmp_path)
    assert [number for number, row in held().items() if not row[2]] == [read["id"]]
    assert held()[gone["id"]][0] != gone["title"]
    assert gone["title"] not in str(held()[gone["id"]])
    # What is opened in it is read elsewhere, and what is starred is starred.
    run_newsboat(
        tmp_path,
        (shows(b"unread, "), b"\r"),
        (shows(b"in feed"), b"\r"),
        (shows(b"Title: "), b"q"),
        (lambda shown: shown and len(app.ids(ALL, ("it", READ))) == 2, b"\x05"),
        (shows(b"Flags:"), b"s\r"),
        (lambda _: not has_stars or app.ids(STARRED), b"Q"),
    )
    assert read["id"] in (found := app.ids(ALL, ("it", READ)))
    assert len(app.ids(STARRED)) == has_stars
    assert set(app.ids(STARRED)) <= set(found) - {read["id"]}
    with open_existing(wire.paths) as store:
        acts.restore(store, gone["hash"], BECAUSE, wire.now[0])


def beside_in(content: str, held: str) -> bool:
    """Whether an app holds a text with its credit: it may write markup in another way."""
    credit = re.search(r"<strong>(.*?)</strong>", content)
    return credit is not None and html.unescape(credit[1]) in html.unescape(held)
