"""Publishers from a list of feeds: who is new, who is left out and why, and that nothing half-written is kept."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from aggregator.config.loading import load
from aggregator.config.new_publishers import Known, LeftOut, NewPublisher, Told
from aggregator.config.opml import Outline
from tests import ROOT, commands

SOUND = ROOT / "tests" / "fixtures" / "config" / "sound"
DAILY = """
[[source]]
url = "https://feeds.elsewhere.test/daily.xml"
"""
MALI = Told(country="ML", language="fr")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(SOUND, tmp_path / "config"))
    daily = folder / "publishers" / "ml" / "daily.toml"
    daily.write_text(daily.read_text() + DAILY)
    return folder


def sort(config: Path, *outlines: Outline, told: Told = MALI) -> list[NewPublisher | LeftOut]:
    return list(Known(load(config).publishers).sort(outlines, told))


@pytest.mark.parametrize(
    ("url", "homepage", "why"),
    [
        ("http://www.feeds.elsewhere.test/daily.xml/", "https://other.test/", "its address is that of daily"),
        ("https://news.daily.test/feed", "", "its domain daily.test is that of daily; "),
        ("https://feeds.proxy.test/x", "https://www.daily.test/news", "its domain daily.test is that of daily; "),
        ("https://daily.test/feed", "https://other.test/", "its domain daily.test is that of daily; "),
        ("ftp://other.test/feed", "", "its address is not http or https"),
        ("", "", "the list has no address of a feed for it (xmlUrl)"),
        ("", "https://other.test/", "the list has no address of a feed for it (xmlUrl); `aggregator probe https://oth"),
        ("https://other.test/a feed", "", "its address has a character that no address has: space, at place 21"),
        ("https://other.test/a\u202efeed", "", "its address has a character that no address has: right-to-left"),
        ("https://me:pw@other.test/feed", "", "its address has a user name; write it into a publisher's file yourself"),
        ("https://☕.test/feed", "", "its host cannot be looked up: Codepoint U+2615"),
        ("https://other.test/${HOME}", "", "its address has ${NAME}, which a list may not fill in; "),
    ],
)
def test_who_is_here_already_is_left_out(config: Path, url: str, homepage: str, why: str) -> None:
    [left_out] = sort(config, Outline(title="X", url=url, homepage=homepage))
    assert isinstance(left_out, LeftOut)
    assert left_out.why.startswith(why)


def test_blogs_of_one_host_are_not_one_publisher(config: Path) -> None:
    blogs = [Outline(title=name, url=f"https://{name}.blogspot.com/feed") for name in ("awa", "binta")]
    assert [type(each) for each in sort(config, *blogs)] == [NewPublisher, NewPublisher]


def test_a_list_is_compared_with_itself(config: Path) -> None:
    outlines = [Outline(title=name, url=f"https://weekly.test/{name}") for name in ("one", "two")]
    first, second = sort(config, *outlines)
    assert isinstance(first, NewPublisher)
    assert isinstance(second, LeftOut)
    assert "is that of one" in second.why


def test_what_the_list_does_not_say_the_person_must(config: Path) -> None:
    plain = Outline(title="Weekly", url="https://weekly.test/feed")
    for told, why in ((Told(language="fr"), "--country"), (Told(country="ML"), "--language")):
        [left_out] = sort(config, plain, told=told)
        assert isinstance(left_out, LeftOut)
        assert why in left_out.why


def test_what_the_list_says_stands_in_the_file(config: Path) -> None:
    outline = Outline(
        title='L\'Écho "du" Fleuve',
        url="https://feeds.echo.test/rss",
        homepage="https://echo.test/",
        language="fr-ML",
        categories=("news", "ML", "newspaper"),
    )
    [newcomer] = sort(config, outline, told=Told())
    assert isinstance(newcomer, NewPublisher)
    assert newcomer.name == "publishers/ml/lecho-du-fleuve.toml"
    [made] = [p for p in load(config, {newcomer.name: newcomer.text}).publishers if p.key == "lecho-du-fleuve"]
    assert (made.name, made.country, made.kind, made.languages) == (outline.title, "ML", "newspaper", ("fr-ML",))
    assert (made.profile, made.rights.text_scope, made.rights.images.scope) == ("quotation", "excerpt", "none")
    assert (made.homepage, made.sources[0].url) == (outline.homepage, outline.url)


@pytest.mark.parametrize(
    ("titles", "keys"),
    [
        (["Daily", "Daily"], ["daily-2", "daily-3"]),  # the first is taken
        (["ወቅታዊ ዜና"], ["n0-test"]),
        (["", "!"], ["n0-test", "n1-test"]),
    ],
)
def test_keys_are_slugs_and_nobody_else_s(config: Path, titles: list[str], keys: list[str]) -> None:
    outlines = [Outline(title=title, url=f"https://n{number}.test/feed") for number, title in enumerate(titles)]
    assert [Path(each.name).stem for each in sort(config, *outlines) if isinstance(each, NewPublisher)] == keys


# The command

LIST = """<opml version="2.0"><body>
<outline text="Weekly" xmlUrl="https://weekly.test/feed" language="fr"/>
<outline text="Of {braces}" xmlUrl="https://braces.test/feed"/>
<outline text="The Daily again" xmlUrl="https://www.daily.test/feed"/>
</body></opml>"""


def run(config: Path, *arguments: str, code: int = 0) -> str:
    command = [sys.executable, "-W", "error", "-m", "aggregator", "--config", str(config), *arguments]
    done = commands.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout + done.stderr


def test_import_writes_files_that_load_and_names_the_rest(config: Path) -> None:
    (config.parent / "list.opml").write_text(LIST)
    arguments = ("import", str(config.parent / "list.opml"), "--country", "ml", "--language", "fr")
    said = run(config, *arguments).splitlines()
    assert said[0] == "added     publishers/ml/weekly.toml  Weekly"
    assert said[1].startswith(
        "left out  The Daily again (https://www.daily.test/feed): its domain daily.test is that of"
    )
    assert said[2] == (
        'left out  Of {braces} (https://braces.test/feed): name: found "Of {braces}", expected one line of text '
        "without braces"
    )
    assert said[3:] == ["1 added, 2 left out"]
    files = {path.name for path in (config / "publishers" / "ml").iterdir()}
    assert files == {"daily.toml", "weekly.toml"}
    again = json.loads(run(config, *arguments, "--json"))
    assert (again["added"], again["unread"]) == ([], 0)
    assert [each["name"] for each in again["left_out"]] == ["Weekly", "The Daily again", "Of {braces}"]
    assert [each["here_already"] for each in again["left_out"]] == [True, False, False]
    assert run(config, *arguments).splitlines()[-1] == "0 added, 3 left out (1 here already)"
    (config / "publishers" / "ml" / "weekly.toml").unlink()
    (config.parent / "list.opml").write_text(LIST.replace("https://weekly.test/feed", "https://daily.test/other"))
    assert run(config, *arguments, code=1).splitlines()[-1] == "0 added, 3 left out"


def test_import_refuses_what_is_no_list_and_no_country(config: Path) -> None:
    (config.parent / "list.opml").write_text("<html/>")
    assert "expected <opml>" in run(config, "import", str(config.parent / "list.opml"), code=1)
    assert "ISO 3166-1" in run(config, "import", str(config.parent / "list.opml"), "--country", "QQ", code=2)
    assert "ISO 639" in run(config, "import", str(config.parent / "list.opml"), "--language", "qqq", code=2)
