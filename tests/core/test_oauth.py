"""What an application must be to be registered."""

import pytest

from tertulia.core.applications import Scope, check_redirect_uri, drawn_up
from tertulia.core.errors import BadInput
from tertulia.core.oauth import challenge_of

BACK = "https://reader.example/back"


@pytest.mark.parametrize(
    "uri",
    [
        "https://reader.example",
        "https://reader.example/back?a=b&c=%20",
        "https://[2001:db8::1]:8443/back",
        "http://localhost:3000/",
        "http://127.0.0.1/back",
        "http://127.9.9.9:1/back",
        "http://[::1]:5000/back",
        "com.example.app:/back",
        "com.example.app://back",
    ],
)
def test_browsers_may_be_sent_there(uri: str) -> None:
    check_redirect_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/back",
        "//reader.example/back",
        "reader.example/back",
        "https:",
        "https://",
        "https:///back",
        "http://reader.example/back",
        "http://localhost.reader.example/",
        "http://127.0.0.1.reader.example/",
        "http://10.0.0.1/",
        "https://reader.example/back#",
        "https://reader.example/#x",
        "https://reader.example:99999/",
        "https://reader.example:x/",
        "https://[::1/",
        "https://reader.example/a b",
        "https://reader.example/\n",
        "https://reader.example\\@evil.example/",
        "https://пример.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "app:/back",
        "com.example.app:",
        ".com:/back",
        "COM.example:/back",
        "https://reader.example/" + "x" * 2_000,
    ],
)
def test_browsers_may_not_be_sent_there(uri: str) -> None:
    with pytest.raises(BadInput, match="redirect uri"):
        check_redirect_uri(uri)


def test_without_scopes_an_application_may_ask_for_all() -> None:
    application, secret = drawn_up("Reader", (BACK, BACK), (), 5)
    assert application.scopes == tuple(Scope)
    assert application.redirect_uris == (BACK,)
    assert len(secret) == 43
    few, another = drawn_up("Reader", (BACK,), ("user_email", "messages_read", "user_email"), 5)
    assert few.scopes == (Scope.USER_EMAIL, Scope.MESSAGES_READ)
    assert (few.id, another) != (application.id, secret)


@pytest.mark.parametrize(
    ("name", "uris", "scopes"),
    [
        ("", (BACK,), ()),
        (" x", (BACK,), ()),
        ("x\ny", (BACK,), ()),
        ("x" * 101, (BACK,), ()),
        ("x", (), ()),
        ("x", (BACK,) * 21, ()),
        ("x", (BACK, "x"), ()),
        ("x", (BACK,), ("photos",)),
    ],
)
def test_what_makes_no_sense_is_refused(
    name: str, uris: tuple[str, ...], scopes: tuple[str, ...]
) -> None:
    with pytest.raises(BadInput):
        drawn_up(name, uris, scopes, 5)


def test_a_challenge_is_that_of_the_standard() -> None:
    # RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
