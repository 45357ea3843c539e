"""From nothing to the first sign-in, and the memory of a server at rest."""

import http.client
import json
import time
from time import perf_counter
from urllib.parse import urlsplit

from benchmarks.served import Served
from tertulia.cli.bench import meter
from tertulia.cli.bench.roster import DEVICE, Account

# What the sign-in took has been given back when the memory is read, in seconds.
_REST_S = 2.0

_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGVydHVsaWEtdGVydHVsaQ==",
}


class NotSignedIn(Exception):
    """The server came up but would not let anybody in."""


def first_sign_in(served: Served, account: Account) -> dict[str, float]:
    """Sign in by password over HTTP as soon as the server listens."""
    listening = perf_counter() - served.began
    words = {"login": account.login, "password": account.password, "device_id": DEVICE}
    line = _line(served)
    line.request("POST", "/login", json.dumps(words), {"Content-Type": "application/json"})
    answer = line.getresponse()
    said = answer.read()
    if answer.status != http.HTTPStatus.OK:
        raise NotSignedIn(f"POST /login was answered {answer.status} {said[:200]!r}")
    return _figures(served, line, listening)


def first_socket(served: Served) -> dict[str, float]:
    """The same of the baseline, which knows no sign-in: its first WebSocket."""
    listening = perf_counter() - served.began
    line = _line(served)
    line.request("GET", "/chat/name", headers=_UPGRADE)
    answer = line.getresponse()
    if answer.status != http.HTTPStatus.SWITCHING_PROTOCOLS:
        raise NotSignedIn(f"the baseline answered {answer.status}")
    return _figures(served, line, listening)


def _line(served: Served) -> http.client.HTTPConnection:
    address = urlsplit(served.url)
    return http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)


def _figures(
    served: Served, line: http.client.HTTPConnection, listening: float
) -> dict[str, float]:
    signed_in = perf_counter() - served.began
    line.close()
    time.sleep(_REST_S)
    return {
        "listening_s": listening,
        "first_sign_in_s": signed_in,
        "rest_mib": meter.resident_kib(served.pid) / 1024,
    }
