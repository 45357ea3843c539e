"""SAMA's access token is a JWT that anybody's library can read."""

import jwt

from tertulia.core.ids import AccountId
from tertulia.core.model import Account
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.tokens import ACCESS_S, Tokens, flavour_in, new_key
from tests.store.world import START


def test_a_token_is_signed_and_says_whose_it_is() -> None:
    key = new_key()
    account = Account(AccountId(START << 12), "anna", START, START, START)
    grant = Tokens(key).access(account, "seed", START)
    assert jwt.get_unverified_header(grant.text) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(
        grant.text, key, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
    )
    jti = claims.pop("jti")
    assert len(jti) >= 20
    name = to_wire(account.id)
    assert claims == {
        "_id": name,
        "native_id": name,
        "login": "anna",
        "type": "access",
        "iat": START // 1000,
        "exp": START // 1000 + ACCESS_S,
    }
    assert Tokens(key).access(account, "seed", START).text != grant.text


def test_secrets_remember_the_flavour_of_their_sign_in() -> None:
    account = Account(AccountId(START << 12), "anna", START, START, START)
    tokens = Tokens(new_key())
    for flavour in ("seed", "stock"):
        assert flavour_in(tokens.access(account, flavour, START).text) == flavour
        assert flavour_in(tokens.refresh(flavour, START).text) == flavour
    assert flavour_in("b" * 43) == ""
