"""What a person mistypes on the command line is a usage error: exit code 2, and a line that says what is known."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import click
import pytest

from aggregator.cli import COMMANDS, aggregator
from aggregator.demo import Press
from tests.cli.test_cli import Desk
from tests.conftest import NOW, SOAK
from tests.hostile import Ran, run
from tests.rows import every_row


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration and a database of two publishers."""
    folder = tmp_path_factory.mktemp("usage")
    with Press(now=NOW) as press:
        desk = Desk(folder, press)
        assert run("--config", str(desk.config), "fetch").code == 0
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "wire"))


def said(folder: Path, *arguments: str) -> Ran:
    return run("--config", str(folder / "config"), *arguments, folder=folder)


UNKNOWN = [
    (("latest", "--publisher", "onee"), "did you mean one?"),
    (("latest", "--publisher", "xx"), "known here: one, test-wire, two"),
    (("latest", "--publisher", ""), "there is no publisher ''"),
    (("latest", "--class", "nws"), "did you mean news?"),
    (("latest", "--country", "QQ"), "known here: ML, XA"),
    (("latest", "--country", "Mlai"), "did you mean ML?"),
    (("latest", "--country", "Congo"), "'Congo' may be CD or CG"),
    (("latest", "--country", "ML", "--country", "QQ"), "known here: ML, XA"),
    (("latest", "--language", "frensh"), "did you mean fr (French)?"),
    (("latest", "--language", "xyzzy"), "known here: en"),
    (("latest", "--kind", "newspapr"), "did you mean newspaper?"),
    (("latest", "--kind", "wizard"), "known: newspaper, magazine"),
    (("latest", "--group", "institutions"), "did you mean institution?"),
    (("latest", "--publisher", "one", "--publisher", "xx"), "known here: one, test-wire, two"),
    (("latest", "--publisher", "one", "--country", "XA"), "no publisher is of --publisher one and --country XA"),
    (("latest", "--kind", "own", "--country", "ML"), "no publisher is of --country ML and --kind own"),
    (("changes", "--kind", "newspaper", "--group", "own"), "nothing can match"),
    (("latest", "--since", "2999-01-01"), "nothing can be of that time yet"),
    (("latest", "--on", "2999-01-01"), "nothing can be of that time yet"),
    (("latest", "--on", "2d"), "is no day such as"),
    (("latest", "--on", "2026-11-22 10:00"), "is no day such as"),
    (("latest", "--on", "2026-02-30"), "is no day such as"),
    (("latest", "--until", "yester"), "nor a date such as"),
    (("latest", "--since", "1h", "--until", "2h"), "is not before"),
    (("changes", "--since", "1h", "--until", "2h"), "is not before"),
    (("latest", "--before", "nobody"), "there is no report with this id"),
    (("latest", "--after", "nobody"), "is no cursor"),
    (("latest", "--csv", "--columns", "titel"), "did you mean title?"),
    (("latest", "--csv", "--columns", "id,id"), "named twice"),
    (("latest", "--csv", "--columns", ""), "there is no column ''"),
    (("latest", "--cursor", ""), "is no name for a cursor"),
    (("latest", "--cursor", "a\nb"), "is no name for a cursor"),
    (("latest", "--country", ""), "is no country of ISO 3166-1"),
    (("latest", "--topic", "terorismo"), "did you mean 20000103 (Terrorismo) or 20000685 (Taoismo)"),  # each once
    (("latest", "--topic", "radio"), "may be 20000050 (radio) or 20000313 (radio industry): give one of these"),
    (("search", "bridge", "--topic", "99999999"), "is no topic of IPTC Media Topics such as 04000000 or economy;"),
    (("changes", "--about", "XA"), "reports are about countries, such as ML or Mali"),
    (("retag", "--publisher", "xx"), "there is no publisher 'xx'"),
    (("latest", "--language", "qq"), "known here: en"),
    (("latest", "--language", "%"), "is no language of ISO 639"),
    (("latest", "--language", "en_%"), "is no language of ISO 639"),
    (("search", "bridge", "--publisher", "xx"), "known here: one, test-wire, two"),
    (("search", "bridge", "--class", "nws"), "did you mean news?"),
    (("search", "bridge", "--country", "QQ"), "known here: ML, XA"),
    (("search", "bridge", "--language", "zzz"), "is no language of ISO 639"),
    (("changes", "--publisher", "xx"), "known here: one, test-wire, two"),
    (("changes", "--country", "QQ"), "known here: ML, XA"),
    (("publishers", "--country", "QQ"), "is no country of ISO 3166-1"),
    (("publishers", "--language", "qqq"), "is no language of ISO 639"),
    (("publishers", "--kind", "papers"), "newspaper"),
    (("publishers", "--group", "people"), "individual"),
    (("publishers", "--rights", "none"), "quotation"),
    (("fetch", "onee"), 'did you mean "one"?'),
    (("fetch", "one/xx"), "what it has: one/one-example-feed"),
    (("check", "--live", "onee"), 'did you mean "one"?'),
    (("purge", "--older-than", "9", "--publisher", "xx", "--reason", "x"), "known here: one, test-wire, two"),
    (("pending", "accept", "one", "--kind", "lost"), "'withdrawn'"),
    (("pending", "accept", "xx"), "aggregator pending"),
    (("accept", "xx/feed"), "aggregator health"),
    (("resume", "xx/feed"), "aggregator health"),
    (("complaint", "add", "x", "--kind", "rude", "--text", "x"), "'privacy'"),
]


