"""What a publisher, a server or a file's name says, as `printable` makes it and as all commands print it."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import click
import pytest
from hypothesis import Phase, example, given, settings

from aggregator.cli import aggregator
from aggregator.model import FetchResult
from aggregator.model.errors import ParseError
from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.parsing import read
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.recording import record
from aggregator.text.printable import cell, line, lines
from tests import ROOT
from tests import commands as processes
from tests.conftest import NOW, SOAK, make_poll
from tests.hostile import COSTLY, FORGED, HEADING, NASTY, UNFIT, URI, Ran, feeds, hostile, json_feed, rss, run

# All commands


def commands(group: click.Group = aggregator, before: str = "") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name


WIRE = """
name = "Test Wire"
url = "https://wire.example/"
publisher = "test-wire"
user_agent = "TestWire/1.0 (+https://wire.example/bot)"
robots_token = "TestWire"
complaints_url = "https://wire.example/complain"
complaints_email = "desk@wire.example"
"""
OWN = """
name = "Test Wire"
country = "XA"
kind = "own"
languages = ["en"]
homepage = "https://wire.example/"
rights_profile = "own"
"""
PUBLISHER = """
name = {name}
place = "Bamako"
country = "ML"
kind = "newspaper"
languages = ["fr"]
homepage = "http://{key}.example/"
rights_profile = "{profile}"
[rights]
copyright_holder = "Somebody"
[[source]]
key = "feed"
url = "http://{key}.example/feed"
reason = {name}
enabled = false
[[source]]
key = "other"
url = "http://{key}.example/other"
"""
# What a file of config/ may hold: `config.shapes.Line` refuses C0, DEL and braces.
NAME = "Evil\x9b2J \u202eNews"


@dataclass
class Desk:
    """A configuration of two publishers and the wire, and a database in which one of them is hostile."""

    folder: Path

    @classmethod
    def of(cls, folder: Path) -> Desk:
        config = folder / "config"
        (config / "publishers" / "ml").mkdir(parents=True)
        (config / "publishers" / "xa").mkdir()
        (config / "wire.toml").write_text(WIRE)
        shutil.copy(ROOT / "config" / "rights.toml", config)
        (config / "publishers" / "xa" / "test-wire.toml").write_text(OWN)
        for key, name, profile in (("evil", NAME, "agreement"), ("ministry", HEADING.partition(" (")[0], "quotation")):
            quoted = json.dumps(name)
            text = PUBLISHER.format(key=key, name=quoted, profile=profile)
            (config / "publishers" / "ml" / f"{key}.toml").write_text(text)
        return cls(folder)

    @property
    def database(self) -> Path:
        return self.folder / "data" / "wire.db"

    def receive(self, key: str, *documents: bytes) -> None:
        """What a publisher's documents bring, read and stored as a poll would."""
        paths = Paths(self.folder / "config", self.database)
        config = load_config(paths)
        (publisher,) = (each for each in config.publishers if each.key == key)
        with open_wire(paths, config, NOW) as store:
            for number, document in enumerate(documents):
                source = publisher.sources[number % 2]
                answer = FetchResult(url=source.url, http_status=200, headers={}, body=document)
                now = NOW + timedelta(hours=number)
                try:
                    reading = read(answer, source, publisher)
                except ParseError as error:
                    record(store, [(make_poll(source, now, outcome="failed", error=str(error)), ())], now)
                else:
                    poll = make_poll(
                        source, now, drops=reading.drops, error=reading.warning, withdrawn=reading.withdrawn
                    )
                    record(store, [(poll, reading.listed)], now)
            while store.index():
                pass

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.database)
        found = connection.execute(sql).fetchall()
        connection.close()
        return found

    def __call__(self, *arguments: str) -> Ran:
        return run("--config", str(self.folder / "config"), *arguments, folder=self.folder)


Case = Callable[[Desk, str], list[list[str]]]  # of a desk and a hostile text: the calls of one command


def ids(desk: Desk) -> list[str]:
    return [str(row[0]) for row in desk.rows("SELECT id FROM articles ORDER BY publisher, article_id LIMIT 3")]


def _calls(*lines: str) -> Case:
    """As they would be typed, with the hostile text in the place of SAID."""
    return lambda _, said: [[said if word == "SAID" else word for word in typed.split()] for typed in lines]


