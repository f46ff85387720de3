"""What a poll means: what each of its entries is, what it teaches of its source, and when to ask again. Pure:
everything it needs comes as an argument, the time included.
"""

from aggregator.decide.changes import Judged, decide
from aggregator.decide.corrections import is_correction
from aggregator.decide.gaps import Now, reaches_back
from aggregator.decide.mass import Front, Held, KeptOut, Most, at_once, at_the_front, hold_excess, keep_out
from aggregator.decide.order import Order, order_of
from aggregator.decide.polls import (
    Found,
    Pace,
    Silence,
    conclude,
    pause_of_host,
    pauses,
    reckon,
    silence,
    validators_for,
)
from aggregator.model.polled import Before, Habits

__all__ = [
    "Before",
    "Found",
    "Front",
    "Habits",
    "Held",
    "Judged",
    "KeptOut",
    "Most",
    "Now",
    "Order",
    "Pace",
    "Silence",
    "at_once",
    "at_the_front",
    "conclude",
    "decide",
    "hold_excess",
    "is_correction",
    "keep_out",
    "order_of",
    "pause_of_host",
    "pauses",
    "reaches_back",
    "reckon",
    "silence",
    "validators_for",
]
