"""Those who wait for changes: each hears of every change at once, in order, under the rights of that moment; nobody
costs another anything, and whoever must begin anew is told so.
"""

from __future__ import annotations

import hashlib
import json
import logging
import resource
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from aggregator.desk import acts
from aggregator.desk.outgoing import outlet, releases
from aggregator.desk.purging import chosen, purge
from aggregator.model import Cause, Client
from aggregator.model.release import Release
from aggregator.output.record import pictures, record
from aggregator.pipeline.opening import load_config, open_existing, open_wire, read_store
from aggregator.store import Store
from aggregator.text.dates import to_iso, utc_now
from aggregator.web import Pace
from aggregator.web.app import AT_ONCE
from aggregator.web.shapes import SCHEMAS
from tests import ROOT
from tests.conftest import only_soak
from tests.make_database import CONFIG
from tests.waiting import until
from tests.web.listening import Event, Listener, listening
from tests.web.serving import NO_CERTIFICATES, QUICK, Served, served

TOKEN = "desk-0123456789-0123456789-0123456789"
BECAUSE = Cause(actor="person:ama", reason="a mistake")
OUT = ("withheld", "withdrawn", "deleted")
STREAM = "/api/changes/stream"


@contextmanager
def made(
    folder: Path, pace: Pace = QUICK, *, proxies: bool = False, send_buffer: int | None = None
) -> Iterator[Served]:
    config = CONFIG
    if proxies:
        config = Path(shutil.copytree(CONFIG, folder / "config"))
        with (config / "wire.toml").open("a", encoding="utf-8") as file:
            file.write('\n[serve]\ntrusted_proxies = ["127.0.0.1"]\n')
    with served(folder, config, pace=pace, send_buffer=send_buffer) as found:
        with open_wire(found.paths, load_config(found.paths), found.now[0]) as store:
            client = Client(name="desk", channels=("api", "web"), rate=100_000)
            assert store.add_token(hashlib.sha256(TOKEN.encode()).hexdigest(), client, utc_now())
        yield found


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with made(tmp_path_factory.mktemp("following")) as found:
        yield found


@pytest.fixture(scope="module")
def reports(wire: Served) -> list[str]:
    """The ids of reports that everybody may have in full, none of which another test changes."""
    found = httpx.get(f"{wire.address}/api/reports?limit=200", verify=NO_CERTIFICATES).json()["reports"]
    return [each["id"] for each in found if each["scope"] == "full_text"]


def end_of(wire: Served) -> str:
    with Store.read(wire.paths.database()) as store:
        return str(store.last_cursor())


def act(wire: Served, doing: str, report: str) -> None:
    with open_existing(wire.paths) as store:
        getattr(acts, doing)(store, report, BECAUSE, wire.now[0])


def briefly(events: Sequence[Event]) -> list[tuple[str, str | None]]:
    return [(event.kind, event.data["id"]) for event in events]


