"""init: makes the configuration of a wire in a folder of its own, of answers or of what a checkout has."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from aggregator.cli.printing import say
from aggregator.config import catalogue, starting
from aggregator.config.checkout import to_copy
from aggregator.config.codes import country_called, language_called
from aggregator.config.files import publisher_files
from aggregator.config.loading import load
from aggregator.config.saving import save
from aggregator.config.shapes.checking import check
from aggregator.config.shapes.wire import WIRE
from aggregator.config.toml import read_toml
from aggregator.model.errors import ConfigError
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import CONFIG_VARIABLE, DATABASE_VARIABLE, Paths, is_checkout
from aggregator.store import exists
from aggregator.text import timezones
from aggregator.text.printable import argument, counted, escaped

_PARTS = ("wire.toml", "rights.toml", "publishers", "subscribers", "data")
_ASKED = {  # in this order, at a terminal
    "name": "Name of the wire",
    "site": "Address of its site",
    "email": "E-mail address that readers and publishers write to",
    "timezone": "Time zone (such as Africa/Bamako)",
}


def _fit(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A value that wire.toml may have."""
    assert parameter.name
    if value is not None and parameter.name == "site":
        value = starting.address_of(value)
    if value is not None and (why := starting.unfit(parameter.name, value)):
        raise click.BadParameter(why)
    return value


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", callback=_fit, help="Of the wire; it is shown beside its reports.")
@click.option("--site", callback=_fit, metavar="URL", help="Of the wire. Publishers read it in their logs.")
@click.option("--email", callback=_fit, metavar="ADDRESS", help="To which readers and publishers write.")
@click.option("--timezone", callback=_fit, metavar="ZONE", help="Such as Africa/Bamako. [default: UTC]")
@click.option("--country", metavar="COUNTRY", help="Of the wire's own desk: code or name. [default: XW, the world]")
@click.option("--language", metavar="LANGUAGE", help="Of the wire's own reports: code or name. [default: en]")
@click.option("--from-checkout", is_flag=True, help="Copy what is yours from the checkout that you run in.")
@click.pass_obj
def init(paths: Paths, /, folder: Path, from_checkout: bool, **said: str | None) -> None:
    """Make the folder of a wire of your own.

    It asks for name, site, e-mail address and time zone, or takes them as options, and writes wire.toml, rights.toml
    and publishers/ with the wire's own publisher alone. What is there already is never overwritten.

    --from-checkout copies wire.toml, rights.toml, subscribers/ and those publishers from a checkout that have reports,
    or whose files are not in the catalogue or differ from it. The checkout and the database stay as they are.
    """
    _refuse_other_things(folder)
    if from_checkout:
        if given := [name for name, value in said.items() if value is not None]:
            raise click.UsageError(f"--{given[0]} does not go with --from-checkout, which copies wire.toml")
        _copy(paths, folder)
        return
    has_name = (folder / "wire.toml").exists()
    _write(folder, _texts(folder, said))
    if has_name and any(said[name] is not None for name in _ASKED):
        say(f"{folder / 'wire.toml'} was there and stays as it is; change name and addresses in it", err=True)
    _say_next(Paths(folder, None), begins=True)


def _refuse_other_things(folder: Path) -> None:
    """click.BadParameter: the folder is not for a wire. Hidden files, such as those of git, are nobody's business."""
    there = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if others := [name for name in there if name not in _PARTS and not name.startswith(".")]:
        named = ", ".join(others[:3]) + (" and others" if len(others) > 3 else "")
        raise click.BadParameter(
            escaped(f"{folder} holds other things ({named}), expected a new or an empty folder", 300), param_hint="DIR"
        )


def _texts(folder: Path, said: Mapping[str, str | None]) -> dict[str, str]:
    """Those files that are missing, by name; wire.toml is the last, so that what breaks off is begun again."""
    own = dict(zip(("country", "language"), _of_own(said), strict=True))
    if (folder / "wire.toml").exists():
        wire, faults = check(WIRE, read_toml(folder, "wire.toml"))
        if wire is None:
            raise ConfigError([f"wire.toml: {line}" for line in faults])
        key = wire.publisher
        beginning = starting.Beginning(name=wire.name, site=wire.url, email=wire.complaints_email, **own)
    else:
        beginning = starting.Beginning(**_answers(said), **own)
        key = beginning.key
    texts = {} if _has(folder, key) else {f"publishers/{key}.toml": starting.own_text(beginning)}
    texts |= {"rights.toml": starting.rights_text(), "wire.toml": starting.wire_text(beginning)}
    return {name: text for name, text in texts.items() if not (folder / name).exists()}


