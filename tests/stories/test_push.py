"""Boris is away, and his devices are told what Anna writes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import h11
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.asyncio.client import ClientConnection, connect

from tertulia.adapters.push_keys import from_text, to_text
from tertulia.assembly import Publish, Server, Spawn
from tertulia.core.chat_lists import SettingsChange
from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, ChatId, SessionId
from tertulia.core.message_model import Draft
from tertulia.core.model import Actor
from tertulia.core.tally import Tally
from tertulia.delivery import pushes
from tertulia.store.engine import Engine
from tertulia.store.sqlite import SqliteEngine
from tests.house import in_memory, running_house

PATIENCE_S = 10.0
HERE = (ip_network("127.0.0.0/8"),)


def derived(secret: bytes, salt: bytes, about: bytes, size: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=size, salt=salt, info=about).derive(secret)


class Browser:
    """The keys of a subscription, and what they open (RFC 8188 and 8291, read from the other side)."""

    def __init__(self) -> None:
        self._key = generate_private_key(SECP256R1())
        self._secret = b"0123456789abcdef"
        self._point = self._key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )

    def keys(self) -> dict[str, str]:
        return {"web_key_auth": to_text(self._secret), "web_key_p256dh": to_text(self._point)}

    def opened(self, body: bytes) -> Any:
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size
        point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), theirs)
        about = b"WebPush: info\0" + self._point + theirs
        shared = derived(self._key.exchange(ECDH(), point), self._secret, about, 32)
        key = derived(shared, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = derived(shared, salt, b"Content-Encoding: nonce\0", 12)
        content = AESGCM(key).decrypt(nonce, sealed, None)
        assert content[-1] == 2
        return json.loads(content[:-1])


class PushService:
    """Stands for the push service of a browser, or for a gateway: keeps what it gets."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[str, dict[str, str], bytes]] = asyncio.Queue()
        self.statuses: list[int] = []
        self.url = ""

    async def open(self, closing: AsyncExitStack) -> "PushService":
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        await closing.enter_async_context(server)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER)
        path, headers, body = "", {}, b""
        while not isinstance(event := http.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(65_536))
            elif isinstance(event, h11.Request):
                path = event.target.decode()
                headers = {name.decode(): value.decode() for name, value in event.headers}
            elif isinstance(event, h11.Data):
                body += event.data
        status = self.statuses.pop(0) if self.statuses else 201
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)
        await writer.drain()
        writer.close()
        self.heard.put_nowait((path, headers, body))

    async def next(self) -> tuple[str, dict[str, str], bytes]:
        return await asyncio.wait_for(self.heard.get(), PATIENCE_S)


class Scene:
    """Two people at a server, and a push service beside it."""

    def __init__(self, base_url: str, server: Server, closing: AsyncExitStack) -> None:
        self.server = server
        self.closing = closing
        self.address = base_url.replace("http", "ws")
        self.browser = Browser()
        self.service = PushService()
        self.ids: dict[str, str] = {}

    async def sign_up(self, *logins: str) -> None:
        socket = await self.socket()
        for login in logins:
            user = {"login": login, "password": f"{login}-secret", "first_name": login.title()}
            self.ids[login] = (await self.ask(socket, "user_create", user))["user"]["_id"]
        await socket.close()

    async def socket(self) -> ClientConnection:
        return await self.closing.enter_async_context(connect(self.address))

    async def comes(self, login: str) -> ClientConnection:
        socket = await self.socket()
        secrets = {"login": login, "password": f"{login}-secret", "device_id": "d"}
        await self.ask(socket, "user_login", secrets)
        return socket

    async def ask(self, socket: ClientConnection, name: str, params: Any) -> Any:
        await socket.send(json.dumps({"request": {name: params, "id": name}}))
        while "response" not in (heard := json.loads(await socket.recv())):
            pass
        assert "error" not in heard["response"], heard
        return heard["response"]

    async def say(self, socket: ClientConnection, cid: str, body: str, **more: Any) -> None:
        await socket.send(
            json.dumps({"message": {"id": body[:200], "cid": cid, "body": body, **more}})
        )
        while "ask" not in (heard := json.loads(await socket.recv())):
            assert "error" not in str(heard), heard

    async def chat(self, socket: ClientConnection, kind: str, *logins: str) -> str:
        others = [self.ids[login] for login in logins]
        new = {"type": kind, "name": "tea", "participants": others}
        conversation = (await self.ask(socket, "conversation_create", new))["conversation"]
        return str(conversation["_id"])

    async def subscribe(self, login: str, path: str = "/boris") -> None:
        """The browser of that person has a subscription, and goes."""
        socket = await self.comes(login)
        new = {
            "platform": "web", "device_udid": path, "web_endpoint": self.service.url + path,
            **self.browser.keys(),
        }  # fmt: skip
        await self.ask(socket, "push_subscription_create", new)
        await self.leaves(socket, login)

    async def leaves(self, socket: ClientConnection, login: str) -> None:
        await socket.close()
        account_id = int(self.ids[login][8:], 16)
        # SAFE: nothing says when the server has noticed, and it is soon.
        while self.server.hub.is_online(account_id):  # type: ignore[arg-type]  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def push(self) -> Any:
        _, _, body = await self.service.next()
        return self.browser.opened(body)


