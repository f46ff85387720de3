"""How nouns are pickled that go between processes in numbers: by a loop over their slots.

What `dataclass` gives a class that is frozen and has slots asks for all of its fields at each object: that took a fifth
of the first process's time in the cold pass of `bench.feeds`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any


def reduced(noun: Any) -> tuple[Callable[..., object], tuple[object, ...]]:
    """The `__reduce__` of a frozen dataclass with two slots or more."""
    of: Any = type(noun)
    return _made, (of, _values(of)(noun))


@cache
def _values(of: Any) -> Callable[[object], tuple[Any, ...]]:
    return attrgetter(*of.__slots__)


@cache
def _setters(of: Any) -> tuple[Callable[[object, object], None], ...]:
    return tuple(of.__dict__[name].__set__ for name in of.__slots__)


def _made(of: Any, values: tuple[object, ...]) -> object:
    made = object.__new__(of)
    for put, value in zip(_setters(of), values, strict=True):
        put(made, value)
    return made