@every_row(("words", "named"), UNKNOWN)
def test_a_value_that_nothing_can_match_is_a_usage_error(filled: Path, words: tuple[str, ...], named: str) -> None:
    ran = said(filled, *words)
    assert ran.code == 2, ran
    assert named in ran.err
    assert ran.out == ""


KNOWN = [
    ("latest", "--publisher", "one"),
    ("latest", "--publisher", "test-wire"),  # which has no report
    ("latest", "--country", "ml"),
    ("latest", "--country", "ZW"),  # of ISO, and of no publisher here
    ("latest", "--language", "EN"),
    ("latest", "--language", "en-ZA"),
    ("latest", "--language", "sw"),
    ("latest", "--class", "opinion"),
    ("latest", "--class", "press release", "--class", "Press-Release"),
    ("latest", "--country", "Mali"),
    ("latest", "--country", "mali", "--country", "Sénégal", "--country", "Côte d’Ivoire"),
    ("latest", "--country", "Éthiopie", "--country", "مصر"),
    ("latest", "--language", "French", "--language", "anglais", "--language", "Kiswahili"),
    ("latest", "--kind", "newspaper", "--group", "news organization"),
    ("latest", "--on", "2026-11-22", "--publisher", "one"),
    ("latest", "--until", "2026-11-22"),
    ("changes", "--publisher", "two", "--country", "ml"),
    ("changes", "--publisher", "two", "--publisher", "one", "--language", "en", "--kind", "newspaper"),
    ("publishers", "--country", "zw", "--language", "fr"),
]


@every_row("words", KNOWN)
def test_a_value_that_is_known_is_none(filled: Path, words: tuple[str, ...]) -> None:
    assert said(filled, *words).code == 0


def test_a_language_is_found_in_capital_letters(filled: Path) -> None:
    assert said(filled, "latest", "--language", "EN").out == said(filled, "latest", "--language", "en").out != ""


def test_a_publisher_of_the_configuration_alone_is_known(folder: Path) -> None:
    there = folder / "config" / "publishers" / "ml" / "one.toml"
    there.with_name("three.toml").write_text(there.read_text().replace("one.example", "three.example"))
    assert said(folder, "latest", "--publisher", "three").code == 0


