"""Messages are signed as Standard Webhooks 1.0 says: by the vectors of its own libraries."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from nacl.signing import VerifyKey

from aggregator.delivery.signing import signer
from aggregator.model import Template
from aggregator.model.errors import DeliveryError
from tests.delivery.receiver import KEY, SECRET

AT = datetime.fromtimestamp(1614265330, UTC)
ID, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
# https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries/go, its tests of `Sign`
VECTORS = {
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=": (
        "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
    ),
}


def templates(*names: str) -> tuple[Template, ...]:
    return tuple(Template(f"${{{name}}}") for name in names)


@pytest.mark.parametrize(("secret", "expected"), sorted(VECTORS.items()))
def test_the_vectors_of_the_specification(secret: str, expected: str) -> None:
    assert signer(templates("A"), {"A": secret}).sign(ID, AT, BODY) == expected
    both = signer(templates("A", "B"), {"A": secret, "B": SECRET}).sign(ID, AT, BODY).split()
    assert len(both) == 2
    assert expected in both


def test_a_public_key_verifies_what_its_private_key_signed() -> None:
    keys = signer(templates("A"), {"A": f"  {KEY}\n"})  # as `$(cat file)` gives it, or a file of systemd's
    (public,) = keys.public_keys
    verify = VerifyKey(base64.b64decode(public.removeprefix("whpk_")))
    signature = base64.b64decode(keys.sign(ID, AT, BODY).removeprefix("v1a,"))
    verify.verify(f"{ID}.1614265330.".encode() + BODY, signature)
    long = "whsk_" + base64.b64encode(base64.b64decode(KEY.removeprefix("whsk_")) + bytes(verify)).decode()
    assert signer(templates("A"), {"A": long}).public_keys == (public,)  # as libsodium keeps it
    assert signer(templates("A"), {"A": SECRET}).public_keys == ()


@pytest.mark.parametrize(
    "secret",
    [
        "", "  ", "plain", "whsec_", "whsec_%%%", "whsk_" + "A" * 40, "whpk_" + KEY.removeprefix("whsk_"),
        "whsec_" + base64.b64encode(b"x" * 23).decode(), "whsec_" + base64.b64encode(b"x" * 65).decode(),
        "whsk_" + base64.b64encode(b"x" * 64).decode(), "whsec_schlüssel",
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(DeliveryError) as error:
        signer(templates("GOOD", "WIRE_KEY"), {"GOOD": SECRET, "WIRE_KEY": secret})
    assert "WIRE_KEY" in str(error.value)
    assert not secret.strip() or secret.strip() not in str(error.value).partition(":")[0]
    with pytest.raises(DeliveryError, match="NOT_THERE"):
        signer(templates("NOT_THERE"), {})