def _nowhere(desk: Desk, said: str) -> str:
    return str(desk.database.with_name("none") / said.replace("\0", ""))  # no argument of a command has that character


def _copy(desk: Desk) -> str:
    return str(desk.database.with_name("copy.db"))


def _show(desk: Desk, _: str) -> list[list[str]]:
    """In `make test` each report as a page, and each other form of one of the reports."""
    forms = ("--json", "--raw", "--revisions", "--revisions --json", "--desk", "--rights", "--rights --json")
    calls = []
    for number, one in enumerate(ids(desk)):
        calls += [["show", one], *(["show", one, *form.split()] for form in (forms if SOAK else forms[number::3]))]
    return calls


def _complaints(desk: Desk, said: str) -> list[list[str]]:
    told = ["--text", f"t {said}", "--from", f"f {said}", "--ref", f"r {said}"]
    kinds = ("factual", "copyright", "statute")
    return [["complaint", "add", one, "--kind", kind, *told] for one in ids(desk) for kind in kinds]


def _act(name: str, *rest: str) -> Case:
    return lambda desk, said: [
        [name, one, *rest, "--reason", f"why {said}", "--ref", f"r {said}", "--actor", f"a {said}"]
        for one in ids(desk)[:1]
    ]


def _published(desk: Desk, said: str) -> list[list[str]]:
    file = desk.folder / "own.md"
    file.write_text(
        f"+++\ntitle = {json.dumps('T' + line(said)[:200])}\n+++\n{lines(said)} words.\n", "utf-8", "replace"
    )
    return [["publish", str(file)], ["publish", str(desk.folder / "no\x1b\u202e\n.md")]]


def _imported(desk: Desk, said: str) -> list[list[str]]:
    from xml.sax.saxutils import quoteattr

    from aggregator.config.opml import Outline, write

    shown = [
        Outline(title=said, url=f"http://one.example/{said}"),
        Outline(title="B", url="http://b.example/f", language="fr"),
    ]
    (desk.folder / "ours.opml").write_text(write(said, {said: shown}, NOW), "utf-8")
    attributes = " ".join(f"{name}={quoteattr(line(said))}" for name in ("text", "category", "language"))
    text = f"<opml><body><outline {attributes} xmlUrl='http://c.example/f'/></body></opml>"
    (desk.folder / "theirs.opml").write_text(text, "utf-8", "replace")
    return [
        ["import", str(desk.folder / name), "--country", "ML", *rest]
        for name in ("ours.opml", "theirs.opml")
        for rest in ((), ("--json",))
    ]


TABLES = ("wire", "notices", "wire_at", "health", "articles", "bodies", "polls", "merges")
SQL = (
    *(f"SELECT * FROM {name}" for name in TABLES),  # noqa: S608
    "SELECT article_key FROM article_keys",
    "SELECT raw_words(raw, dictionary_id) FROM revisions",
    "SELECT reason, actor, reference FROM acts",
    "SELECT text, complainant, resolution FROM complaints",
)


def _queries(desk: Desk, said: str) -> list[list[str]]:
    """In `make test` each statement in two of the forms."""
    forms = ((), ("--csv",), ("--json",), ("--csv", "--verbatim"))
    odd = "SELECT '" + said.replace("'", "''").replace("\x00", "") + "' AS x"
    return [
        ["query", sql, *form]
        for number, sql in enumerate((*SQL, odd))
        for form in (forms if SOAK else forms[number % 2 :: 2])
    ]


