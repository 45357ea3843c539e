"""Mail: to the log, to a file, to a mail server that may misbehave."""

import asyncio
import base64
import email.policy
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import astuple
from email.parser import BytesParser
from pathlib import Path

import pytest

from tertulia.adapters.email import ConsoleMailer, FileMailer, NoMailer, mailer_at
from tertulia.adapters.smtp import MOST_WAITING, MailServer, SmtpMailer
from tertulia.core.codes import Mail
from tertulia.core.errors import Unavailable

MAIL = Mail("anna@example.org", "Your code", "123456 is your code.\n.\nGood bye.\n", "123456")
PATIENCE_S = 5.0


class MailHost:
    """A mail server of a few words. `answers` replaces what it says to a verb."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.lines: list[str] = []
        self.letters: list[bytes] = []
        self.arrived = asyncio.Event()
        self.is_mute = False

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.arrived.set()
        # Clients do not wait for an answer to QUIT.
        with suppress(ConnectionError):
            await self._converse(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_mute:
            await reader.read()
            return
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            words = line.decode().strip()
            self.lines.append(words)
            verb = words.partition(" ")[0].upper()
            writer.write(self._answer(verb).encode())
            if verb == "DATA" and verb not in self.answers:
                self.letters.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(self.answers.get("LETTER", "250 kept\r\n").encode())
            await writer.drain()

    def _answer(self, verb: str) -> str:
        ordinary = {
            "EHLO": "250-here\r\n250-AUTH PLAIN\r\n250 SMTPUTF8\r\n",
            "AUTH": "235 welcome\r\n",
            "DATA": "354 go on\r\n",
            "QUIT": "221 bye\r\n",
        }
        return self.answers.get(verb) or ordinary.get(verb, "250 fine\r\n")


@asynccontextmanager
async def hosted(host: MailHost) -> AsyncIterator[int]:
    """The port it listens on."""
    async with asyncio.TaskGroup() as talks:

        def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            talks.create_task(host.talk(reader, writer))

        server = await asyncio.start_server(begin, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            # A caller who was let in meanwhile gets his talk.
            for _ in range(3):
                await asyncio.sleep(0)
            server.close()


def in_time(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await story()

    asyncio.run(bounded())


def with_host(
    host_of: Callable[[], MailHost],
    story: Callable[[MailHost, SmtpMailer], Awaitable[None]],
    *,
    userinfo: str = "",
    within_s: float = PATIENCE_S,
) -> None:
    async def play() -> None:
        host = host_of()
        async with hosted(host) as port:
            url = f"smtp://{userinfo}127.0.0.1:{port}?from=post%40tertulia.example"
            mailer = SmtpMailer(MailServer.at(url), within_s=within_s)
            try:
                await story(host, mailer)
            finally:
                mailer.close()
                # Its threads may be about to call the host, which then would not be there any more.
                await asyncio.to_thread(mailer._threads.shutdown)

    in_time(play)


def the_line(caplog: pytest.LogCaptureFixture) -> str:
    """The one line that the operator reads, with its fields."""
    (record,) = [each for each in caplog.records if each.name.startswith("tertulia")]
    return f"{record.levelname} {record.getMessage()} {getattr(record, 'fields', '')}"


def test_the_console_shows_the_code(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    mailer = mailer_at("console:")
    assert isinstance(mailer, ConsoleMailer)
    in_time(lambda: mailer.send(MAIL))
    assert "123456" in the_line(caplog)


def test_a_file_gets_a_line_of_json_that_only_the_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "mail out.jsonl"
    mailer = mailer_at(f"file://{str(path).replace(' ', '%20')}")
    assert isinstance(mailer, FileMailer)

    async def story() -> None:
        await mailer.send(MAIL)
        await mailer.send(MAIL)

    in_time(story)
    expected = {"to": MAIL.to, "subject": MAIL.subject, "text": MAIL.text, "code": "123456"}
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == [expected] * 2
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_an_error_and_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Unavailable):
        in_time(lambda: FileMailer(tmp_path).send(MAIL))
    assert "could not be written" in the_line(caplog)
    assert "123456" not in caplog.text


def test_without_a_way_to_send_mail_nothing_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    mailer = mailer_at("")
    assert isinstance(mailer, NoMailer)
    with pytest.raises(Unavailable):
        in_time(lambda: mailer.send(MAIL))
    assert "email_url" in the_line(caplog)


def test_a_mail_server_gets_the_letter() -> None:
    async def story(host: MailHost, mailer: SmtpMailer) -> None:
        await mailer.send(MAIL)
        (letter,) = host.letters
        read = BytesParser(policy=email.policy.default).parsebytes(letter[:-3])
        assert str(read["To"]) == "anna@example.org"
        assert str(read["From"]) == "Tertulia <post@tertulia.example>"
        assert read["Subject"] == "Your code"
        assert read["Date"]
        assert read["Message-ID"].endswith("@tertulia.example>")
        assert read.get_content().replace("\r\n", "\n").replace("\n..\n", "\n.\n") == MAIL.text
        # Servers take commands in any case, and Pythons spell them in several.
        assert [line.lower() for line in host.lines[:3]] == [
            "ehlo tertulia.example",
            "mail from:<post@tertulia.example>",
            "rcpt to:<anna@example.org>",
        ]

    with_host(MailHost, story)


def test_it_signs_in_with_what_the_address_says() -> None:
    async def story(host: MailHost, mailer: SmtpMailer) -> None:
        await mailer.send(MAIL)
        secret = base64.b64encode(b"\0po@st\0p:w").decode()
        assert f"AUTH PLAIN {secret}" in host.lines
        assert len(host.letters) == 1

    with_host(MailHost, story, userinfo="po%40st:p%3Aw@")


@pytest.mark.parametrize(
    ("answers", "userinfo", "reason"),
    [
        ({"EHLO": "421 busy\r\n", "HELO": "421 busy\r\n"}, "", "421"),
        ({"AUTH": "535 who are you\r\n"}, "post:wrong@", "535"),
        ({"RCPT": "550 nobody of that name\r\n"}, "", "550"),
        ({"DATA": "452 full\r\n"}, "", "452"),
        ({"LETTER": "554 spam\r\n"}, "", "554"),
        ({"EHLO": "nonsense\r\n", "HELO": "nonsense\r\n"}, "", "SMTP"),
    ],
)
def test_what_the_server_refuses_is_one_error_and_one_line(
    answers: dict[str, str], userinfo: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(host: MailHost, mailer: SmtpMailer) -> None:
        with pytest.raises(Unavailable):
            await mailer.send(MAIL)

    with_host(lambda: MailHost(**answers), story, userinfo=userinfo)
    line = the_line(caplog)
    assert line.startswith("WARNING A mail could not be sent")
    assert reason in line
    assert not any(secret in caplog.text for secret in ("123456", "anna", "wrong"))


def test_a_server_that_says_nothing_is_given_up_after_the_deadline(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(host: MailHost, mailer: SmtpMailer) -> None:
        host.is_mute = True
        with pytest.raises(Unavailable):
            await mailer.send(MAIL)
        assert host.arrived.is_set()

    with_host(MailHost, story, within_s=0.05)
    assert "no answer in time" in the_line(caplog)


def test_nobody_there_is_an_error_at_once(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with hosted(MailHost()) as port:
            pass
        mailer = SmtpMailer(MailServer.at(f"smtp://127.0.0.1:{port}"))
        try:
            with pytest.raises(Unavailable):
                await mailer.send(MAIL)
        finally:
            mailer.close()

    in_time(story)
    assert "refused" in the_line(caplog)


def test_too_many_letters_at_once_are_refused_rather_than_kept_waiting() -> None:
    async def story(host: MailHost, mailer: SmtpMailer) -> None:
        host.is_mute = True
        sending = [asyncio.ensure_future(mailer.send(MAIL)) for _ in range(MOST_WAITING + 3)]
        await asyncio.sleep(0)
        assert sum(each.done() for each in sending) == 3
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        assert {type(each) for each in outcomes} == {Unavailable}

    with_host(MailHost, story, within_s=0.05)


def test_a_password_is_not_sent_in_the_clear_to_another_machine(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MailServer, "is_here", property(lambda _: False))

    async def story(host: MailHost, mailer: SmtpMailer) -> None:
        with pytest.raises(Unavailable):
            await mailer.send(MAIL)
        assert not any("AUTH" in line.upper() for line in host.lines)

    with_host(MailHost, story, userinfo="post:secret@")
    assert "no encryption" in the_line(caplog)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://h", ("h", 587, False, "", "", "tertulia@h")),
        ("smtps://u:p@h:2465", ("h", 2465, True, "u", "p", "tertulia@h")),
        ("smtps://u%40x:p%2F@h", ("h", 465, True, "u@x", "p/", "u@x")),
        ("smtp://[::1]:25?from=a%40b", ("::1", 25, False, "", "", "a@b")),
    ],
)
def test_where_letters_go_is_read_from_the_address(url: str, server: tuple[object, ...]) -> None:
    assert astuple(MailServer.at(url)) == server


@pytest.mark.parametrize("host", ["localhost", "127.0.0.9", "[::1]"])
def test_this_machine_is_trusted_without_encryption(host: str) -> None:
    assert MailServer.at(f"smtp://{host}").is_here


@pytest.mark.parametrize("host", ["localhost.evil", "127.evil", "mail.example.org", "10.0.0.1"])
def test_no_other_machine_is_trusted_without_encryption(host: str) -> None:
    assert not MailServer.at(f"smtp://{host}").is_here
