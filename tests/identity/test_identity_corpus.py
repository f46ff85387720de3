"""One of each: every case of `fixtures/identity/` comes out as it says, and no two articles are ever made one.

`python -m tests.identity.test_identity_corpus [CASE ...] [--db FILE]` prints the table; the database is kept.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest

from tests.conftest import some
from tests.identity.identity_corpus import NAMES, Result, Wire, expected


@dataclass(frozen=True)
class Score:
    """Pairs of different entries: put together rightly, put together wrongly, and not put together."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def score(result: Result) -> Score:
    """An entry that got no article was taken for another's repetition: wrongly, unless that other is in an article."""
    counts: Counter[tuple[bool, bool]] = Counter()
    together = [sight for sight in result.sights if sight.article is not None]
    kept = {sight.label for sight in together}
    for one, other in combinations(together, 2):
        counts[one.label == other.label, one.article == other.article] += 1
    lost = sum(sight.label not in kept for sight in result.sights)
    return Score(counts[True, True], counts[False, True] + lost, counts[True, False])


CHOSEN = some(NAMES, 28)
_A_WIRE = 12  # cases: what is reckoned before a poll, of all publishers of a wire, grows with them


class Corpus:
    """The chosen cases, a few to a wire; each wire begins when the first of its cases is asked for."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._wires: dict[int, Wire] = {}

    def wire(self, name: str) -> Wire:
        number = CHOSEN.index(name) // _A_WIRE
        if number not in self._wires:
            wire = Wire(self._folder / f"{number}.db", CHOSEN[number * _A_WIRE : (number + 1) * _A_WIRE])
            self._wires[number] = self._stack.enter_context(wire)
        return self._wires[number]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with ExitStack() as stack:
        yield Corpus(tmp_path_factory.mktemp("identity"), stack)


@pytest.mark.long
@pytest.mark.soak
def test_every_case_and_two_articles_are_never_made_one_and_one_is_hardly_ever_made_two(corpus: Corpus) -> None:
    """In one test, so that no two processes of the tests go through the same wires; in `make test` every sixth case."""
    total = Score()
    differ = []
    for name in CHOSEN:
        wire = corpus.wire(name)
        result, case = wire.result(name), wire.cases[name]
        wanted = expected(case, result)
        if (found := {key: result.found[key] for key in wanted}) != wanted:
            differ.append(f"{name} ({case.said['about']}): {found}, and not {wanted}")
        total += score(result)
    assert not differ, "\n".join(differ)
    assert total.precision == 1.0
    assert total.recall >= 0.97


def main(arguments: Sequence[str]) -> None:
    path = Path(arguments[arguments.index("--db") + 1]) if "--db" in arguments else Path(tempfile.mkdtemp()) / "wire.db"
    names = [name for name in arguments if name in NAMES] or NAMES
    total = Score()
    print("| case | as expected | right | wrong | missed |\n| --- | --- | --- | --- | --- |")
    with Wire(path, names) as wire:
        for name in names:
            result = wire.result(name)
            wanted, scored = expected(wire.cases[name], result), score(result)
            differs = ", ".join(key for key in wanted if result.found[key] != wanted[key])
            print(f"| {name} | {differs or 'yes'} | {scored.right} | {scored.wrong} | {scored.missed} |")
            total += scored
    print(f"\n{len(names)} cases: precision {total.precision:.3f}, recall {total.recall:.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
