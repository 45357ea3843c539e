"""Mail through a mail server (SMTP), in threads, with a deadline."""

import asyncio
import logging
import smtplib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

from tertulia.core.codes import Mail
from tertulia.core.errors import Unavailable

LOG = logging.getLogger(__name__)

THREADS = 2
MOST_WAITING = 64
"""Letters. Beyond it a caller is refused at once rather than kept waiting."""

SEND_WITHIN_S = 10.0
"""From the call to the server's word that it has the letter, in seconds."""

SUBMISSION, SUBMISSION_OVER_TLS = 587, 465


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters go, and in whose name.

    Attributes:
        tls: encrypted from the first byte; otherwise from STARTTLS on, where the server offers it.
        user: "" to send without signing in.
        sender: the address letters come from.
    """

    host: str
    port: int
    tls: bool
    user: str
    password: str
    sender: str

    @classmethod
    def at(cls, url: str) -> "MailServer":
        """From `smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS`, or `smtps://…`.

        Without `from` letters come from USER if that is an address, otherwise from `tertulia@HOST`.
        """
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        host, user = parts.hostname or "", unquote(parts.username or "")
        port = parts.port or (SUBMISSION_OVER_TLS if tls else SUBMISSION)
        given = parse_qs(parts.query).get("from")
        sender = given[0] if given else user if "@" in user else f"tertulia@{host}"
        return cls(host, port, tls, user, unquote(parts.password or ""), sender)

    @property
    def is_here(self) -> bool:
        """Whether it is this machine: nothing need be encrypted, and certificates are homemade."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def domain(self) -> str:
        """Of the sender."""
        return self.sender.rpartition("@")[2]


class SmtpMailer:
    """`core.codes.Mailer` over a mail server."""

    def __init__(self, server: MailServer, *, within_s: float = SEND_WITHIN_S) -> None:
        self._server = server
        self._within_s = within_s
        self._threads = ThreadPoolExecutor(THREADS, "mail")
        self._waiting = 0

    async def send(self, mail: Mail) -> None:
        """See the port."""
        if self._waiting >= MOST_WAITING:
            raise self._failed(Unavailable("mail: too much waits"))
        delivery = _Delivery(self._server, mail, self._within_s)
        loop = asyncio.get_running_loop()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._within_s):
                await loop.run_in_executor(self._threads, delivery.carry_out)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            delivery.give_up()
            raise self._failed(error) from error
        finally:
            self._waiting -= 1

    def _failed(self, error: Exception) -> Unavailable:
        """One line for the operator: never the letter, nor whom it was for."""
        fields = {"server": f"{self._server.host}:{self._server.port}", "reason": _reason(error)}
        LOG.warning("A mail could not be sent", extra={"fields": fields})
        return Unavailable("mail")

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Delivery:
    """One letter on its way, in a thread."""

    def __init__(self, server: MailServer, mail: Mail, within_s: float) -> None:
        self._server = server
        self._mail = mail
        self._within_s = within_s
        self._client: smtplib.SMTP | None = None
        self._given_up = False

    def carry_out(self) -> None:
        """Returns when the server has the letter. Raises: OSError, SMTPException, ValueError."""
        letter = self._letter()
        client = self._client = self._connected()
        try:
            self._introduce(client)
            if not self._given_up:
                client.send_message(letter, self._server.sender, [self._mail.to])
            # Its answer is of no interest: the server has the letter.
            with suppress(OSError):
                client.putcmd("quit")
        finally:
            client.close()

    def _introduce(self, client: smtplib.SMTP) -> None:
        client.ehlo_or_helo_if_needed()
        is_private = self._server.tls or self._server.is_here
        if not is_private and client.has_extn("starttls"):
            client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
            is_private = True
        if self._server.user:
            if not is_private:
                raise smtplib.SMTPNotSupportedError("no encryption: the password was not sent")
            client.login(self._server.user, self._server.password)

    def _connected(self) -> smtplib.SMTP:
        # The name we greet with is given, because finding out our own may take as long as it likes.
        place = self._server.host, self._server.port, self._server.domain
        if self._server.tls:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(*place, timeout=self._within_s, context=context)
        return smtplib.SMTP(*place, timeout=self._within_s)

    def _letter(self) -> EmailMessage:
        letter = EmailMessage()
        letter["From"] = Address("Tertulia", addr_spec=self._server.sender)
        letter["To"] = self._mail.to
        letter["Subject"] = self._mail.subject
        letter["Date"] = formatdate()
        letter["Message-ID"] = make_msgid(domain=self._server.domain)
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(self._mail.text)
        return letter

    def give_up(self) -> None:
        """Nobody waits any more: the thread gets an error at what it does now."""
        self._given_up = True
        connected = self._client.sock if self._client is not None else None
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "no answer in time"
        case smtplib.SMTPResponseException():
            return f"{type(error).__name__} {error.smtp_code}"
        case smtplib.SMTPRecipientsRefused():
            codes = sorted({code for code, _ in error.recipients.values()})
            return f"SMTPRecipientsRefused {codes}"
        case OSError(strerror=str() as words):
            return words
        case smtplib.SMTPNotSupportedError() | Unavailable():
            return str(error)
        case _:
            return type(error).__name__
