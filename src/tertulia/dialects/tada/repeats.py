"""What a session was not told, or did not confirm, when its last connection ended (C.5, missed)."""

import logging

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.histories import MessageFilter
from tertulia.core.message_model import MessageRef
from tertulia.core.model import Actor
from tertulia.core.unconfirmed import HungUp
from tertulia.core.whole import WholeMessage
from tertulia.dialects.tada.confirmations import Confirmations, told_since
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.events import TadaEncoder
from tertulia.dialects.tada.views import TadaReader

LOG = logging.getLogger(__name__)

MOST_REPEATED = 200
"""Messages; older ones are the client's to ask for."""

KEPT_MS = 24 * 3_600_000


class Repeats:
    """Finds it in the store: messages as they are now, whatever happened to them meanwhile."""

    def __init__(self, desk: TadaDesk, encoder: TadaEncoder) -> None:
        self._desk = desk
        self._encoder = encoder

    async def missed(
        self, actor: Actor, reader: TadaReader, since: int, confirmations: Confirmations
    ) -> list[bytes]:
        """For a socket that listens from now on: what its session has not heard.

        *since*: where the log stood when the socket opened. On the first connection of a session only
        what has happened since then may be missing.

        Raises:
            NotSignedIn: the session has ended.
        """
        unconfirmed = self._desk.core.unconfirmed
        stood = await unconfirmed.begin(actor.session_id, reader.team_id)
        if stood is None:
            if unconfirmed.position == since:
                return []
            stood = HungUp(since, ())
        confirmations.carry(stood.confirmed)
        try:
            return await self._of(actor, reader, stood)
        except (NotAllowed, NotFound) as error:
            # It finds what it missed by asking, as after a longer time.
            LOG.warning("What was missed could not be repeated", exc_info=error)
            return []

    async def _of(self, actor: Actor, reader: TadaReader, stood: HungUp) -> list[bytes]:
        """The packets, oldest first.

        Raises:
            NotFound, NotAllowed: the actor is not in the team any more.
        """
        histories, team_id = self._desk.core.histories, reader.team_id
        oldest = self._desk.core.clock.now_ms() - KEPT_MS
        since = max(told_since(stood.position), oldest)
        wish = MessageFilter(limit=MOST_REPEATED, changed_from=(since, 0), with_deleted=True)
        found, _ = await histories.search(actor, team_id, wish)
        missed = {each.message.id: each for each in found if _is_news(each, stood)}
        left = [each for each in stood.unconfirmed if each not in missed]
        for each in await histories.again(actor, team_id, left):
            if each.changed_at >= oldest:
                missed[each.message.id] = each
        ids = sorted(missed)[-MOST_REPEATED:]
        return [self._packet(missed[each], reader) for each in ids]

    def _packet(self, whole: WholeMessage, reader: TadaReader) -> bytes:
        message = whole.message
        tail = MessageRef(message.id, message.uid) if whole.is_last else None
        return self._encoder.repeated(whole, tail, reader)


def _is_news(whole: WholeMessage, stood: HungUp) -> bool:
    """Whether it was posted, or changed, after the connection ended, or is not confirmed as it is now."""
    message = whole.message
    return (
        message.id > stood.position
        or message.id in stood.unconfirmed
        or (
            whole.changed_at != message.sent_at
            and (message.id, whole.changed_at) not in stood.confirmed
        )
    )
