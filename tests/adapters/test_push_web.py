"""What goes to a browser's push service."""

import asyncio
import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    derive_private_key,
)

from tertulia.adapters.clock import SystemClock
from tertulia.adapters.outbound import Outbound
from tertulia.adapters.push_keys import from_text, new_key, to_text
from tertulia.adapters.push_web import Vapid, encrypted
from tertulia.adapters.pushes import DevicePushes
from tertulia.core.push import NewSubscription, Outcome, Platform

# RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
OWN_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
THEIR_KEY = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)


def test_a_push_is_encrypted_as_the_standard_shows_it() -> None:
    own_key = derive_private_key(int.from_bytes(from_text(OWN_KEY), "big"), SECP256R1())
    body = encrypted(
        PLAIN, from_text(THEIR_KEY), from_text(SECRET), salt=from_text(SALT), own_key=own_key
    )
    assert to_text(body) == BODY


def test_two_pushes_with_one_content_look_different() -> None:
    one, other = (encrypted(PLAIN, from_text(THEIR_KEY), from_text(SECRET)) for _ in range(2))
    assert one != other


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        (b"", from_text(SECRET)),
        (b"\x04" + bytes(64), from_text(SECRET)),
        (b"\x04" + b"\xff" * 64, from_text(SECRET)),
        (from_text(THEIR_KEY)[:-1], from_text(SECRET)),
        (from_text(THEIR_KEY), b"short"),
    ],
)
def test_keys_that_are_none_are_noticed(key: bytes, secret: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library words it differently each time
        encrypted(PLAIN, key, secret)


def test_keys_are_read_with_and_without_padding_in_both_alphabets() -> None:
    content = bytes(range(250, 256)) * 3 + b"x"
    padded = base64.b64encode(content).decode()
    assert from_text(padded) == from_text(to_text(content)) == content


def test_a_push_service_learns_who_we_are() -> None:
    vapid = Vapid(new_key(), "mailto:tertulia@example.org")
    scheme, _, rest = vapid.authorization("https://push.example.org", 1_000).partition(" ")
    token, key = (part.split("=", 1)[1] for part in rest.split(", "))
    public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), from_text(key))
    claims = jwt.decode(
        token, public, algorithms=["ES256"], audience="https://push.example.org",
        options={"verify_exp": False},
    )  # fmt: skip
    assert scheme == "vapid"
    assert key == vapid.public_key
    assert claims["sub"] == "mailto:tertulia@example.org"
    # No service takes a token that is good for more than a day.
    assert claims["exp"] == 1_000 + 12 * 3_600


def test_a_token_is_used_for_half_its_time() -> None:
    vapid = Vapid(new_key(), "mailto:tertulia@example.org")
    first = vapid.authorization("https://push.example.org", 0)
    assert vapid.authorization("https://push.example.org", 6 * 3_600) == first
    assert vapid.authorization("https://push.example.org", 6 * 3_600 + 1) != first
    assert vapid.authorization("https://other.example.org", 0) != first


def test_a_key_of_the_operator_is_taken_as_it_is() -> None:
    assert Vapid(THEIR_PRIVATE, "").public_key == THEIR_KEY


THEIR_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"


@pytest.mark.parametrize("key", ["", "AAAA", "not base64!", "A" * 43])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - see above
        Vapid(key, "")


def test_a_header_says_nothing_else() -> None:
    vapid = Vapid(new_key(), "https://chat.example.org")
    token = vapid.authorization("https://push.example.org", 0).split("t=")[1].split(",")[0]
    head = json.loads(from_text(token.split(".")[0]))
    assert head == {"alg": "ES256", "typ": "JWT"}


@pytest.mark.parametrize(
    ("endpoint", "key", "token"),
    [
        ("http://127.0.0.1:9/", THEIR_KEY, ""),
        ("https://localhost:9/", THEIR_KEY, ""),
        ("https://push.example.org/", "no key", ""),
        ("", "", "token"),
    ],
)
def test_what_can_never_be_sent_is_not_tried_again(endpoint: str, key: str, token: str) -> None:
    sender = DevicePushes(Outbound(), new_key(), "mailto:a@b", SystemClock(), "")
    to = NewSubscription("d", Platform.WEB, endpoint, SECRET, key, token)
    assert asyncio.run(sender.send(to, "{}")) is Outcome.REFUSED