Story = Callable[[Scene], Awaitable[None]]


def play(story: Story, **settings: Any) -> None:
    """Play it with anna, boris and clara, of whom none is there."""

    async def played() -> None:
        async with AsyncExitStack() as closing:
            service = await PushService().open(closing)
            given: dict[str, Any] = {"callback_allow": HERE, **settings}
            given["push_url"] = service.url + "/mobile"
            server, base_url = await closing.enter_async_context(running_house(**given))
            scene = Scene(base_url, server, closing)
            scene.service = service
            await scene.sign_up("anna", "boris", "clara")
            await story(scene)

    asyncio.run(asyncio.wait_for(played(), PATIENCE_S * 2))


def test_who_is_away_is_pushed_what_is_written() -> None:
    async def story(scene: Scene) -> None:
        await scene.subscribe("boris")
        anna = await scene.comes("anna")
        cid = await scene.chat(anna, "u", "boris")
        await scene.say(anna, cid, "are you there?")
        path, headers, body = await scene.service.next()
        assert path == "/boris"
        assert scene.browser.opened(body) == {
            "title": "anna", "body": "are you there?", "firstAttachmentUrl": None, "cid": cid,
        }  # fmt: skip
        assert headers["content-encoding"] == "aes128gcm"
        assert int(headers["ttl"]) > 0
        scheme, _, rest = headers["authorization"].partition(" ")
        token, key = (part.split("=", 1)[1] for part in rest.split(", "))
        public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), from_text(key))
        origin = scene.service.url
        claims = jwt.decode(token, public, algorithms=["ES256"], audience=origin)
        assert scheme == "vapid"
        assert claims["sub"].startswith("mailto:")

    play(story)


def test_a_group_stands_in_the_title_and_long_words_are_cut() -> None:
    async def story(scene: Scene) -> None:
        anna = await scene.comes("anna")
        cid = await scene.chat(anna, "g", "boris", "clara")
        await scene.subscribe("boris")
        await scene.say(anna, cid, "ä" * 300)
        assert await scene.push() == {
            "title": "anna | tea", "body": "ä" * 255, "firstAttachmentUrl": None, "cid": cid,
        }  # fmt: skip

    play(story)


def test_who_comes_and_goes_in_a_group_is_pushed() -> None:
    async def story(scene: Scene) -> None:
        await scene.subscribe("boris")
        anna = await scene.comes("anna")
        cid = await scene.chat(anna, "g", "boris", "clara")
        said = {"title": "tea", "firstAttachmentUrl": None, "cid": cid}
        assert await scene.push() == {**said, "body": "Anna created a new conversation"}
        for change, told in (
            ("remove", [("tea", "Anna removed you from conversation")]),
            (
                "add",
                [
                    ("tea", "Anna added you to conversation"),
                    ("Anna | tea", "Boris has been added to the group"),
                ],
            ),
        ):
            people = {change: [scene.ids["boris"]]}
            await scene.ask(anna, "conversation_update", {"id": cid, "participants": people})
            heard = [await scene.push() for _ in told]
            pairs = sorted((push["title"], push["body"]) for push in heard)
            assert pairs == sorted(told)

    play(story)


def test_a_private_conversation_is_pushed_with_its_first_message_only() -> None:
    async def story(scene: Scene) -> None:
        await scene.subscribe("boris")
        anna = await scene.comes("anna")
        cid = await scene.chat(anna, "u", "boris")
        await scene.say(anna, cid, "first")
        assert (await scene.push())["body"] == "first"

    play(story)


def test_who_is_there_is_not_pushed_unless_nobody_looks() -> None:
    async def story(scene: Scene) -> None:
        await scene.subscribe("boris")
        anna, boris = await scene.comes("anna"), await scene.comes("boris")
        cid = await scene.chat(anna, "u", "boris")
        await scene.say(anna, cid, "seen")
        await scene.ask(boris, "activity_status", {"isInactive": True})
        await scene.say(anna, cid, "not seen")
        assert (await scene.push())["body"] == "not seen"
        await scene.ask(boris, "activity_status", {"isInactive": False})
        await scene.say(anna, cid, "seen again")
        await scene.leaves(boris, "boris")
        await scene.say(anna, cid, "gone")
        assert (await scene.push())["body"] == "gone"

    play(story)


