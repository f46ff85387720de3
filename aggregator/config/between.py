"""What no config file can know by itself: keys, addresses and the wire's own publisher, compared between files.

All of it from the bare tables by file name, so that a fault elsewhere in a file hides nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import get_args

from aggregator.model import Kind
from aggregator.rights import did_you_mean, fault, is_address
from aggregator.text.urls import document_of

Tables = Mapping[str, Mapping[str, object]]  # a publisher's file, relative to the config folder -> what stands in it


def repeated_keys(names: Sequence[str]) -> Iterator[str]:
    """A fault for each of the files that have one key: none of them can be taken for the right one."""
    files: dict[str, list[str]] = defaultdict(list)
    for name in names:
        files[PurePosixPath(name).stem].append(name)
    for name in names:
        key = PurePosixPath(name).stem
        if other := _another(files[key], name):
            yield f'{name}: found the key "{key}" twice, expected another file name; {other} has it too'


def repeated_addresses(tables: Tables) -> Iterator[str]:
    """A fault for each source whose address a source in another file has, or an earlier one in the same file."""
    places: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, table in tables.items():
        for number, address in _addresses(table):
            places[document_of(address)].append((name, number))
    for name, table in tables.items():
        for number, address in _addresses(table):
            of_all = places[document_of(address)]
            earlier = next((place for place in of_all if place[0] == name and place[1] < number), None)
            if other := earlier or next((place for place in of_all if place[0] != name), None):
                expected = f"an address that no other source has; {other[0]} source[{other[1]}] has it too"
                yield f"{name}: {fault(f'source[{number}].url', address, expected)}"


def repeated_first_keys(tables: Tables) -> Iterator[str]:
    """A fault for each of the files whose publishers had the same key first: the ids of reports are made of it."""
    files: dict[str, list[str]] = defaultdict(list)
    for name, table in tables.items():
        files[_first_key(name, table)].append(name)
    for name, table in tables.items():
        key = _first_key(name, table)
        other = _another(files[key], name)
        if other is None or PurePosixPath(other).stem == PurePosixPath(name).stem:  # which is `repeated_keys`' matter
            continue
        where = "the file's name" if key == PurePosixPath(name).stem and not table.get("former_keys") else "former_keys"
        expected = f"a first key of its own, because ids of reports are made of it; {other} has the same"
        yield f"{name}: {fault(where, key, expected)}"


def _first_key(name: str, table: Mapping[str, object]) -> str:
    keys = table.get("former_keys")
    first = keys[0] if isinstance(keys, list) and keys else None
    return first if isinstance(first, str) else PurePosixPath(name).stem


def _another(files: Sequence[str], name: str) -> str | None:
    return next((other for other in files if other != name), None)


def own_publisher_faults(publisher: str, tables: Tables, names: Sequence[str]) -> Iterator[str]:
    """A fault when `publisher` of wire.toml is not among the `names`, or is not of kind own."""
    keys = [PurePosixPath(name).stem for name in names]
    if publisher not in keys:
        expected = f"the key of a publisher in publishers/{did_you_mean(publisher, keys)}"
        yield f"wire.toml: {fault('publisher', publisher, expected)}"
    for name, table in tables.items():
        kind = table.get("kind")
        if PurePosixPath(name).stem == publisher and kind in get_args(Kind) and kind != "own":
            expected = f'the key of a publisher of kind "own"; {name} is of kind "{kind}"'
            yield f"wire.toml: {fault('publisher', publisher, expected)}"


def _addresses(table: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    sources = table.get("source")
    for number, source in enumerate(sources if isinstance(sources, list) else (), start=1):
        address = source.get("url") if isinstance(source, dict) else None
        # A `${NAME}` is compared as it stands: what it will be is not known here.
        if isinstance(address, str) and is_address(re.sub(r"\$\{\w+\}", "NAME", address)):
            yield number, address