NAMED = ("--name", "Wire", "--site", "https://wire.ml", "--email", "desk@wire.ml")
# Every command, and how it is called; a text says which test covers one that goes out to servers.
CASES: dict[str, Case | str] = {
    "latest": _calls("latest", "latest --json", "latest --publisher SAID"),
    "search": _calls("search mot*", "search mot* --json", "search -- SAID", "search zzz SAID"),
    "show": _show,
    "changes": _calls("changes", "changes --json"),
    "merges": _calls("merges", "merges --json", "merges --all", "merges --suspect"),
    "health": _calls("health", "health --json"),
    "coverage": _calls("coverage --since 2026-01-01", "coverage --since 2026-01-01 --json", "coverage --since SAID"),
    "publishers rename": _calls(
        "publishers",
        "publishers --json",
        "publishers --off",
        "publishers --off --json",
        "publishers --opml -",
        "publishers --markdown -",
        "publishers --rights SAID",
        "publishers rename SAID other",
        "publishers rename evil SAID",
    ),
    "publishers remove": _calls("publishers remove SAID --yes", "publishers remove SAID --purge --reason SAID --yes"),
    "rights": _calls(
        *("rights", "rights --taken", "rights --json", "rights --csv"),
        *("rights --publisher SAID", "rights --country SAID"),
    ),
    "check": _calls("check", "check --json", "check SAID"),
    "query": _queries,
    "snapshot": lambda desk, said: [
        ["snapshot", str(desk.database.with_name("snapshot")), "--force", *more]
        for more in ((), ("--public", "--format", "jsonl"), ("--publisher", said))
    ],
    "withhold": _act("withhold"),
    "restore": _act("restore"),
    "embargo": _act("embargo", "2031-01-01"),
    "withdraw": _act("withdraw"),
    "confirm": _act("confirm"),
    "complaint add": _complaints,
    "complaint list": _calls("complaint list", "complaint list --json", "complaint list --all"),
    "complaint matters": _calls("complaint matters", "complaint matters --json"),
    "complaint carry-out": _calls("complaint carry-out 2 --reason SAID --ref SAID --actor SAID"),
    "complaint resolve": _calls(
        "complaint resolve 1 --resolution SAID --answer SAID", "complaint resolve 99 --resolution SAID"
    ),
    "complaint erase": _calls("complaint erase 1 --yes", "complaint erase 99 --yes"),
    "backup create": lambda desk, said: [["backup", "create", _nowhere(desk, said)], ["backup", "create", _copy(desk)]],
    "copy-store": lambda desk, said: [["copy-store", _nowhere(desk, said), "postgresql:///none?host=/none"]],
    "backup load": lambda desk, said: [["backup", "load", _nowhere(desk, said)], ["backup", "load", _copy(desk)]],
    "split": lambda desk, said: [["split", str(row[0])] for row in (*desk.rows("SELECT merge_id FROM merges"), (999,))],
    "join": lambda desk, said: [["join", *ids(desk)[-2:], "--reason", said], ["join", said, said, "--reason", "x"]],
    "pause": _calls("pause SAID"),
    "resume": _calls("resume SAID"),
    "accept": _calls("accept SAID", "accept evil/feed"),
    "pending accept": _calls("pending", "pending --json", "pending --all", "pending accept SAID"),
    "pending refuse": _calls("pending refuse SAID"),
    "publish": _published,
    "import": _imported,
    "catalogue": _calls("catalogue SAID", "catalogue SAID --json", "catalogue --country SAID"),
    "add": _calls("add SAID", "add --language SAID", "add --update SAID", "add --update", "add malijet --json"),
    "init": lambda desk, said: [
        ["init", str(desk.database.with_name("new")), *NAMED, option, said]
        for option in ("--name", "--site", "--email")
    ],
    "purge": lambda desk, said: [["purge", "--yes", "--reason", said, *ids(desk)], ["purge", said, "--reason", "x"]],
    "fetch": "test_forged.test_what_a_server_says_is_fit_in_every_output",
    "probe": "test_forged.test_what_a_server_says_is_fit_in_every_output",
    "recheck": "test_forged.test_what_a_server_says_is_fit_in_every_output",
    "retag": _calls("retag", "retag --publisher SAID"),
    "export": _calls(
        *(f"export {name}" for name in ("atom", "rss", "jsonfeed", "ninjs", "newsml", "jsonl", "csv")),
        "export csv --search SAID",
        "export atom --address SAID",
    ),
    "serve": "tests/output/test_active.py, tests/web",
    "alerts pause": _calls("search --save said -- mot", "alerts", "alerts --json", "alerts pause SAID"),
    "alerts resume": _calls("alerts resume SAID"),
    "alerts test": _calls("alerts test said", "alerts test said --json", "alerts test SAID"),
    "subscribers": _calls("subscribers", "subscribers --json", "subscribers SAID", "subscribers --replay SAID"),
    "tokens add": _calls(
        "tokens add SAID", "tokens add x --channel SAID", "tokens add x --rate SAID", "tokens add x --desk SAID"
    ),
    "tokens list": _calls("tokens list", "tokens list --json"),
    "tokens revoke": _calls("tokens revoke SAID"),
    "run": "test_forged.test_the_log_of_the_daemon_is_fit",
    "worker": "its log is that of `run`",
    "demo": "its publishers are our own",
}
# In this order: what reads, what acts, and what reads again (in `make test` half of it).
READING = [
    "rights",
    *("latest", "search", "show", "changes", "merges", "health", "coverage", "publishers rename", "check", "query"),
    *("export", "snapshot", "rights", "tokens list", "subscribers"),
]
ACTING = [
    *(
        "confirm",
        "withhold",
        "complaint add",
        "complaint list",
        "complaint matters",
        "show",
        "restore",
        "complaint carry-out",
    ),
    *("embargo", "withdraw", "complaint resolve"),
    *(
        "retag",
        "pause",
        "tokens add",
        "tokens revoke",
        "alerts pause",
        "alerts resume",
        "alerts test",
        "resume",
        "publish",
        "import",
        "add",
        "catalogue",
        "init",
        "join",
        "merges",
        "show",
        "split",
        "accept",
        "pending accept",
        "pending refuse",
        "publishers remove",
        "complaint list",
        *(READING if SOAK else READING[1::4]),
        "purge",
        "changes",
        "complaint erase",
        "backup create",
        "backup load",
        "copy-store",
    ),
]


