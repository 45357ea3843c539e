"""The programs of docs/bots.md run as they stand there, each beside a real server."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.stories.process import PATIENCE_S, Process, serving, surroundings
from tests.world.sama import SamaVoice

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "bots.md"
ASTRAK, SAMA, TADA, UNET = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
PASSWORD = "a secret of some length"


def by_operator(data: Path, *words: str) -> str:
    """What a command of the operator prints."""
    command = [sys.executable, "-m", "tertulia", *words, "--data", str(data)]
    return subprocess.run(  # noqa: S603 - our own program
        command, input=f"{PASSWORD}\n", capture_output=True, check=True, text=True, env=surroundings()
    ).stdout  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    with serving(tmp_path) as process:
        by_operator(tmp_path, "user", "create", "echo", "--first-name", "Echo")
        by_operator(tmp_path, "user", "create", "anna")
        yield process


@contextmanager
def program(text: str, server: Process, **names: str) -> Iterator[subprocess.Popen[str]]:
    """One of the page's programs; ended by force if it has not ended."""
    names |= {"SERVER": server.base_url, "BOT_PASSWORD": PASSWORD}
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", text],
        stdout=subprocess.PIPE,
        text=True,
        env=surroundings() | names,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def asked(
    address: str, fields: dict[str, str] | None = None, **headers: str
) -> tuple[str, dict[str, str]]:
    """The text of an answer and its headers; redirects are not followed."""
    parts = urlsplit(address)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE_S)
    try:
        target = parts._replace(scheme="", netloc="").geturl()
        if fields is None:
            connection.request("GET", target, headers=headers)
        else:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", target, urlencode(fields), headers | form)
        answer = connection.getresponse()
        return answer.read().decode(), dict(answer.getheaders())
    finally:
        connection.close()


def astrak(server: Process, path: str, **fields: str) -> Any:
    return json.loads(asked(server.base_url + path, fields)[0] or "{}")


def answer_of_echo(server: Process) -> str:
    """What Anna hears after she wrote to the bot.

    Whether it listens yet cannot be seen, so she writes until she is answered.
    """
    token = astrak(server, "/users/login", username="anna", password=PASSWORD)["token"]
    ends_at = monotonic() + PATIENCE_S
    while monotonic() < ends_at:
        astrak(server, "/messages/send", token=token, to="echo", text="hola")
        told = astrak(server, "/events/polling", token=token, timeout="1")
        if told.get("type") == "new_message":
            return str(told["event"]["text"])
    raise AssertionError("the bot says nothing")


@pytest.mark.parametrize("text", [ASTRAK, SAMA], ids=["astrak", "sama"])
def test_a_bot_answers(text: str, server: Process) -> None:
    with program(text, server):
        assert answer_of_echo(server) == "hola"


@pytest.mark.parametrize("text", [ASTRAK, SAMA], ids=["astrak", "sama"])
def test_a_bot_goes_on_when_there_is_nothing_to_say_or_it_may_not(
    text: str, server: Process
) -> None:
    with program(text, server):
        answer_of_echo(server)
        anna = SamaVoice(server.base_url, "anna", PASSWORD)
        (echo,) = [each.room for each in anna.chats()]
        anna.send(echo, "", attachments=[{"file_name": "a", "file_url": "https://example.org/a"}])
        readers = {"type": "c", "name": "news", "participants": [anna.wire_id(echo.number)]}
        channel = anna.ask("conversation_create", readers)["conversation"]["_id"]
        anna.say(channel, "only I write here")
        anna.send(echo, "adios")
        ends_at = monotonic() + PATIENCE_S
        while not any(
            each.author == echo.number and each.text == "adios" for each in anna.messages(echo)
        ):
            assert monotonic() < ends_at, "the bot says nothing more"
        anna.close()


def test_a_key_posts(server: Process) -> None:
    with program(TADA, server) as running:
        key = running.communicate(timeout=PATIENCE_S)[0].strip()
    answer, _ = asked(f"{server.base_url}/api/message", {"key": key, "message": "It is built."})
    assert json.loads(answer) == {"ok": True}


def hidden(page: str) -> dict[str, str]:
    """The fields of a form that its browser sends back as they are."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def consent(address: str) -> str:
    """Where a browser goes whose owner signs in and agrees."""
    page, headers = asked(address)
    cookie = headers["set-cookie"].partition(";")[0]
    place, words = address.partition("?")[0], {"username": "anna", "password": PASSWORD}
    page, headers = asked(place, hidden(page) | words, Cookie=cookie)
    cookie = headers["set-cookie"].partition(";")[0]
    return asked(place, hidden(page) | {"decision": "approve"}, Cookie=cookie)[1]["location"]


def test_an_application_lists_conversations(server: Process, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    back = ("--name", "Reader", "--redirect-uri", f"http://127.0.0.1:{port}/back")
    made = json.loads(by_operator(tmp_path, "oauth-client", "create", *back))
    names = {"CLIENT_ID": made["client_id"], "CLIENT_SECRET": made["client_secret"]}
    token = astrak(server, "/users/login", username="anna", password=PASSWORD)["token"]
    astrak(server, "/messages/send", token=token, to="echo", text="hola")
    with program(UNET.replace("8999", port), server, **names) as running:
        assert running.stdout is not None
        goes_to = consent(running.stdout.readline().split()[-1])
        assert "code" in dict(parse_qsl(urlsplit(goes_to).query))
        assert asked(goes_to)[0] == "You may close this page."
        printed = running.communicate(timeout=PATIENCE_S)[0]
    assert [chat["type"] for chat in json.loads(printed)["items"]] == ["private"]
