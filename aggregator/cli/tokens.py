"""tokens: who may read the API beyond what everybody may, and who may work at the desk in a browser."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import get_args

import click

from aggregator.cli.options import AS_JSON, exclude
from aggregator.cli.printing import say
from aggregator.cli.rows import say_rows
from aggregator.model import Channel, Client, DeskPerson, DeskRight
from aggregator.model.errors import DeskError
from aggregator.pipeline.opening import open_existing, read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now

_BYTES = 32  # of chance: nobody guesses it, so that a plain SHA-256 of it may be stored
_RATE = 60
_CHANNELS: tuple[Channel, ...] = ("api",)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_COLUMNS = ("name", "channels", "desk", "rate", "created_at", "revoked_at")


def _name(_: click.Context, __: click.Parameter, value: str) -> str:
    if _NAME.fullmatch(value):
        return value
    raise click.BadParameter(f"{value!r} is no name for a token: letters, digits and . _ @ - are, 64 of them at most")


@click.group()
def tokens() -> None:
    """Add, list and revoke tokens of programs and of people.

    A program reads the API by its token, and a person works at the desk in a browser. Without a token everybody gets
    what rights let out by the channel web. docs/api.md and docs/web-desk.md say what a token gives.
    """


@tokens.command()
@click.argument("name", callback=_name)
@click.option(
    "--channel", "channels", type=click.Choice(get_args(Channel)), multiple=True,
    help="What may leave by it; may be repeated. [default: api]",
)  # fmt: skip
@click.option("--rate", type=click.IntRange(1, 1_000_000), help=f"Requests a minute, at most. [default: {_RATE}]")
@click.option(
    "--desk", "right", type=click.Choice(get_args(DeskRight)),
    help="For a person: look and act at the desk, or look alone.",
)  # fmt: skip
@click.pass_obj
def add(paths: Paths, /, name: str, channels: tuple[Channel, ...], rate: int | None, right: DeskRight | None) -> None:
    """Make a token for NAME, and print it: once, because only its hash is stored.

    NAME is a program, or with --desk a person, whose name stands beside what it does at the desk.
    """
    exclude({"--desk": right is not None, "--channel": bool(channels)})
    exclude({"--desk": right is not None, "--rate": rate is not None})
    token = secrets.token_urlsafe(_BYTES)
    token_hash = hashlib.sha256(token.encode()).hexdigest()
    with open_existing(paths) as store:
        if right is not None:
            is_new = store.add_person(token_hash, DeskPerson(name=name, right=right), utc_now())
        else:
            client = Client(name=name, channels=tuple(dict.fromkeys(channels or _CHANNELS)), rate=rate or _RATE)
            is_new = store.add_token(token_hash, client, utc_now())
        if not is_new:
            raise DeskError(f"{name} has a token already; `aggregator tokens revoke {name}` ends it")
    say(token)
    used = f"{name} signs in with it at /desk" if right else "the client sends it as `Authorization: Bearer TOKEN`"
    say(f"this is shown once; {used}", err=True)


@tokens.command("list")
@AS_JSON
@click.pass_obj
def list_(paths: Paths, as_json: bool) -> None:
    """List who has a token, and who had one; never the tokens."""
    with read_store(paths) as store:
        rows = store.tokens()
    if not as_json:
        rows = [{**row, "channels": " ".join(row["channels"])} for row in rows]
    say_rows(rows, _COLUMNS, as_json)


@tokens.command()
@click.argument("name", callback=_name)
@click.pass_obj
def revoke(paths: Paths, name: str) -> None:
    """End the token of NAME, at once.

    A person is signed out of the desk, too.
    """
    with open_existing(paths) as store:
        if not store.revoke_token(name, utc_now()):
            raise DeskError(f"{name} has no token; `aggregator tokens list` lists who has one")
    say(f"the token of {name} is revoked")
