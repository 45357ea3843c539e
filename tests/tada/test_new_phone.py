"""Another number to sign in with: whoever shows a code sent there has it."""

from collections.abc import Iterator

import pytest

from tests.tada.club import PHONES, Club, club

NEW, CODE = "+79160000009", "2222"

pytestmark = pytest.mark.slow


@pytest.fixture
def house() -> Iterator[Club]:
    with club(also=((NEW, CODE),)) as made:
        yield made


def test_a_number_is_changed_by_a_code_and_by_nothing_else(house: Club) -> None:
    boris = house.boris
    mine = f"{house.path}/contacts/{house.jid(boris)}"
    assert boris.refused("PUT", mine, {"phone": NEW}) == (422, "INVALID_DATA", ["phone"])
    wrong = {"phone": NEW, "code": "0000"}
    assert boris.refused("PUT", mine, wrong) == (422, "INVALID_DATA", ["code"])
    boris.ask("POST", "/api/v3/sms-login", {"phone": NEW})
    assert boris.refused("PUT", mine, wrong) == (422, "INVALID_DATA", ["code"])
    boris.ask("PUT", mine, {"phone": "8 916 000 00 09", "code": CODE})
    assert boris.ask("GET", "/api/v4/me")["phone"] == NEW
    boris.ask("PUT", mine, {"phone": NEW, "role": "x"})
    # The code is used up, and the old number opens nothing of his.
    assert boris.refused("PUT", mine, {"phone": PHONES["boris"], "code": CODE})[0] == 422


def test_the_number_of_another_account_stays_there(house: Club) -> None:
    boris = house.boris
    mine = f"{house.path}/contacts/{house.jid(boris)}"
    boris.ask("POST", "/api/v3/sms-login", {"phone": PHONES["anna"]})
    taken = {"phone": PHONES["anna"], "code": "1111"}
    assert boris.refused("PUT", mine, taken) == (422, "INVALID_DATA", ["phone"])
    assert boris.ask("GET", "/api/v4/me")["phone"] == PHONES["boris"]
