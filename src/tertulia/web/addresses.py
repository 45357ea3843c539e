"""Whose address that is: this machine's, a neighbourhood's, or that of somebody behind a proxy."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def is_loopback(address: str) -> bool:
    """Whether *address* is this machine itself; such addresses have no per-address limits."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def neighbourhood(address: str) -> str:
    """What limits by address count by: of IPv6 the network of 64 bits, which is somebody's as a whole."""
    parsed = _parsed(address)
    if not isinstance(parsed, IPv6Address) or parsed.is_loopback:
        return address if parsed is None else str(parsed)
    return str(IPv6Network((int(parsed), 64), strict=False))


def peer_address(address: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Who is really there: *address*, or whom the proxies we trust have seen behind it.

    Args:
        address: the other end of the connection.
        forwarded: the X-Forwarded-For header, "" when there is none.
        trusted: networks of proxies. The header is read from its end, as long as the one who
            wrote the entry is trusted: what stands further left may be invented.
    """
    seen = address
    for claimed in reversed(forwarded.split(",")) if forwarded and trusted else ():
        if not _is_trusted(seen, trusted):
            break
        before = _parsed(claimed.strip())
        if before is None:
            break
        seen = str(before)
    return seen


def told_by_proxies(
    address: str, headers: Sequence[tuple[bytes, bytes]], trusted: Sequence[Network]
) -> tuple[str, str]:
    """The client's address and scheme ("" when nobody says), as the proxies we trust have seen them.

    Args:
        address: the other end of the connection.
        headers: of the request, names in lower case.
        trusted: networks of proxies.
    """
    if not _is_trusted(address, trusted):
        return address, ""
    forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for")
    schemes = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-proto"]
    scheme = next((each for each in reversed(schemes) if each in ("http", "https")), "")
    return peer_address(address, forwarded.decode("latin-1"), trusted), scheme


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether *address* is one of the proxies we believe."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    """The address, with IPv4 inside IPv6 taken out; None for what is none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
