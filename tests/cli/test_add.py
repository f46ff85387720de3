"""catalogue, add and add --update as people call them: what is copied, what stays, what a re-run does."""

from __future__ import annotations

import json
import os
import pty
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.config import catalogue
from aggregator.demo import Press
from aggregator.demo.answers import Resource
from tests import commands
from tests.cli.test_cli import Desk, make_config
from tests.cli.test_doors import SITE, site  # noqa: F401  (a fixture)
from tests.conftest import NOW
from tests.hostile import Ran, run
from tests.pipeline.test_probing import alternate, page, whole

MALIJET, ESSOR = "publishers/ml/malijet.toml", "publishers/ml/lessor.toml"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A wire of a name of its own that has no other publisher yet."""
    made = make_config(tmp_path / "config")
    for file in (made / "wire.toml", made / "publishers" / "xa" / "test-wire.toml"):
        file.write_text(file.read_text().replace("wire.example", "wire.not-there-at-all.ml"))
    return made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


def said(config: Path, *arguments: str) -> Ran:
    return run("--config", str(config), *arguments)


def files_of(config: Path) -> dict[str, str]:
    return {str(path.relative_to(config)): path.read_text() for path in config.rglob("*") if path.is_file()}


# catalogue


def test_catalogue_lists_each_publisher_on_two_lines(config: Path) -> None:
    ran = said(config, "catalogue", "--country", "Mali", "--kind", "newspaper", "--language", "French")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert lines[-1] == f"{len(lines) // 2} of 2,159 publishers; `aggregator add KEY` copies one"
    assert lines[:2] == ["info-matin", "  Info-Matin · ML · newspaper · fr · feed known"]
    assert all(len(line) <= 80 for line in lines)


def test_catalogue_says_which_are_here(config: Path) -> None:
    assert said(config, "add", "malijet").code == 0
    assert "feed known · added\n" in said(config, "catalogue", "malijet").out
    (row,) = json.loads(said(config, "catalogue", "malijet", "--json").out)
    assert (row["publisher"], row["country"], row["publisher_group"], row["feed"], row["added"]) == (
        "malijet", "ML", "news_organization", "known", True,
    )  # fmt: skip


def test_catalogue_needs_no_wire(tmp_path: Path) -> None:
    ran = run("--config", str(tmp_path / "none"), "catalogue", "malijet")
    assert (ran.code, ran.err) == (0, "")
    assert "· feed known\n" in ran.out


def test_nothing_found_is_said(config: Path) -> None:
    assert said(config, "catalogue", "xyzzy").out == "0 of 2,159 publishers; ask for fewer words or conditions\n"
    assert json.loads(said(config, "catalogue", "xyzzy", "--json").out) == []


@pytest.mark.parametrize("command", ["catalogue", "add"])
@pytest.mark.parametrize(
    ("option", "value", "near"),
    [
        ("--country", "Malli", "did you mean ML (Mali) or"),
        ("--country", "ZZ", "no country of ISO 3166-1 such as ML or Mali"),
        ("--group", "institutions", "did you mean institution?"),
        ("--kind", "paper", "did you mean newspaper?"),
        ("--kind", "own", "'own' is not known"),
        ("--language", "Frensh", "did you mean fr (French)"),
    ],
)
def test_a_condition_that_nothing_can_meet_is_a_usage_error(
    config: Path, command: str, option: str, value: str, near: str
) -> None:
    ran = said(config, command, option, value)
    assert (ran.code, ran.out) == (2, "")
    assert near in ran.err


# add


def test_a_copy_is_the_catalogue_s_text_below_a_line_that_says_so(config: Path) -> None:
    ran = said(config, "add", "malijet", "lessor", "malijet")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"added      {MALIJET}  Malijet\nadded      {ESSOR}  L'Essor\n2 added; `aggregator fetch` polls them\n"
    )
    for name in (MALIJET, ESSOR):
        first, _, rest = (config / name).read_text().partition("\n")
        assert first.startswith(f'catalogue = "{catalogue.listed(Path(name).stem).mark}"')
        assert rest == catalogue.texts()[name]
    keys = [row["publisher"] for row in json.loads(said(config, "publishers", "--json").out)]
    assert {"malijet", "lessor"} < set(keys)


def test_all_that_fit_are_added_and_a_second_time_none_is(config: Path) -> None:
    conditions = ("--country", "ML", "--country", "gambia", "--group", "institution")
    first = json.loads(said(config, "add", *conditions, "--json").out)
    assert {each["file"].split("/")[1] for each in first["added"]} == {"ml", "gm"}
    before = files_of(config)
    again = said(config, "add", *conditions, "--json")
    assert again.code == 0
    assert json.loads(again.out) == {
        "added": [],
        "here_already": [{"publisher": each["publisher"], "file": each["file"]} for each in first["added"]],
        "left_out": [],
    }
    assert files_of(config) == before


def test_what_is_here_under_another_key_is_here(config: Path) -> None:
    """As after a rename."""
    said(config, "add", "malijet")
    (config / MALIJET).rename(config / "publishers" / "ml" / "le-malijet.toml")
    ran = said(config, "add", "malijet")
    assert ran.code == 0
    assert "publishers/ml/le-malijet.toml  stays as it is" in ran.out
    assert not (config / MALIJET).exists()


def test_what_does_not_load_beside_the_others_is_left_out_with_the_reason(config: Path) -> None:
    mine = catalogue.texts()[MALIJET].replace("Malijet", "Mine")
    (config / "publishers" / "ml" / "mine.toml").write_text(mine)
    ran = said(config, "add", "malijet", "lessor")
    assert ran.code == 1
    assert "left out   malijet: source[1].url: found" in ran.err
    assert "publishers/ml/mine.toml source[1] has it too" in ran.err
    assert "1 added, 1 left out" in ran.out
    assert (config / ESSOR).exists()
    assert not (config / MALIJET).exists()


def test_a_profile_that_was_renamed_here_is_said(config: Path) -> None:
    rights = config / "rights.toml"
    rights.write_text(rights.read_text().replace("[quotation]", "[quoted]"))
    ran = said(config, "add", "malijet")
    assert ran.code == 1
    assert 'rights_profile: found "quotation"' in ran.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "give KEYs of the catalogue, a URL, or conditions"),
        (("malijett",), 'did you mean "malijet"?'),
        (("malijet", "--country", "ML"), "one of the three"),
        (("example-wire",), "the catalogue has no publisher 'example-wire'"),
        (("--country", "ML", "--kind", "church"), "no publisher of the catalogue fits"),
        (("malijet", "--yes"), "--yes belongs to --update"),
        (("--update", "--json"), "beside --update"),
        (("--update", "--country", "ML"), "beside --update"),
        (("--update", "malijet"), "has no publisher 'malijet'; `aggregator add malijet` copies it"),
        (("--update", "--keep", "--yes"), "give --keep, or"),
        (("https://a.test", "https://b.test"), "one URL at a time"),
        (("https://a.test",), "give --country once"),
        (("https://a.test", "--country", "ML"), "give --language once"),
        (("https://a.test", "--country", "ML", "--language", "fr", "--group", "individual"), "--group does not go"),
        (("https://a.test", "--country", "ML", "--language", "fr", "--key", "../x"), "expected small letters"),
        (("https://u:p@a.test", "--country", "ML", "--language", "fr"), "a search sends no secrets"),
        (("https://a test", "--country", "ML", "--language", "fr"), "expected an address such as"),
        (("gopher://a.test", "--country", "ML", "--language", "fr"), "expected an address such as"),
    ],
)
def test_what_cannot_be_added_is_a_usage_error(config: Path, arguments: tuple[str, ...], reason: str) -> None:
    before = files_of(config)
    ran = said(config, "add", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert reason in ran.err
    assert files_of(config) == before


def test_fetch_of_a_publisher_that_is_only_in_the_catalogue_says_so(config: Path) -> None:
    ran = said(config, "fetch", "malijet")
    assert ran.code == 2
    assert "has no publisher 'malijet'; `aggregator add malijet` copies it from the catalogue" in ran.err


# add URL


def test_a_site_becomes_a_publisher_of_its_best_feed(desk: Desk, site: str) -> None:  # noqa: F811
    url = ("add", site, "--country", "Mali", "--language", "fr", "--name", "L'Écho du jour", "--kind", "blog")
    out = desk(*url)
    assert out.splitlines()[:2] == [
        "added      publishers/ml/lecho-du-jour.toml  L'Écho du jour",
        f"  feed: {site}whole.xml (rss20, 2 entries)",
    ]
    written = tomllib.loads((desk.config / "publishers" / "ml" / "lecho-du-jour.toml").read_text())
    assert written == {
        "name": "L'Écho du jour", "country": "ML", "kind": "blog", "languages": ["fr"], "homepage": site,
        "rights_profile": "quotation", "source": [{"url": f"{site}whole.xml"}],
    }  # fmt: skip
    before, asked = files_of(desk.config), len(desk.press.requests)
    assert desk(*url).startswith("here       publishers/ml/lecho-du-jour.toml  has ")
    assert json.loads(desk(*url, "--json"))["here_already"] == [
        {"publisher": "lecho-du-jour", "file": "publishers/ml/lecho-du-jour.toml"}
    ]
    assert (files_of(desk.config), len(desk.press.requests)) == (before, asked)
    assert [poll["new"] for poll in json.loads(desk("fetch", "lecho-du-jour", "--json"))] == [2]


def test_a_key_may_be_given_or_is_made_of_the_host(desk: Desk, site: str) -> None:  # noqa: F811
    options = ("--country", "SN", "--language", "wolof")
    assert "has it already" in desk("add", site, *options, "--key", "one", code=2)
    out = json.loads(desk("add", site, *options, "--json"))
    (added,) = out["added"]
    assert (added["publisher"], added["name"]) == (SITE.replace(".", "-"), SITE)
    (desk.config / added["file"]).unlink()
    desk("add", site, *options, "--key", "mine")
    assert (desk.config / "publishers" / "sn" / "mine.toml").exists()


def test_a_site_that_says_its_name_is_called_so(desk: Desk, site: str) -> None:  # noqa: F811
    head = '<link rel="alternate" type="application/rss+xml" href="whole.xml">'
    name = '<meta property="og:site_name" content="L\'Écho &quot;du&quot; jour">'
    html = f"<!DOCTYPE html><html><head>{head}{name}</head><body>x</body></html>"
    desk.press.set_document(SITE, "/", Resource(html.encode(), "text/html"))
    (added,) = json.loads(desk("add", site, "--country", "ML", "--language", "fr", "--json"))["added"]
    assert (added["publisher"], added["name"]) == ("lecho-du-jour", 'L\'Écho "du" jour')
    assert tomllib.loads((desk.config / added["file"]).read_text())["name"] == added["name"]


def test_a_site_without_a_feed_is_exit_code_1_and_nothing_is_written(desk: Desk, site: str) -> None:  # noqa: F811
    desk.press.set_document(SITE, "/", page())
    before = files_of(desk.config)
    said = desk("add", site, "--country", "ML", "--language", "fr", code=1)
    assert f"no feed was found at {site}" in said
    assert f"`aggregator probe {site}` shows them" in said
    assert files_of(desk.config) == before


def test_an_address_from_the_network_is_no_template_in_the_file(desk: Desk, site: str) -> None:  # noqa: F811
    desk.press.set_document(SITE, "/", page(alternate("/$%7BHOME%7D.xml")))
    desk.press.set_document(SITE, "/$%7BHOME%7D.xml", whole(1))
    (added,) = json.loads(desk("add", site, "--country", "ML", "--language", "fr", "--json"))["added"]
    (source,) = tomllib.loads((desk.config / added["file"]).read_text())["source"]
    assert source["url"] == f"{site}$%7BHOME%7D.xml"


# add --update


def as_of_before(config: Path, old: str, new: str, *, mine: str = "") -> str:
    """A copy of malijet from a catalogue in which `new` was still `old`; returns the text of the file."""
    then = catalogue.texts()[MALIJET].replace(new, old)
    assert then != catalogue.texts()[MALIJET]
    text = f'catalogue = "malijet@{catalogue.digest(then)}"\n{then}{mine}'
    (config / "publishers" / "ml").mkdir(exist_ok=True)
    (config / MALIJET).write_text(text)
    return text


OLD, NEW = "https://malijet.com/old", "https://malijet.com/rss"
NOW_THERE = "warning: publishers/ml/malijet.toml: catalogue: the catalogue has another version of it now"


def test_check_names_what_the_catalogue_changed_and_update_takes_it(config: Path) -> None:
    text = as_of_before(config, OLD, NEW)
    said(config, "add", "lessor")
    checked = said(config, "check")
    assert checked.code == 0
    assert [line for line in checked.out.splitlines() if "catalogue" in line] == [
        f"{NOW_THERE}; `aggregator add --update KEY` shows the difference, and takes it"
    ]
    shown = said(config, "add", "--update")
    assert shown.code == 1
    assert shown.out.splitlines()[:2] == ["--- publishers/ml/malijet.toml", "+++ the catalogue"]
    assert f'-url = "{OLD}"' in shown.out
    assert f'+url = "{NEW}"' in shown.out
    assert "malijet.toml: not changed; --yes takes it, --keep keeps yours" in shown.err
    assert (config / MALIJET).read_text() == text
    taken = said(config, "add", "--update", "malijet", "--yes")
    assert taken.code == 0
    assert "malijet.toml: now as the catalogue has it" in taken.out
    assert (config / MALIJET).read_text() == catalogue.copied(catalogue.listed("malijet"))
    assert NOW_THERE not in said(config, "check").out
    assert said(config, "add", "--update").out == "The catalogue has no other version of any publisher here.\n"
    assert said(config, "add", "--update", "malijet").code == 0
    assert [path.name for path in (config / MALIJET).parent.glob("*.old*")] == []


def test_own_changes_are_lost_only_where_that_is_said_and_are_kept_aside(config: Path) -> None:
    mine = as_of_before(config, OLD, NEW, mine="every_minutes = 60\n")
    ran = said(config, "add", "--update", "malijet", "--yes")
    assert ran.code == 1
    assert "it has changes of your own, which would go; --yes --overwrite takes the catalogue's" in ran.err
    assert "-every_minutes = 60" in ran.out
    assert (config / MALIJET).read_text() == mine
    for kept in ("malijet.toml.old", "malijet.toml.old.2"):
        (config / MALIJET).write_text(mine)
        assert said(config, "add", "--update", "malijet", "--overwrite").code == 0
        assert (config / MALIJET).with_name(kept).read_text() == mine
        assert (config / MALIJET).read_text() == catalogue.copied(catalogue.listed("malijet"))
    assert said(config, "check").code == 0  # what is kept aside is no publisher's file


def test_a_publisher_that_was_renamed_keeps_its_former_keys(config: Path) -> None:
    """Of them the ids of its reports are made."""
    as_of_before(config, OLD, NEW)
    assert said(config, "publishers", "rename", "malijet", "le-malijet").code == 0
    renamed = config / "publishers" / "ml" / "le-malijet.toml"
    assert said(config, "add", "--update", "--yes").code == 0  # which is no change of its user's
    written = tomllib.loads(renamed.read_text())
    assert (written["former_keys"], written["source"][0]["url"]) == (["malijet"], NEW)
    assert written["catalogue"] == catalogue.listed("malijet").mark
    assert said(config, "add", "--update").out == "The catalogue has no other version of any publisher here.\n"


def test_who_keeps_the_file_is_told_of_later_changes_only(config: Path) -> None:
    mine = as_of_before(config, OLD, NEW, mine="every_minutes = 60\n")
    assert said(config, "add", "--update", "--keep").code == 0
    first, _, rest = (config / MALIJET).read_text().partition("\n")
    assert first == f'catalogue = "{catalogue.listed("malijet").mark}"'
    assert rest == mine.partition("\n")[2]
    assert NOW_THERE not in said(config, "check").out


def test_an_update_that_would_not_load_changes_nothing(config: Path) -> None:
    text = as_of_before(config, OLD, NEW)
    other = catalogue.texts()[MALIJET].replace("Malijet", "Other")
    (config / "publishers" / "ml" / "other.toml").write_text(other)
    ran = said(config, "add", "--update", "malijet", "--yes")
    assert ran.code == 1
    assert "not changed, because it would have a fault: source[1].url: found" in ran.err
    assert (config / MALIJET).read_text() == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (catalogue.texts()[MALIJET], "it was not copied from the catalogue"),
        (f'catalogue = "gone@{"0" * 16}"\n{catalogue.texts()[MALIJET]}', "the catalogue has this publisher no more"),
    ],
)
def test_what_is_no_copy_stays_as_it_is(config: Path, text: str, reason: str) -> None:
    (config / MALIJET).write_text(text)
    ran = said(config, "add", "--update", "malijet", "--yes", "--overwrite")
    assert ran.code == 1
    assert reason in ran.err
    assert (config / MALIJET).read_text() == text
    assert (reason in said(config, "check").out) is (reason.startswith("the catalogue has"))


@pytest.mark.parametrize(("answer", "is_taken"), [(b"y\n", True), (b"n\n", False)])
def test_at_a_terminal_it_asks(config: Path, answer: bytes, is_taken: bool) -> None:
    text = as_of_before(config, OLD, NEW)
    leader, follower = pty.openpty()
    os.write(leader, answer)
    command = [*commands.COMMAND, "--config", str(config), "add", "--update"]
    ran = commands.run(command, stdin=follower, capture_output=True, timeout=60)  # type: ignore[arg-type]
    os.close(follower)
    os.close(leader)
    assert b"malijet.toml: take this? [y/N]: " in ran.stderr
    assert ran.returncode == (0 if is_taken else 1)
    assert ((config / MALIJET).read_text() != text) is is_taken