def changes(wire: Served, query: str, token: bool = True) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}"} if token else {}
    answer = wire.get(f"/api/changes?{query}", **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


# Long poll


def test_a_long_poll_answers_with_the_next_line(wire: Served, reports: list[str]) -> None:
    after, report = end_of(wire), reports.pop()
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(changes, wire, f"after={after}&wait=30")
        elsewhere = threads.submit(changes, wire, f"after={after}&wait=1&publisher=kumasi-nettle&language=am")
        act(wire, "withhold", report)
        page = waiting.result(20)
        (line,) = page["changes"]
        assert (line["change_kind"], line["id"], line["report"]) == ("withheld", report, None)
        assert (page["cursor"], page["newest"], page["next"]) == (line["cursor"], line["seq"], None)
        assert elsewhere.result(20)["changes"] == []
    assert changes(wire, f"after={after}&wait=60") == page  # there is something: at once
    act(wire, "restore", report)
    (line,) = changes(wire, f"after={page['cursor']}&wait=60")["changes"]
    assert line["report"]["id"] == report
    assert line["report"]["text"]


def test_a_long_poll_without_a_line_is_an_empty_page_with_the_same_cursor(wire: Served) -> None:
    after = end_of(wire)
    began = time.monotonic()
    answer = wire.get(f"/api/changes?after={after}&wait=1")
    assert 0.9 < time.monotonic() - began < 20
    assert (answer.json()["changes"], answer.json()["cursor"]) == ([], after)
    assert answer.headers["cache-control"] == "no-store"
    assert changes(wire, f"after={after}&wait=0")["changes"] == []


@pytest.mark.parametrize("wait", ["-1", "61", "x", "1.5", "1&wait=2"])
def test_a_wait_is_bounded(wire: Served, wait: str) -> None:
    assert wire.get(f"/api/changes?wait={wait}").status_code == 400


# Server-sent events


def test_a_stream_reads_what_there_is_and_goes_on_live(wire: Served, reports: list[str]) -> None:
    report, other = reports.pop(), reports.pop()
    page, lines = "limit=200&after=0", []
    while page:
        said = changes(wire, page, token=False)
        lines += said["changes"]
        page = said["next"].partition("?")[2] if said["next"] else ""
    with listening(wire.address + STREAM) as stream:
        assert stream.answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.answer.headers["cache-control"] == "no-store"
        *found, beat = stream.until_live()
        assert [event.data for event in found] == lines
        assert [(event.id, event.kind) for event in found] == [(line["cursor"], line["change_kind"]) for line in lines]
        assert beat.data["cursor"] == beat.id == end_of(wire)
        assert beat.data["newest"] == int(beat.id.partition("-")[0])
        for doing in ("withhold", "restore"):
            act(wire, doing, report)
        assert briefly(stream.next(2)) == [("withheld", report), ("restored", report)]
        last = stream.last_id
    act(wire, "withdraw", other)
    # By the header as browsers send it, which counts for more than `after`, and by `after` alone.
    for path, headers in (
        (f"{STREAM}?after=0", {"Last-Event-ID": last}),
        (f"{STREAM}?after={last}", {}),
        (f"{STREAM}?after={last}", {"Last-Event-ID": ""}),  # of a client that has heard nothing yet
        (f"/api/changes?after={last}", {"Accept": "text/event-stream"}),
    ):
        with listening(wire.address + path, **headers) as stream:
            assert briefly(stream.next(1)) == [("withdrawn", other)]


def test_a_silent_stream_says_that_it_is_alive(wire: Served) -> None:
    with listening(f"{wire.address}{STREAM}?after={end_of(wire)}") as stream:
        assert next(stream.lines) == "retry: 5000"
        said = [next(stream.lines) for _ in range(12)]
    beats = [json.loads(line.removeprefix("data: ")) for line in said if line.startswith("data: ")]
    assert len(beats) >= 2
    assert {beat["cursor"] for beat in beats} == {end_of(wire)}
    assert Pace().heartbeat <= 60


def test_every_older_line_has_the_report_as_it_may_leave_now(wire: Served, reports: list[str]) -> None:
    """A purge and a legal act replace the words of the lines that came before, for whoever reads them now."""
    purged, legal = reports.pop(), reports.pop()
    with listening(wire.address + STREAM) as stream:
        before = [event.data for event in stream.until_live() if event.data.get("id") in (purged, legal)]
    assert {line["id"] for line in before if line["report"]} == {purged, legal}
    with open_existing(wire.paths) as store:
        purge(store, chosen(store, [purged]), BECAUSE, wire.now[0])
        acts.withhold(store, legal, BECAUSE, wire.now[0], legal=True)
    for path in (STREAM, "/api/changes?limit=200&after=0"):
        with listening(wire.address + path, Accept="text/event-stream") as stream:
            after = [event.data for event in stream.until_live() if event.data.get("id") in (purged, legal)]
        assert [line["cursor"] for line in after[: len(before)]] == [line["cursor"] for line in before]
        assert [(line["title"], line["url"], line["report"]) for line in after] == [(None, None, None)] * len(after)
        assert {line["change_kind"] for line in after[-2:]} == {"deleted", "withheld"}


def test_a_stream_is_of_one_channel_and_ends_with_its_token(tmp_path: Path) -> None:
    with made(tmp_path) as own:
        said = {}
        for channel, headers in (("web", {}), ("api", {"Authorization": f"Bearer {TOKEN}"})):
            with listening(own.address + STREAM, **headers) as stream:
                said[channel] = [event.data for event in stream.until_live()[:-1]]
            with read_store(own.paths, own.now[0]) as store:
                ids, by = {line["id"] for line in said[channel]} - {None}, outlet(store, channel, own.now[0])
                found = {each.id: each for each in releases(store, load_config(own.paths).wire, sorted(ids), by)}
            for line in said[channel]:
                out = None if line["change_kind"] in OUT else found.get(line["id"])
                assert line["report"] == (
                    {**record(out), "pictures": pictures(out)} if isinstance(out, Release) else None
                )
        assert len(said["web"]) == len(said["api"])
        with listening(own.address + STREAM, Authorization=f"Bearer {TOKEN}") as stream:
            stream.until_live()
            with open_existing(own.paths) as store:
                assert store.revoke_token("desk", own.now[0])
            (closed,) = stream.next()
        assert (closed.kind, closed.data["status"]) == ("closed", 401)
        with listening(own.address + STREAM, Authorization=f"Bearer {TOKEN}") as stream:
            assert stream.answer.status_code == 401


@pytest.mark.parametrize("cursor", ["3-00000000", "99999999-00000000"])
@pytest.mark.parametrize("path", [STREAM, "/api/changes?wait=30", "/api/changes"])
def test_an_unknown_cursor_is_gone_before_anything_is_answered(wire: Served, path: str, cursor: str) -> None:
    answer = wire.get(f"{path}{'&' if '?' in path else '?'}after={cursor}")
    assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json")
    assert "forget what you hold and read everything anew" in answer.json()["detail"]
    if path == STREAM:
        assert wire.get(path, Last_Event_ID=cursor).status_code == 410
        assert wire.get(path, Last_Event_ID="nonsense").status_code == 400


def test_a_database_that_is_restored_ends_the_streams_of_lines_that_it_lost(tmp_path: Path) -> None:
    with made(tmp_path) as own:
        database = own.paths.database()
        report = own.get("/api/reports?limit=1").json()["reports"][0]["id"]
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(tmp_path / "old.db")) as copy:
            source.backup(copy)
        before = end_of(own)
        with listening(own.address + STREAM + f"?after={before}") as stream:
            act(own, "withhold", report)
            assert briefly(stream.next()) == [("withheld", report)]
            for name in ("-wal", "-shm"):
                Path(f"{database}{name}").unlink(missing_ok=True)
            (tmp_path / "old.db").replace(database)
            (closed,) = stream.next()
            lost = stream.last_id
        assert (closed.kind, closed.data["status"]) == ("closed", 410)
        assert own.get(f"{STREAM}?after={lost}").status_code == 410
        assert changes(own, f"after={before}", token=False)["changes"] == []


