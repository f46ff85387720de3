"""Which article an entry is. Pure; it alone knows what makes one of each.

An entry has keys, strongest first: the publisher's id, the same id without its host (`alt`), the canonical link with
its fragment. What a key finds is a candidate; `resolve` accepts it or not, and says by which key and on what evidence.
"""

from aggregator.identity.keys import (
    DUPLICATE,
    address_of,
    deleted_key,
    keys_of,
    keys_of_link,
    link_of,
    marks_of_link,
    near_keys,
    place_of,
    public_id,
)
from aggregator.identity.resolve import marked, next_id_trust, resolve, spare_key, trusted
from aggregator.identity.review import why_another, why_one, why_two

__all__ = [
    "DUPLICATE",
    "address_of",
    "deleted_key",
    "keys_of",
    "keys_of_link",
    "link_of",
    "marked",
    "marks_of_link",
    "near_keys",
    "next_id_trust",
    "place_of",
    "public_id",
    "resolve",
    "spare_key",
    "trusted",
    "why_another",
    "why_one",
    "why_two",
]
