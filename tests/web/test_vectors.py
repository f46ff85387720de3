"""Hostile words in every field that somebody else writes: none of them runs, leaves this host or changes a page.

The words are in `fixtures/vectors/vectors.jsonl`, a string a line. Pages are opened with their policy, so that what it
has to stop is found too, and without it, so that escaping alone is seen to hold.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page

from aggregator.desk import acts, complaints
from aggregator.model import Category, Cause, Complaint, Entry, Link, Media, Person, Publisher, Text
from aggregator.model.complaints import Filing
from aggregator.model.document import Origin, PageWords, Place, Rsl
from aggregator.model.errors import DeskError
from aggregator.model.taken import Taken
from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text import reference
from aggregator.text.dates import utc_now
from aggregator.web.desk_pages.serving import ROUTES as DESK_ROUTES
from aggregator.web.pages.serving import ROUTES
from tests.conftest import SOAK, make_articles, record, scaled
from tests.make_database import CONFIG
from tests.web.browsing import Browsing, browsing
from tests.web.serving import served

pytestmark = pytest.mark.soak
FILE = Path(__file__).parents[1] / "fixtures" / "vectors" / "vectors.jsonl"
ALL = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
# What a page has that it must not: whatever could run, load or send, wherever it came from.
FOUND = """async () => {
  await new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));
  const found = window.__hit ? ['window.__hit is set'] : [];
  const said = each => found.push(each.outerHTML.slice(0, 300));
  if (document.title.includes('7*7') && document.title.includes('49')) found.push(document.title);
  const leads = new Set(['href', 'src', 'action', 'poster', 'xlink:href', 'cite']);
  for (const each of document.querySelectorAll('*')) {
    for (const {name, value} of each.attributes) {
      if (/^on|^(style|srcdoc|formaction|background|ping|autoplay|http-equiv|data)$/.test(name)) said(each);
      if (leads.has(name)) {
        let protocol = '';
        try { protocol = new URL(value, location).protocol; } catch { protocol = ''; }
        if (!['http:', 'https:', 'mailto:', 'tel:', ''].includes(protocol)) said(each);
      }
    }
    const name = each.localName;
    if (/^(iframe|object|embed|base|style|applet|template|math|foreignobject)$/i.test(name)) said(each);
    if (name === 'script' && each.type === 'application/ld+json') JSON.parse(each.textContent);
    else if (name === 'script' && !/^\\/static\\/[a-z-]+\\.js\\?v=/.test(each.getAttribute('src'))) said(each);
    if (name === 'form' && !/^(\\/(?!\\/)|$)/.test(each.getAttribute('action') ?? '')) said(each);
    if (name === 'link' && each.rel === 'stylesheet' && !each.getAttribute('href').startsWith('/static/')) said(each);
  }
  return found;
}"""


def portion(cases: Sequence[Any], full: int) -> list[Any]:
    """Evenly spread ones, so many as `scaled` says; in `make soak` all."""
    wanted = len(cases) if SOAK else min(len(cases), scaled(full))
    return [cases[number * len(cases) // wanted] for number in range(wanted)]


VECTORS = portion(ALL, len(ALL))


# A wire of which everybody else is hostile


def in_toml(words: str) -> str:
    """As a basic string of TOML 1.0."""
    plain = (each if each.isprintable() and each not in '"\\' else f"\\U{ord(each):08x}" for each in words)
    return f'"{"".join(plain)}"'


def publisher_file(number: int, vector: str, *, without: Sequence[str] = ()) -> str:
    """What a publisher says of itself; but for fields in which the configuration refuses the words."""

    def said(field: str, longest: int, usual: str) -> str:
        return in_toml(usual if field in without else vector[:longest] or usual)

    return f"""
name = {said("name", 100, "P")}
place = {said("place", 100, "P")}
country = "ML"
kind = "newspaper"
languages = ["en"]
homepage = "http://p{number:03}.example/"
rights_profile = "agreement"
stance = {said("stance", 100, "P")}
stance_source = "https://p{number:03}.example/us"

