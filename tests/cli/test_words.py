"""Plain words: what commands print and what the pages say has no metaphor and no archaic turn."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests import ROOT
from tests.rows import every_row

# What was said once, and what is said instead.
INSTEAD = {
    r"doors?": "feed, feed discovery",
    r"walls?": "challenge page",
    r"hops?": "redirect",
    r"weather": "connectivity",
    r"shelf": "cache",
    r"ladder\w*": "id_trust",
    r"restless": "unstable",
    r"mend(?:s|ed|ing)?": "correct, fix",
    r"troubles?": "problem",
    r"stands? still": "is paused",
    r"tells? of|told of": "names",
    r"(?:is|are) none": "is no ...",
    r"nobody reads": "is not read",
    r"breaks? off": "is cut off",
    r"in vain": "without a result",
    r"the way out|lets? out": "output, publishes",
    r"a fault of the program": "internal error (bug)",
    r"1 (?:sites|sources|publishers|faults|errors|reports|polls|versions)": "text.printable.counted",
}
NOT_SAID = re.compile(rf"\b(?:{'|'.join(INSTEAD)})\b", re.IGNORECASE)
# Not those that are made of the comments of the schema and of the columns.
MADE = {"data.md", "json.md"}
PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").glob("*.md") if page.name not in MADE)]
FILES = sorted((ROOT / "aggregator" / "cli").glob("*.py"))


def printed(file: Path) -> Iterator[str]:
    """The texts of a file, the helps of commands among them, but no other docstring."""
    tree = ast.parse(file.read_text())
    comments = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            is_command = isinstance(node, ast.FunctionDef) and "command" in " ".join(
                map(ast.unparse, node.decorator_list)
            )
            if not is_command and ast.get_docstring(node) is not None:
                comments.add(id(node.body[0].value))  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in comments:
            yield " ".join(node.value.split())


@every_row("file", FILES, ids=lambda file: file.name)
def test_what_commands_print_is_plain(file: Path) -> None:
    found = [(NOT_SAID.findall(text), text) for text in printed(file) if NOT_SAID.search(text)]
    assert not found, found


@every_row("page", PAGES, ids=lambda page: page.name)
def test_what_pages_say_is_plain(page: Path) -> None:
    text = " ".join(page.read_text().split())
    found = [text[max(0, hit.start() - 40) : hit.end() + 20] for hit in NOT_SAID.finditer(text)]
    assert not found, found


def test_helps_of_commands_are_among_the_texts() -> None:
    """Without this the tests above could look at nothing."""
    texts = [text for file in FILES for text in printed(file)]
    assert any(text.startswith("Fetch all sources that are due now") for text in texts)
    assert NOT_SAID.search("no door was found")
    assert not NOT_SAID.search("outdoors")
