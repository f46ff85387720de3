"""add: copies publishers from the catalogue into the configuration; adds a site; takes what the catalogue changed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from aggregator.cli.add_site import add_site
from aggregator.cli.catalogue import CHOICE
from aggregator.cli.options import AS_JSON, one_line
from aggregator.cli.printing import say, say_json
from aggregator.cli.update import update
from aggregator.config import catalogue
from aggregator.config.adding import refused
from aggregator.config.saving import save
from aggregator.pipeline.opening import publisher_files, read_config
from aggregator.pipeline.paths import Paths
from aggregator.rights import did_you_mean

_OF_A_SITE = ("name", "key")
_OF_AN_UPDATE = ("yes", "overwrite", "keep")
_OF_A_CHOICE = ("countries", "groups", "kinds", "languages")


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY|URL]...")
@CHOICE
@click.option("--name", callback=one_line, help="Of URL: the publisher's name. [default: what the site says]")
@click.option("--key", help="Of URL: the publisher's key. [default: made of the name]")
@click.option("--update", "updates", is_flag=True, help="Show what the catalogue changed since, and take it.")
@click.option("--yes", is_flag=True, help="With --update: do not ask.")
@click.option("--overwrite", is_flag=True, help="With --update: also files that you changed; yours are kept aside.")
@click.option("--keep", is_flag=True, help="With --update: keep your file, and hear of later changes only.")
@AS_JSON
@click.pass_obj
def add(paths: Paths, /, keys: tuple[str, ...], updates: bool, as_json: bool, **said: Any) -> None:
    """Add publishers from the catalogue, or a site of your own.

    \b
    aggregator add journal-du-mali malijet              these two
    aggregator add --country Mali --group institution   all that fit
    aggregator add https://daily.example --country ML --language fr
    aggregator add --update journal-du-mali             what changed since

    `aggregator catalogue` finds KEYs; the first four options may be given several times. What your configuration has
    already stays as it is. A URL is searched for its best feed, as `probe` does; the new publisher is quoted only,
    until you write more into its file.

    --update prints the difference between your file and the catalogue, and asks before it takes it; without KEY, of
    all that changed. A file that you changed is not overwritten unless you say --overwrite.
    The exit code is 1 when something was not added, or not taken.
    """
    _refuse_beside(said, updates, as_json)
    if updates:
        update(paths, keys, **{name: said[name] for name in _OF_AN_UPDATE})
    elif any(_is_address(each) for each in keys):
        if len(keys) > 1:
            raise click.UsageError("give one URL at a time, since each has a country and a language of its own")
        add_site(paths, keys[0], as_json, **{name: said[name] for name in (*_OF_A_SITE, *_OF_A_CHOICE)})
    else:
        _copy(paths, _chosen(keys, {name: said[name] for name in _OF_A_CHOICE}), as_json)


def _is_address(word: str) -> bool:
    """No key has any of these."""
    return any(sign in word for sign in ".:/")


def _refuse_beside(said: Mapping[str, Any], updates: bool, as_json: bool) -> None:
    """click.UsageError: options that would do nothing."""
    if updates and (as_json or any(said[name] for name in (*_OF_A_SITE, *_OF_A_CHOICE))):
        raise click.UsageError("beside --update give KEYs, and --yes, --overwrite or --keep")
    if given := [f"--{name}" for name in _OF_AN_UPDATE if said[name] and not updates]:
        raise click.UsageError(f"{given[0]} belongs to --update")
    if said["keep"] and (said["yes"] or said["overwrite"]):
        raise click.UsageError("give --keep, or --yes and --overwrite")


def _chosen(keys: Sequence[str], of: Mapping[str, Any]) -> list[catalogue.Listed]:
    """Those named, or all that fit. click.UsageError: neither, both, or a key that the catalogue does not have."""
    has_condition = any(of.values())
    if bool(keys) == has_condition:
        raise click.UsageError("give KEYs of the catalogue, a URL, or conditions such as --country; one of the three")
    for key in keys:
        if key not in catalogue.files():
            near = did_you_mean(key, catalogue.files()) or "; `aggregator catalogue WORDS` searches it"
            raise click.UsageError(f"the catalogue has no publisher {key!r}{near}")
    if keys:
        return [catalogue.listed(key) for key in dict.fromkeys(keys)]
    found = list(filter(catalogue.Search(**of).takes, catalogue.all_listed()))
    if not found:
        raise click.UsageError("no publisher of the catalogue fits all of these; ask for fewer conditions")
    return found


def _copy(paths: Paths, chosen: Sequence[catalogue.Listed], as_json: bool) -> None:
    folder, files = paths.config_folder(), publisher_files(paths)
    copies = {each.catalogue.partition("@")[0]: each.key for each in read_config(paths).publishers if each.catalogue}
    here = {one.key: files[key] for one in chosen if (key := copies.get(one.key, one.key)) in files}
    texts = {one.file: catalogue.copied(one) for one in chosen if one.key not in here}
    whys = refused(folder, texts)
    for name, text in texts.items():
        if name not in whys:
            save(folder, name, text)
    _print(chosen, here, whys, as_json)
    if whys:
        sys.exit(1)


def _print(chosen: Sequence[catalogue.Listed], here: Mapping[str, str], whys: Mapping[str, str], as_json: bool) -> None:
    added = [one for one in chosen if one.key not in here and one.file not in whys]
    left_out = [one for one in chosen if one.file in whys]
    if as_json:
        new = [{"publisher": one.key, "file": one.file, "name": one.name} for one in added]
        others = [{"publisher": one.key, "why": whys[one.file]} for one in left_out]
        there = [{"publisher": key, "file": file} for key, file in here.items()]
        say_json({"added": new, "here_already": there, "left_out": others})
        return
    for one in added:
        say(f"added      {one.file}  {one.name}")
    for key, file in here.items():
        say(f"here       {file}  stays as it is; `aggregator add --update {key}` compares it with the catalogue")
    for one in left_out:
        say(f"left out   {one.key}: {whys[one.file]}", err=True)
    said = [f"{len(added):,} added"]
    said += [f"{len(here):,} here already"] if here else []
    said += [f"{len(left_out):,} left out"] if left_out else []
    say(f"{', '.join(said)}{'; `aggregator fetch` polls them' if added else ''}")
