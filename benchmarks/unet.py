"""Unet's list of a long chat: every page of it, one after the other, by the cursors that come with them."""

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from benchmarks.directories import NotAnswered
from benchmarks.served import Served
from tertulia.cli.bench.meter import percentile
from tertulia.cli.bench.roster import Account

# Messages of a page, and how many such pages are asked for in one walk. A token is good for 600 requests
# a minute, so each walk has its own.
WALKS = {"500": 400, "100": 500}
QUICK_WALKS = {"500": 60, "100": 60}

_BACK = "https://pages.example/back"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_PATIENCE_S = 60.0


class _Application:
    """One that the operator has let in, and that somebody lets in."""

    def __init__(self, served: Served, data: Path) -> None:
        command = [sys.executable, "-m", "tertulia", "oauth-client", "create", "--data", str(data)]
        command += ["--name", "Pages", "--redirect-uri", _BACK]
        made = subprocess.run(  # noqa: S603 - our own interpreter and module
            command, check=True, capture_output=True, text=True
        )
        self._client: dict[str, str] = json.loads(made.stdout)
        address = urlsplit(served.url)
        self._line = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=_PATIENCE_S
        )
        self._cookie = ""

    def raw(self, method: str, path: str, form: dict[str, str] | None = None, **more: str) -> bytes:
        """The whole answer."""
        headers = {**(_FORM if form else {}), **more}
        if self._cookie:
            headers["Cookie"] = self._cookie
        self._line.request(method, path, urlencode(form) if form else None, headers)
        answer = self._line.getresponse()
        body = answer.read()
        if answer.status not in {200, 303}:
            raise NotAnswered(f"{method} {path}: {answer.status} {body[:200]!r}")
        if cookie := answer.getheader("Set-Cookie"):
            self._cookie = cookie.partition(";")[0]
        return answer.getheader("Location", "").encode() or body

    def token(self, account: Account) -> str:
        """What the account lets the application in with."""
        asked = {"response_type": "code", "client_id": self._client["client_id"]}
        page = self.raw(
            "GET", f"/auth?{urlencode(asked | {'redirect_uri': _BACK, 'prompt': 'login'})}"
        )
        words = {"username": account.login, "password": account.password}
        page = self.raw("POST", "/auth", _hidden(page) | words)
        address = self.raw("POST", "/auth", _hidden(page) | {"decision": "approve"})
        code = parse_qs(urlsplit(address.decode()).query)["code"][0]
        exchange = {"grant_type": "authorization_code", "code": code, "redirect_uri": _BACK}
        told: dict[str, str] = json.loads(self.raw("POST", "/token", exchange | self._client))
        return told["access_token"]

    def walk(self, token: str, path: str, pages: int) -> Iterator[float]:
        """How long each page takes, in ms, as the client sees it; at the end of the chat, back again."""
        turn = "next_cursor"
        for _ in range(pages):
            began = perf_counter()
            answer = self.raw("GET", path, Authorization=f"Bearer {token}")
            yield (perf_counter() - began) * 1000
            page: dict[str, Any] = json.loads(answer)
            if not page[turn]:
                turn = "prev_cursor" if turn == "next_cursor" else "next_cursor"
            address = urlsplit(page[turn])
            path = f"{address.path}?{address.query}"


def figures(served: Served, data: Path, account: Account, *, quick: bool) -> dict[str, float]:
    """Walk through the account's chat, which somebody has filled."""
    application = _Application(served, data)
    found: dict[str, float] = {}
    for limit, pages in (QUICK_WALKS if quick else WALKS).items():
        token = application.token(account)
        listed = application.raw(
            "GET", "/unet/api/messages/chats/", Authorization=f"Bearer {token}"
        )
        chats = json.loads(listed)["items"]
        q = json.dumps({"chat_id": chats[0]["chat_id"], "limit": int(limit)})
        path = f"/unet/api/messages/?{urlencode({'q': q})}"
        taken = list(application.walk(token, path, pages))
        found[f"page_{limit}_p50_ms"] = percentile(taken, 0.5)
        found[f"page_{limit}_p99_ms"] = percentile(taken, 0.99)
    return found


def _hidden(page: bytes) -> dict[str, str]:
    return {name: unescape(value) for name, value in _HIDDEN.findall(page.decode())}
