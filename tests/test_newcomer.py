"""A newcomer in an empty folder walks the README and the main paths of its three users, by the real commands and over
real HTTP: the editor of a small wire, a monitoring desk, a researcher.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

import click
import pytest

from aggregator.cli import COMMANDS, aggregator
from aggregator.demo import Press, Resource
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from tests import ROOT, commands
from tests.rows import every_row

README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HOST = "127.0.0.1"  # of the site whose address the newcomer types
OTHER = "/sauti/feed"  # of the publisher whose file they write by hand
FRENCH = (
    ("1", "Choléra : trois cas signalés à Kayes", "Le centre de santé de Kayes signale trois cas depuis lundi."),
    ("2", "L’élection du maire est reportée", "La préfecture dit que l’élection aura lieu dans un mois."),
    ("3", "Le pont de Lumo rouvre", "Les camions passent de nouveau depuis ce matin."),
)
SWAHILI = (("1", "Walimu wamaliza mgomo", "Shule zote za wilaya zitafunguliwa Jumatatu."),)
CORRECTED = "Rectificatif : une première version de cet article disait trois cas ; il y en a deux."


def rss(host: str, items: tuple[tuple[str, str, str], ...], now: datetime, language: str) -> bytes:
    rows = "".join(
        f"<item><title>{escape(title)}</title><link>http://{host}/{number}</link><guid>{host}-{number}</guid>"
        f"<pubDate>{format_datetime(now - timedelta(hours=int(number)))}</pubDate>"
        f"<description>{escape(text)}</description></item>"
        for number, title, text in items
    )
    head = f"<title>News</title><language>{language}</language>"
    return f"<rss version='2.0'><channel>{head}{rows}</channel></rss>".encode()


@dataclass
class Newcomer:
    folder: Path
    press: Press
    now: datetime
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, line: str, code: int = 0) -> str:
        """What a command prints for its caller: its standard output, and where it fails its standard error."""
        told = os.environ | self.environment
        words = shlex.split(line)
        done = commands.run(
            [*commands.COMMAND, *words], cwd=self.folder, env=told, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == code, (line, done.stdout, done.stderr)
        return str(done.stderr if code else done.stdout)

    @property
    def database(self) -> Path:
        return Path(self.environment["AGGREGATOR_DB"])

    def said_by(self, items: tuple[tuple[str, str, str], ...]) -> None:
        self.press.set_document(HOST, "/feed.xml", rss(HOST, items, self.now, "fr"))

    def id_of(self, word: str) -> str:
        (report,) = json.loads(self(f"search {word} --json"))
        return str(report["id"])


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """Everything up to the first reports, as the README has it."""
    now = utc_now()
    with Press(now=now) as press:
        one = Newcomer(tmp_path_factory.mktemp("newcomer"), press, now)
        link = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
        page = f"<!DOCTYPE html><html><head>{link}</head><body>News</body></html>"
        press.set_document(HOST, "/", Resource(page.encode(), "text/html"))
        one.said_by(FRENCH)
        press.set_document(HOST, OTHER, rss("sauti.example", SWAHILI, now, "sw"))
        made = one(
            "init wire --name 'Fil du Sahel' --site https://fil.ml/ --email desk@fil.ml --timezone Africa/Bamako"
        )
        one.environment = dict(re.findall(r"^  export (\w+)=(\S+)$", made, re.MULTILINE))
        assert set(one.environment) == {"AGGREGATOR_CONFIG", "AGGREGATOR_DB"}
        wire = one.folder / "wire" / "wire.toml"
        text = wire.read_text()
        for before, after in (
            ("allow_addresses = []", 'allow_addresses = ["127.0.0.0/8"]'),
            ("per_domain_seconds = 2.0", "per_domain_seconds = 0"),
        ):
            assert before in text
            text = text.replace(before, after)
        wire.write_text(text)
        assert "malijet" in one("catalogue --country Mali")
        one("add malijet")
        copied = one.folder / "wire" / "publishers" / "ml" / "malijet.toml"
        copied.write_text(f'enabled = false\nreason = "not in this test"\n{copied.read_text()}')
        one(f"add {press.url}/ --country ML --language fr --name 'Le Quotidien' --key quotidien")
        by_hand = README.partition("## Add a publisher")[2].partition("```toml\n")[2].partition("```")[0]
        by_hand = by_hand.replace("https://daily.example/feed", f"{press.url}{OTHER}")
        by_hand = by_hand.replace("The Daily Example", "Sauti").replace('["fr"]', '["sw"]')
        (one.folder / "wire" / "publishers" / "ml" / "sauti.toml").write_text(by_hand)
        assert "OK: 4 publishers, " in one("check")
        one("fetch")
        yield one


def test_the_first_reports_are_there_under_their_publishers_names(newcomer: Newcomer) -> None:
    listed = newcomer("latest")
    assert listed.count("Le Quotidien") == 3
    assert "Sauti (Bamako)" in listed
    assert " GMT " in listed  # of Africa/Bamako
    assert "not in this test" in newcomer("publishers --off")


def test_the_editor_sees_a_correction_withholds_and_answers_a_complaint(newcomer: Newcomer) -> None:
    newcomer("changes --cursor subscriber")
    title, text = FRENCH[0][1].replace("trois", "deux"), FRENCH[0][2].replace("trois", "deux")
    newcomer.said_by(((FRENCH[0][0], title, f"{text} {CORRECTED}"), *FRENCH[1:]))
    newcomer("fetch quotidien")
    changed = newcomer("changes --cursor subscriber")
    assert re.search(r"corrected .*deux cas", changed)
    report = newcomer.id_of("choléra")
    assert "version 2 of 2" in newcomer(f"show {report} --cite")
    assert "trois cas" in newcomer(f"show {report} --revisions")
    newcomer(f"complaint add {report[:8]} --kind privacy --text 'My name is in it' --from reader@example.org")
    assert "reader@example.org" in newcomer("complaint list")
    assert "choléra" not in newcomer("latest").lower()
    page = newcomer(f"show {report} --desk")
    assert "My name is in it" in page
    assert "deux cas" in page
    newcomer("complaint resolve 1 --resolution 'It is another person'")
    newcomer(f"restore {report} --reason 'It is another person'")
    newcomer(f"withhold {report} --reason 'It names a patient'")
    assert "already withheld since " in newcomer(f"withhold {report} --reason again", code=1)
    newcomer(f"restore {report} --reason 'The name is out'")
    assert "deux cas" in newcomer(f"show {report}")
    kinds = [json.loads(line)["change_kind"] for line in newcomer("changes --json").splitlines()]
    assert kinds[-4:] == ["withheld", "restored", "withheld", "restored"]


def test_the_editor_is_told_of_a_dead_source(newcomer: Newcomer) -> None:
    assert newcomer("health --fail-on failing")
    newcomer.press.misbehave(HOST, OTHER, "status", status=500)
    assert "sauti/" in newcomer("fetch sauti", code=1)
    newcomer("health --fail-on failing", code=1)
    assert "sauti/" in newcomer("health")
    newcomer.press.behave(HOST, OTHER)
    newcomer("fetch sauti")
    newcomer("health --fail-on failing")


def test_the_editor_goes_back_to_a_backup(newcomer: Newcomer) -> None:
    report, place = newcomer.id_of("pont"), newcomer.folder / "wire-backup.db"
    newcomer(f"backup create {place}")
    newcomer(f"purge {report} --yes --reason 'a mistake'")
    assert "pont" not in newcomer("latest")
    newcomer(f"backup load {place} --yes" if "--yes" in newcomer("backup load --help") else f"backup load {place}")
    assert newcomer.id_of("pont") == report


def test_the_monitoring_desk_misses_nothing_and_hears_it_once(newcomer: Newcomer) -> None:
    newcomer("search pluie --cursor alerts --exit-code", code=1)
    late = (
        *FRENCH,
        ("9", "Pluies à Ségou : dix maisons détruites", "La pluie est tombée toute la nuit."),
    )
    newcomer.said_by(late)
    newcomer("fetch quotidien")
    assert newcomer("search pluie* --since 1h --count") == "0\n"  # it is dated nine hours ago
    rows = list(csv.DictReader(io.StringIO(newcomer("search pluie* --cursor alerts --csv --columns title,publisher"))))
    assert rows == [{"title": late[-1][1], "publisher": "quotidien"}]
    newcomer("search pluie* --cursor alerts --exit-code", code=1)
    assert "quotidien: complete since " in newcomer("coverage --by-day")
    assert "Mali" in newcomer("latest --country Malii", code=2)
    assert newcomer("latest --country Mali --language Swahili --count") == "1\n"


def test_the_researcher_asks_in_sql_here_and_elsewhere(newcomer: Newcomer) -> None:
    found = json.loads(newcomer("query --json -p word '%lection%' 'SELECT id, title FROM wire WHERE title LIKE :word'"))
    assert [row["title"] for row in found] == [FRENCH[1][1]]
    with closing(sqlite3.connect(f"file:{newcomer.database}?mode=ro", uri=True)) as plain:
        sql = (
            "SELECT w.id FROM article_search AS s JOIN wire AS w ON w.newest_revision = s.rowid"
            " WHERE article_search MATCH ?"
        )
        assert plain.execute(sql, ("élection",)).fetchall() == [(found[0]["id"],)]
        assert plain.execute("SELECT count(*) FROM publishers WHERE publisher = 'quotidien'").fetchone() == (1,)
    for query in re.findall(r"```sql\n(.*?)```", README, re.DOTALL):
        newcomer(f"query {shlex.quote(query)}")


def test_the_researcher_takes_a_snapshot(newcomer: Newcomer) -> None:
    newcomer("snapshot numbers --public")
    assert (newcomer.folder / "numbers" / "datapackage.json").exists()


def calls() -> Iterator[object]:
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
            for line in block.splitlines():
                found = re.match(r"(?:sudo -u \S+ )?aggregator (?!--version)(.+)", line)
                if found:
                    yield pytest.param(found[1], id=f"{page.name}: {found[1][:50]}")


@every_row("line", [*calls()])
def test_every_call_of_the_pages_is_one(line: str) -> None:
    """Its command, its options and its arguments are taken; nothing is run."""
    words = shlex.split(line, comments=True)
    words = words[: next((n for n, word in enumerate(words) if word in ("|", ">", "<", "&&")), len(words))]
    context = click.Context(aggregator)
    command: click.Command = aggregator
    if words[0].startswith("--"):
        words = words[next(n for n, word in enumerate(words) if word in COMMANDS) :]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        if command is not aggregator and words[0] not in command.list_commands(context):
            break
        found = command.get_command(context, words.pop(0))
        assert found is not None, line
        command = found
    with suppress(_NoSuchFile):
        _made(command, words)


class _NoSuchFile(Exception):
    """A file that the page names as an example is not here."""


def _made(command: click.Command, words: list[str]) -> None:
    try:
        command.make_context(command.name, words, parent=click.Context(aggregator, obj=Paths(ROOT / "config", None)))
    except click.BadParameter as error:
        if "does not exist" in str(error):
            raise _NoSuchFile from error
        raise


def test_every_page_has_calls_or_is_of_another_kind() -> None:
    assert len(list(calls())) > 60