def test_every_command_has_a_case() -> None:
    assert set(CASES) == set(commands()), "a command without a case: say in CASES how it is called with hostile data"
    called = {name for name, case in CASES.items() if not isinstance(case, str)}
    assert called == set(READING) | set(ACTING)


def calls(desk: Desk, names: Sequence[str], said: str) -> Iterator[tuple[list[str], Ran]]:
    for name in names:
        case = CASES[name]
        assert not isinstance(case, str)
        for arguments in case(desk, said):
            yield arguments, desk(*arguments)


def assert_fit(arguments: list[str], ran: Ran) -> None:
    shown = [each[:60] for each in arguments]
    out = ran.out.replace("\t", "") if arguments[0] == "query" and "\t" in ran.out else ran.out  # between its columns
    assert not (found := UNFIT.search(out + ran.err)), (shown, found)
    assert ran.code in (0, 1, 2), shown
    assert "Traceback" not in ran.err, (shown, ran.err)
    if "--json" in arguments or "--raw" in arguments:
        for part in ran.out.splitlines() if arguments[0] == "changes" else [ran.out] if ran.code == 0 else []:
            json.loads(part)


_NAMES = rf"(?:Evil2J News|{re.escape(HEADING.partition(' (')[0])}) \(Bamako\)|Test Wire"
_HEADINGS = re.compile(rf"(?:{_NAMES})  \d{{4}}-\d\d-\d\d \d\d:\d\d")


def assert_unforged(desk: Desk, arguments: list[str], ran: Ran) -> None:
    """Of what is printed for people, only our own lines begin at the margin."""
    at_the_margin = [row for row in ran.out.splitlines() if row and not row.startswith(" ")]
    if arguments[0] in ("latest", "search") and "--json" not in arguments and ran.code == 0:
        reports = json.loads(desk(*arguments, "--json").out) if "--" not in arguments else None
        assert all(map(_HEADINGS.match, at_the_margin))
        if reports is not None:
            assert [row.startswith(HEADING) for row in at_the_margin] == [r["publisher"] == "ministry" for r in reports]
    if arguments[0] == "show" and len(arguments) == 2 and ran.code == 0:
        ours = (
            "Credit:",
            "Disclaimer:",
            "Picture:",
            "Original:",
            "Licence:",
            "Copyright:",
            "Terms:",
            "Complaints:",
            "Text:",
            "Updated:",
            "Channels:",
            "Dateline:",
            "Agency:",
            "Topic:",
            "About:",
        )
        ((publisher,),) = desk.rows(f"SELECT publisher FROM articles WHERE id = '{arguments[1]}'")  # noqa: S608
        assert at_the_margin[0] == {"evil": "Evil2J News (Bamako)", "ministry": HEADING}.get(
            str(publisher), "Test Wire"
        )
        assert all(row.startswith((*ours, "Id:", "Since:")) for row in at_the_margin[2:])
    if arguments[0] == "changes" and "--json" not in arguments:
        assert all(re.match(r"\d+-[0-9a-f]{8}  20\d\d-", row) for row in ran.out.splitlines())
        assert len(ran.out.splitlines()) == len(desk("changes", "--json").out.splitlines())


