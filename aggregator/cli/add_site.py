"""What `add URL` does: searches a site for its best feed, and writes a publisher's file with it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

import click

from aggregator.cli.printing import say, say_json
from aggregator.cli.probe import refuse_secrets, surveyed
from aggregator.config import catalogue
from aggregator.config.adding import add_publisher
from aggregator.config.keys import KEY, KEY_EXPECTED
from aggregator.config.new_publishers import Known, publisher_text
from aggregator.pipeline.opening import config_for_polling, publisher_files
from aggregator.pipeline.paths import Paths
from aggregator.rights import is_address
from aggregator.text.printable import argument, counted
from aggregator.text.urls import domain_of_url, literal


def add_site(
    paths: Paths,
    url: str,
    as_json: bool,
    *,
    name: str | None,
    key: str | None,
    **of: Sequence[str],
) -> None:
    """Ends with 1 where no feed is found. click.UsageError: what was said of the site is too little, or cannot be."""
    country, language, kind = _said(**of)
    if "://" not in url:
        url = f"https://{url}"
    if not is_address(url):
        refuse_secrets(url)
        raise click.UsageError(f"URL: found {url!r}, expected an address such as https://daily.example")
    files = publisher_files(paths)
    if key is not None and not KEY.fullmatch(key):
        raise click.BadParameter(f"found {key!r}, expected {KEY_EXPECTED}", param_hint="--key")
    config = config_for_polling(paths, url)
    known = Known(config.publishers, files)
    if _is_here(known, url, files, as_json):
        return
    if key in files:
        raise click.BadParameter(f"{files[key]} has it already", param_hint="--key")
    _hint_at_catalogue(url)
    survey = surveyed(config.wire, paths.database(), url)
    if not survey.feeds:
        tried = counted(len(survey.tried), "address", "addresses")
        said = f"no feed was found at {url} ({tried} tried; `aggregator probe {argument(url)}` shows them)"
        say(f"{said}; nothing was added", err=True)
        sys.exit(1)
    best = survey.feeds[0]
    if _is_here(known, best.url, files, as_json):
        return
    name = name or survey.name or urlsplit(url).hostname or url
    key = key or known.free_key(name, url)
    top = {"name": name, "country": country, "kind": kind, "languages": [language], "homepage": survey.homepage}
    text = publisher_text(top, literal(best.url), best.kind)
    file = f"publishers/{country.lower()}/{key}.toml"
    add_publisher(paths.config_folder(), file, text)
    if as_json:
        say_json({"added": [{"publisher": key, "file": file, "name": name}], "here_already": [], "left_out": []})
        return
    say(f"added      {file}  {name}")
    say(f"  feed: {best.url} ({best.described})")
    say(f"`aggregator fetch {key}` polls it; look through its file first: name, kind, rights")


def _said(
    *, countries: Sequence[str], groups: Sequence[str], kinds: Sequence[str], languages: Sequence[str]
) -> tuple[str, str, str]:
    if groups:
        raise click.UsageError("--group does not go with a URL: give --kind, from which the group follows")
    for option, values in (("--country", countries), ("--language", languages)):
        if len(values) != 1:
            raise click.UsageError(f"give {option} once: a URL does not say it, e.g. --country ML --language fr")
    if len(kinds) > 1:
        raise click.UsageError("give --kind once")
    return countries[0], languages[0], kinds[0] if kinds else "news_site"


def _is_here(known: Known, url: str, files: dict[str, str], as_json: bool) -> bool:
    """Whether a publisher has the address, or its domain: then that is said."""
    holder = known.holder(url)
    if holder is None:
        return False
    if as_json:
        here = [{"publisher": holder, "file": files[holder]}]
        say_json({"added": [], "here_already": here, "left_out": []})
    else:
        say(f"here       {files[holder]}  has {domain_of_url(url)} already; nothing was added")
        say(f"`aggregator probe --write {holder} {argument(url)}` adds a feed to it")
    return True


def _hint_at_catalogue(url: str) -> None:
    domain = domain_of_url(url)
    found = [one.key for one in catalogue.all_listed() if domain_of_url(one.homepage) == domain]
    if found:
        say(f"the catalogue has {domain} as {found[0]}; `aggregator add {found[0]}` would copy it", err=True)
