"""Signs messages as Standard Webhooks 1.0 says: HMAC-SHA256 (`v1`) and ed25519 (`v1a`).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from nacl.signing import SigningKey

from aggregator.fetch.credentials import filled
from aggregator.model import Template
from aggregator.model.errors import DeliveryError, FetchError

_SYMMETRIC, _PRIVATE, _PUBLIC = "whsec_", "whsk_", "whpk_"
_LEAST, _MOST = 24, 64  # bytes of a symmetric secret
_SEED = 32  # bytes of an ed25519 key; 64 where the public one stands behind it
_EXPECTED = f"expected {_SYMMETRIC} and {_LEAST} to {_MOST} bytes in base64, or {_PRIVATE} and an ed25519 key in base64"


class Signer(Struct, frozen=True):
    """The keys of one subscriber; the first signs first."""

    hmac_keys: tuple[bytes, ...]
    ed25519_keys: tuple[SigningKey, ...]

    def __repr__(self) -> str:  # without the keys
        return "Signer()"

    def sign(self, message: str, at: datetime, body: bytes) -> str:
        """The value of `webhook-signature` for a message of this id: a signature a key, with blanks between them."""
        signed = f"{message}.{int(at.timestamp())}.".encode() + body
        said = [f"v1,{_base64(hmac.digest(key, signed, hashlib.sha256))}" for key in self.hmac_keys]
        said += [f"v1a,{_base64(key.sign(signed).signature)}" for key in self.ed25519_keys]
        return " ".join(said)

    @property
    def public_keys(self) -> tuple[str, ...]:
        """What a receiver verifies `v1a` with: `whpk_...`."""
        return tuple(f"{_PUBLIC}{_base64(bytes(key.verify_key))}" for key in self.ed25519_keys)


def signer(secrets: Sequence[Template], environment: Mapping[str, str]) -> Signer:
    """With the keys that these variables hold. DeliveryError: one is not set, or is no key; it names the variable."""
    symmetric: list[bytes] = []
    private: list[SigningKey] = []
    for template in secrets:
        try:
            said = filled(template, environment)
        except FetchError:
            raise DeliveryError(f"the variable of {template.text} is not set in the environment, or empty") from None
        key = _key(said.strip())
        if isinstance(key, bytes):
            symmetric.append(key)
        elif key is not None:
            private.append(key)
        else:
            raise DeliveryError(f"{template.text} in the environment is no key of Standard Webhooks: {_EXPECTED}")
    return Signer(tuple(symmetric), tuple(private))


def _key(said: str) -> bytes | SigningKey | None:
    """None: it is no key."""
    prefix = next((each for each in (_SYMMETRIC, _PRIVATE) if said.startswith(each)), None)
    if prefix is None:
        return None
    try:
        key = base64.b64decode(said.removeprefix(prefix), validate=True)
    except ValueError:  # characters that are none of base64
        return None
    if prefix == _SYMMETRIC:
        return key if _LEAST <= len(key) <= _MOST else None
    made = SigningKey(key[:_SEED]) if len(key) in (_SEED, 2 * _SEED) else None
    return made if made and bytes(made.verify_key).startswith(key[_SEED:]) else None


def _base64(said: bytes) -> str:
    return base64.b64encode(said).decode()
