"""Text messages: to the log, to a file, or to the operator's gateway (docs/decisions/0062)."""

import json
import logging
from base64 import b64encode
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from tertulia.adapters.jsonlines import JsonLines
from tertulia.adapters.outbound import Outbound, Refused
from tertulia.core.errors import Unavailable
from tertulia.core.phone_codes import Sms, SmsSender

LOG = logging.getLogger(__name__)


def sms_sender_at(url: str, outbound: Outbound) -> SmsSender:
    """For `console:`, `file:///PATH`, `http(s)://…`, or nothing."""
    parts = urlsplit(url)
    match parts.scheme:
        case "console":
            return ConsoleSms()
        case "file":
            return FileSms(Path("/" + unquote(parts.path).lstrip("/")))
        case "http" | "https":
            return GatewaySms(url, outbound)
        case _:
            return NoSms()


class ConsoleSms:
    """`core.phone_codes.SmsSender` for who tries things out: the code stands in the log, there and only there."""

    async def send(self, sms: Sms) -> None:
        """See the port."""
        LOG.info("A code was sent by SMS", extra={"fields": {"phone": sms.phone, "code": sms.code}})


class FileSms:
    """`core.phone_codes.SmsSender` into a file of JSON lines, `{"phone", "code", "text"}` each."""

    def __init__(self, path: Path) -> None:
        self._lines = JsonLines(path)

    async def send(self, sms: Sms) -> None:
        """See the port."""
        try:
            await self._lines.append(asdict(sms))
        except OSError as error:
            fields = {"file": str(self._lines.path), "reason": error.strerror}
            LOG.warning("An SMS could not be written", extra={"fields": fields})
            raise Unavailable("sms") from error


class GatewaySms:
    """`core.phone_codes.SmsSender` to an address of the operator's, which is posted the same JSON.

    User and password in the address become an `Authorization` header. Any 2xx means that it is sent.
    """

    def __init__(self, url: str, outbound: Outbound) -> None:
        parts = urlsplit(url)
        userinfo, _, place = parts.netloc.rpartition("@")
        self._url = urlunsplit(parts._replace(netloc=place, fragment=""))
        self._headers = {"Content-Type": "application/json; charset=utf-8"}
        if userinfo:
            user, _, password = userinfo.partition(":")
            pair = f"{unquote(user)}:{unquote(password)}".encode()
            self._headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        self._outbound = outbound

    async def send(self, sms: Sms) -> None:
        """See the port."""
        body = json.dumps(asdict(sms), ensure_ascii=False).encode()
        try:
            # The operator chose the address, so it may well lie in his own network.
            status = await self._outbound.post(self._url, self._headers, body, trusted=True)
        except (Refused, Unavailable) as error:
            raise self._failed(sms, str(error)) from error
        if not 200 <= status < 300:
            raise self._failed(sms, f"status {status}")

    def _failed(self, sms: Sms, reason: str) -> Unavailable:
        fields = {"phone": f"…{sms.phone[-2:]}", "reason": reason}
        LOG.warning("The SMS gateway did not take a message", extra={"fields": fields})
        return Unavailable("sms")


class NoSms:
    """`core.phone_codes.SmsSender` where the operator wants none."""

    async def send(self, sms: Sms) -> None:
        """See the port."""
        del sms
        LOG.warning("An SMS could not be sent: sms_url is empty")
        raise Unavailable("sms")
