"""What no config file can know by itself: keys, addresses and the wire's own publisher, compared between files.

All of it from the bare tables by file name, so that a fault elsewhere in a file hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from aggregator.domains import ascii_host
from aggregator.rights import did_you_mean, fault, is_address

Tables = Mapping[str, Mapping[str, object]]  # a publisher's file, relative to the config folder -> what stands in it


def repeated_keys(names: Sequence[str]) -> Iterator[str]:
    """A fault for each file whose key an earlier one has."""
    first: dict[str, str] = {}
    for name in names:
        key = PurePosixPath(name).stem
        if first.setdefault(key, name) != name:
            yield f'{name}: found the key "{key}" again, expected another file name; {first[key]} has it too'


def repeated_addresses(tables: Tables) -> Iterator[str]:
    """A fault for each source whose address an earlier one has, in the same file or another."""
    first: dict[str, str] = {}
    for name, table in tables.items():
        for number, address in _addresses(table):
            place = f"{name} source[{number}]"
            if first.setdefault(same_address(address), place) != place:
                expected = f"an address that no other source has; {first[same_address(address)]} has it too"
                yield f"{name}: {fault(f'source[{number}].url', address, expected)}"


def own_publisher_faults(publisher: str, tables: Tables, names: Sequence[str]) -> Iterator[str]:
    """A fault when `publisher` of wire.toml is not among the `names`, or is not of kind own."""
    keys = [PurePosixPath(name).stem for name in names]
    if publisher not in keys:
        expected = f"the key of a publisher in publishers/{did_you_mean(publisher, keys)}"
        yield f"wire.toml: {fault('publisher', publisher, expected)}"
    for name, table in tables.items():
        kind = table.get("kind")
        if PurePosixPath(name).stem == publisher and isinstance(kind, str) and kind != "own":
            expected = f'the key of a publisher of kind "own"; {name} is of kind "{kind}"'
            yield f"wire.toml: {fault('publisher', publisher, expected)}"


def _addresses(table: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    sources = table.get("source")
    for number, source in enumerate(sources if isinstance(sources, list) else (), start=1):
        address = source.get("url") if isinstance(source, dict) else None
        # A `${NAME}` is compared as it stands: what it will be is not known here.
        if isinstance(address, str) and is_address(re.sub(r"\$\{\w+\}", "NAME", address)):
            yield number, address


def same_address(url: str) -> str:
    """Equal for addresses that one server answers alike: scheme, `www.`, final slash, case and script of the host
    aside.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    with suppress(ValueError):  # one that cannot be looked up is told elsewhere
        host = ascii_host(host)
    host = host.rstrip(".").removeprefix("www.")
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    return f"{host}{port}{parts.path.rstrip('/')}?{parts.query}"
