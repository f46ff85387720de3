"""Copies of pictures, over real HTTP: which are fetched, how politely, where they lie, and what takes them away."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from msgspec.structs import replace

from aggregator.demo import Press, Resource
from aggregator.desk import acts, purging
from aggregator.desk.outgoing import outlet, releases
from aggregator.model import Cause, Images, PicturesSettings, Publisher
from aggregator.model.picture import DuePicture
from aggregator.model.place import Place
from aggregator.model.release import Picture, Release
from aggregator.parse.picture import encode
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from aggregator.store.picture_files import folder_of
from tests.conftest import NOW, WIRE, make_publisher
from tests.images import drawn, gif_of, jpeg, png_that_says, saved
from tests.rows import every_row
from tests.test_trip import Trip

pytestmark = pytest.mark.stores("soak")

BECAUSE = Cause(actor="person:desk", reason="a letter")
ITEM = """<item><guid>{0}</guid><title>{1}</title><link>http://{2}.example/{0}</link>
<pubDate>Sat, 21 Nov 2026 08:00:00 GMT</pubDate><description>Les camions attendent {0}.</description>{3}</item>"""
MEDIA = """<media:content url="{0}" medium="image"><media:description>Le pont {1}</media:description>
<media:credit>Awa Diarra</media:credit></media:content>"""


def feed(key: str, reports: dict[int, list[str]], title: str = "Rapport") -> bytes:
    items = "".join(
        ITEM.format(number, f"{title} {number}", key, "".join(MEDIA.format(url, number) for url in urls))
        for number, urls in reports.items()
    )
    said = f'<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>{items}</channel></rss>'
    return said.encode()


class Wire(Trip):
    """A trip that copies pictures too."""

    def publish(self, reports: dict[int, list[str]], key: str = "daily-example", title: str = "Rapport") -> None:
        self.press.set_document(f"{key}.example", "/feed", feed(key, reports, title))

    def picture(self, path: str, content: bytes | None = None, key: str = "daily-example", **said: object) -> str:
        resource = Resource(jpeg(400, 270) if content is None else content, "image/jpeg", **said)  # type: ignore[arg-type]
        self.press.set_document(f"{key}.example", path, resource)
        return f"http://{key}.example{path}"

    def later(self, by: timedelta) -> None:
        """A clock that is far ahead of the last poll is believed when it has gone on for ten minutes."""
        self.now += by - timedelta(minutes=10)
        self()
        self.now += timedelta(minutes=10)
        self()

    def copy(self) -> int:
        """Polls, copies what is due, and does what is to be done beside it."""
        self()
        with Store.open(self.place) as store:
            return asyncio.run(self._copied(store))

    async def _copied(self, store: Store) -> int:
        async with Pipeline(self.config, store, lambda: self.now, self.connect_to) as pipeline:
            return await pipeline.copy_pictures(100, 100)

    def with_rights(self, **rights: object) -> None:
        changed = [replace(each, rights=replace(each.rights, **rights)) for each in self.config.publishers]
        self.config = replace(self.config, publishers=tuple(changed))

    def states(self) -> dict[str, str]:
        """By the end of the address."""
        return {str(url).rpartition("/")[2]: str(state) for url, state in self.rows(
            "SELECT url, picture_state FROM pictures ORDER BY url")}  # fmt: skip

    @property
    def folder(self) -> Path:
        """Of the copies."""
        return folder_of(self.place if isinstance(self.place, Path) else self.place.beside)

    def files(self) -> list[str]:
        folder = self.folder
        return sorted(str(path.relative_to(folder)) for path in folder.glob("*/*")) if folder.exists() else []

    def asked(self, path: str = "") -> list[str]:
        return [seen.path for seen in self.press.requests if seen.path.endswith(path or ".jpg")]

    def report(self, number: int) -> str:
        reports = {str(url).rpartition("/")[2]: report for report, url in self.rows("SELECT id, url FROM articles")}
        return str(reports[str(number)])

    def shown(self, channel: str = "web") -> dict[str, tuple[Picture, ...]]:
        """By headline the pictures that leave."""
        with Store.open(self.place) as store:
            ids = [str(report) for (report,) in self.rows("SELECT id FROM articles ORDER BY article_id")]
            by = outlet(store, channel, self.now)  # type: ignore[arg-type]
            found = releases(store, self.config.wire, ids, by)
            return {each.headline: each.pictures for each in found if isinstance(each, Release)}

    def act(self, act: Callable[..., object], report: str) -> None:
        with Store.open(self.place) as store:
            act(store, report, BECAUSE, self.now)


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture
def wire(press: Press, place: Place) -> Wire:
    return Wire(press, place, [make_publisher()])


def test_a_copy_is_made_and_shown_with_all_that_stands_beside_it(wire: Wire) -> None:
    wire.publish({1: [wire.picture("/bridge.jpg", jpeg(900, 600))]})
    assert wire.copy() == 1
    ((picture,),) = wire.shown().values()
    assert picture.copy is not None
    assert picture.url == f"https://wire.example/pictures/{picture.copy}.800.jpg"
    assert (picture.width, picture.height, picture.type) == (800, 533, "image/jpeg")
    assert [(each.width, each.height) for each in picture.sizes] == [(320, 213), (800, 533), (900, 600)]
    assert (picture.caption, picture.credit) == ("Le pont 1", "Awa Diarra")
    assert picture.disclaimer.startswith("Picture: Awa Diarra.")
    digest = picture.copy
    assert wire.files() == sorted(f"{digest[:2]}/{digest[2:]}.{width}.jpg" for width in (320, 800, 900))
    assert wire.folder.stat().st_mode & 0o077 == 0


def test_a_picture_is_asked_for_once_and_politely(wire: Wire) -> None:
    wire.publish({1: [wire.picture("/bridge.jpg")], 2: ["http://daily-example.example/bridge.jpg"]})
    wire.copy()
    wire.later(timedelta(days=1))
    assert wire.copy() == 0
    (seen,) = [seen for seen in wire.press.requests if seen.path == "/bridge.jpg"]
    assert seen.headers["user-agent"] == WIRE.user_agent
    assert seen.headers["accept"].startswith("image/")
    assert "cookie" not in seen.headers
    assert "referer" not in seen.headers


@every_row(
    "rights",
    [
        {"images": Images(scope="none")},
        {"images": Images(scope="agreement", hotlink=True)},
        {"images": Images(scope="per_image_licence")},  # and this picture has none
        {
            "text_scope": "excerpt"
        },  # text rights do not flow to pictures, and pictures of an agreement come with full text
        {"text_scope": "headline_only"},
        {"storage": "metadata_only"},
        {"redistribute": ("feed", "email")},  # a file of the wire's is on the web
        {"expires": date(2026, 11, 21)},
    ],
)
def test_only_what_rights_let_the_wire_show_is_fetched(tmp_path: Path, rights: dict[str, object]) -> None:
    with Press(now=NOW) as press:
        wire = Wire(press, Path(mkdtemp(dir=tmp_path)) / "wire.db", [make_publisher()])
        wire.with_rights(**rights)
        wire.publish({1: [wire.picture("/bridge.jpg")]})
        assert wire.copy() == 0
        assert wire.asked() == []
        assert wire.states() == {}


def test_an_open_licence_of_the_picture_is_enough(wire: Wire) -> None:
    wire.with_rights(images=Images(scope="per_image_licence"))
    body = feed("daily-example", {1: [wire.picture("/bridge.jpg"), wire.picture("/gate.jpg")]})
    wire.press.set_document("daily-example.example", "/feed", body.replace(b"Awa Diarra", b"Awa Diarra, CC BY 4.0", 1))
    assert wire.copy() == 1
    assert wire.states() == {"bridge.jpg": "copied"}


def test_robots_txt_binds(wire: Wire) -> None:
    wire.press.set_document("daily-example.example", "/robots.txt", b"User-agent: *\nDisallow: /img/\n")
    wire.publish({1: [wire.picture("/img/bridge.jpg"), wire.picture("/free.jpg")]})
    assert wire.copy() == 1
    assert wire.asked("bridge.jpg") == []
    ((error,),) = wire.rows("SELECT error FROM pictures WHERE picture_state = 'waiting'")
    assert "robots.txt" in str(error)


def test_a_failure_is_tried_again_later_and_given_up_in_the_end(wire: Wire) -> None:
    url = wire.picture("/bridge.jpg", status=500)
    wire.publish({1: [url]})
    waits = []
    for _ in range(5):
        assert wire.copy() == 0
        assert wire.copy() == 0  # at once nothing is tried
        ((due,),) = wire.rows("SELECT next_at FROM pictures")
        waits.append(due)
        wire.later(timedelta(days=3, minutes=1))
    assert len(wire.asked("bridge.jpg")) == 5
    assert waits[-1] is None
    assert wire.states() == {"bridge.jpg": "failed"}
    assert wire.rows("SELECT error FROM pictures") == [("HTTP 500",)]
    wire.picture("/bridge.jpg")
    wire.publish({1: [url]}, title="Rapport, corrigé")
    wire.copy()
    assert len(wire.asked("bridge.jpg")) == 5


def test_retry_after_is_kept_and_the_host_left_alone(wire: Wire) -> None:
    busy = wire.picture("/a.jpg", status=429, headers=(("Retry-After", "86400"),))
    wire.publish({1: [busy, wire.picture("/b.jpg")]})
    assert wire.copy() == 0
    assert wire.asked() == ["/a.jpg"]
    ((due,),) = wire.rows("SELECT next_at FROM pictures WHERE url LIKE '%a.jpg'")
    assert due == "2026-11-23T10:00:00Z"


@every_row(
    ("content", "state"),
    [
        (png_that_says(30_000, 30_000), "no_picture"),
        (jpeg()[:4_000], "no_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no_picture"),
        (b"<html><script>alert(1)</script></html>", "no_picture"),
        (b"", "no_picture"),
        (gif_of(2_000), "copied"),
        (saved(drawn(1, 1), "GIF"), "too_small"),
        (jpeg(300, 200) + b"<script>alert(1)</script>", "copied"),
        (b"\0" * (16 << 20), "waiting"),  # beyond 15 MB
    ],
)
def test_what_is_no_picture_costs_its_own_report_alone(tmp_path: Path, content: bytes, state: str) -> None:
    with Press(now=NOW) as press:
        wire = Wire(press, Path(mkdtemp(dir=tmp_path)) / "wire.db", [make_publisher(), make_publisher("other-example")])
        wire.publish({1: [wire.picture("/hostile.jpg", content)]})
        wire.publish({2: [wire.picture("/fine.jpg", key="other-example")]}, "other-example")
        wire.copy()
        assert wire.states() == {"hostile.jpg": state, "fine.jpg": "copied"}
        assert set(wire.shown()) == {"Rapport 1", "Rapport 2"}
        asked = len(wire.asked("hostile.jpg"))
        wire.copy()
        assert len(wire.asked("hostile.jpg")) == asked == 1


def test_an_address_of_this_network_is_asked_only_where_its_publisher_was_written_there(wire: Wire) -> None:
    wire.connect_to = lambda host: wire.press.address if host == "daily-example.example" else None
    wire.publish({1: ["http://127.0.0.1:1/bridge.jpg", wire.picture("/fine.jpg")]})
    assert wire.copy() == 1
    ((error,),) = wire.rows("SELECT error FROM pictures WHERE picture_state = 'waiting'")
    assert "127.0.0.1" in str(error)


# What takes a copy away


def _withdraw(wire: Wire) -> None:
    wire.act(acts.withdraw, wire.report(1))


def _purge(wire: Wire) -> None:
    with Store.open(wire.place) as store:
        purging.purge(store, [wire.report(1)], BECAUSE, wire.now)


def _narrow(wire: Wire) -> None:
    wire.with_rights(images=Images(scope="none"))


def _link(wire: Wire) -> None:
    wire.with_rights(images=Images(scope="agreement", hotlink=True))


def _end(wire: Wire) -> None:
    wire.with_rights(expires=date(2026, 11, 20))


def _let_go(wire: Wire) -> None:
    wire.with_rights(storage="transient", retention_days=1)
    wire.later(timedelta(days=3))


def _revise(wire: Wire) -> None:
    wire.publish({1: [wire.picture("/other.jpg", jpeg(500, 300))]})


def _remove(wire: Wire) -> None:
    wire.config = replace(wire.config, publishers=(make_publisher("other-example"),))
    wire.publish({9: []}, "other-example")


@every_row("taken", [_withdraw, _purge, _narrow, _link, _end, _let_go, _revise, _remove])
def test_a_copy_goes_with_what_lets_the_wire_show_it(tmp_path: Path, taken: Callable[[Wire], None]) -> None:
    with Press(now=NOW) as press:
        wire = Wire(press, Path(mkdtemp(dir=tmp_path)) / "wire.db", [make_publisher()])
        wire.publish({1: [wire.picture("/bridge.jpg")]})
        wire.copy()
        before = wire.files()
        assert len(before) == 2
        wire.now += timedelta(minutes=1)
        taken(wire)
        wire.copy()
        assert not set(before) & set(wire.files())
        assert "bridge.jpg" not in wire.states()
        assert wire.rows("SELECT count(*) FROM picture_removals WHERE removed_at IS NOT NULL") == [(1,)]


@pytest.mark.stores("sqlite")
def test_a_purge_leaves_no_file_and_no_word_of_the_address(wire: Wire) -> None:
    wire.publish({1: [wire.picture("/secret-bridge.jpg")], 2: [wire.picture("/gate.jpg", jpeg(500, 300))]})
    wire.copy()
    _purge(wire)
    assert len(wire.files()) == 2
    wire.copy()
    with Store.open(wire.place) as store:
        store.empty_log()
    assert b"secret-bridge" not in wire.place.read_bytes()


def test_a_report_that_is_held_back_for_a_time_shows_none_and_keeps_its_copy(wire: Wire) -> None:
    wire.publish({1: [wire.picture("/bridge.jpg")]})
    wire.copy()
    wire.act(acts.withhold, wire.report(1))
    wire.copy()
    assert wire.shown() == {}
    assert len(wire.files()) == 2
    wire.act(acts.restore, wire.report(1))
    wire.copy()
    assert len(wire.shown()["Rapport 1"]) == 1
    assert len(wire.asked("bridge.jpg")) == 1


def test_reports_share_a_file_and_the_last_takes_it_along(wire: Wire) -> None:
    same = jpeg(500, 300)
    wire.publish(
        {1: [wire.picture("/a.jpg", same)], 2: [wire.picture("/b.jpg", same)], 3: [wire.picture("/a.jpg", same)]}
    )
    assert wire.copy() == 2
    assert len(wire.files()) == 2
    for number, left in ((1, 2), (3, 2), (2, 0)):
        wire.act(acts.withdraw, wire.report(number))
        wire.copy()
        assert len(wire.files()) == left


def test_rights_that_begin_bring_the_pictures_of_reports_that_are_there(wire: Wire) -> None:
    wire.with_rights(images=Images(scope="none"))
    wire.publish({1: [wire.picture("/bridge.jpg")]})
    assert wire.copy() == 0
    wire.with_rights(images=Images(scope="agreement"))
    assert wire.copy() == 1


def test_the_oldest_copies_are_given_up_beyond_the_limit(wire: Wire) -> None:
    wire.publish({1: [wire.picture("/old.jpg", jpeg(500, 300))]})
    wire.copy()
    ((size,),) = wire.rows("SELECT bytes FROM pictures")
    wire.config = replace(
        wire.config, wire=replace(WIRE, pictures=PicturesSettings(most_bytes=int(str(size)) * 3 // 2))
    )
    wire.now += timedelta(hours=1)
    wire.publish({1: [wire.picture("/old.jpg", jpeg(500, 300))], 2: [wire.picture("/new.jpg", jpeg(500, 310))]})
    wire.copy()
    assert wire.states() == {"old.jpg": "over_limit", "new.jpg": "copied"}
    assert len(wire.files()) == 2
    assert wire.copy() == 0
    wire.config = replace(wire.config, wire=replace(WIRE, pictures=PicturesSettings(most_bytes=0)))
    wire.publish({3: [wire.picture("/third.jpg")]})
    assert wire.copy() == 0
    assert wire.files() == []
    assert wire.asked("third.jpg") == []


# Files and rows


def test_files_without_rows_and_rows_without_files_are_mended(wire: Wire) -> None:
    wire.publish({1: [wire.picture("/a.jpg"), wire.picture("/b.jpg", jpeg(500, 300))]})
    wire.copy()
    wire.copy()
    folder = wire.folder
    whole = wire.files()
    (folder / whole[0]).unlink()
    nobodys = folder / "ab"
    nobodys.mkdir(exist_ok=True)
    (nobodys / f"{'c' * 62}.320.jpg").write_bytes(jpeg(100, 100))
    (nobodys / "a-letter.txt").write_text("not ours")
    abandoned = folder / ".new-1-abc.320"
    abandoned.write_bytes(b"half")
    os.utime(abandoned, (0, 0))
    assert wire.copy() == 0  # they were compared a moment ago
    wire.later(timedelta(days=2))
    assert wire.copy() == 1
    assert wire.files() == sorted([*whole, "ab/a-letter.txt"])
    assert not abandoned.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="ends a process between two calls of the system")
@pytest.mark.parametrize("at", ["give_names", "note_copied"])
@pytest.mark.stores("sqlite")
def test_an_end_between_file_and_row_leaves_nothing_that_is_shown_and_is_mended(wire: Wire, at: str) -> None:
    wire.publish({1: [wire.picture("/bridge.jpg")]})
    wire()
    with Store.open(wire.place) as store:
        found = store.reports_with_other_pictures()
        assert found is not None
        from aggregator.desk import pictures

        pictures.update(store, found[1], wire.now)
        store.note_pictures_seen(found[0])
    script = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from aggregator.model.picture import DuePicture
from aggregator.parse.picture import encode
from aggregator.store import Store

path, content, at, now = sys.argv[1:]
replaced = os.rename
def end(event, args):
    if at == "give_names" and event == "os.rename" and "800" in str(args[0]):
        os.kill(os.getpid(), signal.SIGKILL)
def traced(sql):
    if at == "note_copied" and sql.startswith("COMMIT"):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(end)
with Store.open(Path(path)) as store:
    store._connection.set_trace_callback(traced)
    picture = DuePicture(publisher="daily-example", url="http://daily-example.example/bridge.jpg", attempts=0)
    store.keep_picture(picture, encode(Path(content).read_bytes()), datetime.fromisoformat(now))
"""
    content = wire.place.with_name("bridge.jpg")
    content.write_bytes(jpeg(900, 600))
    command = [sys.executable, "-c", script, str(wire.place), str(content), at, wire.now.isoformat()]
    ended = subprocess.run(command, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert wire.files() != []  # some have their names
    assert wire.shown() == {"Rapport 1": ()}
    wire.with_rights(images=Images(scope="none"))  # so that they are nobody's
    wire.copy()
    wire.later(timedelta(days=2))
    wire.copy()
    wire.copy()
    assert wire.files() == []
    assert not list(wire.folder.glob(".new-*"))


def test_a_disk_that_is_full_is_said_once_and_tried_again(
    wire: Wire, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.publish({1: [wire.picture("/bridge.jpg")]})
    wire.folder.write_text("a file is in the place of the folder")
    with caplog.at_level(logging.ERROR):
        assert wire.copy() == 0
    (said,) = [each.getMessage() for each in caplog.records if "cannot be written" in each.getMessage()]
    assert "tried again in ten minutes" in said
    assert wire.states() == {"bridge.jpg": "waiting"}
    wire.folder.unlink()
    wire.now += timedelta(minutes=11)
    assert wire.copy() == 1


def test_a_picture_that_nobody_wants_any_more_is_not_kept(wire: Wire) -> None:
    wire.publish({1: []})
    wire()
    with Store.open(wire.place) as store:
        gone = DuePicture(publisher="daily-example", url="http://daily-example.example/gone.jpg", attempts=0)
        store.keep_picture(gone, encode(jpeg(100, 100)), wire.now)
    assert wire.files() == []


def test_two_databases_in_one_folder_have_folders_of_their_own(press: Press, tmp_path: Path) -> None:
    for name, folder in (("wire.db", "pictures"), ("other.db", "other.db.pictures")):
        wire = Wire(press, tmp_path / name, [make_publisher()])
        wire.publish({1: [wire.picture("/bridge.jpg")]})
        assert wire.copy() == 1
        assert len(list((tmp_path / folder).glob("*/*.jpg"))) == 2


def test_a_publisher_that_is_switched_off_is_not_asked(wire: Wire) -> None:
    wire.publish({1: [wire.picture("/bridge.jpg")]})
    wire()
    off: Publisher = replace(wire.config.publishers[0], enabled=False)
    wire.config = replace(wire.config, publishers=(off,))
    assert wire.copy() == 0
    assert wire.asked("bridge.jpg") == []


def test_a_wire_without_an_address_of_its_own_leaves_copies_out(wire: Wire) -> None:
    wire.publish({1: [wire.picture("/bridge.jpg")]})
    wire.copy()
    wire.config = replace(wire.config, wire=replace(WIRE, url=""))
    assert wire.shown() == {"Rapport 1": ()}
