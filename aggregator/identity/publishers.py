"""Which stored publisher a publisher of the configuration is, when files were renamed; pure.

A publisher is known by its first key: `Publisher.first_key`, `StoredPublisher.first_key`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from aggregator.model import Publisher, StoredPublisher
from aggregator.text.urls import document_of


def renamed(publishers: Sequence[Publisher], stored: Sequence[StoredPublisher]) -> dict[str, str]:
    """The stored publishers that have another key in the configuration: the stored key, and the new one."""
    of_first = {each.first_key: each.key for each in stored}
    keys = {each.key for each in stored}
    found = {publisher.key: of_first.get(publisher.first_key) for publisher in publishers}
    others = keys - set(found.values()) - set(found)
    for publisher in publishers:
        if found[publisher.key] is None and publisher.key not in keys:
            # A database that began, or a file that was written, when it had one of its later keys.
            former = reversed(publisher.former_keys or ())
            found[publisher.key] = next((key for key in former if key in others), None)
    return {old: new for new, old in found.items() if old is not None and old != new}


def undecided(
    publishers: Sequence[Publisher], faulty: Collection[str], stored: Sequence[StoredPublisher]
) -> Iterator[tuple[str, str]]:
    """The key of each publisher that may be a stored one under another key, with what a person has to decide. Were it
    polled, its reports would be stored twice. `faulty`: the keys of files that cannot be read.
    """
    moves = renamed(publishers, stored)
    new_keys = {new: old for old, new in moves.items()}
    by_key = {each.key: each for each in stored}
    owners = {document_of(url): each for each in stored for url in each.brought_reports}
    files = {*faulty, *(publisher.key for publisher in publishers)}
    displaced = {each.key for each in stored if _is_displaced(each, publishers, files)}
    for publisher in publishers:
        key, old = publisher.key, new_keys.get(publisher.key)
        if old in faulty:
            yield key, f"former_keys: found {_quoted(old)}, whose own file has a fault; correct that first"
        elif old is not None and key in by_key and key not in moves:
            yield (
                key,
                f"former_keys: found {_quoted(old)}, but the database has reports of both {old} and {key}, and cannot"
                f" join them; give the file another name, or write former_keys = [] into it",
            )
        elif publisher.former_keys is None and old is None:
            yield from _of_another(publisher, by_key.get(key), owners, displaced)


def _of_another(
    publisher: Publisher, itself: StoredPublisher | None, owners: dict[str, StoredPublisher], displaced: set[str]
) -> Iterator[tuple[str, str]]:
    known = {document_of(url) for url in itself.addresses} if itself else set()
    for number, source in enumerate(publisher.sources, start=1):
        address = document_of(source.url)
        owner = owners.get(address)
        if owner is None or owner.key == publisher.key or address in known:
            continue
        what = f'source[{number}].url: found "{source.url}", which brought the reports of {owner.key} ({owner.name})'
        other = "if it is another publisher, write former_keys = [] into this file"
        if owner.key in displaced:
            rename = f"`aggregator publishers rename {owner.key} {publisher.key}`"
            what += f", and no file of that name has it any more. If {publisher.key} is its new name, {rename}"
            yield publisher.key, f"{what} keeps its reports; {other}"
        else:
            yield publisher.key, f"{what}; they would be stored again under {publisher.key}; {other}"
        return


def _is_displaced(stored: StoredPublisher, publishers: Sequence[Publisher], files: Collection[str]) -> bool:
    """Whether no file has its key, or one with other addresses."""
    if stored.key not in files:
        return True
    own = {document_of(url) for url in stored.addresses}
    return any(
        publisher.key == stored.key
        and publisher.sources
        and not own & {document_of(source.url) for source in publisher.sources}
        for publisher in publishers
    )


def _quoted(key: str | None) -> str:
    return f'"{key}"'
