"""References of complaints: 80 bits that nobody guesses, as people read them to each other, and what is stored of them.

Crockford's base32 (https://www.crockford.com/base32.html): capital letters and digits, of which none is taken for
another.
"""

from __future__ import annotations

import hashlib
import unicodedata

BYTES = 10
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH, _GROUP = 16, 4
_TAKEN_FOR = str.maketrans("OIL", "011")


def written(secret: bytes) -> str:
    """Ten bytes as `7K3D-0QZM-V2HA-9XTC`."""
    number = int.from_bytes(secret, "big")
    signs = "".join(_SIGNS[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
    return "-".join(signs[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def digest(said: str) -> str:
    """What is stored of a reference, however somebody wrote it: in small letters, with other or no hyphens, with the
    letter O for a zero, in digits of another script. What is no reference has a digest too, which nothing stored has.
    """
    plain = unicodedata.normalize("NFKC", said[:200]).upper()
    signs = (str(unicodedata.decimal(each)) if each.isdecimal() else each for each in plain if each.isalnum())
    return hashlib.sha256("".join(signs).translate(_TAKEN_FOR).encode("utf-8", "replace")).hexdigest()
