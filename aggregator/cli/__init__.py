"""The command `aggregator`: reads the configuration, opens things, calls, prints.

Exit codes: 0 fine, 1 something failed, 2 usage. What a command needs is imported when it runs, so that `--help` is
there at once.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from aggregator import __version__
from aggregator.cli import (
    accept,
    checking,
    daemon,
    demo,
    desk,
    directory,
    doors,
    ledger,
    merges,
    pending,
    polling,
    printing,
    publishing,
    reading,
    recheck,
    tables,
)
from aggregator.model.errors import AggregatorError
from aggregator.pipeline.opening import Workplace
from aggregator.text import printable


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="aggregator")
@click.option("--config", type=click.Path(path_type=Path), help="Folder of wire.toml, rights.toml and publishers/.")
@click.option("--db", type=click.Path(path_type=Path), help="Database file. [default: data/wire.db beside the config]")
@click.option("-v", "--verbose", is_flag=True, help="Log a line for every poll to standard error.")
@click.pass_context
def aggregator(context: click.Context, config: Path | None, db: Path | None, verbose: bool) -> None:
    """A news wire of many publishers, in SQLite. The publisher's name stands above every report."""
    printing.set_up_log(logging.INFO if verbose else logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    context.obj = Workplace(config, db)


for _commands in (
    polling,
    daemon,
    reading,
    tables,
    checking,
    doors,
    demo,
    merges,
    pending,
    desk,
    ledger,
    publishing,
    recheck,
    directory,
    accept,
):
    for _command in _commands.COMMANDS:
        aggregator.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command and leaves with its exit code."""
    sys.exit(printing.ended(lambda: _run(arguments)))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = aggregator.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        printing.say_usage(error)
        return 2 if isinstance(error, click.UsageError) else 1
    except AggregatorError as error:
        printing.say_lines(f"aggregator: {error}", err=True)
        return 1
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
