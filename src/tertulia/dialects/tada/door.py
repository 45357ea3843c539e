"""Who may have a socket, decided before there is one: `/messaging/{team}` (WebSocket, Connection)."""

import logging
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any

from tertulia.core.errors import NotFound, TertuliaError
from tertulia.core.ids import TeamId
from tertulia.dialects.tada.auth import HEADER, Caller, caller, need_own_page
from tertulia.dialects.tada.errors import INTERNAL, Fault, explain
from tertulia.dialects.tada.ids import Kind, need
from tertulia.dialects.tada.live import Live
from tertulia.dialects.tada.routes import JSON
from tertulia.dialects.tada.socket import Talk
from tertulia.dialects.tada.wire.envelope import failed
from tertulia.web.door import TurnedAway, Verdict
from tertulia.web.speaker import Upgrade

LOG = logging.getLogger(__name__)

PREFIX = "/messaging/"


class Door:
    """Opens sockets (`web.door.OpenSpeaker`)."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def __call__(self, upgrade: Upgrade) -> Coroutine[Any, Any, Verdict]:
        """Who speaks, or why nobody does."""
        return self._decide(upgrade)

    async def _decide(self, upgrade: Upgrade) -> Verdict:
        try:
            return Talk(self._live, *await self._who(upgrade))
        except TertuliaError as error:
            fault = explain(error)
            if fault is INTERNAL:
                LOG.warning("A socket could not be opened", exc_info=error)
            return _turned_away(fault)

    async def _who(self, upgrade: Upgrade) -> tuple[Caller, TeamId]:
        """First the path, then the credentials, then the team, then whether he is in it."""
        desk, headers = self._live.desk, upgrade.headers
        uid = upgrade.path.removeprefix(PREFIX).removesuffix("/")
        if not upgrade.path.startswith(PREFIX) or not uid or "/" in uid:
            raise NotFound("path")
        who = await caller(desk, headers.get(HEADER), headers.get("cookie"))
        if who.by_cookie:
            # A foreign page could listen otherwise: browsers send cookies with handshakes.
            need_own_page(desk, headers)
        team_id = TeamId(need(Kind.TEAM, uid))
        await desk.core.teams.need(who.actor, team_id)
        return who, team_id


def _turned_away(fault: Fault) -> TurnedAway:
    body = failed(fault.code, 0.0, fault.details, fault.reason)
    return TurnedAway(HTTPStatus(fault.status), JSON.encode(), body)
