"""The command `aggregator`: its name, its options and the list of its commands; runs one of them.

Exit codes: 0 fine, 1 something failed, 2 usage. A command stands in a file of its name, which is imported when the
command is called, so that `--help` is there at once.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import click

from aggregator import __version__
from aggregator.cli import printing
from aggregator.cli.database_option import Database
from aggregator.cli.times import with_times
from aggregator.model import Template
from aggregator.model.errors import AggregatorError
from aggregator.pipeline.paths import CONFIG_VARIABLE, DATABASE_VARIABLE, Paths
from aggregator.text import printable

# Each command, and the first paragraph of what it says of itself (tests/cli/test_cli.py compares the two): a list of
# all is printed without importing one.
_LIST = """
accept Accept a redirect of a SOURCE to another address.
add Add publishers from the catalogue, or a site of your own.
alerts List saved searches, who gets what and when; test, pause.
backup Copy the database and its pictures, or load such a copy.
catalogue Search the publishers that come with the program.
changes List all events (new, changed, withdrawn ...), oldest first.
check Check the configuration; with --live, fetch every source.
complaint Record, list, resolve and erase complaints.
confirm Say that what was taken for a report is right.
copy-store Move a wire from SQLite to PostgreSQL, or back.
coverage Count what arrived, was skipped or may be missing.
demo Run a wire of invented publishers on this machine.
embargo Keep a report out of the wire UNTIL a time.
export Write reports as a feed or a file, as their rights allow.
fetch Fetch all sources that are due now, or only KEY.
health Show problems of sources and when each is fetched next.
import Add publishers from an OPML file (skips those already here).
init Make the folder of a wire of your own.
join Make one report of two of one publisher; `split` undoes it.
latest List the newest reports, each under its publisher's name.
merges List feed entries joined to an existing report, and why.
pause Stop fetching a SOURCE (or a publisher) for a while.
pending List changes that wait for a person; accept or refuse them.
probe Find the feeds of a site, the best first.
publish Publish a report of the wire's own, a Markdown file.
publishers List the publishers, their rights and number of reports.
purge Delete reports for good: words, versions and keys.
query Run SQL on the database (read-only).
recheck Check reports on their sites; withdraw what was removed.
restore Put a report back into the wire.
resume Fetch a paused SOURCE (or a publisher) again.
retag Find anew what reports are about, and who made them.
rights List by publisher what may leave where, and what left.
run Run as a daemon: fetch every source when it is due.
search Search reports for all WORDS; accents do not matter.
serve Publish the wire over HTTP: pages, feeds and the API.
show Print one report with its credit, disclaimer and link.
snapshot Write a copy of reports, versions and changes to a FOLDER.
split Undo a merge: make two reports again.
subscribers List subscribers, what each is owed, and how each does.
tokens Add, list and revoke tokens of programs and of people.
withdraw Take a report out that its publisher withdrew.
withhold Take a report out of the wire until a person restores it.
worker Share the work of a wire with workers on other machines.
"""
COMMANDS: Mapping[str, str] = MappingProxyType(dict(row.split(" ", 1) for row in _LIST.strip().splitlines()))


class _Commands(click.Group):
    """Finds a command in the file of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name.replace("-", "_")
        command = getattr(import_module(f"aggregator.cli.{name}"), name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Prints an error here, where the wire's time zone is known."""
        try:
            return super().invoke(ctx)
        except AggregatorError as error:
            printing.say_lines(f"aggregator: {with_times(str(error))}", err=True)
            return 1

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does it, but from COMMANDS."""
        room = formatter.width - 6 - max(map(len, COMMANDS))
        rows = [(name, click.Command(name, help=COMMANDS[name]).get_short_help_str(room)) for name in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="aggregator")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar=CONFIG_VARIABLE,
    show_envvar=True,
    help="Folder of wire.toml, rights.toml and publishers/.",
)
@click.option(
    "--db",
    type=Database(),
    envvar=DATABASE_VARIABLE,
    show_envvar=True,
    help="Database: a file, or postgresql://... [default: [store] url of wire.toml, else data/wire.db in the config"
    " folder, or beside one called config]",
)
@click.option("-v", "--verbose", is_flag=True, help="Log a line for every poll to standard error.")
@click.pass_context
def aggregator(context: click.Context, config: Path | None, db: Path | Template | None, verbose: bool) -> None:
    """A news wire of many publishers, in SQLite or PostgreSQL. The publisher's name is above every report."""
    by_environment = [
        context.get_parameter_source(name) is click.core.ParameterSource.ENVIRONMENT for name in ("config", "db")
    ]
    paths = Paths(config, db, *by_environment)
    printing.set_up_log(logging.INFO if verbose else logging.WARNING, paths.timezone)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    context.obj = paths
    if printing.is_plain():
        context.color = False


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command and leaves with its exit code."""
    sys.exit(printing.ended(lambda: _run(arguments)))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = aggregator.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        printing.say_usage(error)
        return 2 if isinstance(error, click.UsageError) else 1
    except (KeyboardInterrupt, click.Abort):
        printing.say("aggregator: interrupted; nothing stored is lost", err=True)
        return 130
    except UnicodeEncodeError:
        odd = next((each for each in (sys.argv[1:] if arguments is None else arguments) if _is_odd(each)), None)
        if odd is None:
            raise
        printing.say(f"aggregator: the argument {printable.escaped(odd)} is not UTF-8", err=True)
        return 2
    except OSError as error:
        if error.filename is None:  # standard output, of which `printing.ended` knows more
            raise
        printing.say(f"aggregator: {printable.escaped(str(error.filename), 200)}: {error.strerror}", err=True)
        return 1
    except SystemExit as end:  # of a command that has printed what it had to say
        code = end.code
    return code if isinstance(code, int) else 0


def _is_odd(argument: str) -> bool:
    """Whether it came in another encoding: no id, key, word or SQL is ever so, but the name of a file may be."""
    return not argument.isascii() and any("\ud800" <= character <= "\udfff" for character in argument)
