"""The wire's own words beside a report, and how the fields of any template are found and filled in; pure text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter


def fields_of(template: str) -> tuple[str, ...]:
    """The names in braces, in order. ValueError: braces that do not pair, doubled braces, `!r` or `:x`."""
    names = []
    for literal, name, spec, conversion in Formatter().parse(template):
        if "{" in literal or "}" in literal or spec or conversion:
            raise ValueError("only plain {name} fields may stand in braces")
        if name is not None:
            names.append(name)
    return tuple(names)


def fill(template: str, values: Mapping[str, str]) -> str:
    """`template` with each {name} replaced by `values[name]`; KeyError when one is missing.

    Not str.format: that follows `{x.__class__}` into the object, and a template is text from a file.
    """
    parts = Formatter().parse(template)
    return "".join(literal + ("" if name is None else values[name]) for literal, name, _, _ in parts)


def licence_name(licence: str) -> str:
    """How a reader calls a licence: `CC BY-ND 4.0` for the SPDX id CC-BY-ND-4.0; other ids as they are."""
    versioned = re.sub(r"^(CC0|CC-BY[A-Z-]*)-(\d\.\d)", r"\1 \2", licence).removeprefix("LicenseRef-")
    return re.sub(r"^CC-", "CC ", versioned)