[rights]
credit = {said("credit", 200, "{publisher}")}
copyright_notice = {said("copyright_notice", 200, "P")}
images = {{ scope = "agreement", hotlink = true }}

[contact]
corrections = "desk@p{number:03}.example"

[disclaimers]
corrected = {said("disclaimers", 200, "P")}
image = {said("disclaimers", 200, "P")}

[[source]]
url = "http://p{number:03}.example/feed"
"""


FIELDS = ("name", "place", "stance", "credit", "copyright_notice", "disclaimers")


def entries(number: int, vector: str, again: str = "") -> tuple[Entry, ...]:
    """What a publisher sends, with the words in every field. `again`: in a second version."""
    site = f"http://p{number:03}.example"
    vector = vector.replace("\0", "")  # as each parser does, because SQLite ends a text there
    picture = Media(
        url=f"{site}/picture.jpg", medium="image", type="image/jpeg", width=64, height=64, title=vector,
        caption=Text(vector), credit=vector, copyright=vector, alt=vector, language=vector,
    )  # fmt: skip
    quoted = escape(vector)  # read as HTML, it is the words themselves
    inside = (
        f'<p title="{quoted}">First <a href="{quoted}" onclick="{quoted}">link</a> <img src="{quoted}" alt="{quoted}">'
        f'</p><p style="{quoted}">Second {vector}</p>'
    )
    return (
        Entry(
            id=f"{site}/1",
            title=Text(f"One {vector}{again}", "text/plain"),
            summary=Text(f"{vector}{again}"),
            content=(Text(f"<p>BAMAKO - {vector}{again}</p><p>The bridge is open.</p>"),),
            links=(Link(f"{site}/1?a={vector}"),),
            authors=(Person(vector),),
            categories=(Category(vector), Category("x", vector, vector)),
            media=(picture,),
            published="Sat, 21 Nov 2026 08:00:00 GMT",
            contributors=(Person(vector),),
            origin=Origin(name=vector, url=vector, feed=vector, id=vector, publisher=vector, source=vector),
            places=(Place("12.6 -8.0", name=vector), Place(vector, vector)),
            rsl=(Rsl(url=vector, server=vector, permits=vector, prohibits=vector, payment=vector),),
            base=vector,
        ),
        Entry(
            id=vector,
            title=Text(f"Two {quoted}"),
            summary=Text(f"<p>{quoted}</p>"),
            content=(Text(f"<p>BAMAKO - {quoted}</p><p>{quoted}</p>"),),
            links=(Link(vector),),
            authors=(Person(quoted),),
            media=(replace(picture, url=f"{site}/two.jpg", caption=Text(quoted)),),
            published=vector,
            updated=vector,
            language=vector,
            rights=vector,
        ),
        Entry(
            id=f"{site}/3",
            title=Text("Three &lt;" + vector, "text/html"),
            content=(Text(inside + again),),
            links=(Link(f"{site}/3"),),
            page=PageWords(
                title=vector,
                summary=vector,
                byline=vector,
                authors=(Person(vector),),
                correction=vector,
                published_stated=vector,
                categories=(Category(vector),),
                media=(replace(picture, url=f"{site}/p.jpg"),),
                licences=(vector,),
            ),
        ),
        Entry(id=f"{site}/4", title=Text(f"Four {vector}"), links=(Link(f"{site}/4"),)),
    )


@dataclass
class Hostile:
    """The wire, and where the words are."""

    here: Browsing
    ids: list[tuple[str, ...]]  # of the reports of each publisher
    complaints: list[int]
    open_complaints: list[int]
    merges: list[int]

    def lists(self) -> list[str]:
        """Pages on which many of them are at once."""
        return [
            "/", "/latest", "/country/ml", "/publishers", "/positions?country=ml", "/search?country=ML",
            "/search?q=bridge", "/kind/newspaper",
        ]  # fmt: skip

    def reports(self) -> Iterator[list[str]]:
        """Of each kind of page those of all publishers."""
        for number in range(4):
            yield [f"/report/{each[number]}" for each in self.ids]
        for path in ("/report/{}/versions", "/report/{}/take", "/complain/{}"):
            yield [path.format(each[1]) for each in self.ids]
        yield [f"/publisher/p{number:03}" for number in range(len(self.ids))]

    def at_desk(self) -> Iterator[str]:
        yield from (f"/desk/complaint/{number}" for number in self.complaints)
        yield from (f"/desk/merge/{number}" for number in self.merges)
        for each in self.ids:
            yield from (f"/desk/report/{each[0]}", f"/desk/report/{each[3]}", f"/desk/complaints/{each[2]}")

    def desk_lists(self) -> list[str]:
        return [
            "/desk", "/desk/complaints", "/desk/complaints/wire", "/desk/held-back", "/desk/ledger", "/desk/rights",
            "/desk/report?q=bridge", "/desk/sources?state=all", f"/desk/report/{self.ids[0][0]}",
            "/desk/merges", "/desk/merges/suspicious?since=ever",
        ]  # fmt: skip


def configured(folder: Path) -> tuple[Paths, list[Publisher]]:
    """Every publisher has its words in as many fields as the configuration takes them."""
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    paths = Paths(config, folder / "wire.db")
    (config / "publishers" / "ml").mkdir(exist_ok=True)
    without: dict[str, set[str]] = {f"p{number:03}": set() for number in range(len(VECTORS))}
    for _ in FIELDS:
        for number, vector in enumerate(VECTORS):
            key = f"p{number:03}"
            text = publisher_file(number, vector, without=tuple(without[key]))
            (config / "publishers" / "ml" / f"{key}.toml").write_text(text, "utf-8")
        faulty = [each for each in load_config(paths).faulty if each.key in without]
        for each in faulty:
            without[each.key] |= {name for name in FIELDS if any(name in fault for fault in each.faults)}
        if not faulty:
            break
    found = {each.key: each for each in load_config(paths).publishers if each.key in without}
    assert sorted(found) == sorted(without)
    refused = sum(map(len, without.values()))
    assert refused < len(FIELDS) * len(VECTORS) / 3, without
    return paths, [found[key] for key in sorted(found)]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    folder, now = tmp_path_factory.mktemp("vectors"), utc_now()
    paths, publishers = configured(folder)
    with open_wire(paths, load_config(paths), now) as store:
        ids = [filled(store, number, publisher) for number, publisher in enumerate(publishers)]
        numbers = [complained(store, ids[0][0], number, vector) for number, vector in enumerate(VECTORS)]
        pairs = [filed(store, those[2], number) for number, those in enumerate(ids)]
        numbers += [each for pair in pairs for each in pair]
        merges = [int(each["merge_id"]) for each in store.merges()]
        assert len(merges) >= len(VECTORS)
    with served(folder, paths.config_folder()) as wire, browsing(wire) as here:
        yield Hostile(here, ids, numbers, [still_open for _, still_open in pairs], merges)


def filled(store: Store, number: int, publisher: Publisher) -> tuple[str, ...]:
    """The ids of its reports, of which the first has two versions and the last is withheld, for hostile reasons."""
    vector, now = VECTORS[number], utc_now()
    record(store, publisher, *entries(number, vector), now=now)
    record(store, publisher, *entries(number, vector, " More was said."), now=now)
    again = replace(entries(number, vector)[2], id=f"tag:p{number:03}.example,2026:3")
    record(store, publisher, again, now=now)  # of the same link, so that it is a merge
    said = make_articles(publisher, *entries(number, vector))
    ids = tuple(each.id for each in said)
    cause = Cause(actor="person:ama", reason=vector, reference=vector)
    acts.withhold(store, ids[3], cause, now)
    return ids


def complained(store: Store, report: str, number: int, vector: str) -> int:
    """The number of a complaint, which was answered; somebody has taken a report too."""
    now = utc_now()
    taken = Taken(
        key=f"{number:020x}", report=report, revision=1, format="html", medium=vector, contact=vector,
        published_in=vector,
    )  # fmt: skip
    assert store.take(taken, now)
    complaint = Complaint(kind="about_the_wire", text=vector, complainant=vector)
    filed = store.complaint_about_wire(complaint, now)
    with suppress(DeskError):
        complaints.resolve(store, filed, vector, now, vector)
    return filed


def filed(store: Store, report: str, number: int) -> tuple[int, int]:
    """The numbers of two complaints about a report that came by the form: one was answered, the other is open."""
    vector, now, made = VECTORS[number], utc_now(), []
    for kind, secret in (("comment", number), ("privacy", len(VECTORS) + number)):
        said = Complaint(kind="comment" if kind == "comment" else "privacy", text=vector, complainant=vector)
        digest = reference.digest(code(secret))
        store.file_complaint(Filing(complaint=said, report=report, reference_hash=digest, email=vector), None, now)
        made.append(int(store.complaints_page(report, None, 1)[0]["number"]))
    complaints.resolve(store, made[0], vector.replace("\n", " "), now, vector)
    return made[0], made[1]


def code(number: int) -> str:
    """The reference of such a complaint."""
    return reference.written(number.to_bytes(reference.BYTES, "big"))


# Every page


def attacks(page: Page, paths: Sequence[str]) -> list[str]:
    """What of the words became more than words. A dialog, an error or a request to another host is found by the tab."""
    found = []
    for path in paths:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status < 500, path
        found += [f"{path}: {each}" for each in page.evaluate(FOUND)]
    return found


def test_there_are_enough_of_them() -> None:
    assert len(set(ALL)) == len(ALL) >= 200


@pytest.mark.parametrize("has_policy", [True, False])
def test_nothing_that_a_publisher_says_runs(hostile: Hostile, has_policy: bool) -> None:
    # In full each page once, half of them without the policy; `make test` has each kind of page either way.
    kinds = list(hostile.reports()) if SOAK else list(hostile.reports())[has_policy::2]
    alone = [path for those in kinds for path in portion(those[has_policy::2], len(ALL) // 16)]
    lists = hostile.lists() if SOAK else hostile.lists()[has_policy::3]
    with hostile.here.tab(bypass_csp=not has_policy) as page:
        assert attacks(page, [*lists, *alone]) == []


@pytest.mark.parametrize("has_policy", [True, False])
def test_nothing_that_anybody_says_runs_at_the_desk(hostile: Hostile, has_policy: bool) -> None:
    with hostile.here.desk_tab(f"ama-{has_policy}", bypass_csp=not has_policy) as page:
        some = portion(list(hostile.at_desk()), 40)
        lists = hostile.desk_lists() if SOAK else portion(hostile.desk_lists()[has_policy::2], 40)
        assert attacks(page, [*lists, *some[has_policy::2]]) == []
        # Of these no host could be sought.
        for vector in portion([each for each in VECTORS if "<" in each and "." not in each], 20):
            page.goto("/desk/add")
            typed(page, "main form.desk-form", vector.replace("\n", " "))
            assert page.locator(".wire-problem").count() == 1


def test_nothing_that_an_address_says_runs(hostile: Hostile) -> None:
    """Every parameter of every page; which words, is another one each time."""
    routes = [route for route in (*ROUTES, *DESK_ROUTES) if route.parameters and not route.path.endswith(".csv")]
    pairs = [(route.path, name) for route in routes for name in route.parameters]
    some = {"code": "ml", "key": "p000", "tag": "en", "kind": "newspaper", "group": "institution", "class": "opinion"}
    some |= {"id": hostile.ids[0][0], "about": "wire", "publisher": "p000", "source": "feed", "name": "x"}
    some |= {"number": str(hostile.complaints[0])}
    paths = []
    for number in range(max(len(pairs), len(VECTORS))):
        path, name = pairs[number % len(pairs)]
        said = urlencode({name: VECTORS[number % len(VECTORS)]}, errors="replace")
        paths.append(path.replace("{code}", "11000000" if "topic" in path else "ml").format(**some) + "?" + said)
    paths += [f"/search?{urlencode({'q': vector}, errors='replace')}" for vector in VECTORS]
    with hostile.here.desk_tab("zola", bypass_csp=True) as page:
        assert attacks(page, portion(paths, 80)) == []


def test_nothing_that_is_typed_into_a_form_runs(hostile: Hostile) -> None:
    """Forms are shown again with what was typed."""
    with hostile.here.tab(bypass_csp=True) as page:
        for vector in portion(VECTORS, 40):
            page.goto(f"/complain/{hostile.ids[0][0]}")
            typed(page, "form.complain", vector)
            assert page.locator("#summary").count() == 1
            page.goto(f"/report/{hostile.ids[0][0]}/take")
            typed(page, "main form", vector)


def test_no_answer_to_a_complaint_runs(hostile: Hostile) -> None:
    """Which whoever complained reads, and which may quote the complaint."""
    with hostile.here.tab(bypass_csp=True) as page:
        for number in portion(range(len(VECTORS)), 60):
            hostile.here.wire.now[0] += timedelta(minutes=5)  # so many references are not looked up at once
            answer = page.goto(f"/complaint/{code(number)}")
            assert answer is not None
            assert answer.status == 200
            assert page.evaluate(FOUND) == []


def test_nothing_that_is_typed_into_a_form_of_the_desk_runs(hostile: Hostile) -> None:
    """Every form of every page of the desk, one after the other, with other words in all of its fields each time."""
    ids, tried = hostile.ids, set[str]()
    with hostile.here.desk_tab("abena", bypass_csp=True) as page:
        for number, vector in enumerate(portion(VECTORS, 100)):
            those = ids[number % len(ids)]
            complaint, merge = (found[number % len(found)] for found in (hostile.open_complaints, hostile.merges))
            paths = (
                f"/desk/report/{those[0]}", f"/desk/report/{those[3]}", f"/desk/merge/{merge}",
                f"/desk/complaint/{complaint}", f"/desk/source/p{number % len(ids):03}/feed", "/desk/report",
                "/desk/ledger", "/desk/sources?state=all",
            )  # fmt: skip
            page.goto(paths[number % len(paths)])
            tried.add(typed(page, "main form", vector, number // len(paths)).rpartition("/")[2])
        for vector in portion(VECTORS, 20):
            page.goto("/desk/add")
            with page.expect_navigation():
                page.evaluate(CHOSEN, vector)
            assert page.locator("#fault-name, .wire-problem").count() >= 1
            assert page.evaluate(FOUND) == []
            typed(page, "main form.desk-form", vector)
    assert not SOAK or {"withhold", "embargo", "withdraw", "join", "undo", "erase", "pause", "confirm"} <= tried


# Sends the form of the first step of /desk/add as if it were that of the third, with these words in every field.
CHOSEN = """said => {
  const each = document.querySelector('main form.desk-form');
  const token = each.querySelector('[name=form_token]').value;
  each.replaceChildren();
  const fields = {form_token: token, step: 'check'};
  for (const name of ['feed', 'feed_kind', 'name', 'key', 'place', 'country', 'kind', 'languages', 'homepage',
                      'corrections', 'permissions', 'technical', 'profile', 'licence', 'licence_url', 'expires',
                      'terms_checked']) fields[name] = said;
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement('textarea');
    [field.name, field.value] = [name, value];
    each.append(field);
  }
  each.submit();
}"""
# Types these words into every field that a person fills in, and sends it.
TYPED = """([selector, number, said]) => {
  const forms = document.querySelectorAll(selector), form = forms[number % forms.length];
  for (const field of form.querySelectorAll('input, textarea'))
    if (!['hidden', 'radio', 'checkbox'].includes(field.type)) field.value = said;
  form.submit();
  return form.getAttribute('action') ?? '';
}"""
WHOLE = f"async () => [document.querySelectorAll('h1').length, await ({FOUND})()]"


def typed(page: Page, selector: str, vector: str, number: int = 0) -> str:
    """Fills in one of these forms with the words, and sends it; where it was sent."""
    with page.expect_navigation():
        action = page.evaluate(TYPED, [selector, number, vector])
    assert page.evaluate(WHOLE) == [1, []]
    return str(action)
