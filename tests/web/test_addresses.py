from ipaddress import ip_network

import pytest

from tertulia.web.addresses import peer_address, told_by_proxies

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("address", "forwarded", "peer"),
    [
        ("203.0.113.1", "", "203.0.113.1"),
        ("203.0.113.1", "1.1.1.1", "203.0.113.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, nonsense", "10.0.0.1"),
        ("fd00::1", "2001:db8::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "::ffff:1.1.1.1", "1.1.1.1"),
    ],
)
def test_a_peer_is_whom_the_last_trusted_proxy_saw(address: str, forwarded: str, peer: str) -> None:
    assert peer_address(address, forwarded, PROXIES) == peer


def test_a_proxy_says_who_is_behind_it_and_in_which_scheme() -> None:
    headers = [(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-proto", b"https")]
    assert told_by_proxies("10.0.0.1", headers, PROXIES) == ("1.1.1.1", "https")
    assert told_by_proxies("10.0.0.1", [], PROXIES) == ("10.0.0.1", "")


def test_a_stranger_is_not_believed() -> None:
    headers = [(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-proto", b"https")]
    assert told_by_proxies("203.0.113.1", headers, PROXIES) == ("203.0.113.1", "")


def test_a_scheme_that_is_none_is_not_believed() -> None:
    headers = [(b"x-forwarded-proto", b"gopher")]
    assert told_by_proxies("10.0.0.1", headers, PROXIES) == ("10.0.0.1", "")