def test_other_processes_can_learn_whether_anybody_looks_at_a_socket() -> None:
    async def story(scene: Scene) -> None:
        boris = await scene.comes("boris")
        heard: list[int] = []
        scene.server.hub.share(heard.append)
        for is_inactive in (True, True, False):
            await scene.ask(boris, "activity_status", {"isInactive": is_inactive})
        assert heard == [int(scene.ids["boris"][8:], 16)] * 2

    play(story)


def test_neither_the_author_nor_who_blocks_him_nor_who_shall_not_see_it_is_pushed() -> None:
    async def story(scene: Scene) -> None:
        boris = await scene.comes("boris")
        await scene.ask(boris, "block_user", {"ids": [scene.ids["anna"]]})
        await boris.close()
        for login in ("anna", "boris", "clara"):
            await scene.subscribe(login, f"/{login}")
        anna = await scene.comes("anna")
        await scene.ask(anna, "activity_status", {"isInactive": True})
        cid = await scene.chat(anna, "g", "boris", "clara")
        assert (await scene.service.next())[0] == "/clara"
        await scene.say(anna, cid, "secret", deleted_for=[scene.ids["clara"]])
        await scene.say(anna, cid, "open")
        path, _, body = await scene.service.next()
        assert (path, scene.browser.opened(body)["body"]) == ("/clara", "open")
        assert scene.service.heard.empty()

    play(story)


def test_a_muted_chat_calls_nobody_who_muted_it() -> None:
    async def story(scene: Scene) -> None:
        for login in ("boris", "clara"):
            await scene.subscribe(login, f"/{login}")
        anna = await scene.comes("anna")
        quiet = await scene.chat(anna, "g", "boris", "clara")
        assert {(await scene.service.next())[0] for _ in range(2)} == {"/boris", "/clara"}
        other = await scene.chat(anna, "u", "boris")
        boris = Actor(AccountId(int(scene.ids["boris"][8:], 16)), SessionId(1))
        muted = {ChatId(int(quiet[8:], 16)): SettingsChange(notifies=False)}
        await scene.server.core.chat_settings.keep(boris, muted)
        await scene.say(anna, quiet, "psst")
        await scene.say(anna, other, "hear me")
        heard = {}
        for _ in range(2):
            path, _, body = await scene.service.next()
            heard[path] = scene.browser.opened(body)["body"]
        assert heard == {"/clara": "psst", "/boris": "hear me"}
        assert scene.service.heard.empty()

    play(story)


def test_who_has_signed_out_is_not_pushed() -> None:
    async def story(scene: Scene) -> None:
        await scene.subscribe("boris")
        on_device = {
            "platform": "web", "device_udid": "d", "web_endpoint": scene.service.url + "/d",
            **scene.browser.keys(),
        }  # fmt: skip
        boris = await scene.comes("boris")
        await scene.ask(boris, "push_subscription_create", on_device)
        await scene.ask(boris, "user_logout", {})
        await scene.leaves(boris, "boris")
        anna = await scene.comes("anna")
        await scene.say(anna, await scene.chat(anna, "u", "boris"), "secret")
        # Not that device, but the other one.
        assert (await scene.service.next())[0] == "/boris"
        assert scene.service.heard.empty()
        boris = await scene.comes("boris")
        left = await scene.ask(boris, "push_subscription_list", {"user_id": scene.ids["boris"]})
        assert [each["device_udid"] for each in left["subscriptions"]] == ["/boris"]

    play(story)


def test_a_silent_message_calls_nobody() -> None:
    async def story(scene: Scene) -> None:
        await scene.subscribe("boris")
        anna = await scene.comes("anna")
        cid = await scene.chat(anna, "u", "boris")
        author = Actor(AccountId(int(scene.ids["anna"][8:], 16)), SessionId(1))
        draft = Draft(ChatId(int(cid[8:], 16)), "psst", flags=SILENT)
        await scene.server.core.messages.send(author, draft)
        await scene.say(anna, cid, "hear me")
        assert (await scene.push())["body"] == "hear me"
        assert scene.service.heard.empty()

    play(story)


