"""A server with two people and applications, their browsers, and what comes back."""

import json
import secrets
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from tertulia.assembly import Server
from tertulia.core.model import NewAccount
from tertulia.core.oauth import challenge_of
from tests.core.house import StillClock
from tests.threaded import House, T, threaded_house
from tests.unet.browser import Browser, forms
from tests.world.wires import Answer, Http

BACK = "https://reader.example/back?app=1"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Client:
    """An application."""

    id: str
    secret: str


@dataclass
class Town:
    """Anna and Boris, and two applications."""

    house: House
    reader: Client
    other: Client
    ids: dict[str, int]
    http: Http = field(init=False)
    browsers: list[Browser] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = Http(self.base_url)

    @property
    def base_url(self) -> str:
        """Where its server answers."""
        return self.house.base_url

    @property
    def server(self) -> Server:
        """Its server."""
        return self.house.server

    def run(self, work: Awaitable[T]) -> T:
        """The result of something awaitable, on the server's own loop."""
        return self.house.run(work)

    def visit(self, client: Client | None = None, /, **asked: str) -> "Visit":
        """A browser with nothing in it, on its way to the page."""
        return Visit(self, self.browser(), client or self.reader, asked)

    def browser(self) -> Browser:
        """A browser with nothing in it."""
        made = Browser(self.base_url)
        self.browsers.append(made)
        return made

    def close_browsers(self) -> None:
        """All of them."""
        for each in self.browsers:
            each.http.close()
        self.browsers.clear()

    def granted(
        self, who: str = "anna", scope: str = "", client: Client | None = None
    ) -> dict[str, str]:
        """What `/token` gives for somebody who agrees."""
        visit = self.visit(client, scope=scope or "-")
        code = visit.agrees(who)
        answer = self.token(client, code=code)
        assert answer.status == 200, answer.text
        told: dict[str, str] = answer.json
        return told

    def token(self, client: Client | None = None, /, **fields: str) -> Answer:
        """The answer of `/token`: by default an exchange of a code."""
        client = client or self.reader
        form = {"client_id": client.id, "client_secret": client.secret, **fields}
        if "refresh_token" in form:
            form.setdefault("grant_type", "refresh_token")
        else:
            form.setdefault("grant_type", "authorization_code")
            form.setdefault("redirect_uri", BACK)
        return self.http.form("POST", "/token", {k: v for k, v in form.items() if v != "-"})

    def api(
        self, token: str, path: str, q: Any = None, method: str = "GET", **headers: str
    ) -> Answer:
        """The answer of the API."""
        query = "" if q is None else f"?q={quote(q if isinstance(q, str) else json.dumps(q))}"
        headers = {"authorization": f"Bearer {token}", **headers}
        return self.http.ask(method, f"/unet/api/{path}{query}", **headers)

    def upload(self, token: str, path: str, q: Any, **files: tuple[str, str, bytes]) -> Answer:
        """The same with files: name, content type and content of each."""
        edge = secrets.token_hex(8)
        parts = [b'Content-Disposition: form-data; name="q"\r\n\r\n' + json.dumps(q).encode()]
        for part, (name, kind, content) in files.items():
            head = f'Content-Disposition: form-data; name="{part}"; filename="{name}"\r\n'
            parts.append(f"{head}Content-Type: {kind}\r\n\r\n".encode() + content)
        body = b"".join(b"--%b\r\n%b\r\n" % (edge.encode(), part) for part in parts)
        body += f"--{edge}--\r\n".encode()
        kind = f"multipart/form-data; boundary={edge}"
        bearer = f"Bearer {token}"
        return self.http.ask(
            "POST", f"/unet/api/{path}", body, authorization=bearer, content_type=kind
        )


class Visit:
    """A browser on its way through the pages of `/auth`."""

    def __init__(self, town: Town, browser: Browser, client: Client, asked: dict[str, str]) -> None:
        self.town = town
        self.browser = browser
        given = {"response_type": "code", "client_id": client.id, "redirect_uri": BACK, **asked}
        self.path = "/auth?" + urlencode({k: v for k, v in given.items() if v != "-"})

    def opens(self, path: str = "") -> Answer:
        """The page."""
        return self.browser.ask("GET", path or self.path)

    def signs_in(self, who: str = "anna", password: str = "") -> Answer:
        """What comes after the form for name and password."""
        form = forms(self.opens())[0]
        given = {"username": who, "password": password or f"{who}-secret"}
        return self.browser.ask("POST", form.action, {**form.hidden, **given})

    def decides(self, page: Answer, decision: str = "approve", **changed: str) -> Answer:
        """What comes after the form for consent."""
        return self.browser.ask("POST", "/auth", {**hidden(page), "decision": decision, **changed})

    def agrees(self, who: str = "anna") -> str:
        """The code."""
        answer = self.decides(self.signs_in(who))
        assert answer.status == 303, answer.text
        return told(answer)["code"]


def hidden(page: Answer) -> dict[str, str]:
    """What the last form of a page carries unseen."""
    return forms(page)[-1].hidden


def told(answer: Answer) -> dict[str, str]:
    """What the application is told by where its browser goes back to."""
    location = answer.headers["location"]
    assert location.startswith(f"{BACK}&"), location
    found = parse_qs(urlsplit(location).query, keep_blank_values=True)
    assert found.pop("app") == ["1"]
    return {name: value for name, (value,) in found.items()}


def pkce(verifier: str) -> dict[str, str]:
    """The parameters that announce a verifier."""
    return {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}


@contextmanager
def opened(clock: StillClock | None = None, **settings: Any) -> Iterator[Town]:
    """A town, its server in a thread of its own. Its clock stands still if one is given."""
    settings.setdefault("sms_test_numbers", (("+79166660002", "5555"),))
    with threaded_house(clock=clock, **settings) as house:
        town = house.run(_settled(house))
        yield town
        town.close_browsers()
        town.http.close()


async def _settled(house: House) -> Town:
    core = house.server.core
    ids: dict[str, int] = {}
    for login in ("anna", "boris", "clara"):
        made = await core.accounts.register(NewAccount(login, f"{login}-secret"))
        ids[login] = made.id
    clients = []
    for name in ("Reader & Co. <b>", "Other"):
        application, secret = await core.oauth.register(name, (BACK,))
        clients.append(Client(application.id, secret))
    return Town(house, clients[0], clients[1], ids)
