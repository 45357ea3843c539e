"""Mail that goes to the log or to a file. What goes to a mail server is in `smtp`."""

import logging
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tertulia.adapters.jsonlines import JsonLines
from tertulia.core.codes import Mail, Mailer
from tertulia.core.errors import Unavailable

LOG = logging.getLogger(__name__)


def mailer_at(url: str) -> Mailer:
    """For `console:`, `file:///PATH`, `smtp://…`, `smtps://…`, or nothing."""
    parts = urlsplit(url)
    match parts.scheme:
        case "file":
            return FileMailer(Path("/" + unquote(parts.path).lstrip("/")))
        case "smtp" | "smtps":
            # Here, because a start without it is faster, and few servers have a mail server.
            from tertulia.adapters.smtp import MailServer, SmtpMailer  # noqa: PLC0415 - see above

            return SmtpMailer(MailServer.at(url))
        case "console":
            return ConsoleMailer()
        case _:
            return NoMailer()


class ConsoleMailer:
    """`core.codes.Mailer` for who tries things out: the code stands in the log, there and only there."""

    async def send(self, mail: Mail) -> None:
        """See the port."""
        LOG.info("A code was mailed", extra={"fields": {"to": mail.to, "code": mail.code}})

    def close(self) -> None:
        """Nothing is held."""


class FileMailer:
    """`core.codes.Mailer` into a file of JSON lines, `{"to", "subject", "text", "code"}` each."""

    def __init__(self, path: Path) -> None:
        self._lines = JsonLines(path)

    async def send(self, mail: Mail) -> None:
        """See the port."""
        try:
            await self._lines.append(asdict(mail))
        except OSError as error:
            fields = {"file": str(self._lines.path), "reason": error.strerror}
            LOG.warning("A mail could not be written", extra={"fields": fields})
            raise Unavailable("mail") from error

    def close(self) -> None:
        """Nothing is held."""


class NoMailer:
    """`core.codes.Mailer` where the operator wants none."""

    async def send(self, mail: Mail) -> None:
        """See the port."""
        del mail
        LOG.warning("A mail could not be sent: email_url is empty")
        raise Unavailable("mail")

    def close(self) -> None:
        """Nothing is held."""
