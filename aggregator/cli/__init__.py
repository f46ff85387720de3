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
    publishing,
    reading,
    recheck,
    tables,
)
from aggregator.errors import AggregatorError
from aggregator.workplace import Workplace


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="aggregator")
@click.option("--config", type=click.Path(path_type=Path), help="Folder of wire.toml, rights.toml and publishers/.")
@click.option("--db", type=click.Path(path_type=Path), help="Database file. [default: data/wire.db beside the config]")
@click.option("-v", "--verbose", is_flag=True, help="Log a line for every poll to standard error.")
@click.pass_context
def aggregator(context: click.Context, config: Path | None, db: Path | None, verbose: bool) -> None:
    """A news wire of many publishers, in SQLite. The publisher's name stands above every report."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
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
    try:
        code = aggregator.main(arguments, standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(2 if isinstance(error, click.UsageError) else 1)
    except AggregatorError as error:
        click.echo(f"aggregator: {error}", err=True)
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort):
        click.echo("aggregator: interrupted; nothing stored is lost", err=True)
        sys.exit(130)
    except BrokenPipeError:  # `aggregator latest | head`
        sys.stderr.close()
        sys.exit(0)