EXCLUDING = [
    ("query", "SELECT 1", "--csv", "--json"),
    ("query", "SELECT 1", "--verbatim"),
    ("show", "x", "--raw", "--revisions"),
    ("show", "x", "--json", "--raw", "--revisions"),
    ("show", "x", "--raw", "--cite"),
    ("show", "x", "--revisions", "--cite", "--desk"),
    ("merges", "--suspect", "--all"),
    ("search", "x", "--ranked", "--count"),
    ("purge", "x", "--since", "6h", "--reason", "x"),
    ("purge", "x", "--until", "6h", "--reason", "x"),
    ("purge", "--older-than", "3", "--until", "6h", "--reason", "x"),
    ("purge", "--since", "6h", "--until", "2d", "--reason", "x"),
    ("fetch", "one", "--all"),
    ("check", "one"),
    ("changes", "--after", "1-12345678", "--since", "6h"),
    ("changes", "--after", "1-12345678", "--cursor", "a"),
    ("changes", "--follow", "--until", "6h"),
    ("changes", "--follow", "--on", "2026-11-22"),
    ("latest", "--on", "2026-11-22", "--since", "6h"),
    ("latest", "--cursor", "a", "--after", "0"),
    ("latest", "--cursor", "a", "--before", "x"),
    ("latest", "--cursor", "a", "--limit", "5"),
    ("latest", "--cursor", "a", "--count"),
    ("latest", "--csv", "--json"),
    ("latest", "--jsonl", "--excel"),
    ("latest", "--columns", "id"),
    ("latest", "--semicolon", "--csv"),
    ("latest", "--count", "--csv"),
    ("search", "bridge", "--ranked", "--before", "x"),
    ("publishers", "--opml", "-", "--json"),
    ("publishers", "--markdown", "-", "--json"),
    ("publishers", "--opml", "-", "--markdown", "-"),
    ("pending", "--all", "accept", "one"),
    ("purge", "x", "--older-than", "3", "--reason", "x"),
    ("purge", "x", "--publisher", "one", "--reason", "x"),
]
# Options that say in which form something is printed, and those of them that act together.
FORMS = {"--json", "--csv", "--excel", "--jsonl", "--opml", "--markdown", "--raw", "--revisions", "--cite", "--count"}
TOGETHER = {
    frozenset(("--json", other)): f"it says in which form {what} is printed"
    for other, what in (
        ("--raw", "what JSON is already"),
        ("--revisions", "each version"),
        ("--cite", "a citation"),
        ("--count", "the count"),
    )
} | {frozenset(("--opml", "--markdown")): "two files"}
OUT_OF_RANGE = [
    ("latest", "--since", "999999w"),
    ("latest", "--limit", "-1"),
    ("latest", "--limit", "1e3"),
    ("latest", "--limit", "9" * 40),
    ("merges", "--since", "9" * 40 + "w"),
    ("coverage", "--since", "9" * 40),
    ("changes", "--since", "9" * 40),
    ("changes", "--after", "9" * 40 + "-12345678"),
    ("changes", "--limit", "-1"),
    ("recheck", "--limit", "9" * 40),
    ("split", "9" * 40),
    ("split", "0"),
    ("purge", "--older-than", "9" * 40, "--reason", "x"),
    ("purge", "--older-than", "999999999", "--reason", "x"),
    ("complaint", "resolve", "9" * 40, "--resolution", "x"),
    ("demo", "--port", "65536"),
    ("show", "\udcff"),
    ("withhold", "\udcff", "--reason", "x"),
    ("latest", "--publisher", "\udcff"),
    ("query", "SELECT '\udcff'"),
    ("search", "\udcff"),
]


@every_row("words", [*EXCLUDING, *OUT_OF_RANGE], ids=repr)
def test_what_cannot_be_meant_is_a_usage_error(filled: Path, words: tuple[str, ...]) -> None:
    ran = said(filled, *words)
    assert ran.code == 2, ran
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""