def assert_lossless(desk: Desk, arguments: list[str], ran: Ran) -> None:
    """What `query` gives to machines is what the database holds: exactly in JSON, row by row in CSV."""
    if arguments[0] != "query" or ran.code:
        return
    if "raw_words" in arguments[1]:
        count = desk.rows("SELECT count(*) FROM revisions")[0][0]
        rows: list[tuple[object, ...]] = [()] * int(str(count))
    else:
        rows = desk.rows(arguments[1])
    if len(arguments) == 2:  # no value passes for a column or a row
        assert len(ran.out.splitlines()) == len(rows) + 1
        assert len({line.count("\t") for line in ran.out.splitlines()}) == 1
    if "--json" in arguments:
        found = json.loads(ran.out)
        assert len(found) == len(rows)
        for one, row in zip(found, rows, strict=True):
            assert not row or list(one.values()) == [v.hex() if isinstance(v, bytes) else v for v in row]
    if "--csv" in arguments:
        _, *found = csv.reader(io.StringIO(ran.out, newline=""))
        assert len(found) == len(rows)
        for one, row in zip(found, rows, strict=True):
            assert not row or one == [
                "" if v is None else str(cell(v, verbatim="--verbatim" in arguments)) for v in row
            ]
            if "--verbatim" not in arguments:
                texts = [text for text, value in zip(one, row, strict=False) if isinstance(value, str)]
                assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in texts)


# Fields of every kind, each hostile in another way: what `make test` tries.
_ONE = [
    {"id": f"i{said}", "title": f"t{said}", "url": f"http://x.example/{number}{said}", "summary": f"<p>{said}</p>",
     "content_html": f"<p>{said}</p><p>{NASTY[-1]}</p>", "language": said, "tags": [said, "é"], "image": f"http://x/{said}",
     "authors": [{"name": said, "url": "javascript:alert(1)"}], "date_published": "2026-11-21T08:00:00Z"}
    for number, said in enumerate(("\x1b]0;owned\x07" + FORGED, "\r\n\u202e\ud800\x9b31m", "=1+1,\t{original_url}"))
]  # fmt: skip
_OTHER = [{"id": "\x00\u2028", "title": FORGED, "url": "javascript:alert(1)", "date_modified": "\x85"}]


@settings(COSTLY, max_examples=60, phases=COSTLY.phases if SOAK else (Phase.explicit,))  # seconds each
@example(_ONE, _OTHER, "\x1b[2J\u202e\n" + FORGED + "${HOME} [red] ' \" é😀")
@given(feeds, feeds, hostile)
def test_whatever_a_publisher_says_every_command_prints_it_fit(one: list, other: list, said: str) -> None:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk.of(Path(folder))
        desk.receive(
            "ministry", json_feed([{"id": "m", "url": "http://ministry.example/1", "title": "Un mot du ministère"}])
        )
        desk.receive("evil", json_feed(one), rss(other), json_feed(one[::-1] + other))
        for arguments, ran in calls(desk, (*READING, *ACTING), said):
            assert_fit(arguments, ran)
            assert_unforged(desk, arguments, ran)
            assert_lossless(desk, arguments, ran)
        for (url,) in desk.rows("SELECT url FROM articles UNION SELECT url FROM wire UNION SELECT url FROM notices"):
            assert url is None or URI.fullmatch(str(url))
        for (longest,) in desk.rows(
            "SELECT max(length(title)) FROM articles UNION SELECT max(length(title)) FROM revisions"
        ):
            assert int(str(longest or 0)) <= 300


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_the_address_of_a_notice_is_a_web_address(desk: Desk, arguments: tuple[str, ...]) -> None:
    """Also of one that an earlier version let in, and that no migration has seen yet."""
    (report,) = desk.rows("SELECT id FROM articles WHERE publisher = 'evil'")
    assert desk("withhold", str(report[0]), "--reason", "x").code == 0
    for url, shown in (("javascript:alert(1)", False), ("http://evil.example/1", True)):
        connection = sqlite3.connect(desk.database)
        with connection:
            connection.execute("UPDATE articles SET url = ? WHERE publisher = 'evil'", (url,))
        connection.close()
        ran = desk("show", str(report[0]), *arguments)
        assert ran.code == 0
        field = '"url": "' if arguments else "Original: "
        assert (f"{field}{url}" in ran.out) is shown


