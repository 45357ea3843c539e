"""At the door of `/auth`: who tries too often is sent away, and what is no form is told so."""

from ipaddress import ip_network
from typing import Any

from tertulia.dialects.unet import MOST_TRIES
from tertulia.web.addresses import neighbourhood
from tests.unet.browser import forms
from tests.unet.town import Town, opened
from tests.world.wires import Answer

HERE = "203.0.113.7"


def proxied(**settings: Any) -> Any:
    """A town behind a proxy that says whence people come."""
    return opened(trusted_proxies=(ip_network("127.0.0.1/32"),), **settings)


class Comer:
    """Somebody at the sign-in form, from some address."""

    def __init__(self, town: Town, address: str) -> None:
        self.visit = town.visit()
        self.address = address
        page = self.visit.opens()
        self.hidden = forms(page)[0].hidden

    def sends(self, **fields: str) -> Answer:
        """The page that comes back."""
        browser = self.visit.browser
        return browser.http.form(
            "POST",
            "/auth",
            {**self.hidden, **fields},
            cookie="; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
            x_forwarded_for=self.address,
        )

    def signs_in(self, who: str) -> Answer:
        """With the right password."""
        return self.sends(username=who, password=f"{who}-secret")


def test_an_address_may_fail_so_often() -> None:
    with proxied() as town:
        comer = Comer(town, HERE)
        for number in range(MOST_TRIES):
            assert comer.sends(username=f"nobody{number}", password="x").status == 401
        refused = comer.signs_in("anna")
        assert refused.status == 429
        assert 0 < int(refused.headers["retry-after"]) <= 600
        assert 'role="alert"' in refused.text
        assert comer.sends(phone="+79166660002").status == 429
        assert Comer(town, "203.0.113.8").signs_in("anna").status == 200
        # Of this machine itself nothing is counted.
        assert Comer(town, "127.0.0.1").signs_in("anna").status == 200


def test_codes_by_sms_count_and_good_sign_ins_do_not() -> None:
    with proxied() as town:
        comer = Comer(town, "2001:db8::1")
        for _ in range(MOST_TRIES - 1):
            assert comer.sends(phone="+79166660002").status == 200
        for _ in range(3):
            assert Comer(town, "2001:db8::1").signs_in("anna").status == 200
        assert comer.sends(phone="+79166660002", code="0000").status == 401
        # All of a network is one neighbour.
        assert Comer(town, "2001:db8::ffff:2").signs_in("anna").status == 429
        assert Comer(town, "2001:db8:0:1::1").signs_in("anna").status == 200


def test_a_neighbourhood_of_ipv6_is_a_network() -> None:
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::2") == "2001:db8::/64"
    assert neighbourhood("::ffff:192.0.2.1") == neighbourhood("192.0.2.1") == "192.0.2.1"
    assert neighbourhood("::1") == "::1"
    assert neighbourhood("somewhere") == "somewhere"


def test_what_is_too_much_is_told_and_no_mistake_of_ours(town: Town) -> None:
    visit = town.visit()
    assert visit.opens(visit.path + "&x=1" * 200).status == 400
    page = visit.opens()
    hidden = forms(page)[0].hidden
    long = visit.browser.ask("POST", "/auth", {**hidden, "username": "a" * 100_000})
    assert long.status == 413
    many = visit.browser.ask("POST", "/auth", {**hidden, **{f"x{n}": "" for n in range(200)}})
    assert many.status == 400
    for answer in (long, many):
        assert answer.headers["content-type"].startswith("text/html")
        assert "location" not in answer.headers
