"""Anna has forgotten her password."""

import asyncio
import json
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.house import running_house

PATIENCE_S = 10.0


async def ask(socket: ClientConnection, name: str, params: dict[str, Any]) -> dict[str, Any]:
    await socket.send(json.dumps({"request": {name: params, "id": name}}))
    answer: dict[str, Any] = json.loads(await socket.recv())["response"]
    assert answer.pop("id") == name
    return answer


def letters(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_who_forgot_a_password_gets_a_code_by_mail_and_a_new_one(tmp_path: Path) -> None:
    box = tmp_path / "mail.jsonl"

    async def story() -> None:
        async with running_house(email_url=f"file://{box}") as (_, base_url):
            address = base_url.replace("http", "ws")
            async with connect(address) as laptop, connect(address) as phone:
                anna = {"login": "anna", "password": "anna-secret"}
                email = "Anna@Example.org"
                await ask(laptop, "user_create", {**anna, "email": email})
                signed = await ask(laptop, "user_login", {**anna, "device_id": "laptop"})

                place = {"email": email.lower(), "device_id": "phone", "organization_id": "default"}
                assert await ask(phone, "user_send_otp", place) == {"success": True}
                (letter,) = letters(box)
                assert letter["to"] == email
                assert letter["code"] in letter["text"]

                new = {**place, "token": int(letter["code"]), "new_password": "anna-second"}
                assert await ask(phone, "user_reset_password", new) == {"success": True}
                again = await ask(phone, "user_reset_password", new)
                assert again["error"]["status"] == 403

                # The laptop is signed out, socket and token; only the new password opens.
                assert (await ask(laptop, "device_list", {}))["error"]["status"] == 401
                by_token = {"token": signed["token"], "device_id": "laptop"}
                assert (await ask(laptop, "connect", by_token))["error"]["status"] == 422
                old = await ask(laptop, "user_login", {**anna, "device_id": "laptop"})
                assert old["error"]["message"] == "Incorrect username or password."
                fresh = {"login": "anna", "password": "anna-second", "device_id": "laptop"}
                assert (await ask(laptop, "user_login", fresh))["user"]["login"] == "anna"

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


def test_a_code_may_be_shown_as_digits(tmp_path: Path) -> None:
    box = tmp_path / "mail.jsonl"

    async def story() -> None:
        async with (
            running_house(email_url=f"file://{box}") as (_, base_url),
            connect(base_url.replace("http", "ws")) as socket,
        ):
            new = {"login": "anna", "password": "anna-secret", "email": "a@b.example"}
            await ask(socket, "user_create", new)
            place = {"email": "a@b.example", "device_id": 7}
            await ask(socket, "user_send_otp", place)
            shown = {**place, "token": letters(box)[0]["code"], "new_password": "anna-second"}
            assert await ask(socket, "user_reset_password", shown) == {"success": True}

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


def test_a_mail_server_that_is_not_there_is_a_clear_error_and_the_socket_lives() -> None:
    async def story() -> None:
        async with (
            running_house(email_url="smtp://127.0.0.1:1") as (_, base_url),
            connect(base_url.replace("http", "ws")) as socket,
        ):
            new = {"login": "anna", "password": "anna-secret", "email": "a@b.example"}
            await ask(socket, "user_create", new)
            answer = await ask(socket, "user_send_otp", {"email": "a@b.example", "device_id": "d"})
            assert answer["error"] == {
                "status": 503,
                "message": "The code could not be sent. Please try again later.",
            }
            assert await ask(socket, "ping", {}) == {"pong": {}}

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))
