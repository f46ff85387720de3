"""tokens: who may read the API beyond what everybody may, and how often."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import get_args

import click

from aggregator.cli.options import AS_JSON
from aggregator.cli.printing import say
from aggregator.cli.rows import say_rows
from aggregator.model import Channel, Client
from aggregator.model.errors import DeskError
from aggregator.pipeline.opening import open_existing, read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now

_BYTES = 32  # of chance: nobody guesses it, so that a plain SHA-256 of it may be stored
_RATE = 60
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_COLUMNS = ("name", "channels", "rate", "created_at", "revoked_at")


def _name(_: click.Context, __: click.Parameter, value: str) -> str:
    if _NAME.fullmatch(value):
        return value
    raise click.BadParameter(f"{value!r} is no name of a client: letters, digits and . _ - are, 64 of them at most")


@click.group()
def tokens() -> None:
    """Add, list and revoke tokens of programs that read the API.

    Without a token everybody gets what rights let out by the channel web. docs/api.md says what a token gives.
    """


@tokens.command()
@click.argument("name", callback=_name)
@click.option(
    "--channel", "channels", type=click.Choice(get_args(Channel)), multiple=True, default=("api",), show_default=True,
    help="What may leave by it; may be repeated.",
)  # fmt: skip
@click.option(
    "--rate", type=click.IntRange(1, 1_000_000), default=_RATE, show_default=True, help="Requests a minute, at most."
)
@click.pass_obj
def add(paths: Paths, /, name: str, channels: tuple[Channel, ...], rate: int) -> None:
    """Make a token for the client NAME, and print it: once, because only its hash is stored."""
    token = secrets.token_urlsafe(_BYTES)
    client = Client(name=name, channels=tuple(dict.fromkeys(channels)), rate=rate)
    with open_existing(paths) as store:
        if not store.add_token(hashlib.sha256(token.encode()).hexdigest(), client, utc_now()):
            raise DeskError(f"{name} has a token already; `aggregator tokens revoke {name}` ends it")
    say(token)
    say("this is shown once; the client sends it as `Authorization: Bearer TOKEN`", err=True)


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
    """End the token of the client NAME, at once."""
    with open_existing(paths) as store:
        if not store.revoke_token(name, utc_now()):
            raise DeskError(f"{name} has no token; `aggregator tokens list` lists who has one")
    say(f"the token of {name} is revoked")