# Every option and argument of every command, with every value that a test thinks of.

NASTY = ("", " ", "-", "--", "-1", "0", "9" * 40, "1e9", "nan", "é", "\udcff", "\x1b[2J", "%", "'", "a\nb", "x" * 5000,
         "../..", "/dev/null", "/", "2026-13-45", "0001-01-01", "9999-12-31T23:59:59+14:00", "∞", "١٢")  # fmt: skip
NEEDED = {
    "reason": ("--reason", "x"),
    "text": ("--text", "x"),
    "kind": ("--kind", "privacy"),
    "resolution": ("--resolution", "x"),
}
# They run until they are told to stop, or ask the network by themselves.
NOT_TRIED = {"run", "demo", "probe", "follow", "help", "version"}


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name in COMMANDS:
        command = aggregator.get_command(click.Context(aggregator), name)
        assert command is not None
        if name not in NOT_TRIED:
            yield (name,), command
        if isinstance(command, click.Group):
            yield from (((name, inner), each) for inner, each in command.commands.items())


def calls(words: tuple[str, ...], command: click.Command) -> Iterator[tuple[str, ...]]:
    """One for each value of each parameter, in `make test` one value for each; the other parameters that are required
    have one that may be.
    """
    count = 7 * len("".join(words))  # so that commands begin at different values
    for tried in command.params:
        if tried.name in NOT_TRIED or (isinstance(tried, click.Option) and tried.is_flag):
            continue
        count += 1
        for value in NASTY if SOAK else NASTY[count % len(NASTY) :][:1]:
            call, arguments = list(words), []
            for other in command.params:
                is_option = isinstance(other, click.Option)
                if other is tried:
                    call += [other.opts[0], value] if is_option else []
                    arguments += [] if is_option else [value]
                elif other.required:
                    call += NEEDED[str(other.name)] if is_option else []
                    arguments += [] if is_option else ["1"]
            yield (*call, "--", *arguments) if arguments else tuple(call)


def pairs_of_forms() -> Iterator[tuple[str, ...]]:
    """A call with each pair of forms that a command has and that do not act together."""
    for words, command in commands():
        options = [each for each in command.params if isinstance(each, click.Option) and each.opts[0] in FORMS]
        arguments = ["x" for each in command.params if isinstance(each, click.Argument)]
        for one, other in combinations(options, 2):
            if frozenset((one.opts[0], other.opts[0])) not in TOGETHER:
                call = [(each.opts[0],) if each.is_flag else (each.opts[0], "-") for each in (one, other)]
                yield (*words, *arguments, *call[0], *call[1])


@every_row("words", list(pairs_of_forms()), ids=" ".join)
def test_two_forms_at_once_are_a_usage_error(filled: Path, words: tuple[str, ...]) -> None:
    ran = said(filled, *words)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(("words", "command"), [pytest.param(*each, id=" ".join(each[0])) for each in commands()])
def test_no_value_of_any_option_is_a_fault_of_the_program(
    folder: Path, words: tuple[str, ...], command: click.Command
) -> None:
    for call in calls(words, command):
        ran = said(folder, *call)  # raises what nobody meant to raise
        assert ran.code in (0, 1, 2), (call, ran)
        assert "Traceback" not in ran.err, call
        assert ran.code == 0 or 0 < len(ran.err.splitlines()) <= 12, (call, ran)


@pytest.mark.soak
@every_row("option", ["--config", "--db"])
@every_row("command", ["latest", "health", "check", "fetch"])
def test_no_place_is_a_fault_of_the_program(folder: Path, option: str, command: str) -> None:
    for value in NASTY if SOAK else NASTY[len(command) % 3 :: 3]:
        ran = run("--config", str(folder / "config"), option, value, command, folder=folder)
        assert ran.code in (0, 1, 2)
        assert ran.code == 0 or 0 < len(ran.err.splitlines()) <= 6