def test_head_waits_for_nothing(wire: Served) -> None:
    for path in (STREAM, f"/api/changes?after={end_of(wire)}&wait=60"):
        answer = httpx.head(wire.address + path, timeout=10, verify=NO_CERTIFICATES)
        assert (answer.status_code, answer.text) == (200, "")


# Who waits costs nobody else anything


def test_a_reader_that_takes_nothing_is_cut_off_and_holds_nobody_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aggregator.web")
    with made(tmp_path, Pace(look=0.02, heartbeat=30, patience=0.5), send_buffer=4_096) as own:
        port = int(own.address.rpartition(":")[2])
        with closing(socket.socket()) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            deaf.connect(("127.0.0.1", port))
            deaf.sendall(f"GET {STREAM} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            report = own.get("/api/reports?limit=1").json()["reports"][0]["id"]
            with listening(f"{own.address}{STREAM}?after={end_of(own)}") as stream:
                act(own, "withhold", report)
                assert briefly(stream.next()) == [("withheld", report)]
            until(lambda: "took nothing of its stream" in caplog.text)


def test_a_reader_that_reads_slowly_holds_nobody_up_and_misses_nothing(tmp_path: Path) -> None:
    with made(tmp_path, Pace(look=0.02, heartbeat=30), send_buffer=4_096) as own, closing(socket.socket()) as slow:
        report = own.get("/api/reports?limit=1").json()["reports"][0]["id"]
        before, heard = end_of(own), b""
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        slow.connect(("127.0.0.1", int(own.address.rpartition(":")[2])))
        slow.sendall(f"GET {STREAM}?after={before} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        slow.settimeout(30)
        acted: list[str] = []
        with listening(f"{own.address}{STREAM}?after={before}") as stream:
            for doing in ("withhold", "restore") * 15:
                act(own, doing, report)
                acted.append({"withhold": "withheld", "restore": "restored"}[doing])
                assert briefly(stream.next()) == [(acted[-1], report)]  # at once, however far the other one is
                heard += slow.recv(100)
        assert heard.count(b"event: restored") < 15  # it is behind
        while heard.count(b"event: restored") < 15:
            heard += slow.recv(1_000)
        kinds = [line[7:].decode().strip() for line in heard.splitlines() if line.startswith(b"event: ")]
        assert [kind for kind in kinds if kind != "heartbeat"] == acted


@only_soak
def test_two_thousand_wait_and_the_next_one_is_told_when_to_come_again(tmp_path: Path) -> None:
    most = Pace().most
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 3 * most)), hard))
    with made(tmp_path, Pace(look=0.05, heartbeat=300), proxies=True) as own, ExitStack() as stack:
        before, port = end_of(own), int(own.address.rpartition(":")[2])
        waiting: list[socket.socket] = []
        for number in range(most):
            one = stack.enter_context(closing(socket.create_connection(("127.0.0.1", port), timeout=60)))
            path = STREAM + "?" if number % 2 else "/api/changes?wait=60&"
            whose = f"X-Forwarded-For: 10.1.{number >> 8}.{number & 255}"
            one.sendall(f"GET {path}after={before} HTTP/1.1\r\nHost: 127.0.0.1\r\n{whose}\r\n\r\n".encode())
            waiting.append(one)
        until(lambda: own.following.waiting == most)
        for path in (f"{STREAM}?after={before}", f"/api/changes?after={before}&wait=9"):
            refused = own.get(path)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
        assert own.get(f"/api/changes?after={before}").status_code == 200  # who does not wait is answered
        report = own.get("/api/reports?limit=1").json()["reports"][0]["id"]
        act(own, "withdraw", report)
        for one in waiting:
            heard = b""
            while b'"withdrawn"' not in heard:
                came = one.recv(65_536)
                assert came, heard[-300:]
                heard += came


