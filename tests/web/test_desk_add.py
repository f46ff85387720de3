"""A publisher is added at the desk, from an address to a poll that stores its reports; what is refused on the way."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import html

from aggregator.demo import Press, Resource
from tests.cli.test_cli import Desk
from tests.conftest import NOW, SOAK
from tests.pipeline.test_probing import alternate, whole
from tests.test_trip import feed
from tests.web.desk_browser import AtDesk, Form, at_desk, form, forms, page_of, text_of
from tests.web.serving import served

SITE = "127.0.0.1"  # the site that is searched stands at the press's own address
HOSTILE = "</title><script>alert(1)</script>${HOME} <img src=x onerror=alert(2)>"
FILLED = {
    "key": "journal-du-fleuve",
    "name": "Journal du Fleuve",
    "place": "Ségou",
    "country": "ML",
    "kind": "newspaper",
    "languages": "fr, Bambara",
    "corrections": "redaction@fleuve.example",
    "profile": "quotation",
}


@dataclass
class Room:
    """The wire, its files, the site beside it, and who is at the desk."""

    commands: Desk
    person: AtDesk
    site: str

    @property
    def config(self) -> Path:
        return self.commands.config

    def files(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.config)): path.read_bytes() for path in self.config.rglob("*.toml")}

    def sent(self, step: Form, **fields: str) -> Form:
        """The form of the page that follows a step, the one that leads on."""
        answer = self.person.send(step, **fields)
        assert answer.status_code == 200, answer.text
        return forms(page_of(answer), "/desk/add")[0]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with Press(now=NOW) as press:
        desk = Desk(tmp_path_factory.mktemp("add"), press)
        desk("fetch")
        press.set_document(SITE, "/robots.txt", Resource(b"User-agent: *\nAllow: /\n", "text/plain"))
        links = f"{alternate('/short.xml')}", f"{alternate('/whole.xml')}"
        head = f"<title>{HOSTILE}</title>" + "".join(f"<link {link}>" for link in links)
        site = f"<!DOCTYPE html><html><head>{head}</head><body>News</body></html>".encode()
        press.set_document(SITE, "/", Resource(site, "text/html"))
        press.set_document(SITE, "/short.xml", feed(1, 2, 3))
        hostile = whole(1, 2).replace(b"<title>", b"<title>&lt;script&gt;alert(3)&lt;/script&gt;")
        press.set_document(SITE, "/whole.xml", hostile)
        with served(desk.database.parent, desk.config, is_at_rest=False) as wire:
            yield Room(desk, at_desk(wire), f"{press.url}/")


def test_the_whole_way_from_an_address_to_stored_reports(room: Room) -> None:
    before = room.files()
    first = form(room.person.page("/desk/add"), "/desk/add")
    answer = room.person.send(first, address=room.site)
    page = page_of(answer)
    # The best stands first and is chosen; its entries are shown; nothing of theirs is markup.
    choices = page.xpath("//input[@name='choice']")
    assert [each.get("value") for each in choices] == [f"{room.site}whole.xml feed", f"{room.site}short.xml feed"]
    assert choices[0].get("checked") is not None
    assert "alert(3)" in text_of(page, "//details[1]")
    assert not page.xpath("//script | //img")
    assert room.files() == before

    filling = room.sent(forms(page, "/desk/add")[0])
    assert filling.fields["step"] == "check"
    assert filling.fields["homepage"] == room.site
    assert filling.fields["key"]  # of the name that the site gives itself

    writing = room.sent(filling, **FILLED)
    assert writing.fields["step"] == "write"
    assert room.files() == before  # shown, not written
    done = room.person.done(writing)
    assert "publishers/ml/journal-du-fleuve.toml was written" in done

    written = tomllib.loads((room.config / "publishers" / "ml" / "journal-du-fleuve.toml").read_text())
    assert written == {
        "name": "Journal du Fleuve",
        "place": "Ségou",
        "country": "ML",
        "kind": "newspaper",
        "languages": ["fr", "bm"],
        "homepage": room.site,
        "rights_profile": "quotation",
        "contact": {"corrections": "redaction@fleuve.example"},
        "source": [{"url": f"{room.site}whole.xml"}],
    }
    assert room.files().keys() - before.keys() == {"publishers/ml/journal-du-fleuve.toml"}
    assert "found" not in room.commands("check").partition("journal-du-fleuve")[2]
    room.commands("fetch", "journal-du-fleuve")
    stored = room.commands.rows("SELECT count(*) FROM articles WHERE publisher = 'journal-du-fleuve'")
    assert stored == [(2,)]
    # Who has it already is said before anything is asked.
    asked = len(room.commands.press.requests)
    again = page_of(room.person.send(first, address=f"{room.site}whole.xml"))
    assert "journal-du-fleuve" in text_of(again, "//div[@role='alert']")
    assert len(room.commands.press.requests) == asked
    # Another feed of it may be wanted all the same.
    more = form_of(again, "find")
    assert (more.fields["key"], more.fields["address"]) == ("journal-du-fleuve", f"{room.site}whole.xml")
    feeds = page_of(room.person.send(more, address=room.site))
    assert feeds.xpath("//input[@name='choice']/@value") == [f"{room.site}short.xml feed"]  # the other one is there
    attaching = form_of(feeds, "attach")
    there = {
        f"{room.site}whole.xml feed": "already in this file",
        "file:///etc/passwd feed": "http",
        "x discover": "",
        f"{room.site}{'x' * 1_000} feed": "",
    }
    for choice, why in there.items():
        answer = room.person.send(attaching, choice=choice)
        assert answer.status_code == 409
        assert why in text_of(page_of(answer), "//main")
    with_secret = f"{room.site}short.xml feed".replace("://", "://user:secret@")
    said = room.person.done(attaching, choice=with_secret)
    assert f"{room.site}short.xml" in said
    assert "secret" not in said
    file = room.config / "publishers" / "ml" / "journal-du-fleuve.toml"
    assert [each["url"] for each in tomllib.loads(file.read_text())["source"]] == [
        f"{room.site}whole.xml",
        f"{room.site}short.xml",
    ]
    room.commands("fetch", "journal-du-fleuve")
    assert room.commands.rows(
        "SELECT count(*) FROM polls JOIN sources USING (source_id) WHERE url LIKE '%/short.xml'"
    ) == [(1,)]


def form_of(page: html.HtmlElement, step: str) -> Form:
    """The form of a page that asks for this step."""
    return next(each for each in forms(page, "/desk/add") if each.fields["step"] == step)


def drafted(room: Room, **fields: str) -> Form:
    """The form that is to show the file, filled in."""
    token = forms(room.person.page("/desk/add"), "/desk/add")[0].fields["form_token"]
    said = {**FILLED, "key": "new-one", "name": "New One", "homepage": "https://new-one.example/"}
    said |= {"feed": "https://new-one.example/feed", "feed_kind": "feed", "step": "check", "form_token": token}
    return Form("/desk/add", {**said, **fields}, "")


@pytest.mark.soak
@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"key": "one"}, {"key": "publishers/ml/one.toml has it"}),
        ({"key": "../../etc"}, {"key": "small letters"}),
        ({"key": "a" * 90}, {"key": "at most 80 characters"}),
        ({"key": "x/y", "country": "Atlantis", "languages": "", "homepage": "nothing", "name": ""},
         {"key": "small letters", "country": "ISO 3166-1", "languages": "not empty", "homepage": "http",
          "name": "line"}),
        ({"kind": "own"}, {"kind": "one of the kinds"}),
        ({"profile": "own"}, {"profile": "the wire's own publisher alone"}),
        ({"profile": "no-such"}, {"profile": "a profile of rights.toml"}),
        ({"profile": "open-licence"}, {"licence": "SPDX id", "licence_url": "address of the licence"}),
        ({"corrections": "me", "technical": "javascript:alert(1)"}, {"corrections": "e-mail", "technical": "e-mail"}),
        ({"expires": "soon", "terms_checked": "2026-02-30"}, {"expires": "a day", "terms_checked": "a day"}),
        ({"feed": "file:///etc/passwd"}, {"feed": "http or https"}),
        ({"feed_kind": "discover"}, {"feed_kind": "a kind of document"}),
        ({"name": "Two\nlines"}, {"name": "one line"}),
        ({"name": "{publisher}"}, {"name": "without braces"}),
    ],
)  # fmt: skip
def test_all_faults_stand_beside_their_fields_and_nothing_is_written(
    room: Room, fields: dict[str, str], faults: dict[str, str]
) -> None:
    before = room.files()
    for step in ("check", "write") if SOAK or len(faults) > 1 else ("write",):
        answer = room.person.send(drafted(room, **fields, step=step))
        assert answer.status_code == 422
        page = page_of(answer)
        found = {
            each.get("id").removeprefix("fault-"): each.text_content()
            for each in page.xpath("//*[@class='field-fault']")
        }
        assert found.keys() == faults.keys()
        for name, part in faults.items():
            assert part in found[name]
    assert room.files() == before


def test_what_looks_like_a_template_is_written_as_words(room: Room) -> None:
    answer = room.person.send(drafted(room, feed="https://new-one.example/feed?key=${HOME}"))
    assert "${HOME}" not in text_of(page_of(answer), "//pre")


def test_what_leaves_is_said_of_the_file_and_not_of_the_profile(room: Room) -> None:
    said = {}
    for day in ("2099-12-31", "2020-01-31"):
        answer = room.person.send(drafted(room, profile="agreement", expires=day))
        said[day] = text_of(page_of(answer), "//main/ul")
    assert "the whole text of its reports" in said["2099-12-31"]
    assert "the whole text of its reports" not in said["2020-01-31"]


def test_a_file_that_comes_meanwhile_stays(room: Room) -> None:
    shown = room.sent(drafted(room))
    there = room.config / "publishers" / "ml" / "new-one.toml"
    there.write_text("# somebody else's\n")
    try:
        answer = room.person.send(shown)
        assert answer.status_code == 422
        assert "publishers/ml/new-one.toml has it" in answer.text
        assert there.read_text() == "# somebody else's\n"
    finally:
        there.unlink()


def test_a_broken_file_nearby_is_named_and_hinders_nobody(room: Room) -> None:
    broken = room.config / "publishers" / "ml" / "broken.toml"
    broken.write_text("name = \n")
    try:
        answer = room.person.send(drafted(room, step="edit"))
        assert "publishers/ml/broken.toml" in text_of(page_of(answer), "//details")
        assert "was written" in room.person.done(room.sent(drafted(room)))
    finally:
        broken.unlink()
        (room.config / "publishers" / "ml" / "new-one.toml").unlink()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "expected an address"),
        ("gopher://daily.example/", "expected an address"),
        ("https://user:secret@daily.example/", "a user name"),
        ("https://daily.example/${HOME}", "${NAME}"),
        ("http://10.0.0.1/", "not a public address"),
        ("http://[::1]:80/", "not a public address"),
        ("http://169.254.169.254/latest/meta-data/", "not a public address"),
    ],
)
def test_addresses_that_are_not_asked(room: Room, address: str, said: str) -> None:
    answer = room.person.send(form(room.person.page("/desk/add"), "/desk/add"), address=address)
    assert answer.status_code == 200
    assert said in text_of(page_of(answer), "//main")


def test_only_who_may_act_adds_and_only_from_our_own_page(room: Room) -> None:
    reader = at_desk(room.person.wire, "bakary", "read")
    assert not forms(reader.page("/desk/add"), "/desk/add")
    token = forms(reader.page("/desk/sources"))[0].fields["form_token"]
    asked = len(room.commands.press.requests)
    assert reader.post("/desk/add", {"step": "find", "address": room.site, "form_token": token}).status_code == 403
    foreign = drafted(room, form_token=token)  # of another person
    assert room.person.send(foreign).status_code == 403
    without = {name: value for name, value in drafted(room).fields.items() if name != "form_token"}
    assert room.person.post("/desk/add", without).status_code == 403
    assert room.person.post("/desk/add", drafted(room).fields, Sec_Fetch_Site="cross-site").status_code == 403
    assert len(room.commands.press.requests) == asked
    assert not (room.config / "publishers" / "ml" / "new-one.toml").exists()
