"""search: reports with words, phrases and their like."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from aggregator.cli.options import exclude
from aggregator.cli.printing import say
from aggregator.cli.reports import LISTING, list_reports
from aggregator.cli.selecting import read_selection
from aggregator.model import KnownPublisher, SavedSearch, Selection
from aggregator.model.errors import SearchError
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text import query
from aggregator.text.dates import utc_now
from aggregator.text.impossible import is_impossible

_SHOWN = 200  # characters of what was searched for
_COUNTED = 10_000  # reports that another search finds; whether there are more is said, and not how many


class _Words(click.Command):
    """All that is no option of the command is a word, also where a dash stands before it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = {name: each for each in self.get_params(ctx) if isinstance(each, click.Option) for name in each.opts}
        options: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for argument in rest:
            if argument == "--":
                words += rest
            elif argument.startswith("--") or argument in named:
                option = named.get(argument)
                takes = 0 if option is None or option.is_flag or option.count else option.nargs
                options += [argument, *islice(rest, takes)]
            else:
                words.append(argument)
        return super().parse_args(ctx, [*options, "--", *words])


@click.command(cls=_Words)
@click.argument("words", nargs=-1, required=True)
@click.option("--save", "save_as", metavar="NAME", help="Save the search; see `aggregator alerts`. Lists nothing.")
@click.option("--ranked", is_flag=True, help="Sort by relevance (newest 2,000 matches only). Default: newest first.")
@LISTING
@click.pass_obj
def search(paths: Paths, /, words: tuple[str, ...], save_as: str | None, ranked: bool, **given: Any) -> None:
    """Search reports for all WORDS; accents do not matter.

    \b
    flood OR drought        one of them at least; AND and brackets too
    flood -bridge           without a word; or: flood NOT bridge
    "exact phrase"          words one behind the other
    elect*                  words that begin so
    title:bridge            in the headline only
    changed:1d              reports that were changed since: 6h, 2d, a date

    OR, AND and NOT are in capitals. At a shell, brackets and phrases need other quotes around them:
    search '(flood OR drought) "water bills"'. A word and the same word behind an Arabic article or a French or Italian
    elision (l', d', qu') find each other. The options choose reports as those of `latest` do; docs/selecting.md says
    more. With --save they and the words are written into searches/NAME.toml of the configuration; docs/alerts.md says
    who can be told about what is found.
    """
    exclude({"--ranked": ranked, "--count": given["is_count"]})
    typed = query.typed(words)
    typed.encode()  # words that came in another encoding than UTF-8 are in no report
    try:
        wanted = query.parse(typed, utc_now())
    except SearchError as error:
        raise click.UsageError(str(error)) from error
    if ranked and not wanted.wanted:
        raise click.UsageError("--ranked needs words, by which reports are ranked; write some beside `changed:`")
    if save_as is not None:
        if is_impossible(wanted):
            raise click.UsageError("nothing can be found: the search leaves out what it looks for; write other words")
        _save(paths, save_as, typed, {**given, "ranked": ranked})
        return
    shown = typed.strip() if len(typed) <= _SHOWN else f"{typed[:_SHOWN]}…"

    def nothing(store: Store, selection: Selection) -> str:
        return f"Nothing found for {shown}.{_another(store, selection, typed)}"

    list_reports(paths, given, wanted, ranked, nothing)


_CHOOSING = ("publishers", "countries", "kinds", "groups", "languages", "item_classes", "topics", "about")


def _save(paths: Paths, name: str, typed: str, given: dict[str, Any]) -> None:
    """Writes the file of the search. What cannot be a part of it is refused."""
    context = click.get_current_context()
    others = [option for option, value in given.items() if option not in _CHOOSING and value]
    if others:
        option = next(each for each in context.command.params if each.name == others[0]).opts[-1]
        raise click.UsageError(f"{option} is no part of a saved search; give it without --save")
    from aggregator.config.searches import save_search  # pydantic takes a fifth of a second

    now = utc_now()
    with read_store(paths, now) as store:
        selection = read_selection(paths, store, now, given)
        publishers = store.known_publishers()
    where = save_search(paths.config_folder(), SavedSearch(name=name, words=typed, title=name, selection=selection))
    say(f"saved in {where}; add whom to tell there (docs/alerts.md)", err=True)
    if publishers and not any(_fits(key, each, selection) for key, each in publishers.items()):
        say("no publisher of this wire is all that the options ask for, so it finds nothing for now", err=True)


def _fits(key: str, publisher: KnownPublisher, wanted: Selection) -> bool:
    """Whether reports of a publisher may be in a selection, as far as it is about publishers."""
    return all(
        not values or said in values
        for said, values in (
            (key, wanted.publishers),
            (publisher.country, wanted.countries),
            (publisher.kind, wanted.kinds),
            (publisher.group, wanted.groups),
        )
    )


def _another(store: Store, wanted: Selection, typed: str) -> str:
    """A search like this one that finds something; '': there is none."""
    for other in query.others(typed):
        try:
            words = query.parse(other, utc_now())
        except SearchError:  # left without a word
            continue
        if count := store.count(wanted, words, most=_COUNTED + 1):
            many = f"{count:,}" if count <= _COUNTED else f"more than {_COUNTED:,}"
            return f" `{other}` finds {many}."
    return ""