def test_those_who_wait_take_no_thread_and_are_bounded(tmp_path: Path) -> None:
    """More wait than the server has threads, each at an address of its own, behind a proxy that is trusted."""
    with made(tmp_path, Pace(look=0.02, heartbeat=30, most=45), proxies=True) as own:
        before, threads = end_of(own), threading.active_count()
        with ExitStack() as stack:
            streams: list[Listener] = []
            for number in range(45):
                address = f"{own.address}{STREAM}?after={before}"
                streams.append(stack.enter_context(listening(address, X_Forwarded_For=f"10.0.0.{number}")))
                streams[-1].until_live()
            assert threading.active_count() <= threads + 12
            for path in (STREAM, f"/api/changes?after={before}&wait=9"):
                refused = own.get(path)
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
            report = own.get("/api/reports?limit=1").json()["reports"][0]["id"]
            act(own, "withdraw", report)
            for stream in streams:
                assert briefly(stream.next()) == [("withdrawn", report)]
        until(lambda: own.get(f"/api/changes?after={end_of(own)}&wait=1").status_code == 200)  # they have gone


def test_a_server_that_stops_ends_what_waits(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as threads, ExitStack() as stack:
        with made(tmp_path) as own:
            stream = stack.enter_context(listening(f"{own.address}{STREAM}?after={end_of(own)}"))
            stream.until_live()
            waiting = threads.submit(changes, own, f"after={end_of(own)}&wait=60")
            until(lambda: own.following.waiting == 2)
            began = time.monotonic()
        assert time.monotonic() - began < 5
        (closed,) = stream.next()
        assert (closed.kind, closed.data["status"]) == ("closed", 503)
        assert waiting.result(5)["changes"] == []


# What may be missing


def test_a_page_says_what_may_be_missing(tmp_path: Path) -> None:
    with made(tmp_path) as own:
        assert changes(own, "limit=2")["gaps"] == []
        hour = timedelta(hours=1)
        with closing(sqlite3.connect(own.paths.database())) as connection, connection:
            rows = connection.execute(
                """
                SELECT source_id, s.publisher, p.country FROM sources AS s JOIN publishers AS p USING (publisher)
                WHERE EXISTS (SELECT 1 FROM terms AS t WHERE t.publisher = s.publisher AND t.text_scope <> 'none'
                  AND t.channels LIKE '%api%') ORDER BY s.publisher, source_id
                """
            ).fetchall()
            cursor = connection.execute("SELECT * FROM polls LIMIT 1")
            names, like = [column[0] for column in cursor.description], cursor.fetchone()
            first = rows[0]
            second = next(row for row in rows if row[2] != first[2])
            for (source, *_), hours, gap in ((first, 3, "open"), (first, 2, "open"), (second, 1, "open"),
                                             (second, 2, "closed"), (second, 24 * 8, "open")):  # fmt: skip
                poll = dict(zip(names, like, strict=True))
                poll |= {"poll_id": None, "source_id": source, "gap": gap, "started": to_iso(own.now[0] - hours * hour)}
                marks = ", ".join("?" * len(poll))
                connection.execute(f"INSERT INTO polls VALUES ({marks})", tuple(poll.values()))  # noqa: S608
        one, two = (f"publisher={each[1]}" for each in (first, second))
        said = {each["publisher"]: each for each in changes(own, "limit=1")["gaps"]}
        assert said.keys() == {first[1], second[1]}
        assert (said[first[1]]["gaps"], said[second[1]]["gaps"]) == (2, 1)
        assert said[first[1]]["first_found"] == to_iso(own.now[0] - 3 * hour)
        assert said[first[1]]["last_found"] == to_iso(own.now[0] - 2 * hour)
        assert [each["publisher"] for each in changes(own, one)["gaps"]] == [first[1]]
        assert [each["publisher"] for each in changes(own, f"country={second[2]}&{two}")["gaps"]] == [second[1]]
        with listening(f"{own.address}{STREAM}?{two}&after={end_of(own)}", Authorization=f"Bearer {TOKEN}") as stream:
            assert [each["publisher"] for each in stream.until_live()[-1].data["gaps"]] == [second[1]]


def test_the_page_for_people_says_what_is_true_of_streams() -> None:
    page = (ROOT / "docs" / "changes.md").read_text()
    pace = Pace()
    assert f"every {pace.heartbeat:g} seconds then" in page
    assert f"after {pace.patience:g} seconds in which you take nothing" in page
    assert f"more than {pace.most:,} wait, or {AT_ONCE} requests of your address" in page
    for name in SCHEMAS["Heartbeat"]["properties"]:
        assert f"| `{name}` |" in page, name
    assert all(f"`{name}`" in page for name in SCHEMAS["Changes"]["properties"]["gaps"]["items"]["properties"])
