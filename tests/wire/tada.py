"""The cast and the stage of Tada's pages: people with phones, and teams."""

import asyncio
import json
from collections import deque
from contextlib import suppress

from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect

from tertulia.dialects.tada.ids import Kind, to_uuid
from tests.wire.lines import PATIENCE_S, Line, an_object, http
from tests.wire.pages import CODE, Page, Role, Team, phone_of
from tests.wire.shapes import Json, MismatchError, Names, PageError, compare

ONLINE = "server.online"

HOME = to_uuid(Kind.TEAM, 0)
"""The home team."""


def is_online(packet: Json) -> bool:
    """Whether it tells who is there."""
    return isinstance(packet, dict) and packet.get("event") == ONLINE


class TadaLine(Line):
    """A socket of a team. Who is online is said every few seconds: pages tell it only where they want."""

    def __init__(self, who: str, socket: ClientConnection) -> None:
        super().__init__(who, socket)
        self._online: deque[Json] = deque()

    @override
    async def listen(self) -> None:
        """Ping, and keep all that comes before the confirmation."""
        ref = f"player{next(self._pings)}"
        await self.send({"event": "client.ping", "confirm_id": ref})
        pong: Json = {"event": "server.confirm", "params": {"confirm_id": ref}}
        while (heard := await self._receive()) != pong:
            self.untold.append(heard)

    async def greeted(self) -> None:
        """Let the first packets pass."""
        await self.listen()
        heard = [an_object(packet)["event"] for packet in self.untold]
        assert heard[:1] == ["server.time"], f"the first words were {heard}"
        self.untold.popleft()

    async def online(self, told: Json, names: Names) -> Json:
        """The next word on who is there that is as it is told; what was so before is not looked at.

        Raises:
            TimeoutError: none came in time.
        """
        async with asyncio.timeout(PATIENCE_S):
            while True:
                while self._online:
                    heard = self._online.popleft()
                    with suppress(MismatchError):
                        compare(told, heard, Names(dict(names.values), names.shapes))
                        return heard
                heard = await super()._receive()
                (self._online if is_online(heard) else self.untold).append(heard)

    @override
    async def _receive(self) -> Json:
        while is_online(heard := await super()._receive()):
            self._online.append(heard)
        return heard


JSON_HEAD = ("Content-Type", "application/json")


class TadaStage:
    """Signs people up and in over HTTP, and founds teams."""

    def __init__(self, page: Page, host: str, names: Names) -> None:
        self._page = page
        self._host = host
        self._names = names
        self._tokens: dict[str, str] = {}

    async def prepare(self) -> None:
        """Give everybody a number, an account and a token, and build the stage.

        `anna.phone` is a person's number, `anna.token` the token of one sign-in without a device.
        """
        for role in self._page.cast:
            self._names.learn(f"{role.person}.phone", phone_of(self._page.cast, role.person))
            if role.guest:
                continue
            if role.by_password:
                await self._register(role)
            self._names.learn(role.person, role.person)
            self._tokens[role.person] = await self._sign_in(role)
            for who in role.sockets:
                self._names.learn(f"{who}.token", await self._sign_in(role))
        self._names.learn("home", HOME)
        for prop in self._page.stage:
            if not isinstance(prop, Team):
                raise PageError(f"the stage of a Tada page cannot hold {prop}")
            await self._found(prop)

    async def ask(
        self, method: str, path: str, body: dict[str, Json], token: str = ""
    ) -> dict[str, Json]:
        """The result of a request, which must succeed."""
        head = (JSON_HEAD, ("Token", token)) if token else (JSON_HEAD,)
        status, _, text = await http(self._host, method, path, head, json.dumps(body))
        assert status == 200, f"{method} {path} on the stage: {status} {text}"
        return an_object(json.loads(text)["result"])

    async def _register(self, role: Role) -> None:
        """With a login and a password, as SAMA's clients do."""
        secrets: dict[str, Json] = {"login": role.person, "password": f"{role.person}-secret"}
        async with connect(f"ws://{self._host}/", proxy=None) as socket:
            await Line("backstage", socket).ask("user_create", secrets)

    async def _sign_in(self, role: Role) -> str:
        if role.by_password:
            secrets: dict[str, Json] = {
                "username": role.person,
                "password": f"{role.person}-secret",
            }
            result = await self.ask("POST", "/api/v4/auth/password/get-token", secrets)
        else:
            phone: dict[str, Json] = {"phone": phone_of(self._page.cast, role.person)}
            await self.ask("POST", "/api/v4/auth/sms/send-code", phone)
            result = await self.ask("POST", "/api/v4/auth/sms/get-token", {**phone, "code": CODE})
        return str(result["token"])

    async def _found(self, team: Team) -> None:
        """`club` is the team's uid, `club/boris` Boris' jid in it."""
        phones = {phone_of(self._page.cast, person): person for person in team.people}
        owner = team.people[0]
        others: list[Json] = [
            {"phone": phone} for phone, person in phones.items() if person != owner
        ]
        made = await self.ask(
            "POST",
            "/api/v4/teams",
            {"name": team.name, "contacts": others},
            self._tokens[owner],
        )
        self._names.learn(team.name, made["uid"])
        contacts = made["contacts"]
        assert isinstance(contacts, list), "a new team shows its contacts"
        for contact in map(an_object, contacts):
            digits = "".join(sign for sign in str(contact["contact_phone"]) if sign.isdigit())
            self._names.learn(f"{team.name}/{phones['+' + digits]}", contact["jid"])
