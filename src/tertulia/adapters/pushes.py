"""Pushes to devices: Web Push to browsers, JSON for whatever serves mobile ones."""

import asyncio
import json
from typing import TYPE_CHECKING

from tertulia.adapters.outbound import Outbound, Refused
from tertulia.adapters.push_keys import number_of
from tertulia.core.errors import Unavailable
from tertulia.core.ports import Clock
from tertulia.core.push import NewSubscription, Outcome

if TYPE_CHECKING:
    from tertulia.adapters.push_web import Vapid

GONE = (404, 410)
BUSY = (408, 425, 429)


class DevicePushes:
    """Sends pushes (`core.push.PushSender`)."""

    def __init__(
        self, outbound: Outbound, key: str, contact: str, clock: Clock, mobile_url: str
    ) -> None:
        """Nothing is loaded yet.

        Args:
            outbound: makes the requests.
            key: the server's own, of Web Push.
            contact: whom a push service may write to: `mailto:` or `https:`.
            clock: what time it is.
            mobile_url: where pushes for iOS and Android are posted; "": they are dropped.

        Raises:
            ValueError: *key* is none.
        """
        number_of(key)
        self._outbound = outbound
        self._key = key
        self._contact = contact
        self._clock = clock
        self._mobile_url = mobile_url
        self._vapid: Vapid | None = None
        self._loading = asyncio.Lock()

    async def public_key(self) -> str:
        """What browsers subscribe with."""
        return (await self._ready()).public_key

    async def send(self, to: NewSubscription, payload: str) -> Outcome:
        """See the port."""
        try:
            if to.endpoint:
                return _outcome(await self._to_browser(to, payload))
            if not self._mobile_url:
                return Outcome.REFUSED
            outcome = _outcome(await self._to_gateway(to, payload))
        except (Refused, ValueError):
            return Outcome.REFUSED
        except Unavailable:
            return Outcome.FAILED
        # The gateway's 404 says nothing about a device.
        return Outcome.FAILED if outcome is Outcome.GONE else outcome

    async def _ready(self) -> "Vapid":
        async with self._loading:
            if self._vapid is None:
                # The loop must not stand still while the library is read from the disk.
                self._vapid = await asyncio.to_thread(_loaded, self._key, self._contact)
        return self._vapid

    async def _to_browser(self, to: NewSubscription, payload: str) -> int:
        vapid = await self._ready()
        from tertulia.adapters.push_web import request  # noqa: PLC0415 - loaded by now

        headers, body = request(vapid, to, payload, self._clock.now_ms() // 1000)
        return await self._outbound.post(to.endpoint, headers, body)

    async def _to_gateway(self, to: NewSubscription, payload: str) -> int:
        said = {"platform": to.platform, "token": to.token, "payload": json.loads(payload)}
        body = json.dumps(said, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        return await self._outbound.post(self._mobile_url, headers, body, trusted=True)


def _loaded(key: str, contact: str) -> "Vapid":
    from tertulia.adapters.push_web import Vapid  # noqa: PLC0415 - see there: 8 MiB

    return Vapid(key, contact)


def _outcome(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome.SENT
    if status in GONE:
        return Outcome.GONE
    if status >= 500 or status in BUSY:
        return Outcome.FAILED
    return Outcome.REFUSED
