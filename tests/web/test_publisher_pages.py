"""A publisher's page, who is on this wire, and the wire's statement, over real HTTP."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from msgspec.structs import replace

from aggregator.config.loading import load
from aggregator.desk import acts
from aggregator.model import Cause, Images, Rights
from aggregator.model.publisher import Uses
from aggregator.model.signals import Signal
from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from aggregator.text.dates import utc_now
from aggregator.web.pages.rights_words import rights_words
from tests.conftest import AGREEMENT, QUOTATION, make_poll
from tests.make_database import CONFIG, DATABASES
from tests.web.serving import Served, served

TODAY = date(2026, 11, 22)
STATEMENT = """\
## A wire of the lake towns

We are **four people** in Zomba. <b>Bold</b> <script>alert(1)</script>

#### Money

Paid by [our readers](https://readers.example/), not by [him](javascript:alert(1)).

![a picture](https://elsewhere.example/p.png)
"""


def page(served: Served, path: str, **headers: str) -> BeautifulSoup:
    answer = served.get(path, **headers)
    assert answer.status_code == 200, path
    soup = BeautifulSoup(answer.text, "lxml")
    assert len(soup.select("h1")) == 1
    levels = [int(each.name[1]) for each in soup.find_all(["h1", "h2", "h3", "h4", "h5", "h6"])]
    assert all(second <= first + 1 for first, second in pairwise(levels)), path
    return soup


def words(soup: BeautifulSoup, selector: str) -> list[str]:
    return [" ".join(each.get_text().split()) for each in soup.select(selector)]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """18 publishers; of one no file is there any more, of one nothing leaves by the web, and one has another key."""
    folder = tmp_path_factory.mktemp("publishers")
    config = folder / "config"
    shutil.copytree(CONFIG, config)
    (config / "statement.md").write_text(STATEMENT)
    wire = config / "wire.toml"
    wire.write_text('statement = "statement.md"\n' + wire.read_text())
    closed = config / "publishers/tn/nawras.toml"
    closed.write_text(closed.read_text().replace("[rights]", '[rights]\nredistribute = ["api"]'))
    renamed = config / "publishers/gh/kumasi-nettle.toml"
    renamed.write_text('former_keys = ["nettle-of-kumasi"]\n' + renamed.read_text())
    next(config.glob("publishers/*/dega-zena.toml")).unlink()
    (folder / "wire.db").write_bytes(gzip.decompress((DATABASES / "0.8.0.db.gz").read_bytes()))
    paths = Paths(config, folder / "wire.db")
    open_wire(paths, load_config(paths), utc_now()).close()
    with served(folder, config) as found:
        yield found


def test_a_page_says_who_a_publisher_is_and_what_may_be_done_with_its_reports(wire: Served) -> None:
    soup = page(wire, "/publisher/ministry-of-power-and-light")
    assert words(soup, "h1") == ["Ministry of Power and Light"]
    assert words(soup, ".where") == ["Accra · Ghana · Government"]
    for link in ("/country/gh", "/kind/government", "/group/institution", "/language/en"):
        assert soup.select(f'a[href="{link}"]'), link
    assert soup.select('a[href="mailto:corrections@power-and-light.example"]')
    said = words(soup, ".terms li")
    assert "The law allows everybody to republish these texts." in said
    assert "Its pictures are not shown here." in said
    assert any("which is an institution and not a news organisation" in each for each in words(soup, "blockquote"))
    rows = soup.select("article.row")
    assert rows
    assert all("Ministry of Power and Light (Accra)" in row.get_text() for row in rows)
    assert soup.select('link[rel=alternate][href="/feeds/publisher/ministry-of-power-and-light.atom"]')
    chart, table = soup.select_one("svg[role=img]"), soup.select_one("details table")
    assert chart is not None
    assert table is not None
    bars = [str(bar.get_text()) for bar in chart.select("rect title")]
    assert len(bars) == len(table.select("tbody tr")) == 30
    assert not soup.select("[style], style")
    longer = page(wire, "/publisher/ministry-of-power-and-light?days=90")
    assert len(longer.select("svg rect")) == 90
    assert len(page(wire, "/publisher/ministry-of-power-and-light?days=7").select("svg rect")) == 30


def test_what_is_the_operators_alone_is_not_on_a_page(wire: Served) -> None:
    for publisher in load(CONFIG).publishers:
        text = wire.get(f"/publisher/{publisher.key}").text
        for source in publisher.sources:
            assert source.url not in text
            assert source.name not in text


def test_a_page_says_how_completely_a_publisher_is_received(tmp_path: Path) -> None:
    with served(tmp_path) as own:
        now = own.now[0]
        publishers = {each.key: each for each in load(CONFIG).publishers}
        whole, broken = publishers["mbalawe-commission"], publishers["hand-pump-network"]
        with open_wire(own.paths, load_config(own.paths), now) as store:
            for days, gap in ((3, None), (2, "open"), (1, None)):
                at = now - timedelta(days=days)
                for each, its in ((whole, None), (broken, gap)):
                    polls = [(make_poll(source, at, entries=0, gap=its), ()) for source in each.sources]
                    record_polls(store, polls, at)
        (said,) = received(page(own, f"/publisher/{whole.key}"))[:1]
        assert said == "In the last 30 days we know of no report that is missing."
        lines = received(page(own, f"/publisher/{broken.key}"))
        assert lines[0].startswith(
            f"In the last 30 days its feed did not reach back to what we had before; times: {len(broken.sources)}. So "
        )
        assert any(each.startswith("Nothing is known to be missing between ") for each in lines)


def received(soup: BeautifulSoup) -> list[str]:
    """What is said of how completely a publisher is received."""
    return words(soup, "section:has(> h2:-soup-contains('How completely we receive it')) li")


def test_the_wires_own_publisher_is_marked_and_so_is_a_former_one(wire: Served) -> None:
    own = page(wire, "/publisher/tamarind-wire")
    assert "How completely we receive it" not in words(own, "h2")
    assert words(own, ".notice") == ["These are the reports of Tamarind Wire itself. We answer for them."]
    former = page(wire, "/publisher/dega-zena")
    assert words(former, ".notice") == [
        "We no longer receive this publisher. Its reports stay here under the terms that held last."
    ]
    assert former.select("article.row")
    assert "How completely we receive it" not in words(former, "h2")


def test_a_publisher_whose_rights_close_the_web_is_named_and_no_report_of_it(wire: Served) -> None:
    soup = page(wire, "/publisher/nawras")
    assert words(soup, ".notice") == ["The rights of this publisher let nothing of its reports out on these pages."]
    assert not soup.select("article.row, svg")
    assert "noindex" in str(soup.select_one("meta[name=robots]"))
    assert not soup.select("link[rel=alternate]")
    assert "nawras" not in wire.get("/publishers").text


def test_a_former_key_leads_to_the_one_of_now_and_no_other_does(wire: Served) -> None:
    answer = wire.get("/publisher/nettle-of-kumasi")
    assert (answer.status_code, answer.headers["location"]) == (301, "/publisher/kumasi-nettle")
    for path in ("/publisher/nobody", "/publisher/%00", "/publisher/..%2f", "/publisher/kumasi-nettle?before=nothing"):
        assert wire.get(path, accept="text/html").status_code == 404, path


def test_all_publishers_are_listed_by_country_in_the_readers_language(wire: Served) -> None:
    soup = page(wire, "/publishers")
    countries = words(soup, "h2")
    assert countries[0] == "Cameroon"
    assert countries[-1] == "Africa"
    assert countries[:-1] == sorted(countries[:-1])
    assert "Ministry of Power and Light · Accra" in "".join(words(soup, "#gh .publisher")).replace("Accra", "· Accra")
    french = words(page(wire, "/publishers", accept_language="fr"), "h2")
    assert french[0] == "Cameroun"
    assert french.index("Éthiopie") < french.index("Ghana")
    assert len(french) == len(countries)
    numbers = words(soup, ".on-the-wire .facts")
    assert any(each.startswith("Reports in 30 days: ") and not each.endswith(": 0") for each in numbers)


def test_the_list_is_narrowed_by_kind_group_and_language_without_a_script(wire: Served) -> None:
    for query, expected in (
        ("kind=government", {"ministry-of-power-and-light"}),
        ("language=ar", {"difaf"}),
        ("group=institution&language=pt", {"mbalawe-commission"}),
        ("kind=church", set()),
        ("kind=%22%3E%3Cb%3E", set()),
    ):
        soup = page(wire, f"/publishers?{query}")
        found = {str(each["href"]).rpartition("/")[2] for each in soup.select(".on-the-wire .publisher a")}
        assert found == expected, query
        assert soup.select("form.choose[action='/publishers'] select[name=kind]")
        assert "noindex" in str(soup.select_one("meta[name=robots]"))
    chosen = page(wire, "/publishers?kind=government").select("option[selected]")
    assert [str(each["value"]) for each in chosen] == ["government"]


def test_the_statement_has_the_operators_words_and_nothing_active(wire: Served) -> None:
    soup = page(wire, "/about")
    own = soup.select_one(".statement")
    assert own is not None
    assert [(each.name, each.get_text()) for each in own.find_all(["h2", "h3", "h4"])] == [
        ("h2", "In the words of the people who run this wire"), ("h3", "A wire of the lake towns"), ("h4", "Money"),
    ]  # fmt: skip
    assert own.find("strong") is not None
    assert "<script>alert(1)</script>" in own.get_text()  # as it was typed
    assert [str(each["href"]) for each in own.select("a")] == ["https://readers.example/"]
    assert not own.select("img, script, b")
    assert soup.select('a[href="mailto:desk@tamarind-wire.example"]')
    assert "17" in words(soup, ".in-numbers strong")


def test_without_a_statement_or_with_one_that_cannot_be_read_the_page_is_there(wire: Served, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    file = config / "wire.toml"
    file.write_text('statement = "nothing.md"\n' + file.read_text())
    assert any("statement" in each and "nothing.md" in each for each in load(config).warnings)
    with served(tmp_path, config) as other:
        assert not page(other, "/about").select(".statement")


def test_a_report_under_embargo_is_in_no_list_and_in_no_number(wire: Served) -> None:
    path = "/publisher/kumasi-nettle"
    before = page(wire, path)
    report = str(before.select(".headline a")[0]["href"]).rpartition("/")[2]
    headline = words(before, ".headline")[0]
    listed = words(page(wire, "/publishers"), "#gh li:has(a[href='/publisher/kumasi-nettle']) .facts")[-1]
    now = wire.now[0]
    with Store.open(wire.paths.database()) as store:
        acts.embargo(store, report, now + timedelta(days=3), Cause(actor="person:ama", reason="a letter"), now)
    after = page(wire, path)
    assert headline not in after.get_text()
    assert len(after.select("article.row")) == len(before.select("article.row")) - 1
    numbers = [
        sum(int(each.rpartition(" ")[2]) for each in words(of, "svg rect title")) for of in (before, after)
    ]  # of the chart
    assert numbers[1] == numbers[0] - 1
    listed_after = words(page(wire, "/publishers"), "#gh li:has(a[href='/publisher/kumasi-nettle']) .facts")[-1]
    assert int(listed_after.rpartition(" ")[2]) == int(listed.rpartition(" ")[2]) - 1


# The terms in plain words


def _said(rights: Rights, *signals: Signal, today: date = TODAY) -> list[str]:
    found = rights_words(rights, today, signals, None, str, "en")
    return [each.text for of in (found.here, found.others, found.machines, found.agreed) for each in of]


def test_each_term_is_said_as_it_is_in_force() -> None:
    assert _said(AGREEMENT)[:3] == [
        "You can read the whole text of its reports here.",
        "Its pictures are shown under an agreement with the publisher.",
        "Its reports leave this wire by: these pages, feeds, the programming interface, and e-mail.",
    ]
    assert _said(QUOTATION)[0] == (
        "You can read the opening lines here, at most 60 words, with a link to the whole report."
    )
    assert "We have no note of when these terms were last read." in _said(QUOTATION)
    assert "Its pictures are not shown here." in _said(replace(AGREEMENT, images=Images(scope="none")))
    closed = _said(replace(AGREEMENT, redistribute=("api",)))
    assert closed[0] == "Nothing of its reports may be shown on these pages."
    assert not any("pictures" in each for each in closed)


def test_an_agreement_that_has_ended_is_said_with_what_holds_since() -> None:
    rights = replace(AGREEMENT, expires=date(2026, 11, 21), edits="licensed", terms_checked=date(2026, 1, 2))
    before, after = _said(rights, today=date(2026, 11, 21)), _said(rights)
    assert "The agreement lasts until 21 November 2026." in before
    assert before[0] == "You can read the whole text of its reports here."
    assert "Its texts may be edited." in before
    assert "The agreement ended on 21 November 2026. What you read here is what holds since then." in after
    assert after[0].startswith("You can read the opening lines here")
    assert "Nobody may change its texts." in after
    assert "A person last read these terms on 2 January 2026." in after


def test_what_a_site_says_to_machines_narrows_what_is_said() -> None:
    rights = replace(AGREEMENT, ai_use=Uses(train="allowed", input="allowed", search="allowed"))
    assert "Machines may learn from its reports." in _said(rights)
    signal = Signal(
        form="content-signal", place="robots", url="https://daily.example/robots.txt", about="https://daily.example",
        literal="ai-train=no", uses=Uses(train="refused"),
    )  # fmt: skip
    said = _said(rights, signal)
    assert "Machines may not learn from its reports." in said
    assert "Its own site says so to machines: Content-Signal." in said
    assert "Machines may use its reports to answer questions." in said