def test_only_one_file_of_the_command_line_prints() -> None:
    """So that no command can forget to make fit what it prints."""
    for file in (ROOT / "aggregator").rglob("*.py"):
        place = file.relative_to(ROOT / "aggregator")
        if place.as_posix() == "cli/printing.py":
            continue
        text = file.read_text()
        if not re.search(r"\b(s?echo|print|std(out|err)|dumps)\b", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                last = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if last not in ("echo", "secho", "print", "write", "dumps"):  # to write each name out takes seconds
                    continue
                name = ast.unparse(node.func)
                assert name not in ("click.echo", "click.secho", "print", "sys.stdout.write", "sys.stderr.write"), file
                assert name != "json.dumps" or "cli" not in place.parts, f"{file}: JSON goes out by say_json"


# Standard output


def _command(desk: Desk, *arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "aggregator", "--config", str(desk.folder / "config"), *arguments]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk.of(tmp_path)
    item = {"id": "1", "url": "http://evil.example/1", "title": "Élection فيضان ክትባት 😀", "summary": "Pénurie 😀."}
    made.receive("evil", json_feed([item]))
    return made


_TYPED = ("latest", "search penurie", "publishers", "health", "changes", "changes --json", "latest --json")
_CALLED = (*map(str.split, _TYPED), ["query", "SELECT title FROM wire"], ["query", "--csv", "SELECT title FROM wire"])
_POSIX = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.soak
@pytest.mark.parametrize(
    ("environment", "called"),
    [
        ({"PYTHONIOENCODING": "latin-1"}, _CALLED if SOAK else _CALLED[::2]),
        ({"PYTHONIOENCODING": "ascii"}, _CALLED if SOAK else _CALLED[::4]),
        # Each needs an interpreter of its own, half a second.
        (_POSIX, _CALLED if SOAK else [_CALLED[0], _CALLED[8]]),
    ],
    ids=["latin-1", "ascii", "posix"],
)
def test_standard_output_of_another_encoding_is_no_traceback(
    desk: Desk, environment: dict[str, str], called: Sequence[list[str]]
) -> None:
    for arguments in called:
        done = processes.run(_command(desk, *arguments), capture_output=True, env=os.environ | environment, timeout=60)
        assert (done.returncode, done.stderr) == (0, b""), arguments
        said = done.stdout.decode("latin-1" if "latin-1" in environment.values() else "utf-8")  # click's word for ASCII
        if "--json" in arguments:
            found = json.loads(said)
            assert (found[0] if isinstance(found, list) else found)["title"] == "Élection فيضان ክትባት 😀"
        elif arguments[0] in ("latest", "search", "query"):
            assert r"\u0641\u064a\u0636\u0627\u0646" in said or "فيضان" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_standard_output_that_is_full_is_one_line_and_exit_code_1(desk: Desk) -> None:
    typed = ("latest", "latest --json", "publishers --opml -", "check", "--help", "--version")
    for arguments in (*map(str.split, typed), ["query", "--csv", "SELECT 1"], ["query", "SELECT 1"]):
        with Path("/dev/full").open("w") as full:
            done = processes.run(_command(desk, *arguments), stdout=full, stderr=subprocess.PIPE, timeout=60, text=True)
        assert done.returncode == 1, (arguments, done.stderr)
        assert done.stderr == "aggregator: standard output cannot be written: No space left on device\n"


def test_a_pipe_that_nobody_reads_any_more_is_no_failure(desk: Desk) -> None:
    many = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) SELECT i, 'some words' FROM n"
    )
    for arguments in (["query", "--csv", many], ["query", "--json", many], ["query", many]):
        with processes.Popen(_command(desk, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.read(10)
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(timeout=60) == 0, arguments


def test_an_argument_that_is_not_utf8_is_a_fault_of_usage(desk: Desk) -> None:
    typed = (
        b"show ab\xff",
        b"latest --publisher \x9b\xe9",
        b"search caf\xe9",
        b"query '\xff'",
        b"withhold x\xff --reason y",
    )
    for arguments in map(bytes.split, typed):
        done = processes.run([*map(str.encode, _command(desk)), *arguments], capture_output=True, timeout=60)
        said = done.stderr.decode()
        assert done.returncode == 2, said
        assert "not UTF-8" in said
        assert len(said.splitlines()) == 1
