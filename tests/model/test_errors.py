"""errors: one tree, drawn as it is; each error is a sentence for the person at the keyboard."""

from __future__ import annotations

import inspect
import re
from datetime import timedelta

import pytest

from aggregator.model import errors
from aggregator.model.errors import (
    AggregatorError,
    Challenge,
    ConfigError,
    FetchError,
    HttpStatus,
    ManuscriptError,
    PaymentRequired,
)
from aggregator.model.escaping import code_point, escaped
from tests.conftest import NOW
from tests.rows import every_row

HOUR = timedelta(hours=1)


def drawn() -> dict[str, str]:
    """The tree in the module's own words: the parent of every error."""
    parents: dict[str, str] = {}
    branch = ["AggregatorError"]
    for bars, name in re.findall(r"^([│ ]*[├└]── )(\w+)  ", errors.__doc__ or "", re.MULTILINE):
        branch[len(bars) // 4 :] = [name]
        parents[name] = branch[-2]
    return parents


def test_the_tree_is_the_one_that_is_drawn() -> None:
    every = [each for each in vars(errors).values() if inspect.isclass(each) and issubclass(each, Exception)]
    assert drawn() == {each.__name__: each.__base__.__name__ for each in every if each is not AggregatorError}
    assert AggregatorError.__base__ is Exception


@pytest.mark.parametrize("error", [ConfigError, ManuscriptError])
def test_faults_are_a_line_each_whatever_stands_in_a_file(error: type[ConfigError | ManuscriptError]) -> None:
    raised = error(["a.toml: name: found nothing", "b\nc.toml: \x1b[2J"])
    assert str(raised) == "a.toml: name: found nothing\n" + r"b\nc.toml: \u001b[2J"
    assert raised.faults == ("a.toml: name: found nothing", "b\nc.toml: \x1b[2J"), "as they were found"


@every_row(
    ("error", "said", "status", "answered", "retry_after"),
    [
        (FetchError("no such host", answered=False), "no such host", None, False, None),
        (FetchError("it is busy", retry_after=HOUR), "it is busy", None, True, HOUR),
        (Challenge("a challenge page"), "a challenge page", 403, True, None),
        (Challenge("a challenge page", status=503, retry_after=NOW), "a challenge page", 503, True, NOW),
        (PaymentRequired("it wants to be paid"), "it wants to be paid", 402, True, None),
        (HttpStatus(404), "the server answered 404", 404, True, None),
        (HttpStatus(429, HOUR), "the server answered 429", 429, True, HOUR),
        (HttpStatus(410, meaning="gone for good"), "the server answered 410: gone for good", 410, True, None),
    ],
    ids=repr,
)
def test_an_error_of_the_network_says_what_its_poll_has_to_know(
    error: FetchError, said: str, status: int | None, answered: bool, retry_after: object
) -> None:
    assert (str(error), error.answered, error.retry_after) == (said, answered, retry_after)
    assert getattr(error, "status", None) == status


@every_row(
    ("value", "most", "seen"),
    [
        ("le-jour.toml", None, "le-jour.toml"),
        ("a\nb\tc\rd", None, r"a\nb\tc\rd"),
        ("\x1b\x9b\u202e\u2028\ud800", None, r"\u001b\u009b\u202e\u2028\ud800"),
        ("élection فيضان ክትባት 😀", None, "élection فيضان ክትባት 😀"),
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
    ],
)
def test_what_must_not_reach_a_terminal_is_made_visible(value: str, most: int | None, seen: str) -> None:
    assert escaped(value, most) == seen


def test_a_character_is_named_by_its_number_as_json_does() -> None:
    assert [code_point(each) for each in ("\x1b", "é", "\u2028")] == [r"\u001b", r"\u00e9", r"\u2028"]
