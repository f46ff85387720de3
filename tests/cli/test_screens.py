"""Every command on a database of the demo, on terminals of several widths and kinds and in a pipe: what it prints fits
the terminal, and has no escape code where there is no terminal for it.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from rich.cells import cell_len

from aggregator.cli import COMMANDS, aggregator
from aggregator.store import Store
from tests import ROOT
from tests.cli.test_printable import commands as all_commands
from tests.commands import COMMAND, Popen
from tests.conftest import SOAK
from tests.make_database import DATABASES
from tests.terminals import at_terminal, here_at_terminal

KINDS = ({"TERM": "xterm"}, {"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"})
USUAL = KINDS[0]
ALL = (
    (80, USUAL),
    (40, KINDS[1]),
    (200, KINDS[2]),
    (40, USUAL),
    (200, USUAL),
    (80, KINDS[1]),
    (80, KINDS[2]),
)
STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Of each command some calls; ID is a report's, NEW that of one that has two versions.
# What needs a site, or goes on for ever, is called so that it says what is wrong.
CALLS = {
    "accept": ("accept nobody/feed",),
    "add": ("add nobody-at-all", "add malijet"),
    "alerts": ("alerts",),
    "alerts pause": ("alerts pause nobody",),
    "alerts resume": ("alerts resume nobody",),
    "alerts test": ("alerts test nobody",),
    "backup create": ("backup create TAKEN",),
    "backup load": ("backup load LIST",),
    "catalogue": ("catalogue --country Mali", "catalogue no-such-word"),
    "changes": ("changes", "changes --json", "changes --country Ghana", "changes --after 99999-abcdefab"),
    "check": ("check", "check --json"),
    "complaint add": ("complaint add ID --kind factual --text 'It was another minister who said so, the year before'",),
    "complaint carry-out": ("complaint carry-out 1", "complaint carry-out 99"),
    "complaint erase": ("complaint erase 99",),
    "complaint list": ("complaint list --all",),
    "complaint matters": ("complaint matters",),
    "complaint resolve": ("complaint resolve 1 --resolution 'answered'", "complaint resolve 99 --resolution x"),
    "confirm": ("confirm ID --reason 'it is one'", "confirm nobody --reason x"),
    "copy-store": ("copy-store none.db other.db", "copy-store none.db postgresql:///none?host=/none"),
    "coverage": ("coverage", "coverage --by-day", "coverage nobody"),
    "demo": ("demo --into TAKEN",),
    "embargo": ("embargo ID 2126-12-01T06:00Z", "restore ID --reason 'out'", "embargo ID yesterday"),
    "export": ("export csv", "export nothing"),
    "fetch": ("fetch nobody-at-all",),
    "health": ("health", "health --all", "health nobody"),
    "import": ("import LIST",),
    "init": ("init FULL --name x --site https://x.example/ --email x@x.example --timezone UTC",),
    "join": ("join ID ID --reason same",),
    "latest": ("latest", "latest --count", "latest --country Tchad", "latest --csv", "latest --kind nothing"),
    "merges": ("merges", "merges --all", "merges --suspect"),
    "pause": ("pause nobody",),
    "pending": ("pending",),
    "pending accept": ("pending accept nobody",),
    "pending refuse": ("pending refuse nobody",),
    "probe": ("probe not-an-address", "probe http://127.0.0.1:9/"),
    "publish": ("publish LIST",),
    "publishers": ("publishers", "publishers --off"),
    "publishers remove": ("publishers remove nobody --yes",),
    "publishers rename": ("publishers rename nobody somebody",),
    "purge": ("purge nobody --yes --reason x",),
    "query": ("query 'SELECT * FROM wire LIMIT 2'", "query 'SELECT 1 AS one'", "query 'SELECT nothing'"),
    "recheck": ("recheck --limit 0",),
    "restore": ("restore ID --reason 'it is in the wire'",),
    "resume": ("resume nobody",),
    "retag": ("retag --dry-run", "retag", "retag --publisher nobody"),
    "rights": ("rights",),
    "run": ("run now",),
    "search": ("search mbalawe", "search flood OR bridge", "search nothingofthesort", "search '*'"),
    "serve": ("serve --listen nowhere",),
    "show": ("show ID", "show NEW --revisions", "show NEW --cite", "show ID --desk", "show ID --raw", "show nobody"),
    "snapshot": ("snapshot LIST",),
    "split": ("split 99",),
    "subscribers": ("subscribers", "subscribers --replay nobody"),
    "tokens add": ("tokens add nobody --channel nowhere",),
    "tokens list": ("tokens list",),
    "tokens revoke": ("tokens revoke nobody",),
    "withdraw": ("withdraw ID --reason 'as asked'", "show ID --desk", "restore ID --reason 'back'"),
    "withhold": ("withhold ID --reason 'a private address'", "show ID", "restore ID --reason 'out'"),
    "worker": ("worker",),
}  # fmt: skip
# A pipe and the other terminals in `make test`; `make soak` has all commands on each.
ALWAYS = ("latest", "show", "health", "query", "merges")
MACHINES = ("--json", "--raw", "--csv", "export")  # lines that no terminal may break


@dataclass(frozen=True)
class Demo:
    folder: Path
    words: dict[str, str]

    def call(self, line: str) -> list[str]:
        said = [self.words.get(word, word) for word in shlex.split(line)]
        return [*COMMAND, "--config", str(self.folder / "config"), "--db", str(self.folder / "wire.db"), *said]

    def screen(self, line: str, width: int, environment: dict[str, str], *, is_here: bool = False) -> str:
        """What a terminal of this width is written on both streams; `is_here`: by this process."""
        told = {name: value for name, value in os.environ.items() if name not in ("TERM", "NO_COLOR")}
        told |= {"COLUMNS": str(width), "LINES": "40"} | environment
        command = self.call(line)
        if is_here:
            code, seen = here_at_terminal(command[len(COMMAND) :], told)
        else:
            code, seen = at_terminal(command, told, is_typed=True)
        assert code in (0, 1, 2), (line, seen)
        assert b"Traceback" not in seen, seen.decode()
        return seen.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(ROOT / "data" / "demo" / "config", folder / "config")
    (folder / "wire.db").write_bytes(gzip.decompress((DATABASES / "0.4.0.db.gz").read_bytes()))
    (folder / "taken.db").touch()
    (folder / "list.txt").write_text("no list of feeds, and no report either")
    with Store.open(folder / "wire.db") as store:
        while store.index():
            pass
    with Store.read(folder / "wire.db") as reader:
        sql = "SELECT id FROM wire JOIN articles USING (id) WHERE articles.revision {} ORDER BY id LIMIT 1"
        ((report,), (changed,)) = (next(iter(reader.query(sql.format(of))[1])) for of in ("= 1", "> 1"))
    words = {
        "ID": str(report),
        "NEW": str(changed),
        "TAKEN": str(folder / "taken.db"),
        "LIST": str(folder / "list.txt"),
    }
    return Demo(folder, words | {"FULL": str(folder)})


def test_every_command_has_its_calls() -> None:
    assert set(CALLS) >= set(all_commands()), "say in CALLS how a new command is called"
    assert set(CALLS) - set(all_commands()) <= set(COMMANDS)


def too_wide(screen: str, width: int) -> Iterator[str]:
    """Lines beyond the width that a break between two words would have made shorter."""
    for line in STYLE.sub("", screen).splitlines():
        indent = len(line) - len(line.lstrip())
        longest = max((cell_len(word) for word in line.split()), default=0)
        words = line.split()
        is_one = len(words) < 2 or (len(words) == 2 and words[0].endswith(":"))  # an address and its name
        if cell_len(line) > width and not is_one and longest + indent <= width - 4:
            yield line


def cases(*, only: Collection[str] = CALLS) -> list[str]:
    """Every call in the order of CALLS; in `make test` the first of each of some commands."""
    return [line for name, lines in CALLS.items() for line in (lines if SOAK else lines[:1]) if SOAK or name in only]


@pytest.mark.soak
@pytest.mark.parametrize(("width", "environment"), ALL if SOAK else ALL[:3])
def test_what_is_printed_fits_the_terminal_and_its_kind(demo: Demo, width: int, environment: dict[str, str]) -> None:
    for line in cases(only=CALLS if (width, environment) == ALL[0] else ALWAYS):
        screen = demo.screen(line, width, environment, is_here=not SOAK and line.split()[0] not in ALWAYS)
        assert screen, line
        if environment != USUAL:
            assert "\x1b" not in screen, (line, screen)
        if not any(form in line for form in MACHINES):
            assert not list(too_wide(screen, width)), line


def test_a_terminal_that_knows_styles_gets_them(demo: Demo) -> None:
    """Without this the tests of the other terminals could not fail."""
    assert "\x1b[1m" in demo.screen("latest", 80, {"TERM": "xterm"})


@pytest.mark.soak
def test_a_pipe_gets_no_escape_codes_and_no_broken_lines(demo: Demo) -> None:
    for line in cases(only=ALWAYS):
        with Popen(demo.call(line), stdout=-1, stderr=-1, stdin=-3, env=os.environ | {"COLUMNS": "40"}) as process:
            out, err = process.communicate(timeout=60)
        assert b"\x1b" not in out + err, line
        if line == "latest":
            rows = json.loads(_run(demo, "latest --json"))
            assert [row["title"] for row in rows] == [each.strip() for each in out.decode().split("\n")[1::4]]


def _run(demo: Demo, line: str) -> bytes:
    with Popen(demo.call(line), stdout=-1) as process:
        return bytes(process.communicate(timeout=60)[0])


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_80_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert len(COMMANDS[name]) <= 60
    command = aggregator.get_command(click.Context(aggregator), name)
    assert command is not None
    context = click.Context(command, info_name=name, parent=click.Context(aggregator, info_name="aggregator"))
    for line in command.get_help(context).splitlines():
        assert len(line) <= 80, line


def test_the_list_of_commands_is_whole_at_80_columns(demo: Demo) -> None:
    screen = demo.screen("--help", 80, {"TERM": "xterm"})
    for said in COMMANDS.values():
        assert said in screen