def test_the_first_attachment_is_a_link() -> None:
    async def story(scene: Scene) -> None:
        await scene.subscribe("boris")
        anna = await scene.comes("anna")
        cid = await scene.chat(anna, "u", "boris")
        new = [{"name": "pot.png", "size": 3, "content_type": "image/png"}]
        (file,) = (await scene.ask(anna, "create_files", new))["files"]
        attachments = [{"file_id": file["_id"], "file_name": "pot.png"}]
        await scene.say(anna, cid, "see", attachments=attachments)
        assert (await scene.push())["firstAttachmentUrl"].startswith("http")

    play(story)


def test_words_of_ones_own_go_to_every_device() -> None:
    async def story(scene: Scene) -> None:
        await scene.subscribe("boris")
        anna = await scene.comes("anna")
        message = {"title": "Title", "body": "Message body", "colour": "red"}
        event = {"recipients_ids": [scene.ids["boris"]], "message": message}
        made = (await scene.ask(anna, "push_event_create", event))["event"]
        assert made["message"] == '{"title":"Title","body":"Message body"}'
        assert await scene.push() == {"title": "Title", "body": "Message body"}
        for _ in range(9):
            await scene.ask(anna, "push_event_create", event)
        await anna.send(json.dumps({"request": {"push_event_create": event, "id": 1}}))
        assert json.loads(await anna.recv())["response"]["error"]["status"] == 429

    play(story)


def test_phones_are_pushed_through_the_operators_gateway() -> None:
    async def story(scene: Scene) -> None:
        boris = await scene.comes("boris")
        new = {"platform": "ios", "device_token": "token-1", "device_udid": "phone"}
        await scene.ask(boris, "push_subscription_create", new)
        await scene.leaves(boris, "boris")
        anna = await scene.comes("anna")
        cid = await scene.chat(anna, "u", "boris")
        await scene.say(anna, cid, "hello")
        path, headers, body = await scene.service.next()
        assert path == "/mobile"
        assert headers["content-type"] == "application/json"
        assert json.loads(body) == {
            "platform": "ios",
            "token": "token-1",
            "payload": {"title": "anna", "body": "hello", "firstAttachmentUrl": None, "cid": cid},
        }

    play(story)


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_vanishes(status: int) -> None:
    async def story(scene: Scene) -> None:
        await scene.subscribe("boris")
        scene.service.statuses = [status]
        anna = await scene.comes("anna")
        await scene.say(anna, await scene.chat(anna, "u", "boris"), "hello")
        await scene.service.next()
        boris = await scene.comes("boris")
        listed = [1]
        while listed:
            answer = await scene.ask(boris, "push_subscription_list", {"user_id": "x"})
            listed = answer["subscriptions"]

    play(story)


def test_a_push_is_tried_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushes, "RETRY_AFTER_S", (0.0, 0.0))

    async def story(scene: Scene) -> None:
        await scene.subscribe("boris")
        scene.service.statuses = [503, 500, 429, 201]
        anna = await scene.comes("anna")
        cid = await scene.chat(anna, "u", "boris")
        await scene.say(anna, cid, "one")
        assert [(await scene.push())["body"] for _ in range(3)] == ["one"] * 3
        await scene.say(anna, cid, "two")
        assert (await scene.push())["body"] == "two"

    play(story)


def test_what_waits_survives_a_restart(tmp_path: Path) -> None:
    def in_file(publish: Publish, tally: Tally, spawn: Spawn) -> Engine:
        del spawn
        return SqliteEngine(str(tmp_path / "tertulia.db"), publish, tally)

    async def played() -> None:
        async with AsyncExitStack() as closing:
            service = await PushService().open(closing)
            service.statuses = [503]
            settings: dict[str, Any] = {"engine_of": in_file, "callback_allow": HERE}
            async with AsyncExitStack() as first:
                server, base_url = await first.enter_async_context(running_house(**settings))
                scene = Scene(base_url, server, first)
                scene.service = service
                await scene.sign_up("anna", "boris")
                await scene.subscribe("boris")
                anna = await scene.comes("anna")
                await scene.say(anna, await scene.chat(anna, "u", "boris"), "hello")
                assert (await scene.push())["body"] == "hello"
            async with running_house(**settings):
                assert (await scene.push())["body"] == "hello"

    asyncio.run(asyncio.wait_for(played(), PATIENCE_S * 2))


def test_nobody_is_asked_for_while_nobody_has_a_subscription() -> None:
    async def story(scene: Scene) -> None:
        anna = await scene.comes("anna")
        cid = await scene.chat(anna, "u", "boris")
        units = scene.server.tally.units
        await scene.say(anna, cid, "hello")
        assert scene.server.tally.units == units + 1

    play(story, engine_of=in_memory)