def _of_own(said: Mapping[str, str | None]) -> tuple[str, str]:
    """Country and language of the wire's own publisher."""
    country, language = said["country"] or "XW", said["language"] or "en"
    codes = country_called(country), language_called(language)
    if codes[0] is None:
        raise click.BadParameter(f"{country!r} is no country of ISO 3166-1, by code or name", param_hint="--country")
    if codes[1] is None:
        raise click.BadParameter(f"{language!r} is no language of ISO 639, by code or name", param_hint="--language")
    return codes[0], codes[1]


def _has(folder: Path, key: str) -> bool:
    try:
        return any(Path(name).stem == key for name in publisher_files(folder))
    except ConfigError:  # there is none yet
        return False


def _answers(said: Mapping[str, str | None]) -> dict[str, str]:
    """What was said, and at a terminal what is asked for. click.UsageError: something is missing elsewhere."""
    answers = {name: value for name in _ASKED if (value := said[name]) is not None}
    missing = [f"--{name}" for name in ("name", "site", "email") if name not in answers]
    if not sys.stdin.isatty():
        if missing:
            raise click.UsageError(f"give {', '.join(missing)} (they are asked for at a terminal only)")
        return answers
    for name, question in _ASKED.items():
        if name not in answers:
            answers[name] = _asked(name, question)
    return answers


def _asked(name: str, question: str) -> str:
    def read(value: str) -> str:
        value = starting.address_of(value) if name == "site" else value.strip()
        if why := starting.unfit(name, value):
            raise click.BadParameter(why)
        return value

    default = timezones.of_this_machine() if name == "timezone" else None
    return str(click.prompt(question, value_proc=read, default=default, err=True))


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "publishers").mkdir(exist_ok=True)
    for name, text in texts.items():
        save(folder, name, text)
        say(f"wrote      {folder / name}")
    if not texts:
        say(f"{folder} has all of a wire already; nothing was written")
    config = load(folder)
    if config.faults:
        raise ConfigError(config.faults)
    for line in config.placeholders:
        say(f"warning: {escaped(line)}", err=True)


def _copy(paths: Paths, folder: Path) -> None:
    """From a checkout. click.UsageError: the configuration is none of one."""
    source = paths.config_folder()
    if not is_checkout(source):
        raise click.UsageError(
            f"--from-checkout: {source} is not in a checkout of the program; name the one that is: "
            "aggregator --config CHECKOUT/config init DIR --from-checkout"
        )
    database = paths.resolved().database()
    reported: frozenset[str] = frozenset()
    if exists(database):
        with read_store(paths) as store:
            reported = store.publishers_with_reports()
    copies = to_copy(source, reported)  # all of it is read before anything is written
    contents = {name: content for name, content in copies.contents.items() if not (folder / name).exists()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "publishers").mkdir(exist_ok=True)
    for name, content in contents.items():
        save(folder, name, content)
        say(f"copied     {folder / name}")
    there = len(copies.contents) - len(contents)
    also = f", {there:,} there already" if there else ""
    say(f"{counted(len(contents), 'file')} copied{also}; {source} and the database stay as they are")
    if copies.left:
        left = counted(copies.left, "publisher")
        say(f"Not copied: {left} of the catalogue without reports; `aggregator add` copies them")
    _say_next(Paths(folder, database if exists(database) else None), begins=False)


def _say_next(made: Paths, *, begins: bool) -> None:
    """`begins`: it has no publishers but itself yet."""
    say()
    say("Next, so that every command finds your wire (a crontab and a systemd unit need these two lines, too):")
    say(f"  export {CONFIG_VARIABLE}={argument(str(made.config_folder().absolute()))}")
    say(f"  export {DATABASE_VARIABLE}={argument(str(made.database()))}")
    if begins:
        say(f"  aggregator catalogue --country Mali      # {len(catalogue.files()):,} publishers to choose from")
        say("  aggregator add KEY                       # copies one; or: aggregator add https://daily.example ...")
    say("  aggregator check")
    say("  aggregator fetch")
