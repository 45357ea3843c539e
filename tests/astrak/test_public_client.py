"""The public client library speaks like this, and must go on working as it is.

It posts forms, and sends them with GET, too; looks at `code` and never at the status; checks the types
of all fields it knows; and takes whatever is no JSON for a reason to ask again.
"""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.astrak.bots import FORM, PASSWORD, Town, town

JSON = "application/json"

FIVE = {"message_id": int, "to_id": int, "from_id": int, "created_at": int, "text": str}
DIALOG_MESSAGE = FIVE | {"read": bool}
DIALOG = {
    "id": int, "username": str, "last_message": str, "time": int, "last_user": int,
    "unread_count": int,
}  # fmt: skip


class NoJson(Exception):
    """Try again."""


class Negative(Exception):
    """The end of the program."""


def checked(value: dict[str, Any], fields: dict[str, type]) -> dict[str, Any]:
    """The value, every field of which has exactly that type; further ones are ignored."""
    for name, kind in fields.items():
        assert type(value[name]) is kind, (name, value)
    return value


@dataclass
class Client:
    """What the library does, call by call."""

    town: Town
    name: str
    token: str = ""
    id: int = 0

    async def request(self, path: str, method: str = "POST", **data: Any) -> Any:
        """One call, every time with a form in the body."""
        answer = await self.town.request(method, f"/{path}", urlencode(data).encode(), FORM)
        kind = answer.headers.get("content-type", "application/octet-stream")
        if kind.partition(";")[0] != JSON:
            raise NoJson(kind)
        if answer.json["code"] < 0:
            raise Negative(answer.json["response"])
        return answer.json

    async def sign_in(self) -> None:
        """By name and password."""
        me = await self.request("users/login", username=self.name, password=PASSWORD)
        checked(me, {"token": str, "id": int})
        self.token, self.id = me["token"], me["id"]

    async def dialogs(self) -> list[dict[str, Any]]:
        """All of them."""
        found = await self.request("messages/dialogs", "GET", token=self.token)
        return [checked(each, DIALOG) for each in found["response"]]

    async def dialog(self, user_id: int) -> list[dict[str, Any]]:
        """All messages with somebody."""
        found = await self.request("messages/dialog", "GET", token=self.token, id=user_id)
        return [checked(each, DIALOG_MESSAGE) for each in found["response"]]

    async def send(self, text: str, to: int) -> None:
        """To somebody's number."""
        await self.request("messages/send", token=self.token, text=text, to=to)

    async def event(self) -> dict[str, Any]:
        """The next one, however often it has to be asked for."""
        while True:
            try:
                polled = await self.request("events/polling", token=self.token)
            except NoJson:
                continue
            checked(polled, {"type": str})
            return {**checked(polled["event"], FIVE), "type": polled["type"]}


def test_a_bot_of_the_public_library_lives_here() -> None:
    async def story() -> None:
        async with town(poll_timeout=0.05) as here:
            anna, bot = await here.people("anna", "bot")
            client = Client(here, "bot")
            await client.sign_in()
            assert client.id == bot.id
            await client.request("users/check", token=client.token)
            async with asyncio.TaskGroup() as group:
                # For a while there is nothing but answers without a body.
                waiting = group.create_task(client.event())
                message = await anna.say(bot, "привет")
            event = waiting.result()
            assert (event["type"], event["message_id"]) == ("new_message", message)
            assert event["from_id"] == anna.id
            await client.send("И тебе привет!", event["from_id"])
            (entry,) = await client.dialogs()
            assert (entry["id"], entry["last_message"]) == (anna.id, "И тебе привет!")
            assert entry["last_user"] == client.id
            said = [each["text"] for each in await client.dialog(anna.id)]
            assert said == ["привет", "И тебе привет!"]

    asyncio.run(story())


def test_every_event_passes_the_librarys_checks() -> None:
    async def story() -> None:
        async with town(poll_timeout=0.05) as here:
            anna, bot = await here.people("anna", "bot")
            client = Client(here, "bot")
            await client.sign_in()
            message = await anna.say(bot, "one")
            await anna.done("/messages/edit", message_id=message, text="two")
            await client.send("three", anna.id)
            await anna.done("/messages/dialog", id=bot.id)
            await anna.done("/messages/delete", message_id=message)
            for text in ("a", "b"):
                await client.request("events/callback/start", token=client.token, callback=text)
            kinds = [(await client.event())["type"] for _ in range(5)]
            assert kinds == [
                "new_message", "message_edited", "message_read", "message_deleted",
                "callback_deprecated",
            ]  # fmt: skip

    asyncio.run(story())
